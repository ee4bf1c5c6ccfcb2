"""What the programme page's scripts may say, checked: a browser can send anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.moments import read_moment
from pipeline.sheet.completion import read_code
from pipeline.sheet.corrections import (
    Annotate,
    Confirm,
    Correction,
    Delete,
    Insert,
    Mark,
    Merge,
    MoveFlight,
    MoveSpan,
    Relabel,
    Split,
)
from pipeline.sheet.rows import Corrected
from ui.player.messages import Nonsense

_MOST_LETTERS = 600
_LASTS_S = {"jump": (0.6, 1.4), "spin": (0.5, 6.0), "sequence": (0.5, 10.0)}
"""Family of an element that is put in -> seconds before and after the cursor."""
_LEAST_S = 0.2
"""Of an element that is put into a gap."""


def read_message(data: object) -> Mapping[str, Any]:
    """A message of the page: what is asked is `act`.

    Raises:
        Nonsense: It is none.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("act"), str):
        raise Nonsense("act: expected a name")
    return data


def read_correction(message: Mapping[str, Any], sheet: Corrected) -> Correction:
    """The correction that a message asks for.

    Args:
        message: As `read_message` gave it.
        sheet: The list as it stands.

    Raises:
        Nonsense: No page of ours sends it.
        InputError: A code or a moment that was typed is none.
    """
    match message["act"]:
        case "insert":
            return _insert(text_of(message, "code"), _moment(message, "at"), sheet)
        case "confirm":
            return Confirm(text_of(message, "name"))
    return _of_row(text_of(message, "key"), message, sheet)


def _of_row(key: str, message: Mapping[str, Any], sheet: Corrected) -> Correction:
    match message["act"]:
        case "relabel":
            return Relabel(key, text_of(message, "code"))
        case "span":
            return MoveSpan(key, _moment(message, "start"), _moment(message, "end"))
        case "flight":
            jump = _jump(message.get("jump"))
            return MoveFlight(key, jump, _moment(message, "takeoff"), _moment(message, "landing"))
        case "delete":
            return Delete(key)
        case "split":
            return _split(key, _moment(message, "at"), sheet)
        case "merge":
            return _merge(key, sheet)
        case "mark":
            return Mark(key, message.get("review") is True)
        case "note":
            return Annotate(key, text_of(message, "text"))
    raise Nonsense(f"act: {str(message['act'])[:20]!r} is none")


def text_of(message: Mapping[str, Any], name: str) -> str:
    """A text that was sent.

    Raises:
        Nonsense: It is none, or far too long.
    """
    value = message.get(name)
    if not isinstance(value, str) or len(value) > _MOST_LETTERS:
        raise Nonsense(f"{name}: expected a text")
    return value


def _moment(message: Mapping[str, Any], name: str) -> float:
    value = message.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Nonsense(f"{name}: expected a moment")
    if not isinstance(value, str) and not abs(value) < 1e9:
        raise Nonsense(f"{name}: expected seconds")
    return read_moment(value)


def _jump(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Nonsense("jump: expected a number")
    return value


def _insert(code: str, at_s: float, sheet: Corrected) -> Insert:
    """As long as such an element lasts, and no longer than the gap around the cursor."""
    code, parsed = read_code(code)
    before_s, after_s = _LASTS_S[parsed.family]
    start_s, end_s = max(0.0, at_s - before_s), at_s + after_s
    for row in sheet.rows:
        if row.end_s <= at_s:
            start_s = max(start_s, row.end_s)
        elif row.start_s >= at_s:
            end_s = min(end_s, row.start_s)
    return Insert(code, round(start_s, 3), round(max(end_s, start_s + _LEAST_S), 3))


def _split(key: str, at_s: float, sheet: Corrected) -> Split:
    """At the cursor where that lies in the element, else a combination between its jumps."""
    row = sheet.row(key)
    inside = row is not None and row.start_s < at_s < row.end_s
    return Split(key, at_s if inside else None)


def _merge(key: str, sheet: Corrected) -> Merge:
    """With the element after it."""
    row = sheet.row(key)
    after = [other.key for other in sheet.rows if row and other.number == row.number + 1]
    return Merge((key, *after))
