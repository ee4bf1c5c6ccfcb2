"""A data set in the challenge's layout: which clips it has, how one is rendered, its lists.

A clip counts once both its video and its truth are there under their own names; both are written
elsewhere and moved, the truth last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np

from models.atomic_files import write_text, written
from pipeline.elements import LABELS
from training.rink.files.encode import mp4_writer
from training.rink.files.folder import DataSetError
from training.rink.files.truth import TruthRecorder, clip_truth, save_truth
from training.rink.render import render
from training.rink.scene import draw_scene

Split = Literal["test", "train"]

LONGEST_MARGIN_S = 3.0
"""More skating than this around an element would leave the rink too often."""


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
    margins_s: float = 0.0
    """Up to so many seconds more before and after the element, drawn for each clip."""

    def __post_init__(self) -> None:
        if sum(self.counts.values()) < 1:
            raise DataSetError("no clips to render; ask for at least one")
        if not 0.0 <= self.margins_s <= LONGEST_MARGIN_S:
            raise DataSetError(
                f"--margins {self.margins_s:g}: must be from 0 to {LONGEST_MARGIN_S:g} seconds"
            )


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
    margins_s: float


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
            margins_s=recipe.margins_s,
        )
        for number, label in enumerate(labels)
    ]


def render_clip(clip: PlannedClip, folder: Path) -> None:
    """Draw one clip and its truth into a data set's folder.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    video, truth = clip_files(clip, folder)
    scene = draw_scene(
        clip.label, clip.seed, size=clip.size, fps=clip.fps, margins_s=clip.margins_s
    )
    recorder = TruthRecorder()
    size = (scene.camera.width, scene.camera.height)
    with (
        written(video) as scratch,
        mp4_writer(scratch, scene.encoding, size=size, fps=scene.fps) as writer,
    ):
        for frame in render(scene, scene.times_s):
            writer.write(frame.image)
            recorder.add(frame)
    save_truth(truth, clip_truth(scene, recorder, clip.seed))


def clip_files(clip: PlannedClip, folder: Path) -> tuple[Path, Path]:
    """Where a clip's video and truth are."""
    video = folder / f"{clip.split}_videos" / f"{clip.stem}.mp4"
    return video, folder / "truth" / f"{clip.stem}.npz"


def missing_clips(clips: Sequence[PlannedClip], folder: Path) -> list[PlannedClip]:
    """Those that are not complete yet."""
    return [clip for clip in clips if not all(file.exists() for file in clip_files(clip, folder))]


def write_lists(clips: Sequence[PlannedClip], folder: Path, split: Split) -> None:
    """The challenge's text files of a split whose clips are all there."""
    ordered = sorted(clips, key=lambda clip: clip.stem)
    labelled = "".join(f"{clip.stem} {LABELS.index(clip.label)}\n" for clip in ordered)
    mapping = "".join(f"{label} {index}\n" for index, label in enumerate(LABELS))
    write_text(folder / "mapping.txt", mapping)
    if split == "train":
        write_text(folder / "train.txt", labelled)
    else:
        write_text(folder / "answer.txt", "".join(f"{clip.stem}\n" for clip in ordered))
        write_text(folder / "test_labels.txt", labelled)
