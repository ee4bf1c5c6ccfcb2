"""Training of ViTPose: views, targets and the task."""

from training.people.pose.task import PoseRecipe, PoseTask

__all__ = ["PoseRecipe", "PoseTask"]
