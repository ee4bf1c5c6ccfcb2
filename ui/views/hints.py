"""What to look at before a verdict is believed: turns that do not fit, flights unsaid, long clips.

The words come from the measurements, which know nothing of the networks.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.elements import Element
from pipeline.measure.records import Measurements, Span
from pipeline.measure.stretch import stretch_to_cut
from pipeline.types import Analysis
from ui.language.names import class_name
from ui.language.tables import say
from ui.views.measured import ends_of, measured_on_screen, span_of

FITTING_TURNS = 0.5
"""From 0.2 s before the take-off to 0.25 s after the landing real jumps turn by what their names
say, half a turn more or less (`docs/measurements.md`)."""
IN_AIR_LESS, IN_AIR_MORE = 1.1, 0.25
"""In the air alone they turn by so much less or more."""


@dataclass(frozen=True)
class Hint:
    """A sentence beside the verdict."""

    text: str
    odd: bool = True
    """Whether it speaks against the verdict."""


def hints(analysis: Analysis) -> list[Hint]:
    """What the measurements say of the verdict; nothing where the skeleton is too poor."""
    found = measured_on_screen(analysis)
    if found.time_series is None:
        return []
    element = found.element
    if element.family == "jump":
        return _of_a_jump(found, element)
    said = [Hint(say("hint_flight", **ends_of(flight))) for flight in found.flights[:1]]
    if element.family == "spin":
        measured = found.kind == "spin" and any(m.estimate for m in found.measured)
        seen = found.turning is not None or measured
        return [] if seen else [Hint(say("hint_no_turning")), *said]
    if found.kind == "spin" and found.turning is not None:
        return [Hint(say("hint_turning", **ends_of(found.turning)))]
    return said


def _of_a_jump(found: Measurements, element: Element) -> list[Hint]:
    takeoff = found.of("takeoff")
    if takeoff is not None and takeoff.reason is not None and takeoff.reason.code == "no_flight":
        return [Hint(say("hint_no_flight"))]
    turned, air = found.of("turned_in_all"), found.of("turned_in_air")
    expected = element.rotations
    if air is None or air.estimate is None or expected is None:
        return []
    values = {
        "air": f"{air.estimate.value:.2f}", "label": class_name(element.class_index),
        "expected": f"{expected:g}",
    }  # fmt: skip
    if turned is None or turned.estimate is None:
        fits = expected - IN_AIR_LESS <= air.estimate.value <= expected + IN_AIR_MORE
        return [] if fits else [Hint(say("hint_turns_in_air", **values))]
    fits = abs(turned.estimate.value - expected) <= FITTING_TURNS
    turns = f"{turned.estimate.value:.2f}"
    if fits:
        return [Hint(say("hint_turns_fit", turns=turns, **values), odd=False)]
    return [Hint(say("hint_turns_differ", turns=turns, **values))]


def part_to_cut(analysis: Analysis) -> Span | None:
    """The part that the element fills, seconds since the file's first frame; None: all of it."""
    return stretch_to_cut(measured_on_screen(analysis), *span_of(analysis))
