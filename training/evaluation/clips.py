"""The clips of a data set that are to be evaluated, with their classes where those are known."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from training.data.challenge import (
    DataError,
    LabelledClip,
    read_labels,
    read_test_list,
    split_by_source,
)
from training.rink.files.folder import RECIPE_FILE

EvaluationSplit = Literal["test", "train", "val"]


@dataclass(frozen=True)
class ListedClip:
    """One clip of the list."""

    stem: str
    """File name without `.mp4`, or a folder below the split's videos and it."""
    video: Path
    """The file, which may be missing."""
    label: int | None
    """Our class index; None where it is not published."""


def data_source(folder: Path, run: Path) -> dict[str, Any]:
    """What `summary.json` says of a data set.

    Its `name`, its `folder` seen from RUN, and whether its clips are `simulated`: then no figure of
    theirs is to pass for one of real video.
    """
    return {
        "name": folder.resolve().name,
        "folder": os.path.relpath(folder.resolve(), run.resolve()),
        "simulated": (folder / RECIPE_FILE).is_file(),
    }


def list_clips(
    folder: Path, split: EvaluationSplit, *, validation_share: float
) -> list[ListedClip]:
    """The clips of one split, in the order of its list.

    Args:
        folder: A data set in the challenge's layout.
        split: `test`, with or without labels; `train`; or `val`, the sources of the train split
            that the recipes hold out.
        validation_share: Of the sources, for `val`. A smaller share is a part of a larger one, so
            what is not above the recipes' share was not trained on.

    Raises:
        DataError: Names the file and the line, or the folder and what is missing in it.
    """
    if split == "test":
        return _test_clips(folder)
    clips = read_labels(folder, "train")
    if split == "val":
        _, clips = split_by_source(clips, share=validation_share)
    return [_listed(clip) for clip in clips]


def _test_clips(folder: Path) -> list[ListedClip]:
    labels = folder / "test_labels.txt"
    if not (folder / "answer.txt").is_file():
        return [_listed(clip) for clip in read_labels(folder, "test")]
    stems = read_test_list(folder)
    if not labels.is_file():
        return [ListedClip(stem, video, None) for stem, video in stems.items()]
    known = {clip.stem: clip for clip in read_labels(folder, "test")}
    differing = sorted(set(stems) ^ set(known))
    if differing:
        raise DataError(
            f"{labels}: {len(differing)} clips are in only one of it and answer.txt "
            f"(first: {differing[0]}); both must list the same clips"
        )
    return [_listed(known[stem]) for stem in stems]


def _listed(clip: LabelledClip) -> ListedClip:
    return ListedClip(clip.stem, clip.video, clip.class_index)
