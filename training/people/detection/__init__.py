"""Training of DINO: canvases, matching, denoising, losses and the task."""

from training.people.detection.task import DetectorRecipe, DetectorTask

__all__ = ["DetectorRecipe", "DetectorTask"]
