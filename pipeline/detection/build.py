"""The detector that a profile asks for: our network's, or mmdetection's where it is installed."""

from __future__ import annotations

from models.dino import Dino
from pipeline.detection.detector import Detector, DetectorSettings, DinoDetector


def build_detector(network: Dino, settings: DetectorSettings) -> Detector:
    """The detector that a profile asks for, with the weights of a network.

    Raises:
        ConfigError: Its back end is not installed, or has no such network.
    """
    if settings.backend == "mmdet":
        from pipeline.detection.mmdet import MMDetDetector  # needs what most machines do not have

        return MMDetDetector(network, settings)
    return DinoDetector(network, settings)
