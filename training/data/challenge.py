"""A data set in the challenge's layout: which clips there are, and what they show.

`train_videos/<stem>.mp4` with `train.txt` (`<stem> <class index>` a line), `test_videos/` with
`answer.txt` and, where labels are known, `test_labels.txt`; `mapping.txt` names the indices. Clips
whose stems begin with the same number come from one source and stay on one side of a split.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from pipeline.elements import LABELS, NUM_CLASSES, class_index
from pipeline.errors import InputError

Split = Literal["train", "test"]

_LISTS: dict[str, str] = {"train": "train.txt", "test": "test_labels.txt"}
_LEADING_NUMBER = re.compile(r"^(\d+)")
_SIMULATED = re.compile(r"^\d{6}_[5-9]\d{5}$")
"""Number and seed of the rink (`training.rink`), whose seeds begin at 500,000."""


class DataError(InputError):
    """A data set that is not what its lists say."""


@dataclass(frozen=True)
class LabelledClip:
    """One video with its class."""

    stem: str
    """File name without `.mp4`; unique in its split."""
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


def source_of(stem: str) -> str:
    """The broadcast that a clip was cut from: the leading number of its stem, else all of it.

    Simulated clips have no broadcast: each is its own source, and those of two seeds have none in
    common though they are numbered alike.
    """
    if _SIMULATED.match(stem):
        return stem
    found = _LEADING_NUMBER.match(stem)
    return found[1] if found else stem


def read_labels(folder: Path, split: Split) -> list[LabelledClip]:
    """The clips of one split, in the order of its list.

    Raises:
        DataError: Names the file and the line, or the folder and what is missing in it.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder; render or unpack the data set first")
    path = folder / _LISTS[split]
    indices = _read_mapping(folder / "mapping.txt")
    clips: dict[str, LabelledClip] = {}
    for number, line in _lines(path):
        stem, _, label = line.rpartition(" ")
        where, stem = f"{path}, line {number}", stem.strip()
        if not stem or not label.lstrip("-").isdigit():
            raise DataError(f"{where}: expected '<stem> <class index>', got {line!r}")
        if int(label) not in indices:
            raise DataError(f"{where}: class {label} is not in 0..{NUM_CLASSES - 1}")
        if stem in clips:
            raise DataError(f"{where}: {stem} is there twice")
        clips[stem] = LabelledClip(
            stem,
            folder / f"{split}_videos" / f"{stem}.mp4",
            indices[int(label)],
            folder / "truth" / f"{stem}.npz",
        )
    if not clips:
        raise DataError(f"{path}: lists no clip")
    return list(clips.values())


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


def read_test_list(folder: Path) -> list[str]:
    """The stems of `answer.txt`, in its order: the clips to be named.

    Raises:
        DataError: Names the file and the line.
    """
    path = folder / "answer.txt"
    stems: dict[str, None] = {}
    for number, line in _lines(path):
        if line in stems:
            raise DataError(f"{path}, line {number}: {line} is there twice")
        stems[line] = None
    if not stems:
        raise DataError(f"{path}: lists no clip")
    return list(stems)


def read_mapping(folder: Path) -> dict[int, int]:
    """The data set's class index -> ours; the same where it has no `mapping.txt`."""
    return _read_mapping(folder / "mapping.txt")


def _read_mapping(path: Path) -> dict[int, int]:
    """The data set's class index -> ours; the same where there is no mapping."""
    if not path.is_file():
        return {index: index for index in range(NUM_CLASSES)}
    indices = {}
    for number, line in _lines(path):
        name, _, index = line.rpartition(" ")
        try:
            indices[int(index)] = class_index(name)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: {error}") from error
    return indices


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines with something on them."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file; see docs/formats.md") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, line.strip()
