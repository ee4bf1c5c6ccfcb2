"""How the pass over a whole video asks its networks."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
import torch

from models.dino import dino_tiny
from models.vitpose import vitpose_tiny
from models.weights import build_on_meta
from pipeline.config import load_profile
from pipeline.detection.detector import DinoDetector
from pipeline.programme.reading import pass_networks
from pipeline.programme.reading.pass_networks import pass_detector, pass_estimator

DEMO = load_profile("demo")


def used(asked: str, device: str) -> tuple[torch.dtype, str]:
    """What detector and pose network compute in."""
    profile = replace(DEMO, programme=replace(DEMO.programme, precision=asked))
    dino, pose = build_on_meta(dino_tiny), build_on_meta(vitpose_tiny)
    if device == "cpu":
        dino, pose = dino.to_empty(device="cpu"), pose.to_empty(device="cpu")
    detector = cast(DinoDetector, pass_detector(dino, profile))
    return detector.precision, pass_estimator(pose, profile).settings.precision


@pytest.mark.parametrize(
    ("asked", "device", "has_bf16", "expected"),
    [
        ("bf16", "cpu", True, (torch.bfloat16, "bf16")),
        ("bf16", "cpu", False, (torch.float32, "fp32")),
        ("bf16", "meta", False, (torch.bfloat16, "bf16")),
        ("fp32", "cpu", True, (torch.float32, "fp32")),
    ],
)
def test_bf16_where_the_processor_has_it(asked, device, has_bf16, expected, monkeypatch):
    monkeypatch.setattr(pass_networks, "processor_has_bf16", lambda: has_bf16)
    assert used(asked, device) == expected


@pytest.mark.parametrize("flip_test", [True, False])
def test_the_flip_test_is_the_programmes(flip_test):
    profile = replace(DEMO, programme=replace(DEMO.programme, flip_test=flip_test))
    estimator = pass_estimator(build_on_meta(vitpose_tiny).to_empty(device="cpu"), profile)
    assert estimator.settings.flip_test == flip_test
    assert estimator.settings.blur_kernel == DEMO.pose.blur_kernel
