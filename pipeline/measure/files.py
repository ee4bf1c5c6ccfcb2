"""Measurements on disk: `measurements.json`, which can be made again from the analysis alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.measure.records import Array, Measurement, Measurements, Span, TimeSeries

FILE = "measurements.json"
SCHEMA_VERSION = 1
MEASUREMENT_COLUMNS = (
    "quantity", "value", "low", "high", "unit", "flight_set_by", "cannot_be_told", "measured_as",
    "decided_by",
)  # fmt: skip
"""Of the table of measurements."""
_DIGITS = 5


def measurements_as_dict(measurements: Measurements) -> dict[str, Any]:
    """The content of `measurements.json`."""
    element = measurements.element
    return {
        "schema_version": SCHEMA_VERSION,
        "measured_as": {
            "label": element.label, "code": element.code, "family": element.family,
            "kind": measurements.kind, "decided_by": measurements.decided_by,
        },
        "seen": [_span(span) for span in _seen(measurements)],
        "poses_per_second": _rounded(measurements.fps),
        "flight_set_by_person": measurements.by_person,
        "measurements": {m.quantity: _measurement(m) for m in measurements.measured},
        "look_here": [
            {
                "start_s": _rounded(look.start_s), "end_s": _rounded(look.end_s),
                "speed": look.speed, "for": look.sentence,
            }
            for look in measurements.look_here
        ],
        "lanes": _time_series(measurements.time_series) if measurements.time_series else None,
    }  # fmt: skip


def _seen(measurements: Measurements) -> tuple[Span, ...]:
    turning = () if measurements.turning is None else (measurements.turning,)
    return (*measurements.flights, *turning)


def measurement_rows(measurements: Measurements) -> list[dict[str, Any]]:
    """The measurements as rows of a table, which say whose take-off and landing they rest on."""
    set_by = "person" if measurements.by_person else "Rinkside"
    set_by = set_by if measurements.kind == "jump" else ""
    decided = measurements.kind or "", measurements.decided_by
    rows = []
    for one in measurements.measured:
        content = _measurement(one)
        low, high = content["interval"] or (None, None)
        row = (
            one.quantity, content["value"], low, high, one.unit, set_by, content["cannot_be_told"],
            *decided,
        )  # fmt: skip
        rows.append(dict(zip(MEASUREMENT_COLUMNS, row, strict=True)))
    return rows


def _measurement(one: Measurement) -> dict[str, Any]:
    known = one.estimate
    return {
        "value": None if known is None else _rounded(known.value),
        "interval": None if known is None else [_rounded(known.low), _rounded(known.high)],
        "unit": one.unit,
        "cannot_be_told": None if one.reason is None else one.reason.sentence,
    }


def _time_series(series: TimeSeries) -> dict[str, Any]:
    return {
        "times_s": _listed(series.times_s),
        "hip_height": _listed(series.hip_height),
        "turns": _listed(series.turns),
        "confidence": _listed(series.confidence),
        "phases": [_span(span) for span in series.phases],
        "gaps": [_span(span) for span in series.gaps],
    }


def _span(span: Span) -> dict[str, Any]:
    return {
        "name": span.name, "start_s": _rounded(span.start_s), "end_s": _rounded(span.end_s),
    }  # fmt: skip


def _listed(values: Array) -> list[float | None]:
    """JSON knows no NaN: a gap is null."""
    return [None if np.isnan(value) else _rounded(float(value)) for value in values]


def _rounded(value: float) -> float:
    return round(value, _DIGITS)
