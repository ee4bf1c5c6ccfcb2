"""Lanes under the picture: what happens when. Anybody may add one.

A lane is data with a name: spans of time with a label (`SpanLane`) or a curve (`ValueLane`). To add
lanes, write a function from an `Analysis` to lanes and append it to `lane_sources.SOURCES`. Times
are the container's stamps in seconds, as in `Timeline.pts_s`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Tone = Literal[
    "plain", "verdict", "umt-small", "umt-large", "umt-long", "uniformerv2", "infogcn", "before",
    "air", "after", "gap", "warning",
]  # fmt: skip
"""What a colour stands for; `player.css` has the colours."""


@dataclass(frozen=True)
class Span:
    """A stretch of time with a label."""

    start_s: float
    """First moment."""
    end_s: float
    """Last moment, later than the first."""
    label: str
    """A few words, shown as far as they fit."""
    tone: Tone = "plain"
    """Chooses the colour."""
    note: str = ""
    """More words for who points at it."""
    row: int = 0
    """Which of the lane's rows it lies in, from the top."""
    ticks_s: tuple[float, ...] = ()
    """Moments within it worth a tick, e.g. the frames a network saw."""
    strength: float = 1.0
    """0..1: how certain; fainter below 1."""

    def __post_init__(self) -> None:
        if not (np.isfinite([self.start_s, self.end_s]).all() and self.end_s > self.start_s):
            raise ValueError(
                f"span {self.label!r}: {self.start_s} to {self.end_s} is not a time span"
            )


@dataclass(frozen=True)
class Mark:
    """A moment with a label, drawn as a line through the lane."""

    time_s: float
    """When."""
    label: str
    """A few words, e.g. `"take-off"`."""
    early_s: float | None = None
    """Start of the interval it may lie in; None without one."""
    late_s: float | None = None
    """End of that interval."""


@dataclass(frozen=True)
class SpanLane:
    """Labelled stretches of time."""

    key: str
    """Unique, short."""
    name: str
    """Shown at the left."""
    spans: tuple[Span, ...]
    """In any order; spans of one row should not overlap."""
    marks: tuple[Mark, ...] = ()
    """Moments in it."""
    note: str = ""
    """What it means, for who points at the name."""


@dataclass(frozen=True)
class ValueLane:
    """A curve over time."""

    key: str
    """Unique, short."""
    name: str
    """Shown at the left."""
    unit: str
    """E.g. `"px"`, `"turns"`; empty for shares."""
    times_s: NDArray[np.float64]
    """`(N,)` increasing."""
    values: NDArray[np.floating[Any]]
    """`(N,)`; NaN breaks the curve: nothing is known there."""
    low: NDArray[np.floating[Any]] | None = None
    """`(N,)` lower end of the interval; None without one."""
    high: NDArray[np.floating[Any]] | None = None
    """`(N,)` upper end of the interval."""
    bounds: tuple[float, float] | None = None
    """Values at the lane's foot and top; those of the curve by default."""
    spans: tuple[Span, ...] = ()
    """Stretches behind the curve, e.g. gaps."""
    marks: tuple[Mark, ...] = ()
    """Moments in it."""
    note: str = ""
    """What it means, for who points at the name."""

    def __post_init__(self) -> None:
        for name in ("values", "low", "high"):
            array = getattr(self, name)
            if array is not None and array.shape != self.times_s.shape:
                raise ValueError(
                    f"lane {self.key}: {name} has shape {array.shape}, times {self.times_s.shape}"
                )


Lane = SpanLane | ValueLane


def lane_json(lane: Lane) -> dict[str, Any]:
    """What the browser is given."""
    common = {
        "key": lane.key,
        "name": lane.name,
        "note": lane.note,
        "spans": [_span(span) for span in lane.spans],
        "marks": [_mark(mark) for mark in lane.marks],
    }
    if isinstance(lane, SpanLane):
        return {**common, "kind": "spans"}
    return {
        **common,
        "kind": "values",
        "unit": lane.unit,
        "times": _numbers(lane.times_s, 6),
        "values": _numbers(lane.values, 4),
        "low": None if lane.low is None else _numbers(lane.low, 4),
        "high": None if lane.high is None else _numbers(lane.high, 4),
        "bounds": lane.bounds,
    }


def _span(span: Span) -> dict[str, Any]:
    return {
        "start": round(span.start_s, 6),
        "end": round(span.end_s, 6),
        "label": span.label,
        "tone": span.tone,
        "note": span.note,
        "row": span.row,
        "ticks": [round(tick, 6) for tick in span.ticks_s],
        "strength": round(float(span.strength), 3),
    }


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        "time": mark.time_s,
        "label": mark.label,
        "early": mark.early_s,
        "late": mark.late_s,
    }


def _numbers(values: NDArray[np.floating[Any]], digits: int) -> list[float | None]:
    """JSON knows no NaN."""
    rounded = np.round(values.astype(np.float64), digits).tolist()
    return [value if np.isfinite(value) else None for value in rounded]
