"""What a person may choose of a measurement: jump or spin, and which of several flights."""

from __future__ import annotations

from dataclasses import replace

from pipeline.measure.records import Kind, Measurements
from pipeline.types import Analysis
from ui.language.tables import say
from ui.views.measured import ends_of, measured


def flight_choices(found: Measurements) -> list[tuple[str, int]]:
    """The flights that are seen, for a choice: their ends in words, and which of them."""
    return [(say("measured_flight", **ends_of(f)), place) for place, f in enumerate(found.flights)]


def flight_chosen(found: Measurements, at_s: float | None) -> int:
    """Which of the flights that are seen a person means by a moment; the first without one."""
    if at_s is None:
        return 0
    away = [max(f.start_s - at_s, at_s - f.end_s, 0.0) for f in found.flights]
    return away.index(min(away)) if away else 0


def with_kind(analysis: Analysis, kind: Kind | None) -> Analysis:
    """The analysis as a person wants it measured; None leaves it to verdict and skeleton."""
    return replace(analysis, measured_as=kind)


def with_flight_seen(analysis: Analysis, place: int) -> Analysis:
    """The analysis measured by another of the flights that are seen; the first is the proposal."""
    flights = measured(analysis).flights
    if not 0 <= place < len(flights):
        return analysis
    chosen = flights[place]
    at_s = None if place == 0 else 0.5 * (chosen.start_s + chosen.end_s)
    return replace(analysis, flight_at_s=at_s, flight_s=None)
