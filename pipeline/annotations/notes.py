"""What a person notes on frames: a text, a line, an angle, a stopwatch; kept with the analysis.

Notes come from browsers and from files of strangers: `read_notes` checks every field and size.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

Kind = Literal["text", "line", "angle", "stopwatch"]

POINTS: Mapping[str, int] = {"text": 0, "line": 2, "angle": 3, "stopwatch": 1}
"""How many places in the picture each kind has."""

MAX_NOTES = 200
MAX_TEXT = 500
_MAX_FRAME = 10**7
_MAX_PLACE = 10**5
_MAX_S = 10**6

EXPECTED = f"at most {MAX_NOTES} notes: text, line, angle or stopwatch"
"""In words, for who wrote another thing."""


@dataclass(frozen=True)
class Note:
    """One note on a frame of the file."""

    kind: Kind
    frame_index: int
    """Of the file, from 0; a stopwatch starts here."""
    at_s: float
    """The same, seconds since the file's first frame."""
    points: tuple[tuple[float, float], ...] = ()
    """Source pixels; of an angle the vertex comes second."""
    text: str = ""
    until_index: int | None = None
    """Where a stopwatch stops; None while it runs."""
    until_s: float | None = None
    """The same, seconds since the file's first frame."""

    @property
    def value(self) -> float | None:
        """Length in pixels, degrees, or seconds; None for a text, and while a stopwatch runs."""
        if self.kind == "line":
            return math.dist(*self.points)
        if self.kind == "angle":
            return _degrees(*self.points)
        return None if self.until_s is None else self.until_s - self.at_s

    @property
    def unit(self) -> str | None:
        """Of the value."""
        return {"line": "px", "angle": "degrees", "stopwatch": "s"}.get(self.kind)


def _degrees(one: tuple[float, float], vertex: tuple[float, float], other: Any) -> float:
    first, second = (math.atan2(y - vertex[1], x - vertex[0]) for x, y in (one, other))
    turned = abs(math.degrees(first - second)) % 360.0
    return min(turned, 360.0 - turned)


def notes_as_list(notes: Sequence[Note]) -> list[dict[str, Any]]:
    """Notes as `analysis.json` holds them; value and unit are for readers, not read back."""
    return [
        {
            "kind": note.kind,
            "frame_index": note.frame_index,
            "at_s": note.at_s,
            "points": [list(point) for point in note.points],
            "text": note.text,
            "until_index": note.until_index,
            "until_s": note.until_s,
            "value": None if note.value is None else round(note.value, 4),
            "unit": note.unit,
        }
        for note in notes
    ]


def read_notes(content: object) -> tuple[Note, ...]:
    """Notes out of JSON, in the order of the film.

    Raises:
        ValueError: What is wrong with them.
    """
    if not isinstance(content, list) or len(content) > MAX_NOTES:
        raise ValueError(f"expected {EXPECTED}")
    notes = [_note(entry) for entry in content]
    return tuple(sorted(notes, key=lambda note: note.frame_index))


def are_notes(content: object) -> bool:
    """Whether `read_notes` takes it."""
    try:
        read_notes(content)
    except ValueError:
        return False
    return True


def in_whole_letters(text: str) -> bool:
    """Whether a file can hold a text: half a letter (a lone surrogate) fits into JSON only."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _note(entry: object) -> Note:
    kind = entry.get("kind") if isinstance(entry, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(kind, str) or kind not in POINTS:
        raise ValueError("a note has one of the kinds " + ", ".join(POINTS))
    text, points = entry.get("text", ""), entry.get("points", [])
    if not isinstance(text, str) or len(text) > MAX_TEXT or not in_whole_letters(text):
        raise ValueError(f"text: expected at most {MAX_TEXT} characters")
    if kind == "text" and not text.strip():
        raise ValueError(f"text: expected at most {MAX_TEXT} characters")
    if not isinstance(points, list) or len(points) != POINTS[kind]:
        raise ValueError(f"points: expected {POINTS[kind]} for a {kind}")
    frame, at_s = _whole(entry.get("frame_index")), _number(entry.get("at_s"), _MAX_S)
    until, until_s = entry.get("until_index"), entry.get("until_s")
    if kind == "stopwatch" and until is not None:
        until, until_s = _whole(until), _number(until_s, _MAX_S)
        if until < frame or until_s < at_s:
            raise ValueError("until: a stopwatch stops after it starts")
    else:
        until = until_s = None
    return Note(
        cast(Kind, kind), frame, at_s, tuple(map(_point, points)), text.strip(), until, until_s
    )


def _point(point: object) -> tuple[float, float]:
    if not isinstance(point, list) or len(point) != 2:
        raise ValueError("points: expected pairs of pixels")
    return _number(point[0], _MAX_PLACE), _number(point[1], _MAX_PLACE)


def _whole(value: object) -> int:
    # JSON has one kind of number: 3.0 is 3, but True is none.
    number = _number(value, _MAX_FRAME)
    if number != int(number) or number < 0:
        raise ValueError("frame: expected a whole number from 0")
    return int(number)


def _number(value: object, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("expected a number")
    if not math.isfinite(value) or abs(value) > most:
        raise ValueError(f"expected a number of at most {most}")
    return float(value)
