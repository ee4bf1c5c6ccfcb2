"""The programme page: a player, the list, the time line, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from pipeline.errors import InputError
from pipeline.sheet.rows import Corrected
from pipeline.weight_warnings import WEIGHT_WARNINGS
from ui.events import QUIET, one_by_one
from ui.language.labels import language_of
from ui.language.messages import in_words, retold
from ui.language.tables import say, spoken_in
from ui.player import Clip, build_player, player_value
from ui.player.messages import Nonsense
from ui.programme.job import ProgrammeJob
from ui.programme.jobs import ProgrammeJobs
from ui.programme.messages import read_correction, read_message, text_of
from ui.programme.reviewing import Reviews
from ui.programme.views.editor import bar_html, editor_html, table_html
from ui.programme.views.element_list import element_list_html
from ui.programme.views.time_line import time_line_html, zoom_html
from ui.programme.views.welcome import welcome_html
from ui.session import Session, visitor_of
from ui.views.cards import message_card, warning_card

_SCRIPTS = Path(__file__).parent / "scripts"
PAGE_JS = "\n".join(
    (_SCRIPTS / f"{name}.js").read_text(encoding="utf-8") for name in ("page", "line", "editor")
)
"""Choosing, keys, the time line, corrections."""

Opened = tuple[str, float]
"""`(job id, revision)`: which programme is on show, and how far it had come; `("", 0)`: none."""


@dataclass(frozen=True)
class ProgrammePage:
    """What the rest of the page wires to."""

    opened: gr.State
    """`Opened`; whoever begins or finds a job sets it."""
    followed: gr.State
    """Id of the job that the page hears from; emptied by whoever wants it heard from again."""
    jobs: ProgrammeJobs
    reviews: Reviews
    note: gr.HTML
    """One sentence about what was asked last."""
    chosen: gr.State
    """Key of the chosen element."""
    line: gr.HTML
    """The time line, whose scripts speak for the whole page."""
    parts: tuple[Any, ...]
    """What follows the programme: body, bar, list, form, time line."""


def build_page(session: Session, jobs: ProgrammeJobs) -> ProgrammePage:
    """Lay out and wire the page.

    Args:
        session: What the tabs share.
        jobs: The programmes of this server.
    """
    opened, chosen, followed = gr.State(("", 0)), gr.State(""), gr.State("")
    with gr.Column(elem_id="programme"):
        state = gr.HTML(welcome_html, elem_id="programme-state", show_label=False)
        note = gr.HTML(elem_id="programme-note", show_label=False)
        with gr.Column(visible=False, elem_id="programme-body") as body:
            with gr.Row(equal_height=False, elem_id="programme-top"):
                with gr.Column(scale=11, min_width=300):
                    player = build_player(
                        skater_choosable=False, elem_id="programme-player", show_label=False
                    )
                with gr.Column(scale=10, min_width=300, elem_id="programme-side"):
                    bar = gr.HTML(elem_id="programme-bar", show_label=False)
                    entries = gr.HTML(elem_id="programme-list", show_label=False)
                    form = gr.HTML(elem_id="programme-editor", show_label=False)
            line = gr.HTML(js_on_load=PAGE_JS, elem_id="programme-line", show_label=False)
            gr.HTML(zoom_html, elem_id="programme-zoom", show_label=False)
            gr.HTML(table_html, elem_id="programme-table", show_label=False)
    page = ProgrammePage(
        opened, followed, jobs, Reviews(), note, chosen, line, (body, bar, entries, form, line)
    )
    _wire_drawing(session, page, state, player, followed)
    _wire_telling(page)
    return page


def _wire_drawing(
    session: Session, page: ProgrammePage, state: gr.HTML, player: gr.HTML, followed: gr.State
) -> None:
    def draw(opened: Opened, chosen: str, before: str, request: gr.Request) -> list[Any]:
        job = page.jobs.get(opened[0])
        # Nothing is chosen of another programme: its keys may be the same.
        chosen = chosen if opened[0] == before else ""
        return [*drawn(page, session, job, chosen, visitor_of(request)), chosen, opened[0]]

    def show(opened: Opened, before: str, request: gr.Request) -> list[Any]:
        job = page.jobs.get(opened[0])
        if job is None or job.job_id == before:
            return [gr.skip(), gr.skip()]
        return [player_of(session, job, visitor_of(request)), job.job_id]

    def follow(job_id: str, request: gr.Request) -> Iterator[tuple[Any, Any]]:
        job = page.jobs.get(job_id)
        # The page empties a card when there is no answer at all.
        steps = iter([(gr.skip(), gr.skip())]) if job is None else _news(page, job)
        yield from spoken_in(language_of(request), steps)

    drawn_of = gr.State("")
    page.opened.change(
        draw, [page.opened, page.chosen, drawn_of], [*page.parts, page.chosen, drawn_of],
        **one_by_one("sheet"),
    )  # fmt: skip
    page.opened.change(show, [page.opened, followed], [player, followed], **QUIET)
    followed.change(
        follow, followed, [state, page.opened], trigger_mode="multiple", concurrency_limit=None,
        **QUIET,
    )  # fmt: skip


def _news(page: ProgrammePage, job: ProgrammeJob) -> Iterator[tuple[Any, Any]]:
    """What is said of a job, and its revision where that is new."""
    before = -1
    for revision in job.watch():
        news = (job.job_id, revision) if revision != before else gr.skip()
        yield state_card(job), news
        before = revision


def state_card(job: ProgrammeJob) -> str:
    """What is said of a job, with a bar while it is being read; and what to read of its result."""
    failed = job.state == "failed"
    card = message_card(job.sentence(), kind="error" if failed else "note")
    if job.progress is not None and job.going:
        percent = round(100 * job.progress.fraction)
        card = (
            f'<div class="rs-status"><progress max="100" value="{percent}" '
            f'aria-label="{say("status_progress")}"></progress>{card}</div>'
        )
    warnings = () if job.programme is None else job.programme.warnings
    of_weights = [retold(one) for one in warnings if one.code in WEIGHT_WARNINGS]
    of_video = [retold(one) for one in warnings if one.code not in WEIGHT_WARNINGS]
    return card + warning_card(of_video) + warning_card(of_weights, folded=True)


def drawn(
    page: ProgrammePage, session: Session, job: ProgrammeJob | None, chosen: str, visitor: str
) -> list[Any]:
    """The page's parts for a programme as it stands: body, bar, list, form, time line."""
    if job is None or job.programme is None:
        return [gr.Column(visible=job is not None), "", "", "", ""]
    try:
        review, sheet = page.reviews.of(job), page.reviews.sheet(job)
    except InputError as error:
        return [gr.Column(visible=True), message_card(in_words(error), kind="error"), "", "", ""]
    history = review.history
    rows, pictures = sheet.rows, pictures_of(session, job, visitor)
    return [
        gr.Column(visible=True),
        bar_html(
            undo=len(history.done), redo=len(history.undone), confirmed_by=sheet.confirmed_by,
            count=len(rows), going=job.going,
        ),
        element_list_html(rows, chosen, pictures=pictures, going=job.going),
        editor_html(sheet.row(chosen), rows),
        time_line_html(job.programme, rows, chosen, job_id=job.job_id),
    ]  # fmt: skip


def video_of(job: ProgrammeJob) -> str | None:
    """Where the video of a job lies; None where it is not here."""
    paths = [job.request.path, "" if job.programme is None else job.programme.video.path]
    return next((path for path in paths if path and Path(path).is_file()), None)


def player_of(session: Session, job: ProgrammeJob, visitor: str) -> str:
    """What makes the player show the whole video of a job."""
    path = video_of(job)
    if path is None:
        return player_value(None, message=say("programme_no_video"))
    try:
        return player_value(session.clips.show(visitor, path, stream=job.request.stream))
    except InputError as error:
        return player_value(None, message=in_words(error))


def clip_of(session: Session, job: ProgrammeJob, visitor: str) -> Clip | None:
    """The video of a job as the player shows it; None where it is not here."""
    path = video_of(job)
    if path is None:
        return None
    with suppress(InputError):
        return session.clips.show(visitor, path, stream=job.request.stream)
    return None


def pictures_of(session: Session, job: ProgrammeJob, visitor: str) -> str:
    """Where small pictures of the video are, for the list; empty where it is not here."""
    clip = clip_of(session, job, visitor)
    return "" if clip is None else f"rinkside/clips/{clip.token}/small/"


def _wire_telling(page: ProgrammePage) -> None:
    def told(opened: Opened, event: gr.EventData) -> list[Any]:
        job, skip = page.jobs.get(opened[0]), gr.skip()
        try:
            message = read_message(event._data)
            chosen = text_of(message, "chosen")
            if job is None:
                return [skip, skip, skip, skip]
            if message["act"] == "choose":
                sheet = page.reviews.sheet(job)
                return [skip, chosen, "", editor_html(sheet.row(chosen), sheet.rows)]
            made = correct(page.reviews, job, message)
        except Nonsense:
            return [skip, skip, skip, skip]
        except InputError as error:
            # What was drawn by hand goes back to its place.
            return [_again(opened), skip, message_card(in_words(error), kind="error"), skip]
        return [_again(opened), chosen if made is None else made, "", skip]

    page.line.told(
        told, page.opened,
        [page.opened, page.chosen, page.note, page.parts[3]],
        trigger_mode="multiple", **one_by_one("sheet"),
    )  # fmt: skip


def _again(opened: Opened) -> Opened:
    """The same programme, to be drawn anew; the whole numbers are the job's own."""
    return opened[0], opened[1] + 0.001


def correct(reviews: Reviews, job: ProgrammeJob, message: Mapping[str, Any]) -> str | None:
    """Do what a message of the page asks for.

    Returns:
        Key of the element that it made, to be chosen from now on; None: as it was.

    Raises:
        Nonsense: No page of ours sends it.
        InputError: It makes no sense where the sheet stands, or the disk is full.
    """
    programme = job.programme
    if programme is None or message["act"] == "draw":
        return None
    if message["act"] in ("undo", "redo"):
        back = message["act"] == "undo"
        reviews.correct(job, lambda history: history.undo() if back else history.redo())
        return None
    before = reviews.sheet(job)
    correction = read_correction(message, before)
    reviews.correct(job, lambda history: history.added(programme, correction))
    return _made(before, reviews.sheet(job))


def _made(before: Corrected, after: Corrected) -> str | None:
    known = {row.key for row in before.rows}
    return next((row.key for row in after.rows if row.key not in known), None)
