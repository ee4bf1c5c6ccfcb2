"""Why this verdict: the sum written out, the vote beside it, and what other weights decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
import pandas as pd

from pipeline.classification.ensemble import FUSED
from pipeline.inspection.weight_sensitivity import normalised
from pipeline.types import Analysis
from ui.events import one_by_one
from ui.language.labels import label
from ui.language.names import display_name
from ui.runs import Run
from ui.session import Session, Shown
from ui.views.plots import ensemble_bars, weight_strips
from ui.views.reasons import reasons_card, settings_of
from ui.views.tables import arithmetic_table, contribution_lines, strip_lines, without_table

_OPTIONS = one_by_one("why")

_WITHIN_JS = """(drawn, painted, ...weights) =>
  [drawn, painted, ...weights.map(weight => Math.min(Math.max(weight ?? 0, 0), 1))]"""
"""While a number is typed it may be none, or beyond the ends."""


@dataclass(frozen=True)
class _Page:
    """The parts that an analysis fills."""

    sliders: list[gr.Slider]
    """A weight a fused model, in the order of `FUSED`."""
    reset: gr.Button
    painted: gr.State
    """`[run id, *weights]` of what is drawn."""
    drawn: list[Any]
    """What the weights change, `painted` first."""

    @property
    def whole(self) -> list[Any]:
        """All that an analysis fills."""
        return [*self.drawn, *self.sliders]


def build_tab(session: Session, tab: gr.Tab) -> None:
    """Lay out the arithmetic of the ensemble."""
    page = _build_page()

    def what_if(opened: Shown, painted: list[Any], *values: float) -> list[Any]:
        run = session.visible(opened)
        asked = [opened[0], *values]
        if run is None or run.analysis is None or sum(values) <= 0 or painted == asked:
            return [gr.skip() for _ in page.drawn]
        chosen = dict(zip(FUSED, values, strict=True))
        return [asked, *_parts(run.analysis, _exact(run.analysis, chosen), run.truth)]

    def back(opened: Shown) -> list[Any]:
        run = session.visible(opened)
        if run is None or run.analysis is None:
            return [gr.skip() for _ in page.sliders]
        return _places(run.analysis)

    opened = session.on_open(tab, "why", _render, page.whole, options=_OPTIONS)
    # One event for all sliders, and after every change of one, whoever made it: whichever answer
    # comes last, it is of where they all stand.
    gr.on(
        [opened.change, *(slider.change for slider in page.sliders)],
        what_if,
        [opened, page.painted, *page.sliders],
        page.drawn,
        js=_WITHIN_JS,
        trigger_mode="always_last",
        **_OPTIONS,
    )
    page.reset.click(back, opened, page.sliders, **_OPTIONS)


def _build_page() -> _Page:
    words = gr.HTML(elem_id="reasons", show_label=False)
    gr.Markdown(label("ensemble_sliders_intro"), elem_classes="rs-intro")
    with gr.Row():
        sliders = [
            gr.Slider(
                0, 1, value=0.5, step=0.001, label=display_name(name), elem_id=f"weight-{name}"
            )
            for name in FUSED
        ]
        reset = gr.Button(label("ensemble_reset"), elem_id="weight-reset", scale=0, min_width=140)
    strips = gr.Plot(elem_id="weight-strips", show_label=False, label=label("ensemble_strips"))
    gr.Markdown(label("ensemble_strips_note"), elem_classes="rs-intro")
    table = gr.Dataframe(
        label=label("ensemble_arithmetic"), interactive=False, elem_id="ensemble-table", wrap=True
    )
    chart = gr.Plot(elem_id="ensemble-chart", show_label=False, label=label("ensemble_title"))
    without = gr.Dataframe(
        label=label("ensemble_leave_one_out"), interactive=False, elem_id="leave-one-out"
    )
    painted = gr.State([""])
    return _Page(sliders, reset, painted, [painted, words, strips, table, chart, without])


def _render(run: Run) -> list[Any]:
    assert run.analysis is not None
    weights, places = dict(run.analysis.verdict.weights), _places(run.analysis)
    parts = _parts(run.analysis, weights, run.truth)
    return [[run.run_id, *places], *parts, *places]


def _places(analysis: Analysis) -> list[float]:
    """Where the sliders stand for the weights of the verdict."""
    return [round(analysis.verdict.weights[name], 3) for name in FUSED]


def _exact(analysis: Analysis, chosen: dict[str, float]) -> dict[str, float]:
    """The exact weights when the sliders show them rounded; else the sliders', summing to 1."""
    given = dict(analysis.verdict.weights)
    if all(abs(chosen[name] - given[name]) <= 0.0005 for name in given):
        return given
    return normalised(chosen)


def _parts(analysis: Analysis, weights: dict[str, float], truth: int | None) -> list[Any]:
    settings, scores = settings_of(analysis), analysis.scores
    lines: pd.DataFrame = strip_lines(scores, weights, settings)
    return [
        reasons_card(analysis, weights),
        weight_strips(lines, weights),
        arithmetic_table(analysis, weights, settings, truth=truth),
        ensemble_bars(contribution_lines(analysis, weights, truth=truth)),
        without_table(scores, weights, settings),
    ]
