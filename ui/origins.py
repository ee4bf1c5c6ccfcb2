"""Where a run was opened from, if not from an upload: an evaluation, or a programme."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Opened:
    """Which clip of which evaluation a run shows."""

    evaluation: Path
    """Its folder."""
    stem: str
    """The clip."""
    label: int
    """Its true class."""
    said: str
    """What was said of it in the evaluation, and by whom."""
    place: int = 0
    """Position in the list that it was opened from, among what opens at once, from 1; 0 unknown."""
    of: int = 0
    """How many of that list open at once."""

    def same_clip(self, other: object) -> bool:
        """Whether another one is of the same clip of the same evaluation."""
        return isinstance(other, Opened) and (self.evaluation, self.stem) == (
            other.evaluation,
            other.stem,
        )


@dataclass(frozen=True)
class OfProgramme:
    """Which element of which programme a run shows."""

    job_id: str
    """Of the programme."""
    key: str
    """Of the element on its sheet."""
    folder: str
    """Of the analysis, relative to the programme's."""
    told: str
    """What it is: number, code, and of which video."""
    jumps: tuple[str, ...] = ()
    """Analysis folders of all jumps of the element."""
