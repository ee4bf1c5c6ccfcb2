"""What the skeleton tells of the element, with intervals, and what this video does not tell."""

from __future__ import annotations

from typing import Any

import gradio as gr

from pipeline.elements import ELEMENTS
from pipeline.measure.records import Measurements
from pipeline.types import Analysis
from ui.cards import message_card
from ui.labels import label
from ui.language import say
from ui.measured import (
    course_figure,
    flight_of,
    look_here,
    measured,
    measured_table,
    measured_with,
    summary,
)
from ui.runs import Run
from ui.session import Session, Shown, skipped


def build_tab(session: Session, tab: gr.Tab) -> None:
    """Lay out the table, the courses, the fields for a flight of one's own, the marks."""
    gr.Markdown(label("measured_intro"), elem_classes="rs-intro")
    about = gr.HTML(elem_id="measured-as", show_label=False)
    table = gr.Dataframe(
        label=label("measured_table"), interactive=False, elem_id="measured-table", wrap=True,
        column_widths=["24%", "16%", "22%", "38%"], buttons=["copy"],
    )  # fmt: skip
    courses = gr.Plot(elem_id="measured-courses", show_label=False, label=label("measured_courses"))
    with gr.Row(visible=False) as fields:
        takeoff = gr.Number(label=label("measured_set_takeoff"), step=0.01, min_width=120)
        landing = gr.Number(label=label("measured_set_landing"), step=0.01, min_width=120)
        again = gr.Button(label("measured_again"), elem_id="measure-again", min_width=120)
    note = gr.HTML(elem_id="measured-note", show_label=False)
    marks = gr.HTML(elem_id="look-here", show_label=False)

    shown = [about, table, courses, marks, note]
    session.on_open(tab, "measurements", _render, [*shown, fields, takeoff, landing])

    def measure_again(run_shown: Shown, start: float | None, end: float | None) -> Any:
        run = session.visible(run_shown)
        if run is None or run.analysis is None:
            return skipped(shown)
        return _again(run.analysis, start, end)

    again.click(
        measure_again, [session.shown, takeoff, landing], shown, concurrency_limit=1,
        show_progress="minimal", api_visibility="private",
    )  # fmt: skip


def _render(run: Run) -> list[Any]:
    assert run.analysis is not None
    found = measured(run.analysis)
    jumps = ELEMENTS[run.analysis.verdict.class_index].family == "jump"
    return [*_shown(found, ""), gr.Row(visible=jumps), *flight_of(found)]


def _again(analysis: Analysis, start: float | None, end: float | None) -> list[Any]:
    first, last = (float(analysis.timeline.pts_s[place]) for place in (0, -1))
    if start is None or end is None or not first <= start < end <= last:
        text = say("measured_bad_flight", first=f"{first:.2f}", last=f"{last:.2f}")
        return [gr.skip(), gr.skip(), gr.skip(), gr.skip(), message_card(text, kind="error")]
    return _shown(measured_with(analysis, start, end), message_card(say("measured_by_hand")))


def _shown(found: Measurements, note: str) -> list[Any]:
    figure = None if found.lanes is None else course_figure(found)
    return [summary(found), measured_table(found), figure, look_here(found), note]
