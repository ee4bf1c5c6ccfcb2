"""What the browser may say, checked field by field: it can send anything."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from pipeline.annotations.marked import SkaterBox
from pipeline.errors import InputError
from pipeline.types import Timeline

TOKEN_LENGTH = 64
"""Longer ones are none of ours."""

MAX_PERSON = 10_000


class Nonsense(ValueError):
    """A message that no player of ours sends."""


@dataclass(frozen=True)
class SkaterChoice:
    """The visitor says who the skater is."""

    token: str
    """Of the clip on show."""
    person: int
    """`person_id` of a track."""


@dataclass(frozen=True)
class Marked:
    """The visitor drew a box around the skater."""

    token: str
    """Of the clip on show."""
    frame: int
    """Place in the clip, from 0."""
    box: SkaterBox
    """With the same frame, as the file counts it."""


@dataclass(frozen=True)
class FlightSet:
    """The visitor says when the skater leaves and touches the ice."""

    takeoff_s: float | None
    """Seconds since the file's first frame; None: as Rinkside found it."""
    landing_s: float | None
    """The same."""


def read_flight(data: object) -> FlightSet:
    """Check a message that sets a flight, or takes it back.

    Raises:
        Nonsense: It is no such message.
    """
    message = _mapping(data)
    if message.get("takeoff") is None and message.get("landing") is None:
        return FlightSet(None, None)
    return FlightSet(*(_seconds(message, name) for name in ("takeoff", "landing")))


def _seconds(message: Mapping[str, object], name: str) -> float:
    value = message.get(name)
    if not _is_number(value):
        raise Nonsense(f"{name}: expected seconds")
    return float(value)


def _is_number(value: object) -> TypeGuard[int | float]:
    """Whether JSON's number can be computed with; True is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e9  # which neither NaN nor infinity is, nor an integer beyond floats


def read_skater_choice(data: object, known: Sequence[int]) -> SkaterChoice:
    """Check a message that chooses the skater.

    Args:
        data: What the browser sent.
        known: Numbers of the people in the clip.

    Raises:
        Nonsense: It is no such message, or nobody has that number.
    """
    message = _mapping(data)
    choice = SkaterChoice(read_token(message), _whole(message, "person", 0, MAX_PERSON))
    if choice.person not in known:
        raise Nonsense(f"person: nobody has the number {choice.person}")
    return choice


def read_mark(data: object, timeline: Timeline, size: tuple[int, int]) -> Marked:
    """Check a message with a drawn box.

    Args:
        data: What the browser sent.
        timeline: Of the clip on show.
        size: `(width, height)` of its picture.

    Raises:
        Nonsense: It is no such message, or the box lies outside the clip or is too small.
    """
    message = _mapping(data)
    frame = _whole(message, "frame", 0, len(timeline) - 1)
    sides = message.get("box")
    if not isinstance(sides, list) or len(sides) != 4 or not all(map(_is_number, sides)):
        raise Nonsense("box: expected four numbers")
    x1, y1, x2, y2 = (round(float(side), 1) for side in sides)
    if not (x1 >= 0 and y1 >= 0 and x2 <= size[0] and y2 <= size[1]):
        raise Nonsense("box: lies outside the picture")
    try:
        box = SkaterBox(int(timeline.frame_index[frame]), (x1, y1, x2, y2))
    except InputError as error:
        raise Nonsense(f"box: {error}") from None
    return Marked(read_token(message), frame, box)


def read_token(data: object) -> str:
    """The token of a message.

    Raises:
        Nonsense: There is none.
    """
    return _short(data, "token")


def read_run(data: object) -> str:
    """The run that a message is about: another span of a clip has people of other numbers.

    Raises:
        Nonsense: There is none.
    """
    return _short(data, "run")


def read_whole(text: str, top: int) -> int:
    """A number in an address: 0 to `top`, digits only.

    Raises:
        Nonsense: It is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= top):
        raise Nonsense(f"expected a whole number from 0 to {top}")
    return int(text)


_SECONDS = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)


def read_seconds(text: str) -> float:
    """A moment in an address: seconds, not negative.

    Raises:
        Nonsense: It is none.
    """
    if not _SECONDS.fullmatch(text):
        raise Nonsense("expected seconds")
    return float(text)


def _short(data: object, name: str) -> str:
    text = _mapping(data).get(name)
    if not isinstance(text, str) or not 0 < len(text) <= TOKEN_LENGTH or not text.isascii():
        raise Nonsense(f"{name}: expected a short string")
    return text


def _mapping(data: object) -> Mapping[str, object]:
    if not isinstance(data, Mapping) or not all(isinstance(key, str) for key in data):
        raise Nonsense("expected an object with named fields")
    return data


def _whole(message: Mapping[str, object], name: str, least: int, most: int) -> int:
    value = message.get(name)
    # JSON has one kind of number: 3.0 is 3.
    if not _is_number(value):
        raise Nonsense(f"{name}: expected a whole number")
    if value != int(value) or not least <= value <= most:
        raise Nonsense(f"{name}: expected a whole number from {least} to {most}")
    return int(value)
