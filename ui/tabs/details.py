"""Where everything comes from, what it cost, and the files to take away."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.runs import Run
from ui.session import Session
from ui.tables import provenance_table, video_table


def build_tab(session: Session) -> None:
    """Lay out provenance, facts and downloads."""
    provenance = gr.Dataframe(
        label="Networks", interactive=False, elem_id="provenance", buttons=["copy"]
    )
    facts = gr.Dataframe(
        label="Video",
        interactive=False,
        elem_id="video-facts",
        wrap=True,
        column_widths=["20%", "80%"],
        buttons=["copy"],
    )
    files = gr.File(label="Take away", interactive=False, file_count="multiple", elem_id="files")

    def render(run: Run) -> list[Any]:
        if run.analysis is None:
            return [gr.skip()] * 3
        made = sorted(str(path) for path in (run.folder / "analysis").iterdir())
        return [provenance_table(run.analysis), video_table(run.analysis), made]

    session.on_news(render, [provenance, facts, files])
