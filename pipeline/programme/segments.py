"""What the temporal network says of every moment to elements with a beginning and an end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pipeline.programme.features import RATE_HZ
from pipeline.programme.frame_classes import ENTRY_S, FRAME_CLASSES, RUN_OUT_S, SPIN_CLASSES
from pipeline.programme.viterbi import likeliest_course
from pipeline.types import IntArray
from pipeline.types.programme import ElementFamily, FoundPosition, FrameScores, SpinPosition

COMBINATION_GAP_S = 1.3
"""From a landing to the next take-off, at most, within one element."""
_BREAK_S = 0.5
"""Without samples for longer, what comes after is not the same stretch."""
_AIR_S = (0.14, 1.15)
_PEAK_S = 0.16
"""How far from where the flight begins or ends its moment is looked for."""
_SHORTEST_SPIN_S, _SHORTEST_POSITION_S, _SHORTEST_SEQUENCE_S = 1.5, 0.7, 7.0
_SPIN_GAP_S, _SEQUENCE_GAP_S = 0.6, 1.5
_FLYING_S = 0.8
"""From a flight's end to where the spin goes on, at most."""
_FLYING = 0.4
"""Geometric mean of a take-off's and a landing's score from which a spin's entry is a flight."""


@dataclass(frozen=True)
class Segment:
    """One element by its family, not yet by its class; seconds since the file's first frame."""

    family: ElementFamily
    start_s: float
    """`pipeline.types.programme` says where elements begin and end."""
    end_s: float
    jumps: tuple[tuple[float, float], ...] = ()
    """Take-off and landing of every jump, in order."""
    positions: tuple[FoundPosition, ...] = ()
    """Of a spin, in order."""
    flying: bool = False
    """Of a spin: whether a flight is seen at its entry."""
    confidence: float = 1.0
    """0 to 1: that there is an element of this family here."""


@dataclass(frozen=True)
class _Flight:
    takeoff_s: float
    landing_s: float
    confidence: float


def decode_segments(scores: FrameScores) -> tuple[Segment, ...]:
    """The elements of all samples, in order of time.

    The scores of several shots in a row may be given as one: an element goes on over a cut.
    """
    found: list[Segment] = []
    for part in _stretches(scores):
        course = likeliest_course(part.probabilities, part.moments)
        flights = _flights(part, course)
        spins, left = _spins(part, course, flights)
        found += [*spins, *_jumps(left), *_sequences(part, course)]
    within = [_within(segment, scores) for segment in found]
    return tuple(sorted(within, key=lambda segment: segment.start_s))


def _within(segment: Segment, scores: FrameScores) -> Segment:
    """The segment as far as something was seen: a jump may be shown without its entry."""
    first, last = float(scores.times_s[0]), float(scores.times_s[-1])
    return replace(segment, start_s=max(segment.start_s, first), end_s=min(segment.end_s, last))


def _stretches(scores: FrameScores) -> Iterator[FrameScores]:
    edges = np.flatnonzero(np.diff(scores.times_s) > _BREAK_S) + 1
    for part in np.split(np.arange(len(scores.times_s)), edges):
        if len(part):
            yield FrameScores(
                scores.times_s[part],
                scores.probabilities[part],
                scores.moments[part],
                scores.hip_height[part],
            )


def _runs(where: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of True as first and one past the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _where(course: IntArray, *names: str) -> NDArray[np.bool_]:
    return np.asarray(np.isin(course, [FRAME_CLASSES.index(name) for name in names]))


def _flights(part: FrameScores, course: IntArray) -> list[_Flight]:
    """Flights with both moments between the samples."""
    flights = []
    air = part.probabilities[:, FRAME_CLASSES.index("air")]
    for first, stop in _runs(_where(course, "air")):
        takeoff_s, takeoff = _peak(part, 0, first)
        landing_s, landing = _peak(part, 1, stop)
        if _AIR_S[0] <= landing_s - takeoff_s <= _AIR_S[1]:
            mean = float(air[first:stop].mean())
            flights.append(_Flight(takeoff_s, landing_s, float(np.cbrt(takeoff * landing * mean))))
    return flights


def _peak(part: FrameScores, column: int, near: int) -> tuple[float, float]:
    """Time and height of a moment's peak by a sample; the sample's own where there is none."""
    reach = round(_PEAK_S * RATE_HZ)
    low, high = max(near - reach, 0), min(near + reach + 1, len(part.times_s))
    values = part.moments[low:high, column].astype(np.float64)
    if not len(values) or values.max() < 0.05:
        return float(part.times_s[min(near, len(part.times_s) - 1)]), float(values.max(initial=0.0))
    top = int(values.argmax())
    if not 0 < top < len(values) - 1:
        return float(part.times_s[low + top]), float(values[top])
    # The logarithm of a bell is a parabola: its top lies between the samples.
    before, at, after = np.log(np.maximum(values[top - 1 : top + 2], 1e-6))
    bend = before - 2.0 * at + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(part.times_s[low + top] + np.clip(shift, -0.5, 0.5) / RATE_HZ), float(values[top])


def _jumps(flights: Sequence[_Flight]) -> list[Segment]:
    """Solo jumps, and those that leave from a landing as one combination."""
    groups: list[list[_Flight]] = []
    for flight in flights:
        if groups and flight.takeoff_s - groups[-1][-1].landing_s <= COMBINATION_GAP_S:
            groups[-1].append(flight)
        else:
            groups.append([flight])
    return [
        Segment(
            "jump" if len(group) == 1 else "combination",
            group[0].takeoff_s - ENTRY_S,
            group[-1].landing_s + RUN_OUT_S,
            jumps=tuple((flight.takeoff_s, flight.landing_s) for flight in group),
            confidence=max(flight.confidence for flight in group),
        )
        for group in groups
    ]


def _spins(
    part: FrameScores, course: IntArray, flights: Sequence[_Flight]
) -> tuple[list[Segment], list[_Flight]]:
    """Spins, and the flights that are not the entry of one."""
    spinning = part.probabilities[
        :, [FRAME_CLASSES.index(name) for name in SPIN_CLASSES]
    ].sum(axis=1)  # fmt: skip
    spins, left = [], list(flights)
    for first, stop in _merged(_runs(_where(course, *SPIN_CLASSES)), part, _SPIN_GAP_S):
        positions = _positions(part, course, first, stop)
        start_s, end_s = float(part.times_s[first]), float(part.times_s[stop - 1])
        if end_s - start_s < _SHORTEST_SPIN_S or not positions:
            continue
        held_s = positions[0].start_s
        entry = [f for f in left if start_s - _FLYING_S < f.landing_s <= held_s + _FLYING_S]
        left = [f for f in left if f not in entry and not start_s < f.takeoff_s < end_s]
        spins.append(
            Segment(
                "spin",
                min([start_s, *(f.takeoff_s - ENTRY_S for f in entry)]),
                end_s,
                positions=positions,
                flying=bool(entry) or _flies(part, start_s, held_s),
                confidence=float(spinning[first:stop].mean()),
            )
        )
    return spins, left


def _flies(part: FrameScores, start_s: float, held_s: float) -> bool:
    """Whether a spin's way in has a take-off and a landing as far apart as a flight's."""
    inside = (part.times_s >= start_s) & (part.times_s <= held_s + 0.2)
    times, moments = part.times_s[inside], part.moments[inside].astype(np.float64)
    apart = times[None, :] - times[:, None]
    likely = np.sqrt(moments[:, None, 0] * moments[None, :, 1])
    return bool((likely * ((apart >= _AIR_S[0]) & (apart <= _AIR_S[1]))).max(initial=0.0) > _FLYING)


def _positions(
    part: FrameScores, course: IntArray, first: int, stop: int
) -> tuple[FoundPosition, ...]:
    found: list[FoundPosition] = []
    for name in SPIN_CLASSES:
        if name == "changing":
            continue
        for a, b in _runs(_where(course[first:stop], name)):
            start_s, end_s = float(part.times_s[first + a]), float(part.times_s[first + b - 1])
            if end_s - start_s >= _SHORTEST_POSITION_S:
                found.append(FoundPosition(cast(SpinPosition, name), start_s, end_s))
    return tuple(sorted(found, key=lambda position: position.start_s))


def _sequences(part: FrameScores, course: IntArray) -> list[Segment]:
    likely = part.probabilities[:, FRAME_CLASSES.index("sequence")]
    return [
        Segment(
            "sequence",
            float(part.times_s[first]),
            float(part.times_s[stop - 1]),
            confidence=float(likely[first:stop].mean()),
        )
        for first, stop in _merged(_runs(_where(course, "sequence")), part, _SEQUENCE_GAP_S)
        if part.times_s[stop - 1] - part.times_s[first] >= _SHORTEST_SEQUENCE_S
    ]


def _merged(
    runs: Sequence[tuple[int, int]], part: FrameScores, gap_s: float
) -> list[tuple[int, int]]:
    """Runs, those with little between them as one."""
    merged: list[tuple[int, int]] = []
    for first, stop in runs:
        if merged and part.times_s[first] - part.times_s[merged[-1][1] - 1] <= gap_s:
            merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((first, stop))
    return merged
