"""Measurements on screen: the table with its intervals, the courses, the marks worth a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from textwrap import wrap

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pipeline.measure.measure import measure_analysis
from pipeline.measure.records import (
    UNITS,
    Estimate,
    LookHere,
    Measurement,
    Measurements,
    Quantity,
    Reason,
    TimeSeries,
)
from pipeline.measure.records import Span as Stretch
from pipeline.types import Analysis
from ui.language.names import class_name
from ui.language.tables import say
from ui.player.lanes import Lane, Mark, Span, SpanLane, Tone, ValueLane
from ui.views.kept import Kept
from ui.views.plots import INK, styled

_HEIGHT, _TURNS, _GAP = "#0072B2", "#D55E00", "rgba(213,94,0,0.25)"
_PHASES = {
    "entry": "rgba(86,180,233,0.18)", "air": "rgba(230,159,0,0.28)",
    "exit": "rgba(0,158,115,0.18)", "camel": "rgba(86,180,233,0.28)",
    "sit": "rgba(230,159,0,0.28)", "upright": "rgba(0,158,115,0.28)",
    "unclear": "rgba(128,128,128,0.25)",
}  # fmt: skip
_TONES: dict[str, Tone] = {"entry": "before", "air": "air", "exit": "after"}


measured = Kept(measure_analysis)
"""The measurements of an analysis."""


def measured_on_screen(analysis: Analysis) -> Measurements:
    """The same on the clock that visitors read and type: seconds since the file's first frame."""
    return measured(analysis).counted_from(analysis.timeline.origin_s)


def with_flight(analysis: Analysis, takeoff_s: float, landing_s: float) -> Analysis:
    """The analysis with a person's take-off and landing.

    Args:
        analysis: Of anything; it is measured as a jump then, unless the person wants a spin.
        takeoff_s: Seconds since the file's first frame, as the player shows them.
        landing_s: The same.

    Raises:
        ValueError: They lie outside the clip, or less than two poses apart.
    """
    first, last = span_of(analysis)
    if not first <= takeoff_s <= landing_s <= last:
        raise ValueError(
            f"the flight {takeoff_s} to {landing_s} s lies outside {first} to {last} s"
        )
    pts_s = analysis.timeline.pts_s
    takeoff, landing = np.clip(
        np.array([takeoff_s, landing_s]) + analysis.timeline.origin_s, pts_s[0], pts_s[-1]
    )
    return replace(analysis, flight_s=(float(takeoff), float(landing)))


def span_of(analysis: Analysis) -> tuple[float, float]:
    """First and last frame on the screen's clock, to the millisecond."""
    timeline = analysis.timeline
    return round(timeline.seconds(0), 3), round(timeline.seconds(-1), 3)


def measured_table(found: Measurements) -> pd.DataFrame:
    """A row a quantity: what was measured, its interval, or why it cannot be told."""
    columns = ("measured_quantity", "measured_value", "measured_interval", "measured_note")
    rows = [_row(one, found.fps) for one in found.measured]
    return pd.DataFrame(rows, columns=[say(column) for column in columns])


def _row(one: Measurement, fps: float) -> tuple[str, str, str, str]:
    name = say(f"measured_{one.quantity}")
    if one.reason is not None:
        return name, say("measured_untold"), "", untold_in_words(one.reason)
    assert one.estimate is not None
    digits = _digits(one.unit)
    unit = say(f"unit_{_UNIT_KEYS[one.unit]}")
    value = f"{one.estimate.value:.{digits}f} {unit}"
    interval = say(
        "measured_from_to",
        low=f"{one.estimate.low:.{digits}f}",
        high=f"{one.estimate.high:.{digits}f}",
        unit=unit,
    )
    note = ""
    if one.quantity == "degrees_per_frame":
        note = say("measured_honesty", frames=f"{90 / one.estimate.value:.1f}", fps=f"{fps:.4g}")
    return name, value, interval, note


def quantity_text(quantity: Quantity, value: float) -> str:
    """A number of a quantity with its unit."""
    unit = UNITS[quantity]
    return f"{value:.{_digits(unit)}f} {say(f'unit_{_UNIT_KEYS[unit]}')}"


def measured_card(found: Measurements) -> str:
    """The table as HTML: a note stands below its quantity, so that a phone shows whole rows."""
    if not found.measured:
        return ""
    table = measured_table(found)
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in table.columns[:3])
    rows = []
    for quantity, value, interval, note in table.itertuples(index=False):
        more = f"<small>{escape(note)}</small>" if note else ""
        rows.append(
            f'<tr><th scope="row">{escape(quantity)}{more}</th>'
            f"<td>{escape(value)}</td><td>{escape(interval)}</td></tr>"
        )
    return (
        f'<table class="rs-measured"><caption class="rs-hidden">{escape(say("measured_table"))}'
        f"</caption><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


_UNIT_KEYS = {"s": "s", "cm": "cm", "turns": "turns", "turns/s": "turns_s", "degrees": "degrees"}


def _digits(unit: str) -> int:
    return {"s": 2, "turns": 2, "turns/s": 1}.get(unit, 0)


def untold_in_words(reason: Reason) -> str:
    """Why a video does not tell."""
    values = {name: f"{value:.4g}" for name, value in reason.values.items()}
    return say(f"untold_{reason.code}", **values)


def summary(found: Measurements) -> str:
    """What was measured as what, in a sentence or two, as HTML."""
    verdict = class_name(found.element.class_index)
    if found.kind is None:
        sentences = [say("measured_as_nothing", label=verdict)]
    else:
        sentences = [say(f"measured_as_{found.kind}_{found.decided_by}", label=verdict)]
    sentences += [say("measured_seen_flight", **ends_of(flight)) for flight in found.flights]
    if found.turning is not None:
        sentences.append(say("measured_seen_turning", **ends_of(found.turning)))
    if found.by_person:
        sentences.append(say("measured_by_person"))
    return f'<p class="rs-note">{escape(" ".join(sentences))}</p>'


def ends_of(span: Stretch) -> dict[str, str]:
    """Both ends of a stretch, for the blanks of a sentence."""
    return {"start": f"{span.start_s:.2f}", "end": f"{span.end_s:.2f}"}


def look_here(found: Measurements, *, buttons: bool = False) -> str:
    """The stretches to look at slowly, as an HTML list.

    Args:
        found: On the clock that visitors read.
        buttons: Begin each with a button, for the page whose player shows the clip.
    """
    items = "".join(
        f"<li>{_watch(mark) if buttons else f'<b>{escape(_stretch(mark))}</b>:'} "
        f"{escape(say(f'look_{mark.code}'))}</li>"
        for mark in found.look_here
    )
    if not items:
        return ""
    return f'<p class="rs-note">{escape(say("measured_look"))}</p><ul class="rs-looks">{items}</ul>'


def _stretch(mark: LookHere) -> str:
    return say(
        "measured_stretch", start=f"{mark.start_s:.2f}", end=f"{mark.end_s:.2f}",
        speed=f"{mark.speed:g}",
    )  # fmt: skip


def _watch(mark: LookHere) -> str:
    return (
        f'<button type="button" data-from="{mark.start_s:.3f}" data-to="{mark.end_s:.3f}" '
        f'data-speed="{mark.speed:g}">{escape(say("measured_watch", stretch=_stretch(mark)))}'
        "</button>"
    )


def course_figure(found: Measurements) -> go.Figure:
    """Hip height above, turning below, with the phases behind and the moments as lines."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    series = found.time_series
    if series is None:
        return styled(figure, height=120)
    courses = (
        (1, series.hip_height, "measured_hip", _HEIGHT, "%{y:.2f}"),
        (2, np.abs(series.turns), "measured_turning", _TURNS, "%{y:.2f}"),
    )
    for row, values, key, colour, shown in courses:
        figure.add_scatter(
            x=series.times_s, y=values, mode="lines+markers", name=say(key), row=row, col=1,
            line={"color": colour}, marker={"size": 4}, connectgaps=False,
            hovertemplate="%{x:.3f} s: " + shown + "<extra></extra>",
        )  # fmt: skip
        axis = {"text": "<br>".join(wrap(say(f"{key}_axis"), 20)), "font": {"size": 11}}
        figure.update_yaxes(title=axis, row=row, col=1)
    _draw_phases(figure, series)
    _draw_moments(figure, found)
    figure.update_xaxes(title=say("measured_seconds"), row=2, col=1)
    return styled(figure, height=460)


def _draw_phases(figure: go.Figure, series: TimeSeries) -> None:
    for span in series.phases:
        figure.add_vrect(
            x0=span.start_s, x1=span.end_s, fillcolor=_PHASES[span.name], line_width=0,
            annotation_text=say(f"phase_{span.name}"), annotation_position="top",
            annotation_font={"size": 11, "color": INK}, row=1, col=1,
        )  # fmt: skip
    for span in series.gaps:
        figure.add_vrect(x0=span.start_s, x1=span.end_s, fillcolor=_GAP, line_width=0, row=2, col=1)


def _draw_moments(figure: go.Figure, found: Measurements) -> None:
    for quantity in ("takeoff", "landing"):
        estimate = _estimate(found, quantity)
        if estimate is None:
            continue
        for row in (1, 2):
            figure.add_vrect(
                x0=estimate.low, x1=estimate.high, fillcolor="rgba(128,128,128,0.3)",
                line_width=0, row=row, col=1,
            )  # fmt: skip
            figure.add_vline(x=estimate.value, line={"color": INK, "width": 2}, row=row, col=1)


def _estimate(found: Measurements, quantity: str) -> Estimate | None:
    one = next((m for m in found.measured if m.quantity == quantity), None)
    return None if one is None else one.estimate


def flight_of(analysis: Analysis) -> tuple[float | None, float | None]:
    """Take-off and landing on the screen's clock, to the millisecond, for the sliders."""
    if analysis.flight_s is not None:
        found = [moment - analysis.timeline.origin_s for moment in analysis.flight_s]
        return round(found[0], 3), round(found[1], 3)
    moments = [_estimate(measured_on_screen(analysis), name) for name in ("takeoff", "landing")]
    takeoff, landing = (None if m is None else round(m.value, 3) for m in moments)
    return takeoff, landing


def measured_lanes(analysis: Analysis) -> Sequence[Lane]:
    """Phases, hip height and turning for the player's time line."""
    found = measured(analysis)
    series = found.time_series
    if series is None:
        return []
    made: list[Lane] = []
    if series.phases:
        spans = tuple(
            Span(s.start_s, s.end_s, say(f"phase_{s.name}"), _TONES.get(s.name, "plain"))
            for s in series.phases
        )
        made.append(SpanLane("phases", say("measured_phases"), spans, _marks(found)))
    gaps = tuple(Span(s.start_s, s.end_s, say(f"gap_{s.name}"), "gap") for s in series.gaps)
    made += [
        ValueLane("hip", say("measured_hip"), "", series.times_s, series.hip_height),
        ValueLane(
            "turns", say("measured_turning"), say("unit_turns"), series.times_s,
            np.abs(series.turns), spans=gaps,
        ),
    ]  # fmt: skip
    return made


def _marks(found: Measurements) -> tuple[Mark, ...]:
    marks = []
    for quantity in ("takeoff", "landing"):
        estimate = _estimate(found, quantity)
        if estimate is not None:
            name = say(f"measured_{quantity}")
            marks.append(Mark(estimate.value, name, estimate.low, estimate.high))
    return tuple(marks)
