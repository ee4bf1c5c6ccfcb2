"""Element codes as protocols write them: `3Lz+3T`, `FCCoSp4`, `StSq3`.

The grammar is that of the ISU's single skating codes: jumps with their turns joined by `+`; spins
with `F` (flying entry), `C` (change of foot) and the position; sequences; features (level) and
calls of the panel behind them. A call (`<`, `q`, `e`, `!`) is kept as written: nothing here decides
one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pipeline.elements import ELEMENTS

CodeFamily = Literal["jump", "spin", "sequence"]

_CLASS_OF = {element.code: element.class_index for element in ELEMENTS if element.family == "jump"}
_KINDS = ("Lz", "Lo", "Eu", "T", "S", "F", "A")
_JUMP = re.compile(r"(?P<turns>[0-4])?(?P<kind>Lz|Lo|Eu|T|S|F|A)(?P<calls>(?:<<|<|q|e|!|\*)*)")
_SPIN = re.compile(
    r"(?P<flying>F)?(?P<change>C(?=C|S|L|U))?(?P<position>Co|C|S|L|U)Sp(?P<level>[1-4B])?(?P<calls>V|\*)*"
)
_SEQUENCE = re.compile(r"(?P<kind>StSq|ChSq)(?P<level>[1-4B])?\*?")
_JOINED = ("SEQ", "COMBO", "REP")
"""Words of older protocols behind a `+`: how jumps were joined, or that one was repeated."""

POSITIONS = {"C": "camel", "S": "sit", "U": "upright", "L": "layback", "Co": "combination"}
"""Letter of a spin code -> position."""


class CodeError(ValueError):
    """A text is not an element code."""


@dataclass(frozen=True)
class JumpCode:
    """One jump of an element."""

    kind: str
    """`T`, `S`, `Lo`, `F`, `Lz`, `A`, or `Eu` for an Euler."""
    turns: int
    """As named: an Axel's half turn more is not counted; 0 for a waltz jump or a popped one."""
    calls: str = ""
    """What the panel called, as written: `<`, `<<`, `q`, `e`, `!`, `*`."""

    @property
    def class_index(self) -> int | None:
        """Of the 28 classes; None for an Euler and what has no class."""
        return _CLASS_OF.get(f"{self.turns}{self.kind}")

    def __str__(self) -> str:
        return f"{self.turns}{self.kind}{self.calls}"


@dataclass(frozen=True)
class ElementCode:
    """One line of a protocol or of planned content."""

    family: CodeFamily
    jumps: tuple[JumpCode, ...] = ()
    """Of a jump element, in order; one alone is a solo jump."""
    position: str = ""
    """Of a spin: a value of `POSITIONS`."""
    flying: bool = False
    """Whether a spin has a flying entry."""
    change: bool = False
    """Whether it changes the foot."""
    sequence: str = ""
    """`StSq` or `ChSq`."""
    level: str = ""
    """`1` to `4` or `B`; empty where none is written."""

    def __str__(self) -> str:
        if self.family == "jump":
            return "+".join(str(jump) for jump in self.jumps)
        if self.family == "sequence":
            return f"{self.sequence}{self.level}"
        letter = next(letter for letter, name in POSITIONS.items() if name == self.position)
        return f"{'F' * self.flying}{'C' * self.change}{letter}Sp{self.level}"


def parse_code(text: str) -> ElementCode:
    """The element that a code names; blanks do not matter, capitals do.

    Raises:
        CodeError: It is not an element code.
    """
    code = "".join(text.split())
    if found := _SEQUENCE.fullmatch(code):
        return ElementCode("sequence", sequence=found["kind"], level=found["level"] or "")
    if found := _SPIN.fullmatch(code):
        return ElementCode(
            "spin",
            position=POSITIONS[found["position"]],
            flying=bool(found["flying"]),
            change=bool(found["change"]),
            level=found["level"] or "",
        )
    parts = [part for part in code.split("+") if part not in _JOINED]
    jumps = [_JUMP.fullmatch(part) for part in parts]
    if not parts or None in jumps:
        raise CodeError(f"{text.strip()!r} is not an element code, such as 3Lz+3T, FCSp4 or StSq3")
    return ElementCode("jump", tuple(_jump(found) for found in jumps if found is not None))


def _jump(found: re.Match[str]) -> JumpCode:
    turns = found["turns"]
    if turns is None:  # Eu, and A for a waltz jump
        turns = "1" if found["kind"] == "Eu" else "0"
    return JumpCode(found["kind"], int(turns), found["calls"])


_CALLS = re.compile(r"[<qe!*v]*", re.IGNORECASE)


@cache
def _capitals() -> dict[str, str]:
    """Every jump, spin and sequence in small letters -> as protocols write it."""
    jumps = [f"{turns}{kind}" for turns in ("", *"01234") for kind in _KINDS]
    spins = [f"{way}{letter}Sp" for way in ("", "C", "F", "FC") for letter in POSITIONS]
    parts = [f"{code}{level}" for code in (*spins, "StSq", "ChSq") for level in ("", *"B1234")]
    return {part.casefold(): part for part in (*jumps, *parts, *_JOINED)}


def in_capitals(text: str) -> str:
    """A code that was typed in any capitals, as protocols write it; what is none stays."""
    return "+".join(_part_in_capitals(part) for part in "".join(text.split()).split("+"))


def _part_in_capitals(part: str) -> str:
    for length in range(min(len(part), 8), 0, -1):
        known, calls = _capitals().get(part[:length].casefold()), part[length:]
        if known and _CALLS.fullmatch(calls):
            return known + (calls.upper() if "Sp" in known else calls.lower())
    return part
