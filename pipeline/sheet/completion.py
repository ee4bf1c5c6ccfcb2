"""Element codes as they are typed: read whatever the capitals, completed from the table."""

from __future__ import annotations

import re
from functools import cache

from pipeline.errors import InputError
from pipeline.programme.element_code import (
    POSITIONS,
    CodeError,
    ElementCode,
    in_capitals,
    parse_code,
)

_TURNS = "3241"
_KINDS = ("Lz", "F", "Lo", "S", "T", "A")
_FOLLOWING = ("3T", "2T", "3Lo", "2Lo", "1Eu", "3S", "2S", "3F", "2F", "2A", "3A", "4T", "4S", "1T")
"""What may stand behind a jump, the commonest first."""
_LEVELS = ("4", "3", "2", "1", "B")
_MOST_LETTERS = 60


def read_code(text: str) -> tuple[str, ElementCode]:
    """A code as somebody typed it, in the capitals of protocols, and what it says.

    Raises:
        InputError: It is no element code.
    """
    typed = "".join(text.split())
    for code in (typed, in_capitals(typed[:_MOST_LETTERS])):
        try:
            return code, parse_code(code)
        except CodeError:
            continue
    raise InputError.of("correction_code", text=text.strip()[:40])


def complete(prefix: str, most: int = 12) -> tuple[str, ...]:
    """Codes that begin with what was typed, the commonest first; capitals do not matter.

    Behind a `+` the jumps that can follow; a level only when the rest of the code is there.
    """
    typed = "".join(prefix.split())[:_MOST_LETTERS]
    head, plus, last = typed.rpartition("+")
    if not plus:
        return _beginning(typed, _solo(), most)
    try:
        before, parsed = read_code(head)
    except InputError:
        return ()
    if parsed.family != "jump":
        return ()
    return tuple(f"{before}+{code}" for code in _beginning(last, _FOLLOWING, most))


def _beginning(typed: str, codes: tuple[str, ...], most: int) -> tuple[str, ...]:
    folded = typed.casefold()
    found = [code for code in codes if code.casefold().startswith(folded)]
    # A level is offered once the element itself is typed.
    short = [code for code in found if not _has_level(code) or len(typed) >= len(code) - 1]
    return tuple((short or found)[:most])


def _has_level(code: str) -> bool:
    return re.search(r"(?:Sp|Sq)[1-4B]$", code) is not None


@cache
def _solo() -> tuple[str, ...]:
    """Every single jump, spin and sequence."""
    jumps = [f"{turns}{kind}" for turns in _TURNS for kind in _KINDS]
    letters = sorted(POSITIONS, key=["Co", "C", "S", "L", "U"].index)
    spins = [f"{entry}{letter}Sp" for entry in ("C", "", "F", "FC") for letter in letters]
    bare = [*jumps, *spins, "StSq", "ChSq"]
    levels = [f"{code}{level}" for code in [*spins, "StSq"] for level in _LEVELS]
    return (*bare, *levels, "ChSq1", "A")
