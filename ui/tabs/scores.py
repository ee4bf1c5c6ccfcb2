"""Every model's logits and probabilities for the 28 classes."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.plots import score_bars
from ui.runs import Run
from ui.session import Session
from ui.tables import score_lines, score_table


def build_tab(session: Session) -> None:
    """Lay out the chart and the table."""
    with gr.Row():
        quantity = gr.Radio(["probability", "logit"], value="probability", label="Show")
        models = gr.Radio(
            [("the ensemble's three", "fused"), ("every network", "all")],
            value="fused",
            label="Models",
        )
        classes = gr.Radio([("leading 10", 10), ("all 28", 28)], value=10, label="Classes")
    chart = gr.Plot(label="Scores", elem_id="score-chart", show_label=False)
    table = gr.Dataframe(
        label="All classes",
        interactive=False,
        elem_id="score-table",
        show_search="filter",
        pinned_columns=1,
        max_height=1200,
    )

    def draw(run: Run | None, chosen: str, which: str, count: int) -> Any:
        if run is None or not _shown(run, which):
            return gr.skip()
        lines = score_lines(_shown(run, which), chosen, models=which, classes=int(count))
        return score_bars(lines, quantity=chosen)

    def redraw(shown: tuple[str, int], chosen: str, which: str, count: int) -> Any:
        return draw(session.run_of(shown), chosen, which, count)

    session.on_news(lambda run: score_table(run.scores) if run.scores else gr.skip(), [table])
    gr.on(
        [session.shown.change, quantity.change, models.change, classes.change],
        redraw,
        [session.shown, quantity, models, classes],
        chart,
        show_progress="hidden",
    )


def _shown(run: Run, which: str) -> dict[str, Any]:
    """The scores to draw: networks that have answered so far, the fused ones at the end."""
    if which == "fused":
        return {n: s for n, s in run.scores.items() if not n.startswith("umt_")}
    return dict(run.scores)
