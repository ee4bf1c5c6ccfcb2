"""Blind mode on the desk: nothing of the verdict shows until the visitor has made a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import gradio as gr

from pipeline.elements import LABELS
from ui.blind import call, call_table, tally
from ui.events import QUIET
from ui.language.labels import choice as choice_of
from ui.language.labels import label
from ui.session import Session, Shown
from ui.views.cards import message_card

# Every tab but the picture, which then shows the bare clip. (A tab that is made invisible keeps its
# button.)
_CURTAIN = (
    "<style>#results [role=tablist] [role=tab]:not(:first-child), #results .overflow-menu"
    " { display: none !important; }</style>"
)


def build_call(session: Session) -> gr.Column:
    """The form for the visitor's own call; `build_veil` shows it when it is wanted."""
    with gr.Column(visible=False, elem_id="blind-panel") as panel:
        gr.Markdown(label("blind_title"))
        gr.Markdown(label("blind_intro"), elem_classes="rs-intro")
        with gr.Row(equal_height=False):
            choice = gr.Dropdown(
                [choice_of(f"element_{name}", name) for name in LABELS],
                value=None, label=label("blind_call"), elem_id="blind-call", scale=3,
            )  # fmt: skip
            enter = gr.Button(
                label("blind_reveal"), variant="primary", elem_id="blind-enter", scale=1,
                min_width=140,
            )  # fmt: skip
        note = gr.HTML(elem_id="blind-note", show_label=False)

    def reveal(shown: Shown, chosen: str | None, request: gr.Request) -> list[Any]:
        run = session.own(shown, request)
        if run is None:
            return [gr.skip()] * 3
        problem = call(run, chosen)
        if problem:
            return [message_card(problem, kind="error"), gr.skip(), gr.skip()]
        return ["", (run.run_id, shown[1] + 1), None]

    enter.click(reveal, [session.shown, choice], [note, session.shown, choice], **QUIET)
    return cast(gr.Column, panel)


def build_tally(session: Session) -> None:
    """How often the visitor's calls and the verdicts agree; there once a call was made."""
    with gr.Accordion(label("blind_table"), visible=False, elem_id="blind-tally") as box:
        words = gr.Markdown()
        table = gr.Dataframe(
            interactive=False, label=label("blind_table"), elem_id="blind-table", wrap=True
        )

    def count(shown: Shown, request: gr.Request) -> list[Any]:
        run = session.own(shown, request)
        runs = [] if run is None else session.runs.history(run.visitor)
        sentence = tally(runs)
        if not sentence:
            return [gr.Accordion(visible=False), "", None]
        return [gr.Accordion(visible=True), sentence, call_table(runs)]

    session.finished.change(count, session.finished, [box, words, table], **QUIET)


def build_veil(session: Session, panel: gr.Column, cards: Sequence[gr.HTML], tabs: gr.Tabs) -> None:
    """Hide cards and tabs, and show the form, as long as the run on show is to be called blind."""
    curtain = gr.HTML(elem_id="curtain", show_label=False)
    down = gr.State(False)
    outputs = [down, panel, *cards, curtain, tabs]

    def veil(shown: Shown, before: bool) -> list[Any]:
        run = session.run_of(shown)
        hidden = run is not None and run.hidden
        if hidden == before:
            return [gr.skip() for _ in outputs]
        return [
            hidden,
            gr.Column(visible=hidden),
            *(gr.HTML(visible=not hidden) for _ in cards),
            _CURTAIN if hidden else "",
            gr.Tabs(selected="picture") if hidden else gr.skip(),
        ]

    session.shown.change(veil, [session.shown, down], outputs, **QUIET)
