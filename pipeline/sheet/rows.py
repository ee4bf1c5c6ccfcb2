"""The list of elements as it stands: each row with what the machine said and what a person did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.programme.element_code import CodeError, ElementCode, parse_code
from pipeline.types import FoundElement, FoundJump, Programme
from pipeline.types.programme import ElementFamily

Change = Literal["code", "span", "flight", "inserted", "split", "merged"]
"""What of a row is a person's."""


@dataclass(frozen=True)
class RowJump:
    """One jump of a row; seconds since the file's first frame."""

    takeoff_s: float | None = None
    """None where nobody has said it."""
    landing_s: float | None = None
    machine: FoundJump | None = None
    """What the machine said of it; None of a jump that a person added."""

    @property
    def air_s(self) -> float | None:
        """Time in the air; None where it is not known."""
        if self.takeoff_s is None or self.landing_s is None:
            return None
        return self.landing_s - self.takeoff_s


@dataclass(frozen=True)
class Row:
    """One element of the list as it stands."""

    key: str
    """What corrections call it; stays when others come and go."""
    number: int
    """From 1, in order of time, as the sheet shows it."""
    code: str
    family: ElementFamily
    start_s: float
    end_s: float
    jumps: tuple[RowJump, ...] = ()
    elements: tuple[FoundElement, ...] = ()
    """The machine's elements it comes from, unchanged: none of an inserted one, several of a
    merged one."""
    changes: tuple[Change, ...] = ()
    """What of it a person said, in order; empty: all the machine's."""
    review: bool = False
    note: str = ""

    @property
    def element(self) -> FoundElement | None:
        """The machine's element, where it comes from exactly one."""
        return self.elements[0] if len(self.elements) == 1 else None

    @property
    def said_by(self) -> Literal["machine", "person"]:
        """Whose the row is."""
        return "person" if self.changes else "machine"

    @property
    def confidence(self) -> float | None:
        """The machine's own; None where it found no such element."""
        return None if self.element is None else self.element.confidence

    @property
    def parsed(self) -> ElementCode | None:
        """What its code says; None where the machine could not name it."""
        try:
            return parse_code(self.code)
        except CodeError:
            return None


@dataclass(frozen=True)
class Corrected:
    """The list as it stands."""

    rows: tuple[Row, ...]
    """In order of time."""
    deleted: tuple[FoundElement, ...] = ()
    """Elements of the machine that a person took out."""
    confirmed_by: str | None = None
    """Who confirmed the sheet as it stands, perhaps without a name; None: nobody."""

    def row(self, key: str) -> Row | None:
        """The row of a key; None where there is none."""
        return next((row for row in self.rows if row.key == key), None)


def machine_rows(programme: Programme) -> tuple[Row, ...]:
    """The machine's list as rows, nothing corrected."""
    return tuple(
        Row(
            key=str(element.number),
            number=position,
            code=element.code,
            family=element.family,
            start_s=element.start_s,
            end_s=element.end_s,
            jumps=tuple(RowJump(j.takeoff_s, j.landing_s, j) for j in element.jumps),
            elements=(element,),
        )
        for position, element in enumerate(programme.elements, 1)
    )


def family_of(code: ElementCode) -> ElementFamily:
    """Family of a code."""
    if code.family != "jump":
        return code.family
    return "combination" if len(code.jumps) > 1 else "jump"


def changed(rows: Sequence[Row], change: Change) -> tuple[Change, ...]:
    """What is a person's of some rows, and one change more."""
    every = (*(earlier for row in rows for earlier in row.changes), change)
    return tuple(dict.fromkeys(every))
