"""The labels of 371 real short programmes, and the videos that go with them.

    video,num_frames,fps,kind,takeoff_frame,landing_frame

One row a jump, or a flying spin's entry (`flying_...`). A video is named after the broadcast that
it was cut from, its number, and the frames that it begins and ends at, 25 a second:
`men_olympic_short_program_2010_01_00011475_00015700`. It may lie in the folder as a file of its
own, or as the whole broadcast, `men_olympic_short_program_2010.mp4`. The labels are those of
E2E-Spot's figure skating competitions (Hong et al., ECCV 2022; BSD-3-Clause); the videos are not
public.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pipeline.errors import InputError

COLUMNS = ("video", "num_frames", "fps", "kind", "takeoff_frame", "landing_frame")
KINDS = {
    "axel": "Axel", "flip": "Flip", "loop": "Loop", "lutz": "Lutz", "salchow": "Salchow",
    "toe_loop": "Toeloop",
}  # fmt: skip
"""The labels' words for the jumps -> ours."""
FLYING = "flying_"
_SPAN = re.compile(r"(?P<broadcast>.+)_\d+_(?P<first>\d{8})_\d{8}")
_SUFFIXES = (".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v")


@dataclass(frozen=True)
class RealMoment:
    """One jump, or the flight of a flying spin; seconds of the programme."""

    kind: str
    """A value of `KINDS`, or empty for a jump whose kind nobody wrote down; for a spin
    `flying_camel`, `flying_sit`, `flying_upright`."""
    takeoff_s: float
    landing_s: float


@dataclass(frozen=True)
class RealProgramme:
    """The labels of one programme."""

    name: str
    seconds: float
    fps: float
    moments: tuple[RealMoment, ...]
    """In order of time."""

    @property
    def jumps(self) -> tuple[RealMoment, ...]:
        """Without the flying spins."""
        return tuple(one for one in self.moments if not one.kind.startswith(FLYING))

    @property
    def flying_spins(self) -> tuple[RealMoment, ...]:
        """The flights at spins' entries."""
        return tuple(one for one in self.moments if one.kind.startswith(FLYING))


def read_labels(path: Path) -> tuple[RealProgramme, ...]:
    """All programmes of a CSV in the order in which they come.

    Raises:
        InputError: A column is absent, or a row is not as expected; names the line.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        absent = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if absent:
            raise InputError(f"{path}: has no column {absent[0]}; expected {','.join(COLUMNS)}")
        rows = [_row(path, line, row) for line, row in enumerate(reader, 2)]
    programmes = []
    for (name, seconds, fps), group in groupby(rows, key=lambda row: row[:3]):
        moments = sorted((row[3] for row in group), key=lambda one: one.takeoff_s)
        programmes.append(RealProgramme(name, seconds, fps, tuple(moments)))
    return tuple(programmes)


def _row(path: Path, line: int, row: dict[str, str]) -> tuple[str, float, float, RealMoment]:
    try:
        fps, frames = float(row["fps"]), int(row["num_frames"])
        takeoff, landing = int(row["takeoff_frame"]), int(row["landing_frame"])
        kind = KINDS.get(row["kind"], row["kind"].split(" ")[0])
        known = not kind or kind in KINDS.values() or kind.startswith(FLYING)
        if not (fps > 0 and 0 <= takeoff < landing <= frames and known):
            raise ValueError
    except (ValueError, TypeError, AttributeError):
        raise InputError(
            f"{path}: line {line}: expected a frame rate, a kind of jump (or flying_...), and a"
            " landing after its take-off within the frames"
        ) from None
    return row["video"], frames / fps, fps, RealMoment(kind, takeoff / fps, landing / fps)


@dataclass(frozen=True)
class FoundVideo:
    """Where a programme's video is."""

    programme: RealProgramme
    path: Path
    start_s: float
    """Of the programme in the file."""
    whole: bool
    """Whether the file is that programme and nothing else."""

    def options(self) -> list[str]:
        """What `python -m pipeline programme` needs to be told."""
        if self.whole:
            return []
        end_s = self.start_s + self.programme.seconds
        return ["--start", f"{self.start_s:g}", "--end", f"{end_s:g}"]


def find_videos(
    programmes: Sequence[RealProgramme], folder: Path
) -> tuple[list[FoundVideo], list[str]]:
    """The videos that are there, and the names of the programmes whose video is not."""
    there = {
        path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in _SUFFIXES
    }
    videos = [next(_places(one, there), None) for one in programmes]
    absent = [one.name for one, video in zip(programmes, videos, strict=True) if video is None]
    return [video for video in videos if video is not None], absent


def _places(programme: RealProgramme, there: dict[str, Path]) -> Iterator[FoundVideo]:
    if programme.name in there:
        yield FoundVideo(programme, there[programme.name], 0.0, whole=True)
    span = _SPAN.fullmatch(programme.name)
    if span and span["broadcast"] in there:
        start_s = int(span["first"]) / programme.fps
        yield FoundVideo(programme, there[span["broadcast"]], start_s, whole=False)
