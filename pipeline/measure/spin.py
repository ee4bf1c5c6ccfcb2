"""A spin: when the body turns fast enough, how many turns, and in which position.

Positions follow what the rules look at, as far as one camera shows it: a camel has the free leg
back at hip height and the trunk low, a sit the hips low over the skating foot; what lies between,
or is hidden, is "unclear".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from pipeline.measure.heading import Heading
from pipeline.measure.records import SPIN, Estimate, LookHere, Measurement, Reason, Span, untold
from pipeline.measure.signals import (
    LEFT_ANKLE,
    LEFT_HIP,
    LEFT_SHOULDER,
    RIGHT_ANKLE,
    RIGHT_SHOULDER,
    Array,
    Body,
    Mask,
)

Position = Literal["camel", "sit", "upright", "unclear"]
POSITIONS: tuple[Position, ...] = ("camel", "sit", "upright", "unclear")

SLOWEST = 1.0
"""Turns a second from which on a skater spins."""
_PAUSE_S, _SHORTEST_S = 0.5, 0.8
_MOST_GAPS, _WIDEST_TURNS = 0.5, 2.2
_READ = 0.06
"""Turns that a reading of the heading may be off at both ends together."""
_WINDOW_S = 0.5
"""Positions are read from medians over this time, about a turn, so that the view averages out."""

# Heights in body scales (trunk and leg: a straight leg is 0.65, an upright trunk 0.35).
_SIT, _STAND = 0.42, 0.48
_LOW_TRUNK, _HIGH_TRUNK = 0.20, 0.24
_LEG_BACK, _LEG_DOWN, _LEG_UP, _LEG_OVERHEAD = -0.10, -0.14, 0.24, 0.28


@dataclass(frozen=True)
class SpinSpan:
    """When a skater spins, first to last frame."""

    first: int
    last: int


def spin_span(heading: Heading) -> SpinSpan | None:
    """The longest time of fast turning one way; short slow moments do not end it."""
    step_s = float(np.median(np.diff(heading.times_s)))
    rate = gaussian_filter1d(heading.rate, 0.1 / step_s, mode="nearest")
    best: SpinSpan | None = None
    for sign in (1.0, -1.0):
        for first, last in _runs(sign * rate >= SLOWEST, _PAUSE_S / step_s):
            if best is None or last - first > best.last - best.first:
                best = SpinSpan(first, last)
    if best is None or heading.times_s[best.last] - heading.times_s[best.first] < _SHORTEST_S:
        return None
    return best


def spin_positions(body: Body) -> list[Position]:
    """The position of every frame, as if the skater were spinning in all of them."""
    up = -body.joints[..., 1] / body.scale[:, None]
    hips = up[:, LEFT_HIP : LEFT_HIP + 2].mean(axis=1)
    neck = up[:, LEFT_SHOULDER : RIGHT_SHOULDER + 1].mean(axis=1)
    ankles = up[:, LEFT_ANKLE : RIGHT_ANKLE + 1]
    hip, trunk, free = (
        _steadied(height, body.step_s)
        for height in (hips - ankles.min(axis=1), neck - hips, ankles.max(axis=1) - hips)
    )
    sit = hip < _SIT
    stands = hip > _STAND
    camel = stands & (trunk < _LOW_TRUNK) & (free > _LEG_BACK) & (free < _LEG_UP)
    other_leg = (free < _LEG_DOWN) | (free > _LEG_OVERHEAD)
    upright = stands & (other_leg | (trunk > _HIGH_TRUNK))
    chosen = np.select([~body.posed, sit, camel, upright], [3, 1, 0, 2], 3)
    return [POSITIONS[index] for index in chosen]


def _steadied(values: Array, step_s: float) -> Array:
    window = 2 * round(0.5 * _WINDOW_S / step_s) + 1
    return np.asarray(median_filter(values, size=min(window, 2 * len(values) - 1), mode="nearest"))


def _runs(wanted: Mask, pause: float) -> list[tuple[int, int]]:
    """First and last index of every run of True; runs less than `pause` apart are one."""
    runs: list[tuple[int, int]] = []
    for index in np.flatnonzero(wanted):
        if runs and index - runs[-1][1] <= max(pause, 1.0):
            runs[-1] = (runs[-1][0], int(index))
        else:
            runs.append((int(index), int(index)))
    return runs


@dataclass(frozen=True)
class Spin:
    """What was measured of a spin."""

    measured: tuple[Measurement, ...]
    phases: tuple[Span, ...]
    look_here: tuple[LookHere, ...]


def measure_spin(body: Body, heading: Heading, span: SpinSpan | None) -> Spin:
    """Measure a stretch of fast turning."""
    if span is None:
        return Spin(untold(Reason("no_spin"), *SPIN), (), ())
    reason = _unmeasurable(heading, span)
    if reason is not None:
        return Spin(untold(reason, *SPIN), (), ())
    turned = np.abs(heading.courses[span.last] - heading.courses[span.first])
    lasts = float(body.times_s[span.last] - body.times_s[span.first])
    low, value, high = np.percentile(turned, (0.0, 50.0, 100.0)) + np.array([-_READ, 0.0, _READ])
    per_second, per_frame = 1.0 / lasts, 360.0 * body.step_s / lasts
    phases = _phases(body, span)
    return Spin(
        (
            Measurement("spin_turns", Estimate(value, low, high)),
            Measurement("spin_speed", _scaled(Estimate(value, low, high), per_second)),
            Measurement("degrees_per_frame", _scaled(Estimate(value, low, high), per_frame)),
        ),
        phases,
        _look_here(body, span, phases),
    )


def _scaled(estimate: Estimate, factor: float) -> Estimate:
    return Estimate(factor * estimate.value, factor * estimate.low, factor * estimate.high)


def _unmeasurable(heading: Heading, span: SpinSpan) -> Reason | None:
    """Why the turns of a span cannot be told, if so."""
    part = slice(span.first, span.last + 1)
    if heading.gap[part].mean() > _MOST_GAPS:
        return Reason("gaps")
    turned = heading.courses[span.last] - heading.courses[span.first]
    if np.ptp(np.percentile(turned, (2.5, 97.5))) > _WIDEST_TURNS:
        return Reason("facing")
    return None


def _phases(body: Body, span: SpinSpan) -> tuple[Span, ...]:
    """Spans of one position, within the spin."""
    positions = spin_positions(body)
    phases: list[Span] = []
    for index in range(span.first, span.last + 1):
        time = float(body.times_s[index])
        if phases and phases[-1].name == positions[index]:
            phases[-1] = replace(phases[-1], end_s=time)
        else:
            if phases:
                phases[-1] = replace(phases[-1], end_s=time)
            phases.append(Span(positions[index], time, time))
    return tuple(phase for phase in phases if phase.end_s > phase.start_s)


def _look_here(body: Body, span: SpinSpan, phases: tuple[Span, ...]) -> tuple[LookHere, ...]:
    start, end = float(body.times_s[0]), float(body.times_s[-1])
    first = float(body.times_s[span.first])
    marks = [LookHere(max(start, first - 0.8), min(end, first + 0.4), 0.25, "spin_entry")]
    marks += [
        LookHere(phase.start_s, phase.end_s, 0.25, "spin_unclear")
        for phase in phases
        if phase.name == "unclear" and phase.end_s - phase.start_s > 0.2
    ]
    return tuple(marks)
