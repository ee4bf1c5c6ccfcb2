"""The fold with the files to take away; all of it made when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from pipeline.errors import InputError
from ui.events import QUIET
from ui.language.labels import choice, label, language_of
from ui.language.messages import in_words
from ui.language.tables import say, spoken_in
from ui.programme.job import ProgrammeJob
from ui.programme.page import Opened, ProgrammePage, video_of
from ui.programme.taking import CHOSEN, FORMATS, make_files
from ui.views.cards import message_card

Step = tuple[str, list[str] | None]
"""A card and the files that are made so far."""


def build_take(page: ProgrammePage) -> None:
    """Lay out and wire the fold; below the page."""
    with gr.Accordion(label("programme_take_fold"), open=False, elem_id="programme-take"):
        formats = gr.CheckboxGroup(
            [choice(f"programme_take_{name}", name) for name in FORMATS],
            value=list(CHOSEN), label=label("programme_take_formats"),
            elem_id="programme-formats",
        )  # fmt: skip
        make = gr.Button(label("programme_take_make"), variant="primary", elem_id="programme-make")
        note = gr.HTML(elem_id="programme-take-note", show_label=False)
        files = gr.File(
            label=label("programme_take_files"), interactive=False, file_count="multiple",
            elem_id="programme-files", visible=False,
        )  # fmt: skip

    def produce(
        opened: Opened, chosen: list[str], request: gr.Request
    ) -> Iterator[tuple[str, gr.File]]:
        steps = _produce(page, page.jobs.get(opened[0]), chosen)
        for card, made in spoken_in(language_of(request), steps):
            yield card, gr.File(made, visible=bool(made))

    made_for = gr.State("")

    def clear(opened: Opened, before: str) -> list[Any]:
        if opened[0] == before:
            return [gr.skip(), gr.skip(), gr.skip()]
        return [gr.File(None, visible=False), "", opened[0]]

    make.click(produce, [page.opened, formats], [note, files], concurrency_limit=2, **QUIET)
    page.opened.change(clear, [page.opened, made_for], [files, note, made_for], **QUIET)


def _produce(page: ProgrammePage, job: ProgrammeJob | None, chosen: list[str]) -> Iterator[Step]:
    if job is None:
        return
    if not chosen:
        yield message_card(say("take_choose"), kind="error"), None
        return
    names = [name for name in FORMATS if name in chosen]
    made: list[str] = []
    yield _making(names[0]), None
    try:
        for name, paths in make_files(job, page.reviews, names, video_of(job)):
            made += paths
            after = names[names.index(name) + 1 :]
            if after:
                yield _making(after[0]), list(made)
    except InputError as error:
        yield message_card(in_words(error), kind="error"), made or None
        return
    yield message_card(say("programme_take_done", count=len(made)), kind="done"), made


def _making(name: str) -> str:
    return message_card(say("programme_take_making", what=say(f"programme_take_{name}")))
