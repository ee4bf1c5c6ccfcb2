"""Real uncut clips: the one jump that a person saw in each, or none.

    file,takeoff_s,landing_s,kind
    skate_choreo_axel.mp4,3.50,3.95,Axel

Clips of the folder that the list does not name hold no element.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.elements import ELEMENTS, class_index
from pipeline.errors import InputError
from pipeline.types.programme import Candidate, Programme

COLUMNS = ("file", "takeoff_s", "landing_s", "kind")
CLIP_FRAMES = 4
"""How far a moment may be from where a person saw it, in frames of the clip."""


@dataclass(frozen=True)
class SeenJump:
    """A jump as a person saw it; seconds since the file's first frame."""

    takeoff_s: float
    landing_s: float
    kind: str
    """As `pipeline.elements.Element.kind`: `Axel`, `Lutz`."""


@dataclass(frozen=True)
class ClipOutcome:
    """What was found in one clip."""

    file: str
    seen: SeenJump | None
    codes: tuple[str, ...]
    """Of all elements found."""
    found: bool = False
    """One jump has both moments right."""
    kind_first: bool = False
    """Its likeliest kind is right."""
    kind_in_two: bool = False
    """One of its two likeliest is."""

    @property
    def false(self) -> int:
        """Elements where there is none."""
        return len(self.codes) - self.found


def read_seen(path: Path) -> dict[str, SeenJump]:
    """The jumps by the name of their file.

    Raises:
        InputError: A column is absent, or a row is not as expected; names the line.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        absent = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if absent:
            raise InputError(f"{path}: has no column {absent[0]}; expected {','.join(COLUMNS)}")
        seen = {}
        for line, row in enumerate(reader, 2):
            try:
                jump = SeenJump(float(row["takeoff_s"]), float(row["landing_s"]), row["kind"])
            except (ValueError, TypeError):
                raise InputError(f"{path}: line {line}: expected two times in seconds") from None
            seen[row["file"]] = jump
    return seen


def kinds_of(candidates: Sequence[Candidate]) -> list[str]:
    """The kinds of jump that candidates name, whatever their turns."""
    return [ELEMENTS[class_index(candidate.label)].kind for candidate in candidates]


def judge_clip(file: str, programme: Programme, seen: SeenJump | None) -> ClipOutcome:
    """Hold what was found in a clip against what a person saw."""
    codes = tuple(element.code for element in programme.elements)
    if seen is None:
        return ClipOutcome(file, None, codes)
    near_s = CLIP_FRAMES / programme.video.fps + 1e-6
    right = [
        element.jumps[0]
        for element in programme.elements
        if len(element.jumps) == 1
        and abs(element.jumps[0].takeoff_s - seen.takeoff_s) <= near_s
        and abs(element.jumps[0].landing_s - seen.landing_s) <= near_s
    ]
    kinds = kinds_of(right[0].candidates) if right else []
    return ClipOutcome(
        file, seen, codes, bool(right), seen.kind in kinds[:1], seen.kind in kinds[:2]
    )


def clip_videos(folder: Path, seen: Mapping[str, SeenJump]) -> list[Path]:
    """All clips of a folder.

    Raises:
        InputError: There is none, or one that the list names is absent.
    """
    videos = sorted(folder.glob("*.mp4"))
    absent = sorted(set(seen) - {video.name for video in videos})
    if absent or not videos:
        raise InputError(f"{folder}: has no {absent[0] if absent else '*.mp4'}")
    return videos
