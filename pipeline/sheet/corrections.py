"""What a person corrects in a found programme, one record a correction.

Corrections stand in a list of their own beside what the machine said: `pipeline.sheet.corrected`
makes the list as it stands out of both, and never changes the machine's. `row` names a row by its
key: `3` for the machine's third element, `c5` for what the fifth correction made, and `c5.2` for
the second part of what it split.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_CORRECTIONS = 2000
MAX_NOTE = 500
"""Letters of a note."""
MAX_NAME = 100
"""Letters of the name of who confirms."""


@dataclass(frozen=True)
class Relabel:
    """Another code for an element."""

    row: str
    code: str
    """As protocols write it: `3Lz`, `3Lz+3T`, `FCSp4`."""


@dataclass(frozen=True)
class MoveSpan:
    """Another start and end; seconds since the file's first frame."""

    row: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class MoveFlight:
    """Another take-off and landing of one jump; seconds since the file's first frame."""

    row: str
    jump: int
    """From 1, within the element."""
    takeoff_s: float
    landing_s: float


@dataclass(frozen=True)
class Insert:
    """An element that the machine did not find."""

    code: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Delete:
    """An element that is none; the machine's stays in its own list."""

    row: str


@dataclass(frozen=True)
class Split:
    """One element becomes two, or a combination its jumps."""

    row: str
    at_s: float | None = None
    """Where; None: a combination between each two of its jumps."""


@dataclass(frozen=True)
class Merge:
    """Elements that follow one another become one: jumps a combination, spins one spin."""

    rows: tuple[str, ...]


@dataclass(frozen=True)
class Mark:
    """Mark an element for review, as a panel does, or take the mark away."""

    row: str
    review: bool = True


@dataclass(frozen=True)
class Annotate:
    """A note on an element; an empty one takes it away."""

    row: str
    text: str


@dataclass(frozen=True)
class Confirm:
    """The sheet is right as it stands; whatever is corrected later needs another one."""

    name: str = ""
    """Who says so, if they want it written."""


OfRow = Relabel | MoveSpan | MoveFlight | Delete | Split | Mark | Annotate
"""Corrections of one row that is there."""
Correction = OfRow | Insert | Merge | Confirm

KINDS: dict[str, type[Correction]] = {
    "relabel": Relabel,
    "move_span": MoveSpan,
    "move_flight": MoveFlight,
    "insert": Insert,
    "delete": Delete,
    "split": Split,
    "merge": Merge,
    "mark": Mark,
    "note": Annotate,
    "confirm": Confirm,
}
"""Names of the kinds, as `corrections.json` writes them."""
