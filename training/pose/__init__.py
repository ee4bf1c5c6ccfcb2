"""Training of ViTPose: views, targets and the task."""

from training.pose.task import PoseRecipe, PoseTask

__all__ = ["PoseRecipe", "PoseTask"]
