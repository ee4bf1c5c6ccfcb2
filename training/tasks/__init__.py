"""What can be trained: a recipe's `task` -> its dataclass and the class that trains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models.command_line import StatusLine
from training.classifiers.clip_recipe import ClipRecipe
from training.classifiers.clips import ClipTask
from training.classifiers.skeletons import SkeletonRecipe, SkeletonTask
from training.engine.task import Task
from training.people.detection import DetectorRecipe, DetectorTask
from training.people.pose import PoseRecipe, PoseTask
from training.programme.task import ProgrammeRecipe, ProgrammeTask
from training.recipe import Recipe


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
    "programmes": TaskKind(ProgrammeRecipe, ProgrammeTask),
}
