"""The video with boxes, region and skeleton over it, and any single frame."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from pipeline.errors import InputError
from ui.callbacks import LAYERS, overlay_path, paint_frame
from ui.runs import Run
from ui.session import Session


def build_tab(session: Session) -> None:
    """Lay out the player and the frame viewer."""
    video = gr.Video(
        label="Boxes, region and skeleton", interactive=False, elem_id="overlay", height=430
    )
    gr.Markdown(
        "Yellow: the skater. Purple: other people. Dashed green: the region that the video "
        "networks see. Blue: left limbs, orange: right limbs."
    )
    with gr.Accordion("Single frames", open=True):
        with gr.Row():
            position = gr.Slider(
                0, 1, value=0, step=1, label="Frame", interactive=True, elem_id="frame", scale=3
            )
            layers = gr.CheckboxGroup(
                list(LAYERS), value=list(LAYERS), label="Draw", elem_id="layers", scale=2
            )
        picture = gr.Image(
            label="Frame", interactive=False, elem_id="frame-picture", format="png", height=430
        )

    def render(run: Run) -> list[Any]:
        if run.analysis is None:
            return [gr.skip(), gr.skip()]
        last = len(run.analysis.timeline) - 1
        middle = last // 2
        return [
            overlay_path(run.folder / "analysis"),
            gr.Slider(0, max(last, 1), value=middle, step=1),
        ]

    def paint(shown: tuple[str, int], frame: float, drawn: list[str]) -> np.ndarray | None:
        run = session.run_of(shown)
        if run is None or run.analysis is None:
            return None
        try:
            return paint_frame(run.analysis, int(frame), drawn)
        except InputError as error:
            raise gr.Error(str(error)) from error

    session.on_news(render, [video, position])
    gr.on(
        [position.change, layers.change],
        paint,
        [session.shown, position, layers],
        picture,
        show_progress="hidden",
        trigger_mode="always_last",
    )
