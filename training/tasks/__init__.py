"""What can be trained: a recipe's `task` -> its dataclass and the class that trains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from training.console import StatusLine
from training.detection import DetectorRecipe, DetectorTask
from training.engine.task import Task
from training.pose import PoseRecipe, PoseTask
from training.recipe import Recipe
from training.tasks.clips import ClipRecipe, ClipTask
from training.tasks.skeletons import SkeletonRecipe, SkeletonTask


@dataclass(frozen=True)
class TaskKind:
    """One kind of training."""

    recipe: type[Recipe]
    """What its TOML may hold."""
    build: Callable[[Any, StatusLine], Task]
    """Task from a recipe of that type; opens the data, so that errors come first."""


TASKS: Mapping[str, TaskKind] = {
    "clips": TaskKind(ClipRecipe, ClipTask),
    "skeletons": TaskKind(SkeletonRecipe, SkeletonTask),
    "detector": TaskKind(DetectorRecipe, DetectorTask),
    "pose": TaskKind(PoseRecipe, PoseTask),
}
