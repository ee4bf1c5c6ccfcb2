"""The mistakes: an evaluation's confusion matrix beside the clips behind it, and its figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui import callbacks
from ui.desk.asking import then_analyse
from ui.evaluations.choosing import (
    all_mistakes,
    first_look,
    in_unit,
    named_videos,
    of_cell,
    of_voter,
    open_listed,
    open_typed,
    pick_clip,
    typed_folder,
)
from ui.evaluations.clip_list import CLIP_LIST_JS
from ui.evaluations.confusion import CONFUSION_JS
from ui.evaluations.opened import BAR_JS, opened_bar
from ui.events import EVERY_PRESS, QUIET, one_by_one
from ui.hosting import hosted
from ui.language.labels import label
from ui.session import Session, Shown, visitor_of

BACK_JS = """() => requestAnimationFrame(() => requestAnimationFrame(() => {
  const row = document.querySelector('#evaluation-clips [aria-current] button');
  row?.scrollIntoView({block: 'center'});
  row?.focus({preventScroll: true});
}))"""
"""The list is seen where it was left."""


ARRIVED_JS = """() => requestAnimationFrame(() => requestAnimationFrame(() => {
  const desk = document.querySelector('#desk');
  const list = document.querySelector('#evaluation-clips');
  if (list?.dataset.from !== 'list' || desk.offsetParent === null) return;
  delete list.dataset.from;
  desk.scrollIntoView({block: 'start'});
}))"""
"""Whoever comes from the list sees the desk from its top; whoever steps on stays where they are."""


_OPTIONS = one_by_one("evaluation")
_LAST: dict[str, Any] = {**_OPTIONS, "trigger_mode": "always_last"}
_EVERY: dict[str, Any] = {**_OPTIONS, "trigger_mode": "multiple"}


@dataclass(frozen=True)
class _Page:
    """The parts that an evaluation fills."""

    note: gr.HTML
    chosen: gr.Dropdown
    typed: gr.Textbox
    body: gr.Column
    folder: gr.State
    voter: gr.Radio
    unit: gr.State
    matrix: gr.HTML
    cell: gr.State
    heading: gr.HTML
    clip_note: gr.HTML
    clips: gr.HTML
    videos: gr.Textbox
    classes: gr.Plot
    compared: gr.HTML
    figures: gr.Dataframe
    bars: gr.Plot
    reliability: gr.Plot

    @property
    def listed(self) -> list[Any]:
        """What a choice of clips fills."""
        return [self.cell, self.heading, self.clip_note, self.clips]

    @property
    def by_voter(self) -> list[Any]:
        """What a choice of a voter fills."""
        return [self.matrix, self.classes, *self.listed, self.reliability]

    @property
    def whole(self) -> list[Any]:
        """What the choice of an evaluation fills."""
        own = [self.note, self.chosen, self.typed, self.body, self.folder, self.voter]
        return [*own, self.compared, self.figures, self.bars, *self.by_voter]


def build_tab(session: Session, tab: gr.Tab, *, status: gr.HTML) -> None:
    """Lay out the choice of an evaluation, the matrix beside its clips, and the figures.

    Args:
        session: What the tabs share.
        tab: Where this goes.
        status: The desk's, which says what was opened.
    """
    gr.Markdown(label("mistakes_intro"), elem_classes="rs-intro")
    with gr.Row(equal_height=False):
        chosen = gr.Dropdown([], label=label("mistakes_choose"), elem_id="evaluation", scale=2)
        typed = gr.Textbox(
            label=label("mistakes_folder"), info=label("mistakes_folder_info"),
            elem_id="evaluation-folder", visible=not hosted(), scale=3,
        )  # fmt: skip
        go = gr.Button(
            label("mistakes_open"), elem_id="evaluation-open", visible=not hosted(), scale=1,
            min_width=100,
        )  # fmt: skip
    note = gr.HTML(elem_id="mistakes-note", show_label=False)
    with gr.Column(visible=False, elem_id="mistakes-body") as body:
        page, every = _build_body(note, chosen, typed, body)
    _wire_choice(page, tab, go)
    _wire_list(page, every)
    _wire_opening(session, page, status)


def _build_body(
    note: gr.HTML, chosen: gr.Dropdown, typed: gr.Textbox, body: gr.Column
) -> tuple[_Page, gr.Button]:
    voter = gr.Radio([], label=label("mistakes_voter"), elem_id="voter")
    with gr.Row(equal_height=False, elem_id="matrix-and-clips"):
        with gr.Column(scale=14, min_width=320):
            matrix = gr.HTML(js_on_load=CONFUSION_JS, elem_id="confusion", show_label=False)
        with gr.Column(scale=9, min_width=320, elem_id="clips-side"):
            heading = gr.HTML(elem_id="clips-note", show_label=False)
            clip_note = gr.HTML(elem_id="clip-note", show_label=False)
            clips = gr.HTML(js_on_load=CLIP_LIST_JS, elem_id="evaluation-clips", show_label=False)
            every = gr.Button(label("mistakes_all"), elem_id="clips-all", size="sm")
            videos = gr.Textbox(
                label=label("mistakes_videos"), info=label("mistakes_videos_info"),
                elem_id="videos-folder", visible=not hosted(),
            )  # fmt: skip
    classes = gr.Plot(show_label=False, label=label("mistakes_classes"), elem_id="class-bars")
    reliable = gr.Plot(show_label=False, label=label("reliability_title"), elem_id="reliability")
    compared = gr.HTML(elem_id="figures-note", show_label=False)
    figures = gr.Dataframe(
        label=label("mistakes_figures"), interactive=False, elem_id="evaluation-figures"
    )
    bars = gr.Plot(show_label=False, label=label("mistakes_figures"), elem_id="voter-bars")
    folder, cell, unit = gr.State(""), gr.State(None), gr.State("count")
    page = _Page(
        note, chosen, typed, body, folder, voter, unit, matrix, cell, heading, clip_note, clips,
        videos, classes, compared, figures, bars, reliable,
    )  # fmt: skip
    return page, every


def _wire_choice(page: _Page, tab: gr.Tab, go: gr.Button) -> None:
    given = [page.folder, page.unit, page.videos]
    tab.select(first_look, given, page.whole, **_LAST)
    page.chosen.input(open_listed, [page.chosen, *given], page.whole, **_LAST)
    gr.on(
        [go.click, page.typed.submit], open_typed, [page.typed, page.chosen, *given], page.whole,
        **_LAST,
    )  # fmt: skip


def _wire_list(page: _Page, every: gr.Button) -> None:
    asked = [page.folder, page.voter]
    page.voter.input(of_voter, [*asked, page.unit, page.videos], page.by_voter, **_LAST)
    page.matrix.click(in_unit, asked, [page.unit, page.matrix, page.clip_note], **_EVERY)
    page.matrix.click(of_cell, [*asked, page.videos], page.listed, **_EVERY)
    every.click(all_mistakes, [*asked, page.videos], page.listed, **_EVERY)
    page.videos.submit(named_videos, [*asked, page.cell, page.videos], page.listed, **_LAST)


def _wire_opening(session: Session, page: _Page, status: gr.HTML) -> None:
    assert session.pages is not None
    news = [status, session.shown, session.visit]

    def pick(
        shown: Shown,
        event: gr.EventData,
        request: gr.Request,
        *,
        path: str,
        voter: str,
        videos: str,
    ) -> list[Any]:
        asked = (path, voter, typed_folder(videos))
        with session.in_turn(request):
            picked = pick_clip(session.runs, visitor_of(request), asked, event)
            note, card, news, begun, pages = picked
            if isinstance(news, tuple):  # newer than what is on show, be it the same run
                news = (news[0], shown[1] + 1)
            return [note, card, news, session.state_of_visit(request), begun, pages]

    def go_on(begun: str, request: gr.Request) -> Iterator[tuple[Any, Any, Any]]:
        yield from session.told(callbacks.go_on(session.runs, visitor_of(request), begun), request)

    picked = page.clips.click(
        pick,
        session.shown,
        [page.clip_note, *news, session.begun, session.pages],
        inputs_kwargs={"path": page.folder, "voter": page.voter, "videos": page.videos},
        **EVERY_PRESS,
    )
    then_analyse(picked, go_on, [session.begun], [*news, session.visit])


def build_bar(session: Session) -> None:
    """The line above the desk's views: the true class of a clip of an evaluation, on and back."""
    assert session.pages is not None
    bar = gr.HTML(js_on_load=BAR_JS, elem_id="opened-mistake", show_label=False)

    def show(shown: Shown) -> str:
        run = session.visible(shown)
        return opened_bar(None if run is None else run.opened)

    shown = session.shown.change(show, session.shown, bar, **QUIET)
    shown.then(None, None, None, js=ARRIVED_JS, **QUIET)
    back = bar.click(lambda: gr.Tabs(selected="mistakes"), None, session.pages, **QUIET)
    back.then(None, None, None, js=BACK_JS, **QUIET)
