"""The detector that a profile asks for: our network's, or mmdetection's where it is installed."""

from __future__ import annotations

import torch

from models.dino import Dino
from pipeline.detection.detector import Detector, DetectorSettings, DinoDetector


def build_detector(
    network: Dino, settings: DetectorSettings, *, precision: torch.dtype = torch.float32
) -> Detector:
    """The detector that a profile asks for, with the weights of a network.

    Args:
        network: Its weights.
        settings: The profile's.
        precision: Of our own network; mmdetection's computes in float32.

    Raises:
        ConfigError: Its back end is not installed, or has no such network.
    """
    if settings.backend == "mmdet":
        from pipeline.detection.mmdet import MMDetDetector  # needs what most machines do not have

        return MMDetDetector(network, settings)
    return DinoDetector(network, settings, precision=precision)
