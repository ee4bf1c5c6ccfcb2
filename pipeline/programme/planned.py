"""Planned content: what a skater means to show, pasted as text, against what was seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from pipeline.programme.element_code import CodeError, ElementCode, in_capitals, parse_code

_NUMBER = re.compile(r"^\s*#?\d{1,2}[.):]?\s+")
"""Of a line in a protocol: `3 3Lz+3T`, `3. 3Lz+3T`."""
_CLOCK = re.compile(r"^\s*\d{1,2}:\d{2}(?:[.,]\d+)?\s+")
"""When an element comes: `1:35 3Lz+3T`."""
_FIGURES = re.compile(
    r"(?:\s+(?:[xXFqe!*]|<<?|n/?S|[-\u2013\u2212]|[-+\u2212]?\d+(?:[.,]\d+)?))+\s*$"
)
"""Behind an element in a protocol: info, base value, bonus, grade of execution, judges, points."""
_LONGEST = 300
"""Letters of a line of a protocol."""
_BORDERS = re.compile(r"[;|]|,(?!\d{1,3}(?!\w))")
"""Between elements of one line; the comma of `10,30` is none."""

Relation = Literal["as planned", "different", "missing", "extra"]


@dataclass(frozen=True)
class Plan:
    """The lines of a text that name elements, and those that do not."""

    elements: tuple[ElementCode, ...]
    unread: tuple[tuple[int, str], ...]
    """`(line, text)` of what is not an element; lines count from 1."""


@dataclass(frozen=True)
class Comparison:
    """One planned element, one that was seen, or a pair of both."""

    planned: int | None
    """Place in the plan."""
    seen: int | None
    """Place among those seen."""
    relation: Relation


def read_plan(text: str) -> Plan:
    """The elements of a text, one a line or with commas between: a list, or a pasted protocol.

    Empty lines are passed over; what is not an element is told by its line.
    """
    elements: list[ElementCode] = []
    unread: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        for part in _BORDERS.split(line):
            if not part.strip():
                continue
            try:
                elements.append(_element(part))
            except CodeError:
                unread.append((number, part.strip()))
    return Plan(tuple(elements), tuple(unread))


def _element(text: str) -> ElementCode:
    if len(text) > _LONGEST:
        raise CodeError(f"a line of {len(text)} letters is not an element")
    bare = _NUMBER.sub("", _CLOCK.sub("", text, count=1), count=1)
    for code in (text, bare, _FIGURES.sub("", bare)):
        for written in (code, in_capitals(code)):
            with suppress(CodeError):
                return parse_code(written)
    raise CodeError(f"{text.strip()!r} is not an element code")


def difference(one: ElementCode, other: ElementCode) -> float:
    """How far two elements are apart, from 0 (the same but for levels and calls) to 1."""
    if one.family != other.family:
        return 1.0
    if one.family == "jump":
        pairs = list(zip(one.jumps, other.jumps, strict=False))
        apart = sum(0.6 * (a.kind != b.kind) + 0.2 * (a.turns != b.turns) for a, b in pairs)
        uneven = abs(len(one.jumps) - len(other.jumps))
        return min((apart + 0.4 * uneven) / max(len(one.jumps), len(other.jumps)), 1.0)
    if one.family == "spin":
        apart = 0.6 * (one.position != other.position)
        return apart + 0.1 * (one.flying != other.flying) + 0.1 * (one.change != other.change)
    return 0.4 * (one.sequence != other.sequence)


_SKIPPED = 0.6
"""Cost of an element on one side alone: two that differ by more than twice this never pair."""


def compare(planned: Sequence[ElementCode], seen: Sequence[ElementCode]) -> tuple[Comparison, ...]:
    """The plan and what was seen in order, aligned by edit distance.

    Elements of two families are never a pair.
    """
    n, m = len(planned), len(seen)
    cost = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(n, -1, -1):
        for j in range(m, -1, -1):
            if i < n or j < m:
                cost[i][j] = min(step[0] for step in _steps(planned, seen, cost, i, j))
    rows: list[Comparison] = []
    i = j = 0
    while i < n or j < m:
        _, row = min(_steps(planned, seen, cost, i, j), key=lambda step: step[0])
        rows.append(row)
        i, j = i + (row.planned is not None), j + (row.seen is not None)
    return tuple(rows)


def _steps(
    planned: Sequence[ElementCode],
    seen: Sequence[ElementCode],
    cost: Sequence[Sequence[float]],
    i: int,
    j: int,
) -> list[tuple[float, Comparison]]:
    """What can come next, each with its cost to the end."""
    steps: list[tuple[float, Comparison]] = []
    if i < len(planned) and j < len(seen) and planned[i].family == seen[j].family:
        apart = difference(planned[i], seen[j])
        relation: Relation = "different" if apart else "as planned"
        steps.append((apart + cost[i + 1][j + 1], Comparison(i, j, relation)))
    if i < len(planned):
        steps.append((_SKIPPED + cost[i + 1][j], Comparison(i, None, "missing")))
    if j < len(seen):
        steps.append((_SKIPPED + cost[i][j + 1], Comparison(None, j, "extra")))
    return steps
