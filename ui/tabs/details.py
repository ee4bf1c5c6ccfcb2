"""Where everything comes from and what it cost."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.language.labels import label
from ui.runs import Run
from ui.session import Session
from ui.views.tables import provenance_table, video_table


def build_tab(session: Session, tab: gr.Tab) -> None:
    """Lay out provenance and facts."""
    provenance = gr.Dataframe(
        label=label("details_networks"), interactive=False, elem_id="provenance", buttons=["copy"]
    )
    facts = gr.Dataframe(
        label=label("details_video"),
        interactive=False,
        elem_id="video-facts",
        wrap=True,
        column_widths=["20%", "80%"],
        buttons=["copy"],
    )

    def render(run: Run) -> list[Any]:
        assert run.analysis is not None
        return [provenance_table(run.analysis), video_table(run.analysis)]

    session.on_open(tab, "details", render, [provenance, facts])
