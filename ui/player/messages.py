"""What the browser may say, checked field by field: it can send anything."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TOKEN_LENGTH = 64
"""Longer ones are none of ours."""

MAX_PERSON = 10_000


class Nonsense(ValueError):
    """A message that no player of ours sends."""


@dataclass(frozen=True)
class Relock:
    """The visitor says who the skater is."""

    token: str
    """Of the clip on show."""
    person: int
    """`person_id` of a track."""


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
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Nonsense(f"{name}: expected seconds")
    return float(value)


def read_relock(data: object, known: Sequence[int]) -> Relock:
    """Check a message that asks to relock.

    Args:
        data: What the browser sent.
        known: Numbers of the people in the clip.

    Raises:
        Nonsense: It is no such message, or nobody has that number.
    """
    message = _mapping(data)
    relock = Relock(read_token(message), _whole(message, "person", 0, MAX_PERSON))
    if relock.person not in known:
        raise Nonsense(f"person: nobody has the number {relock.person}")
    return relock


def read_token(data: object) -> str:
    """The token of a message.

    Raises:
        Nonsense: There is none.
    """
    token = _mapping(data).get("token")
    if not isinstance(token, str) or not 0 < len(token) <= TOKEN_LENGTH or not token.isascii():
        raise Nonsense("token: expected a short string")
    return token


def read_run(data: object) -> str:
    """The run that a message is about: another span of a clip has people of other numbers.

    Raises:
        Nonsense: There is none.
    """
    run = _mapping(data).get("run")
    if not isinstance(run, str) or not 0 < len(run) <= TOKEN_LENGTH or not run.isascii():
        raise Nonsense("run: expected a short string")
    return run


def read_whole(text: str, top: int) -> int:
    """A number in an address: 0 to `top`, digits only.

    Raises:
        Nonsense: It is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= top):
        raise Nonsense(f"expected a whole number from 0 to {top}")
    return int(text)


def _mapping(data: object) -> Mapping[str, object]:
    if not isinstance(data, Mapping) or not all(isinstance(key, str) for key in data):
        raise Nonsense("expected an object with named fields")
    return data


def _whole(message: Mapping[str, object], name: str, least: int, most: int) -> int:
    value = message.get(name)
    # JSON has one kind of number: 3.0 is 3, but True is none.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Nonsense(f"{name}: expected a whole number")
    if value != int(value) or not least <= value <= most:
        raise Nonsense(f"{name}: expected a whole number from {least} to {most}")
    return int(value)
