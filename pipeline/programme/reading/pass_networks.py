"""The detector and the pose network as the pass over a whole video asks them."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache

import torch

from models.dino import Dino
from models.vitpose import ViTPose
from pipeline.config import Profile
from pipeline.detection.build import build_detector
from pipeline.detection.detector import Detector
from pipeline.pose.estimate import PoseEstimator
from pipeline.types import Precision

_DTYPES: dict[Precision, torch.dtype] = {
    "fp32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}


def pass_detector(network: Dino, profile: Profile) -> Detector:
    """The profile's detector, in the precision of its `programme`."""
    device = next(network.parameters()).device
    dtype = _DTYPES[_precision_on(device, profile)]
    return build_detector(network, profile.detector, precision=dtype)


def pass_estimator(network: ViTPose, profile: Profile) -> PoseEstimator:
    """The profile's pose stage, with the flip test and the precision of its `programme`."""
    device = next(network.parameters()).device
    settings = replace(
        profile.pose,
        flip_test=profile.programme.flip_test,
        precision=_precision_on(device, profile),
    )
    return settings.estimator(network)


def _precision_on(device: torch.device, profile: Profile) -> Precision:
    """What the profile asks for; `fp32` on a processor that only imitates `bf16`."""
    asked = profile.programme.precision
    if asked == "bf16" and device.type == "cpu" and not processor_has_bf16():
        return "fp32"
    return asked


@cache
def processor_has_bf16() -> bool:
    """AVX-512 or AMX instructions for it; other processors are many times slower in it."""
    there = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    if not there:  # said once
        logging.getLogger(__name__).info("the processor has no bf16: videos are read in fp32")
    return there
