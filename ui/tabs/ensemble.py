"""How the verdict came about: weights, contributions, the vote."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.plots import ensemble_bars
from ui.runs import Run
from ui.session import Session
from ui.tables import contribution_lines, ensemble_table


def build_tab(session: Session) -> None:
    """Lay out the arithmetic of the ensemble."""
    gr.Markdown(
        "The weighted sum adds the models' probabilities with weights "
        "softmax([94.5, 95.0, 92.0]) from their leaderboard scores; the vote counts one voice a "
        "model, and UniFormerV2 decides a tie."
    )
    table = gr.Dataframe(label="Voters", interactive=False, elem_id="ensemble-table")
    chart = gr.Plot(label="Contributions", show_label=False, elem_id="ensemble-chart")

    def render(run: Run) -> list[Any]:
        if run.analysis is None:
            return [gr.skip(), gr.skip()]
        return [ensemble_table(run.analysis), ensemble_bars(contribution_lines(run.analysis))]

    session.on_news(render, [table, chart])
