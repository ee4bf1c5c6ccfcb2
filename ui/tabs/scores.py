"""Every model's logits and probabilities for the 28 classes, and its scores view by view."""

from __future__ import annotations

from typing import Any

import gradio as gr

from pipeline.types import ModelScores
from ui.language.labels import choice, label
from ui.language.names import display_name
from ui.runs import Run
from ui.session import Session, Shown
from ui.views.plots import score_bars, view_heat_map
from ui.views.tables import ordered, score_lines, score_table, view_probabilities


def build_tab(session: Session, tab: gr.Tab) -> None:
    """Lay out the chart, the heat map of the views and the table."""
    asked = _build_choice()
    chart = gr.Plot(elem_id="score-chart", show_label=False, label=label("scores_title"))
    network, views = _build_views()
    table = gr.Dataframe(
        label=label("scores_table"),
        interactive=False,
        elem_id="score-table",
        pinned_columns=1,
        max_height=1200,
    )

    def redraw(drawn: Shown, chosen: str, which: str, count: int) -> Any:
        run = session.visible(drawn)
        scores = {} if run is None else _shown(run, which)
        if run is None or not scores:
            return None
        lines = score_lines(scores, chosen, models=which, classes=int(count), truth=run.truth)
        return score_bars(lines, quantity=chosen)

    def draw_views(drawn: Shown, name: str | None) -> Any:
        run = session.visible(drawn)
        scores = None if run is None else run.scores.get(name or "")
        if run is None or scores is None:
            return None
        return view_heat_map(*view_probabilities(scores, truth=run.truth))

    drawn = session.on_open(tab, "scores", _render, [table, network], live=True)
    session.redraw(redraw, asked, chart, after=drawn)
    session.redraw(draw_views, [network], views, after=drawn)


def _build_choice() -> list[gr.Radio]:
    """What the chart shows: the quantity, the models, how many classes."""
    with gr.Row():
        quantity = gr.Radio(
            [choice("scores_probability", "probability"), choice("scores_logit", "logit")],
            value="probability",
            label=label("scores_show"),
        )
        models = gr.Radio(
            [choice("scores_fused", "fused"), choice("scores_every", "all")],
            value="fused",
            label=label("scores_models"),
        )
        classes = gr.Radio(
            [choice("scores_leading", 10), choice("scores_all_classes", 28)],
            value=10,
            label=label("scores_classes"),
        )
    return [quantity, models, classes]


def _build_views() -> tuple[gr.Radio, gr.Plot]:
    """A network, and its scores view by view."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=200):
            network = gr.Radio(
                [],
                label=label("scores_view_by_view"),
                info=label("scores_view_info"),
                elem_id="view-network",
            )
        with gr.Column(scale=3, min_width=300):
            views = gr.Plot(elem_id="view-chart", show_label=False, label=label("scores_views"))
    return network, views


def _render(run: Run) -> list[Any]:
    table = score_table(run.scores, run.truth) if run.scores else None
    if run.analysis is None:
        # Not before all have answered: the page may still send a choice that is none by then.
        return [table, gr.skip()]
    names = [name for name in ordered(run.scores) if name != "umt"]
    options = [(_caption(run.scores[name]), name) for name in names]
    return [table, gr.Radio(options, value=names[0] if names else None)]


def _caption(scores: ModelScores) -> str:
    distinct = "" if scores.distinct_views == len(scores.logits) else f" ({scores.distinct_views})"
    return f"{display_name(scores.model)}: {len(scores.logits)}{distinct}"


def _shown(run: Run, which: str) -> dict[str, ModelScores]:
    """The scores to draw: networks that have answered so far, the fused ones at the end."""
    if which == "fused":
        return {n: s for n, s in run.scores.items() if not n.startswith("umt_")}
    return dict(run.scores)
