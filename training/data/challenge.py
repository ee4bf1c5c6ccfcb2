"""A data set in the challenge's layout: which clips there are, and what they show.

`train_videos/<stem>.mp4` with `train.txt` (`<stem> <class index>` a line), `test_videos/` with
`answer.txt` and, where labels are known, `test_labels.txt`; `mapping.txt` names the indices. Clips
whose stems begin with the same number come from one source and stay on one side of a split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from laboratory.table.sources import source_of
from pipeline.elements import LABELS, NUM_CLASSES, class_index
from training.data.lists import (
    DataError as DataError,  # for those who read data sets
)
from training.data.lists import (
    Line,
    cut_last,
    numbered_lines,
    pairs,
    whole_number,
    without_frame_counts,
)
from training.data.stems import StemError, shown, stem_of, video_of

Split = Literal["train", "test"]

_LISTS: dict[str, str] = {"train": "train.txt", "test": "test_labels.txt"}


@dataclass(frozen=True)
class LabelledClip:
    """One video with its class."""

    stem: str
    """File name without `.mp4`, or a folder below `<split>_videos/` and it; unique in its split."""
    video: Path
    """The file, which may be missing."""
    class_index: int
    """Our index, 0 to 27, whatever the data set's mapping."""
    truth: Path
    """Boxes and joints of a simulated clip; real data has no such file."""

    @property
    def source(self) -> str:
        """The broadcast that it was cut from: the leading number of the stem."""
        return source_of(self.stem)


def read_labels(folder: Path, split: Split) -> list[LabelledClip]:
    """The clips of one split, in the order of its list.

    Raises:
        DataError: Names the file and the line, or the folder and what is missing in it.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder; render or unpack the data set first")
    path, videos = folder / _LISTS[split], videos_folder(folder, split)
    indices = read_mapping(folder)
    lines = without_frame_counts(pairs(path, "'<stem> <class index>'"), videos)
    clips: dict[str, LabelledClip] = {}
    for line in lines:
        name, index = _labelled(line, indices)
        stem = _stem(name, line.where)
        clip = LabelledClip(stem, video_of(videos, name), index, folder / "truth" / f"{stem}.npz")
        if clips.setdefault(stem, clip) is not clip:
            differing = "" if clips[stem].class_index == index else ", with another class"
            raise DataError(f"{line.where}: {stem}is listed twice{differing}")
    if not clips:
        raise DataError(f"{path}: lists no clip")
    return list(clips.values())


def videos_folder(folder: Path, split: Split) -> Path:
    """Where the videos of a split lie."""
    return folder / f"{split}_videos"


def _labelled(line: Line, indices: Mapping[int, int]) -> tuple[str, int]:
    """The name in front of a class, and our index of the class: by its number or its name."""
    number = whole_number(line.value)
    if number is not None:
        if number not in indices:
            known = f"0..{NUM_CLASSES - 1}" if len(indices) == NUM_CLASSES else "mapping.txt"
            raise DataError(f"{line.where}: class {number} is not in {known}")
        return line.name, indices[number]
    head, first = cut_last(line.name)
    named = ((line.name, line.value), (head, f"{first} {line.value}"))  # "No Basic"
    for name, label in named:
        try:
            return name, class_index(label)
        except ValueError:
            continue
    if line.value.startswith("-") and whole_number(line.value[1:]) is not None:
        raise DataError(f"{line.where}: class {line.value} is not in 0..{NUM_CLASSES - 1}")
    raise DataError(
        f"{line.where}: expected '<stem> <class index>', got {shown(line.text)}; "
        "the class is a whole number or a name such as 3Lutz"
    )


def _stem(text: str, where: str) -> str:
    try:
        return stem_of(text)
    except StemError as error:
        raise DataError(f"{where}: {error}") from None


def split_by_source(
    clips: Sequence[LabelledClip], *, share: float, seed: int = 0
) -> tuple[list[LabelledClip], list[LabelledClip]]:
    """Training and validation clips; a source is on one side only.

    Args:
        clips: All of them.
        share: Of the sources, for validation, at least one.
        seed: Which sources.

    Raises:
        DataError: All clips are of one source.
    """
    sources = sorted({clip.source for clip in clips})
    if len(sources) < 2:
        raise DataError(
            f"all {len(clips)} clips come from source {sources[0]}, so nothing can be held out; "
            "name a data set of its own for validation"
        )
    count = min(max(round(share * len(sources)), 1), len(sources) - 1)
    chosen = set(np.random.default_rng(seed).permutation(sources)[:count].tolist())
    held_out = [clip for clip in clips if clip.source in chosen]
    return [clip for clip in clips if clip.source not in chosen], held_out


def absent_classes(clips: Sequence[LabelledClip]) -> list[str]:
    """Names of the classes without a clip."""
    present = {clip.class_index for clip in clips}
    return [name for index, name in enumerate(LABELS) if index not in present]


def read_test_list(folder: Path) -> dict[str, Path]:
    """Stems of `answer.txt` and their videos, in its order: the clips to be named.

    Raises:
        DataError: Names the file and the line.
    """
    path, videos = folder / "answer.txt", videos_folder(folder, "test")
    clips: dict[str, Path] = {}
    for where, line in numbered_lines(path):
        stem = _stem(line, where)
        if stem in clips:
            raise DataError(f"{where}: {stem}is listed twice")
        clips[stem] = video_of(videos, line)
    if not clips:
        raise DataError(f"{path}: lists no clip")
    return clips


def read_mapping(folder: Path) -> dict[int, int]:
    """The data set's class index -> ours; the same where it has no `mapping.txt`.

    Raises:
        DataError: Names the file and the line.
    """
    path = folder / "mapping.txt"
    if not path.is_file():
        return {index: index for index in range(NUM_CLASSES)}
    indices: dict[int, int] = {}
    for line in pairs(path, "'<class name> <index>'"):
        number = whole_number(line.value)
        if number is None:
            raise DataError(
                f"{line.where}: expected '<class name> <index>', got {shown(line.text)}"
            )
        try:
            ours = class_index(line.name)
        except ValueError as error:
            raise DataError(f"{line.where}: {error}") from None
        if number in indices or ours in indices.values():
            raise DataError(f"{line.where}: its class or its indexis listed twice")
        indices[number] = ours
    if not indices:
        raise DataError(f"{path}: lists no class")
    return indices
