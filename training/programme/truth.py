"""What is truly in a programme of the simulated rink, as the finder tells what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any, cast

import numpy as np

from pipeline.programme.frame_classes import ENTRY_S, RUN_OUT_S, position_class
from pipeline.programme.segments import Segment
from pipeline.types.programme import FoundPosition, SpinPosition
from training.rink.performance import ProgramElement


@dataclass(frozen=True)
class TrueElement:
    """One element of a programme."""

    segment: Segment
    """With the beginning and end that `pipeline.types.programme` defines."""
    label: str
    """As `FoundElement.label`: one of the 28, `CombinationSpin`, `LaybackSpin`, or jumps joined by
    `+`."""


def true_elements(elements: Sequence[ProgramElement]) -> tuple[TrueElement, ...]:
    """The elements in order of time; the jumps of a combination are one."""
    return tuple(
        _true(tuple(parts)) for _, parts in groupby(elements, key=lambda element: element.number)
    )


def true_segments(elements: Sequence[ProgramElement]) -> tuple[Segment, ...]:
    """The segments of `true_elements`."""
    return tuple(element.segment for element in true_elements(elements))


def read_elements(content: Sequence[Mapping[str, Any]]) -> tuple[ProgramElement, ...]:
    """The list of elements as `program.json` has it.

    Raises:
        KeyError: A key is missing.
    """
    names = [field.name for field in fields(ProgramElement)]
    return tuple(
        ProgramElement(**{n: _value(n, element[n]) for n in names if n in element})
        for element in content
    )


def _value(name: str, value: Any) -> Any:
    if name == "flaws":
        return frozenset(value)
    if name == "positions":
        return tuple((label, float(start), float(end)) for label, start, end in value)
    return np.nan if value is None else value


def _true(parts: Sequence[ProgramElement]) -> TrueElement:
    first, last = parts[0], parts[-1]
    if first.positions:
        positions = tuple(
            FoundPosition(cast(SpinPosition, position_class(label)), start_s, end_s)
            for label, start_s, end_s in first.positions
        )
        segment = Segment(
            "spin",
            first.start_s,
            first.end_s,
            positions=positions,
            flying=bool(np.isfinite(first.takeoff_s)),
        )
        return TrueElement(segment, first.label)
    if not np.isfinite(first.takeoff_s):
        return TrueElement(Segment("sequence", first.start_s, first.end_s), first.label)
    segment = Segment(
        "jump" if len(parts) == 1 else "combination",
        first.takeoff_s - ENTRY_S,
        last.landing_s + RUN_OUT_S,
        jumps=tuple((part.takeoff_s, part.landing_s) for part in parts),
    )
    return TrueElement(segment, "+".join(part.label for part in parts))
