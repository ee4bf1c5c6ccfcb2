"""Export: the annotated video, tables, keypoints, a report; all of it made when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from pipeline.errors import InputError
from ui.events import QUIET
from ui.export.report_fields import build_report_fields, fields_of, keep_fields
from ui.export.takeaway import CHOSEN, FORMATS, make_files
from ui.language.labels import choice, label, language_of
from ui.language.messages import in_words
from ui.language.tables import say, speaking, spoken_in
from ui.runs import Run
from ui.session import Session, Shown, visitor_of
from ui.views.cards import message_card


def build_tab(session: Session, tab: gr.Tab) -> None:
    """Lay out the choice of files, the button and what it made."""
    gr.Markdown(label("take_intro"), elem_classes="rs-intro")
    formats = gr.CheckboxGroup(
        [choice(f"take_{name}", name) for name in FORMATS],
        value=list(CHOSEN),
        label=label("take_formats"),
        elem_id="take-formats",
    )
    fields = build_report_fields()
    make = gr.Button(label("take_make"), variant="primary", elem_id="take-make")
    note = gr.HTML(elem_id="take-note", show_label=False)
    files = gr.File(
        label=label("take_files"),
        interactive=False,
        file_count="multiple",
        elem_id="files",
        visible=False,
    )

    # What was made of another run goes.
    session.on_open(
        tab,
        "take",
        lambda run: [gr.File(None, visible=False), "", *fields_of(run)],
        [files, note, *fields],
    )
    _wire_fields(session, fields, note)
    _wire_making(session, make, [formats, *fields], [note, files])


def _keep(session: Session, request: gr.Request, owner: str, texts: Sequence[str]) -> str:
    """Keep what was typed at the head of the report; what is wrong with it, if anything."""
    with speaking(language_of(request)):
        return keep_fields(session.runs, visitor_of(request), owner, texts)


def _wire_fields(session: Session, fields: list[Any], note: gr.HTML) -> None:
    def keep(request: gr.Request, owner: str, *texts: str) -> str:
        return _keep(session, request, owner, texts)

    gr.on(
        [box.input for box in fields[1:]],
        keep,
        fields,
        note,
        concurrency_limit=1,
        concurrency_id="hand",
        trigger_mode="always_last",
        **QUIET,
    )


def _wire_making(session: Session, make: gr.Button, asked: list[Any], told: list[Any]) -> None:
    def produce(
        finished: Shown, chosen: list[str], request: gr.Request, owner: str, *texts: str
    ) -> Iterator[tuple[str, gr.File]]:
        # The last letters may not have come yet.
        if wrong := _keep(session, request, owner, texts):
            yield wrong, gr.skip()
            return
        steps = _produce(session.visible(finished), chosen)
        for card, made in spoken_in(language_of(request), steps):
            if session.overtaken(finished, request):  # the files of another clip are to come
                return
            yield card, gr.File(made, visible=bool(made))

    make.click(produce, [session.finished, *asked], told, concurrency_limit=2, **QUIET)


def _produce(run: Run | None, chosen: list[str]) -> Iterator[tuple[str, list[str] | None]]:
    if run is None or run.analysis is None:
        yield message_card(say("take_nothing_yet"), kind="error"), None
        return
    if not chosen:
        yield message_card(say("take_choose"), kind="error"), None
        return
    made: list[str] = []
    for name in (name for name in FORMATS if name in chosen):
        yield message_card(say("take_making", what=say(f"take_{name}"))), made or None
        try:
            made += make_files(run, [name])
        except InputError as error:
            yield message_card(in_words(error), kind="error"), made or None
            return
    yield message_card(say("take_done", count=len(made)), kind="done"), made
