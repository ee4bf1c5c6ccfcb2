"""Measures a skeleton sequence as a jump or as a spin.

    measured = measure(analysis.pose, analysis.timeline.pts_s, element)

As what is a person's choice. Without one it is the verdict's family where the skeleton shows it,
else what the skeleton shows: networks may err, and a step sequence may hold a jump.

Quarters of a turn, edges, levels and grades are not measured: one camera and seventeen joints do
not show them. `look_here` names the moments that a person should look at instead.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.elements import ELEMENTS, Element
from pipeline.measure.flight import Flight
from pipeline.measure.heading import Heading, read_heading
from pipeline.measure.jump import (
    Jump,
    estimate,
    flight_as_set,
    flight_at,
    flights_seen,
    measure_jump,
)
from pipeline.measure.records import (
    JUMP,
    SPIN,
    Decider,
    Estimate,
    Kind,
    Measurements,
    Reason,
    Span,
    untold,
)
from pipeline.measure.signals import Array, Body, read_body
from pipeline.measure.spin import Spin, SpinSpan, measure_spin, spin_span
from pipeline.measure.time_series import time_series_of
from pipeline.types import Analysis, PoseSequence

SLOWEST_FPS = 20.0
"""Fewer poses a second than this leave nothing to measure."""
SMALLEST_PX = 24.0
"""Trunk and leg must be this long in the picture."""
JUMP_TURNS_S = 1.2
"""A jump turns so much longer than it flies, before and after together; a spin goes on longer."""
LONGEST_FLIGHT_S = 0.9
"""No jump flies longer."""


@dataclass(frozen=True)
class Wishes:
    """What a person decided; None: as the skeleton and the verdict tell."""

    kind: Kind | None = None
    """As what to measure."""
    flight_s: tuple[float, float] | None = None
    """Take-off and landing, which then count as known to half a frame."""
    flight_at_s: float | None = None
    """A moment of the flight that is meant, where several are seen."""

    def __post_init__(self) -> None:
        if self.flight_s is not None and not self.flight_s[1] > self.flight_s[0]:
            raise ValueError(
                f"flight_s: the landing must be after the take-off, got {self.flight_s}"
            )


@dataclass(frozen=True)
class _Seen:
    """What the skeleton shows, whatever the verdict."""

    flights: tuple[Flight, ...] | Reason
    turning: Span | None

    @property
    def flies(self) -> bool:
        """Whether there is a flight that can be measured."""
        return not isinstance(self.flights, Reason)

    @property
    def spins(self) -> bool:
        """Whether the turning lasts longer than any jump's, so that it must be a spin's."""
        return self.turning is not None and (
            self.turning.end_s - self.turning.start_s > LONGEST_FLIGHT_S + JUMP_TURNS_S
        )


def measure_analysis(analysis: Analysis) -> Measurements:
    """Measure an analysed clip as its skeleton and verdict tell, or as a person wants it."""
    element = ELEMENTS[analysis.verdict.class_index]
    wishes = Wishes(analysis.measured_as, analysis.flight_s, analysis.flight_at_s)
    origin = analysis.provenance.get("pose")
    if origin is not None and origin.status == "untrained":
        return _nothing(element, wishes, 0.0, Reason("untrained"))
    return measure(analysis.pose, analysis.timeline.pts_s, element, wishes)


def flight_found(analysis: Analysis) -> tuple[Estimate, Estimate, Estimate] | None:
    """Take-off, landing and time in the air as the skeleton tells, whatever a person set."""
    body = read_body(analysis.pose, analysis.timeline.pts_s)
    seen = Reason("no_skeleton") if body is None else flights_seen(body)
    if isinstance(seen, Reason):
        return None
    flight = flight_at(seen, analysis.flight_at_s)
    return estimate(flight.takeoff_s), estimate(flight.landing_s), estimate(flight.air_s)


def measure(
    pose: PoseSequence, times_s: Array, element: Element, wishes: Wishes | None = None
) -> Measurements:
    """Everything that a skeleton sequence tells of an element; the same input, the same answer.

    Args:
        pose: T frames.
        times_s: `(T,)` when each is shown.
        element: What the verdict takes it for.
        wishes: What a person decided.

    Raises:
        ValueError: Not as many times as poses, or a flight of less than a frame.
    """
    wishes = wishes or Wishes()
    body = read_body(pose, times_s)
    if body is None:
        return _nothing(element, wishes, 0.0, Reason("no_skeleton"))
    fps = 1.0 / body.step_s
    if fps < SLOWEST_FPS:
        return _nothing(element, wishes, fps, Reason("few_poses", {"fps": fps}))
    if (pixels := float(body.scale.max())) < SMALLEST_PX:
        return _nothing(element, wishes, fps, Reason("small", {"pixels": pixels}))
    return _measured(body, read_heading(body), element, wishes)


def _measured(body: Body, heading: Heading, element: Element, wishes: Wishes) -> Measurements:
    seen = _look(body, heading)
    flights = () if isinstance(seen.flights, Reason) else seen.flights
    kind, decided_by = _decide(element, wishes, seen)
    found: Jump | Spin | None = None
    if kind == "jump":
        found = measure_jump(body, heading, _meant(body, seen, wishes))
    elif kind == "spin":
        found = measure_spin(body, heading, spin_span(heading))
    return Measurements(
        element,
        1.0 / body.step_s,
        () if found is None else found.measured,
        () if found is None else found.look_here,
        time_series_of(body, heading, () if found is None else found.phases),
        by_person=kind == "jump" and wishes.flight_s is not None,
        kind=kind,
        decided_by=decided_by,
        flights=tuple(Span("flight", *flight.span_s) for flight in flights),
        turning=seen.turning,
    )


def _decide(element: Element, wishes: Wishes, seen: _Seen) -> tuple[Kind | None, Decider]:
    """As what to measure, and who says so."""
    if wishes.kind is not None:
        return wishes.kind, "person"
    if wishes.flight_s is not None:
        return "jump", "person"
    named = _named(element)
    if named == "jump" and (seen.flies or not seen.spins):
        return "jump", "verdict"  # what turns for a short while may be a jump all the same
    if named == "spin" and (seen.turning is not None or not seen.flies):
        return "spin", "verdict"
    if seen.flies and not seen.spins:  # a spin begins with a step that may look like a flight
        return "jump", "skeleton"
    return (None, "verdict") if seen.turning is None else ("spin", "skeleton")


def _named(element: Element) -> Kind | None:
    match element.family:
        case "jump" | "spin" as kind:
            return kind
    return None


def _look(body: Body, heading: Heading) -> _Seen:
    flights, found = flights_seen(body), spin_span(heading)
    turning = None if found is None else _span(body, found)
    if turning is not None and not isinstance(flights, Reason):
        turning = None if any(_belongs(turning, flight) for flight in flights) else turning
    return _Seen(flights, turning)


def _belongs(turning: Span, flight: Flight) -> bool:
    """Whether a stretch of turning is that of a jump."""
    takeoff, landing = flight.span_s
    lasts = turning.end_s - turning.start_s
    overlaps = turning.start_s < landing and turning.end_s > takeoff
    return overlaps and lasts < landing - takeoff + JUMP_TURNS_S


def _meant(body: Body, seen: _Seen, wishes: Wishes) -> Flight | Reason:
    """The flight to measure, or why there is none."""
    if wishes.flight_s is not None:
        return flight_as_set(wishes.flight_s, body.step_s)
    if isinstance(seen.flights, Reason):
        return seen.flights
    return flight_at(seen.flights, wishes.flight_at_s)


def _span(body: Body, turning: SpinSpan) -> Span:
    return Span("turning", float(body.times_s[turning.first]), float(body.times_s[turning.last]))


def _nothing(element: Element, wishes: Wishes, fps: float, reason: Reason) -> Measurements:
    """Every quantity of the kind, none of them measured."""
    kind, decided_by = _decide(element, wishes, _Seen(reason, None))
    quantities = {"jump": JUMP, "spin": SPIN}.get(kind or "", ())
    measured = untold(reason, *quantities)
    return Measurements(element, fps, measured, (), None, kind=kind, decided_by=decided_by)
