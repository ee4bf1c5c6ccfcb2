"""Networks without values: what it takes to build one."""

from __future__ import annotations

import subprocess
import sys

import torch
from torch import nn

from models.building import build_on_meta


def test_building_imports_nothing_big():
    """To draw a first value on meta, torch would import its compiler for more than a second."""
    code = (
        "import sys; from models.weights import build_on_meta; from models.zoo import BUILDERS; "
        "tiny = [name for name in BUILDERS if '_tiny' in name or '_stem' in name]; "
        "[build_on_meta(BUILDERS[name]) for name in (*tiny, 'infogcn_small', 'temporal_small')]; "
        "big = ('torch._dynamo', 'transformers', 'torchvision', 'cv2'); "
        "print([name for name in big if name in sys.modules])"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert output.stdout.strip() == "[]"


def test_first_values_are_drawn_for_tensors_that_have_some():
    class Kept(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(nn.init.normal_(torch.empty(3)))
            self.register_buffer("noise", nn.init.kaiming_uniform_(torch.zeros(4, 4)))

    network = build_on_meta(Kept)
    assert network.weight.is_meta
    assert network.noise.abs().min() > 0
