"""The page: upload on the left, verdict and tabs on the right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from pipeline.config import load_profile, profile_names
from ui import callbacks
from ui.cards import message_card, verdict_card, warning_card
from ui.runs import Run, RunStore
from ui.session import Session
from ui.tabs import details, ensemble, picture, scores

ASSETS = Path(__file__).resolve().parent.parent / "assets"
CSS = ASSETS / "styles.css"

INTRODUCTION = """
# Rinkside
Which element is this? Load a clip of one figure-skating element: Rinkside finds the skater, follows
the skeleton, asks five networks and shows how their verdict came about.
"""

# System fonts: the page asks nothing of the network.
THEME = gr.themes.Soft(
    primary_hue="sky",
    neutral_hue="slate",
    font=["system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
)


def build_app() -> gr.Blocks:
    """Lay out the page and wire it."""
    runs = RunStore()
    app = gr.Blocks(
        title="Rinkside", analytics_enabled=False, delete_cache=(3600, 86400), fill_width=True
    )
    with app:
        session = Session(runs, gr.State(("", 0)))
        gr.Markdown(INTRODUCTION)
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=320):
                _build_controls(session)
            with gr.Column(scale=8, min_width=480):
                _build_results(session)

        def leave(request: gr.Request) -> None:
            runs.leave(_visitor(request))

        app.unload(leave)
    return app


def _build_results(session: Session) -> None:
    verdict = gr.HTML(
        message_card(
            "Choose a clip or an example on the left, press Analyse, and read here what the "
            "networks make of it; no single camera can judge edges, so nothing here is a score."
        ),
        elem_id="verdict",
        show_label=False,
    )
    warnings = gr.HTML(elem_id="warnings", show_label=False)
    with gr.Tabs():
        for title, tab in (
            ("Picture", picture),
            ("Scores", scores),
            ("Ensemble", ensemble),
            ("Details", details),
        ):
            with gr.Tab(title, render_children=True):
                tab.build_tab(session)

    def render(run: Run) -> list[Any]:
        if run.analysis is None:
            return [message_card("the models are at work"), ""]
        return [verdict_card(run.analysis), warning_card(run.analysis.warnings)]

    session.on_news(render, [verdict, warnings])


def _build_controls(session: Session) -> None:
    video = gr.File(label="Competition video", file_types=["video"], elem_id="upload")
    examples = sorted(str(path) for path in (ASSETS / "examples").glob("*.mp4"))
    if examples:
        gr.Examples(examples, [video], label="Examples (simulated skating)")
    with gr.Row():
        go = gr.Button("Analyse", variant="primary", elem_id="analyse")
        halt = gr.Button("Stop", elem_id="stop")
    status = gr.HTML(elem_id="status", show_label=False)
    with gr.Accordion("Settings", open=False):
        choices = [(f"{name}: {load_profile(name).summary}", name) for name in profile_names()]
        profile = gr.Dropdown(choices, value="demo", label="Profile")
        with gr.Row():
            start = gr.Number(None, label="In point, seconds", minimum=0)
            end = gr.Number(None, label="Out point, seconds", minimum=0)
        skater = gr.Number(None, label="Skater number (empty: the rule chooses)", precision=0)

    video.change(callbacks.describe, video, status, show_progress="hidden")
    go.click(
        callbacks.waiting,
        None,
        status,
        show_progress="hidden",
        queue=False,
        api_visibility="private",
    ).then(
        _analyse_for(session),
        [video, profile, start, end, skater],
        [status, session.shown],
        show_progress="hidden",
        concurrency_limit=1,
        api_name="analyse",
    )
    halt.click(
        _stop_for(session),
        None,
        status,
        show_progress="hidden",
        queue=False,
        api_visibility="private",
    )


def _analyse_for(session: Session) -> Any:
    def analyse(
        path: str | None,
        profile: str,
        start: float | None,
        end: float | None,
        skater: int | None,
        request: gr.Request,
    ) -> Iterator[tuple[str, tuple[str, int]]]:
        asked = callbacks.Request(path, profile, start, end, skater)
        for card, run_id, revision in callbacks.analyse(asked, session.runs, _visitor(request)):
            yield card, (run_id, revision)

    return on_gpu(analyse)


def _stop_for(session: Session) -> Any:
    def stop(request: gr.Request) -> str:
        return callbacks.stop(session.runs, _visitor(request))

    return stop


def _visitor(request: gr.Request) -> str:
    return str(request.session_hash)


def on_gpu(function: Any) -> Any:
    """On a ZeroGPU Space, ask for the GPU around a function; elsewhere nothing changes."""
    try:
        import spaces
    except ImportError:
        return function
    return spaces.GPU(function)
