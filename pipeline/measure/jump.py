"""A jump: when it leaves the ice and lands, how long and high it flies, how far it turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.measure.flight import DRAWS, LIKELY, SHORTEST, Flight, find_flights
from pipeline.measure.flight_features import RATE_HZ
from pipeline.measure.heading import Heading
from pipeline.measure.records import JUMP, Estimate, LookHere, Measurement, Reason, Span, untold
from pipeline.measure.signals import Array, Body

GRAVITY = 9.81
BEFORE_S, AFTER_S = 0.2, 0.25
"""The turning of a whole jump is taken from so long before the take-off to so long after the
landing: over this span real jumps turn by what their names say, half a turn more or less."""

_TURNING = JUMP[4:]

_BRIEFEST_S = 1e-3
_EDGE_S = 0.12
_WIDEST_S = 0.45
_MOST_GAPS = 0.5
_WIDEST_TURNS = 1.6


@dataclass(frozen=True)
class Jump:
    """What was measured of a jump."""

    measured: tuple[Measurement, ...]
    phases: tuple[Span, ...]
    look_here: tuple[LookHere, ...]


def estimate(values: Array) -> Estimate:
    """Median and 95 % interval of equally likely values."""
    low, value, high = np.percentile(values, (2.5, 50.0, 97.5))
    return Estimate(float(value), float(low), float(high))


def _quantile(values: Array, percent: float) -> float:
    return float(np.percentile(values, percent))


def height_cm(air_s: float) -> float:
    """How high a body rises that is in the air so long, pose alike at both ends: g T^2 / 8."""
    return 100.0 * GRAVITY * air_s**2 / 8.0


def flights_seen(body: Body) -> tuple[Flight, ...] | Reason:
    """The flights that can be measured, the clearest and highest first, or why there is none."""
    start, end = float(body.times_s[0]), float(body.times_s[-1])
    if end - start < (SHORTEST + 1) / RATE_HZ + 2 * _EDGE_S:
        return Reason("short")
    flights = find_flights(body)
    if flights[0].likely < LIKELY:
        return Reason("no_flight")
    reasons = [_unmeasurable(body, flight) for flight in flights]
    good = tuple(f for f, reason in zip(flights, reasons, strict=True) if reason is None)
    return good or next(reason for reason in reasons if reason is not None)


def flight_at(flights: Sequence[Flight], at_s: float | None) -> Flight:
    """The flight that is nearest to a moment; the first one without a moment."""

    def distance(flight: Flight) -> float:
        takeoff, landing = flight.span_s
        return 0.0 if at_s is None else max(takeoff - at_s, at_s - landing, 0.0)

    return min(flights, key=distance)


def measure_jump(body: Body, heading: Heading, found: Flight | Reason) -> Jump:
    """Measure one flight; nothing where there is none, for the reason that is given."""
    if isinstance(found, Reason):
        return Jump(untold(found, *JUMP), (), ())
    takeoff, landing = estimate(found.takeoff_s), estimate(found.landing_s)
    return Jump(
        (
            Measurement("takeoff", takeoff),
            Measurement("landing", landing),
            *_air(found),
            *_turning(body, heading, found),
        ),
        _phases(body, takeoff.value, landing.value),
        _look_here(body, takeoff.value, landing.value),
    )


def _unmeasurable(body: Body, flight: Flight) -> Reason | None:
    """Why a flight cannot be measured, if so."""
    start, end = float(body.times_s[0]), float(body.times_s[-1])
    takeoff, landing = flight.span_s
    # Also where only the interval comes to the clip's edge: what lies beyond may be it as well.
    if takeoff < start + _EDGE_S or _quantile(flight.takeoff_s, 2.5) < start + _EDGE_S / 2:
        return Reason("begins_late")
    if landing > end - _EDGE_S or _quantile(flight.landing_s, 97.5) > end - _EDGE_S / 2:
        return Reason("ends_early")
    for name, moment in (("takeoff", takeoff), ("landing", landing)):
        near = np.abs(body.times_s - moment) < _EDGE_S
        if body.posed[near].mean() < 0.5:
            return Reason(f"gap_{name}")
    if np.subtract(*np.percentile(flight.air_s, (97.5, 2.5))) > _WIDEST_S:
        return Reason("unsteady")
    return None


def flight_as_set(flight_s: tuple[float, float], step_s: float) -> Flight:
    """A flight that a person set, its ends known to half a frame.

    Raises:
        ValueError: It lasts less than a frame.
    """
    lasts_s = flight_s[1] - flight_s[0]
    if lasts_s < step_s:
        raise ValueError(
            f"flight_s: must last a frame ({step_s:.3f} s) at least, got {lasts_s:.3f} s"
        )
    shift = (np.random.default_rng(0).random((2, DRAWS)) - 0.5) * step_s
    takeoff_s = flight_s[0] + shift[0]
    return Flight(takeoff_s, np.maximum(flight_s[1] + shift[1], takeoff_s + _BRIEFEST_S), 1.0)


def _air(flight: Flight) -> tuple[Measurement, ...]:
    air = estimate(flight.air_s)
    height = Estimate(height_cm(air.value), height_cm(air.low), height_cm(air.high))
    return Measurement("air_time", air), Measurement("height", height)


def _turning(body: Body, heading: Heading, flight: Flight) -> tuple[Measurement, ...]:
    """Turns in the air and in all, the speed, and what that means for a frame."""
    takeoff, landing = float(np.median(flight.takeoff_s)), float(np.median(flight.landing_s))
    in_air = (body.times_s >= takeoff) & (body.times_s <= landing)
    if heading.gap[in_air].mean() > _MOST_GAPS:
        return untold(Reason("gaps"), *_TURNING)
    turned = np.abs(heading.turned(flight.takeoff_s, flight.landing_s))
    if np.subtract(*np.percentile(turned, (97.5, 2.5))) > _WIDEST_TURNS:
        return untold(Reason("facing"), *_TURNING)
    speed = estimate(turned / flight.air_s)
    frame = 360.0 * body.step_s
    return (
        Measurement("turned_in_air", estimate(turned)),
        _turned_in_all(body, heading, flight),
        Measurement("jump_speed", speed),
        Measurement(
            "degrees_per_frame",
            Estimate(frame * speed.value, frame * speed.low, frame * speed.high),
        ),
    )


def _turned_in_all(body: Body, heading: Heading, flight: Flight) -> Measurement:
    start, end = flight.takeoff_s - BEFORE_S, flight.landing_s + AFTER_S
    if np.median(start) < body.times_s[0] or np.median(end) > body.times_s[-1]:
        reason = Reason("margin", {"before": BEFORE_S, "after": AFTER_S})
        return Measurement("turned_in_all", None, reason)
    return Measurement("turned_in_all", estimate(np.abs(heading.turned(start, end))))


def _phases(body: Body, takeoff: float, landing: float) -> tuple[Span, ...]:
    return (
        Span("entry", float(body.times_s[0]), takeoff),
        Span("air", takeoff, landing),
        Span("exit", landing, float(body.times_s[-1])),
    )


def _look_here(body: Body, takeoff: float, landing: float) -> tuple[LookHere, ...]:
    start, end = float(body.times_s[0]), float(body.times_s[-1])
    return (
        LookHere(max(start, takeoff - 0.35), min(end, takeoff + 0.1), 0.1, "takeoff"),
        LookHere(max(start, landing - 0.15), min(end, landing + 0.35), 0.1, "landing"),
    )
