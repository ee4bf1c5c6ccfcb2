"""Renders a data set in the challenge's layout; killed at any moment, the same call goes on.

A folder belongs to the recipes in its `rink.json`, one a split: another recipe for the same split,
or a folder with other content, is refused. A clip counts once both its video and its truth are
there under their own names; both are written elsewhere and moved, the truth last.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pipeline.elements import LABELS
from pipeline.errors import InputError
from training.rink.encode import mp4_writer
from training.rink.render import render
from training.rink.scene import draw_scene
from training.rink.truth import TruthRecorder, clip_truth, save_truth

Split = Literal["test", "train"]

RINK_VERSION = 1
"""Of the pictures: raised when the same seed gives other clips."""

RECIPE_FILE = "rink.json"


class DataSetError(InputError):
    """A data set that cannot be rendered where or as it was asked for."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What one split of a data set is made of."""

    seed: int
    """Base seed: below 100,000 to train on, to 199,999 to validate on, from 500,000 to test."""
    counts: dict[str, int]
    """Clips of each class."""
    size: tuple[int, int] | None
    """Width and height of all clips; drawn for each when None."""
    fps: str | None
    """Frames a second of all clips as a fraction; drawn for each when None."""

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise DataSetError(f"--seed {self.seed}: must not be negative")
        if sum(self.counts.values()) < 1:
            raise DataSetError("no clips to render; ask for at least one")


@dataclass(frozen=True, kw_only=True)
class PlannedClip:
    """One clip to be."""

    stem: str
    label: str
    seed: tuple[int, int, int]
    """Base seed, split, number: what `draw_scene` draws it from."""
    split: Split
    size: tuple[int, int] | None
    fps: Fraction | None


def plan_clips(recipe: Recipe, split: Split) -> list[PlannedClip]:
    """Every clip of a split in a shuffled order, so that a part of it is a fair sample."""
    labels = [label for label, count in recipe.counts.items() for _ in range(count)]
    side = ("train", "test").index(split)
    np.random.default_rng((recipe.seed, side)).shuffle(labels)
    return [
        PlannedClip(
            # Odd numbers for tests, even ones for training: no stem, no source is in both.
            stem=f"{2 * number + side:06d}_{recipe.seed}",
            label=label,
            seed=(recipe.seed, side, number),
            split=split,
            size=recipe.size,
            fps=None if recipe.fps is None else Fraction(recipe.fps),
        )
        for number, label in enumerate(labels)
    ]


def render_clip(clip: PlannedClip, folder: Path) -> None:
    """Draw one clip and its truth into a data set's folder.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    video, truth = clip_files(clip, folder)
    scene = draw_scene(clip.label, clip.seed, size=clip.size, fps=clip.fps)
    recorder = TruthRecorder()
    scratch = video.with_name(f".{video.name}.part")
    size = (scene.camera.width, scene.camera.height)
    with mp4_writer(scratch, scene.encoding, size=size, fps=scene.fps) as writer:
        for frame in render(scene, scene.times_s):
            writer.write(frame.image)
            recorder.add(frame)
    os.replace(scratch, video)
    save_truth(truth, clip_truth(scene, recorder, clip.seed))


def clip_files(clip: PlannedClip, folder: Path) -> tuple[Path, Path]:
    """Where a clip's video and truth are."""
    video = folder / f"{clip.split}_videos" / f"{clip.stem}.mp4"
    return video, folder / "truth" / f"{clip.stem}.npz"


def missing_clips(clips: Sequence[PlannedClip], folder: Path) -> list[PlannedClip]:
    """Those that are not complete yet."""
    return [clip for clip in clips if not all(file.exists() for file in clip_files(clip, folder))]


@contextmanager
def opened(folder: Path, recipe: Recipe, split: Split) -> Iterator[None]:
    """Make or enter a data set's folder for one split, alone, and clear what a kill left behind.

    Raises:
        DataSetError: The folder holds other data, or another process writes to it.
        OSError: It cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise DataSetError(f"{folder}: is a file; name a folder")
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _enter_recipe(folder, recipe, split)
        for name in ("truth", f"{split}_videos"):
            (folder / name).mkdir(exist_ok=True)
        for leftover in folder.glob("*/.*.part"):
            leftover.unlink()
        yield
    except BlockingIOError:
        raise DataSetError(f"{folder}: another process renders into it; wait for it") from None
    finally:
        os.close(descriptor)


def _enter_recipe(folder: Path, recipe: Recipe, split: Split) -> None:
    path = folder / RECIPE_FILE
    recipes = _read_recipes(path) if path.is_file() else {}
    if not recipes and any(not file.name.endswith(".part") for file in folder.iterdir()):
        raise DataSetError(f"{folder}: holds other files; choose an empty or a new folder")
    wanted = {"rink_version": RINK_VERSION, **json.loads(json.dumps(asdict(recipe)))}
    there = recipes.setdefault(split, wanted)
    differing = [key for key in wanted if there.get(key) != wanted[key]]
    if differing:
        raise DataSetError(
            f"{folder}: its {split} split was rendered with another {', '.join(differing)}; "
            f"ask for what {RECIPE_FILE} says, or choose another folder"
        )
    _write_text(path, json.dumps(recipes, indent=1) + "\n")


def _read_recipes(path: Path) -> dict[str, dict[str, Any]]:
    try:
        recipes: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        if all(isinstance(recipes[split], dict) for split in recipes) and recipes:
            return recipes
    except (ValueError, TypeError):
        pass
    raise DataSetError(f"{path}: is damaged or not the rink's; choose another folder")


def write_lists(clips: Sequence[PlannedClip], folder: Path, split: Split) -> None:
    """The challenge's text files of a split whose clips are all there."""
    ordered = sorted(clips, key=lambda clip: clip.stem)
    labelled = "".join(f"{clip.stem} {LABELS.index(clip.label)}\n" for clip in ordered)
    mapping = "".join(f"{label} {index}\n" for index, label in enumerate(LABELS))
    _write_text(folder / "mapping.txt", mapping)
    if split == "train":
        _write_text(folder / "train.txt", labelled)
    else:
        _write_text(folder / "answer.txt", "".join(f"{clip.stem}\n" for clip in ordered))
        _write_text(folder / "test_labels.txt", labelled)


def _write_text(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}.part")
    scratch.write_text(text, encoding="utf-8")
    os.replace(scratch, path)
