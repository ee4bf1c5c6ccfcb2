"""Take-off and landing in the player: what its lane shows, and what a person sets there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.measure.measure import flight_found
from pipeline.measure.records import Estimate
from pipeline.types import Analysis
from ui.player.messages import FlightSet
from ui.views.measured import measured, with_flight


def flight_scene(analysis: Analysis) -> dict[str, Any] | None:
    """The flight for the player's lane; None where the skeleton is too poor to measure with.

    Moments are stamps with the ends of their intervals; `step` is the time between two poses and
    `least` the shortest flight that is taken, seconds.
    """
    found = measured(analysis)
    if found.time_series is None or found.kind == "spin":
        return None
    takeoff, landing, air = (_ends(found, name) for name in ("takeoff", "landing", "air_time"))
    if analysis.flight_s is not None and takeoff and landing:  # as it was set, to the frame
        takeoff[0], landing[0] = analysis.flight_s
    step = float(np.median(np.diff(analysis.timeline.pts_s)))
    machine = flight_found(analysis) if analysis.flight_s is not None else None
    return {
        "takeoff": takeoff,
        "landing": landing,
        "air": air,
        "set": analysis.flight_s is not None,
        "machine": None if machine is None else dict(zip(_ENDS, map(_row, machine), strict=True)),
        "step": step * analysis.pose.stride,
        "least": 3 * step * analysis.pose.stride,
    }


_ENDS = ("takeoff", "landing", "air")


def _ends(found: Any, name: str) -> list[float] | None:
    one = found.of(name)
    return None if one is None or one.estimate is None else _row(one.estimate)


def _row(estimate: Estimate) -> list[float]:
    return [round(value, 6) for value in (estimate.value, estimate.low, estimate.high)]


def with_flight_set(analysis: Analysis, flight: FlightSet) -> Analysis:
    """The analysis with the flight that the player sent; its own again where that is none.

    Raises:
        ValueError: It makes no flight within the clip.
    """
    if flight.takeoff_s is None or flight.landing_s is None:
        return replace(analysis, flight_s=None)
    changed = with_flight(analysis, flight.takeoff_s, flight.landing_s)
    return replace(changed, measured_as=None) if changed.measured_as == "spin" else changed
