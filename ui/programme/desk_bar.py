"""From the programme to the desk and back: an element's analysis, and the bar above it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from pipeline.errors import InputError
from pipeline.sheet.rows import Row
from ui.events import AT_ONCE, QUIET
from ui.language.messages import in_words
from ui.player.messages import Nonsense
from ui.programme.messages import text_of
from ui.programme.opening import beside, open_element, way_back
from ui.programme.page import ProgrammePage
from ui.runs import Run
from ui.session import Session, Shown, visitor_of
from ui.views.cards import message_card

BAR_JS = (Path(__file__).parent / "scripts" / "way_back.js").read_text(encoding="utf-8")
"""Its buttons and keys."""

BACK_JS = """() => requestAnimationFrame(() => requestAnimationFrame(() =>
  document.querySelector('#programme')?.dispatchEvent(new CustomEvent('rinkside:back'))))"""
"""The programme is seen where it was left."""


def build_bar(session: Session) -> gr.HTML:
    """The line above the desk's views for an element of a programme."""
    bar = gr.HTML(js_on_load=BAR_JS, elem_id="opened-element", show_label=False)

    def show(shown: Shown) -> str:
        run = session.visible(shown)
        return way_back(None if run is None else run.element)

    session.shown.change(show, session.shown, bar, **QUIET)
    return bar


def wire_opening(session: Session, page: ProgrammePage, bar: gr.HTML, status: gr.HTML) -> None:
    """Elements come to the desk from the programme and from the bar, which also leads back.

    Args:
        session: What the tabs share.
        page: The programme page.
        bar: As `build_bar` laid it out.
        status: The desk's, which says what was opened.
    """
    assert session.pages is not None

    def open_it(shown: Shown, event: gr.EventData, request: gr.Request) -> list[Any]:
        try:
            run = opened_run(session, page, event._data, visitor_of(request))
        except Nonsense:
            return [gr.skip()] * 6
        except InputError as error:
            card = message_card(in_words(error), kind="error")
            return [card, card, *[gr.skip()] * 4]
        assert run.element is not None
        news = (run.run_id, shown[1] + 1)
        pages = gr.Tabs(selected="desk")
        visit = session.state_of_visit(request)
        return ["", run.card, news, visit, pages, run.element.key]

    outputs = [page.note, status, session.shown, session.visit, session.pages, page.chosen]
    page.line.open_element(open_it, session.shown, outputs, **AT_ONCE)
    bar.go(open_it, session.shown, outputs, **AT_ONCE)
    back = bar.back(lambda: gr.Tabs(selected="programme"), None, session.pages, **QUIET)
    back.then(None, None, None, js=BACK_JS, **QUIET)


def opened_run(session: Session, page: ProgrammePage, data: object, visitor: str) -> Run:
    """The run of an element that a message names, or of the one before or after it.

    Raises:
        Nonsense: No page of ours sends it, or the programme is gone.
        InputError: The element has no analysis, or that is damaged.
    """
    if not isinstance(data, Mapping):
        raise Nonsense("expected an object")
    job = page.jobs.get(text_of(data, "job"))
    if job is None or job.programme is None:
        raise Nonsense("job: there is none")
    sheet, key = page.reviews.sheet(job), text_of(data, "key")
    step = data.get("step")
    row: Row | None = sheet.row(key)
    if step in (1, -1):
        row = beside(sheet, key, int(step))
    if row is None:
        raise Nonsense("key: no such element")
    folder = text_of(data, "folder") if "folder" in data else ""
    return open_element(session.runs, visitor, job, row, folder)
