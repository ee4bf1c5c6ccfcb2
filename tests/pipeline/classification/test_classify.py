"""The classifiers in half precision: near to full precision, and not the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from models.infogcn.network import infogcn_tiny
from models.umt.builders import umt_tiny
from models.uniformerv2 import uniformerv2_tiny
from pipeline.classification.classify import classify_skeleton, forward_logits
from pipeline.classification.sequence import flip_sequence
from pipeline.config import load_profile

SIDE, FRAMES = 64, 4
NETWORKS = {
    "umt": (lambda: umt_tiny(num_frames=FRAMES, image_size=SIDE), (3, FRAMES, SIDE, SIDE)),
    "uniformerv2": (
        lambda: uniformerv2_tiny(num_frames=FRAMES, image_size=SIDE),
        (3, FRAMES, SIDE, SIDE),
    ),
    "infogcn": (infogcn_tiny, (3, 64, 17, 1)),
}


def telling(network: nn.Module) -> nn.Module:
    """A first head is nearly zero in some families; make its answers differ from class to class."""
    heads = [m for m in network.modules() if isinstance(m, nn.Linear) and m.out_features == 28]
    nn.init.normal_(heads[-1].weight, std=heads[-1].in_features ** -0.5)
    return network.eval()


@pytest.mark.parametrize("family", NETWORKS)
def test_bf16_stays_near_fp32(family: str) -> None:
    build, shape = NETWORKS[family]
    network = telling(build())
    inputs = torch.randn(2, *shape)
    full = forward_logits(network, inputs)
    reduced = forward_logits(network, inputs, precision="bf16")
    assert reduced.dtype == np.float32
    spread = float(full.std())
    assert spread > 0.05
    assert 0 < np.abs(reduced - full).max() < 0.05 * spread  # 8 bits of mantissa: 0.4 % a step


def test_a_flipped_skeleton_is_a_second_view() -> None:
    torch.manual_seed(0)
    network, sequence = telling(infogcn_tiny()), torch.randn(3, 64, 17, 1)
    one, other = (classify_skeleton(network, s) for s in (sequence, flip_sequence(sequence)))
    both = classify_skeleton(network, sequence, flipped=True)
    assert both.logits == pytest.approx(np.concatenate([one.logits, other.logits]), abs=1e-5)
    assert both.probabilities == pytest.approx((one.probabilities + other.probabilities) / 2)
    assert np.abs(one.logits - other.logits).max() > 1e-3


def test_the_papers_classifiers_run_in_half_precision() -> None:
    """As docs/training.md counts them; detector and pose stay in full precision."""
    profile = load_profile("paper")
    assert profile.precision == "bf16"
    assert profile.pose.precision == "fp32"
