"""The analyses of this visit, and the way back in for those that were exported."""

from __future__ import annotations

import time
from typing import Any

import gradio as gr

from pipeline.errors import InputError
from pipeline.types import VideoInfo
from pipeline.verdict.calibrated import calibrated_verdict
from ui.desk.upload import upload_field
from ui.events import EVERY_PRESS, one_by_one
from ui.export.takeaway import open_saved
from ui.language.labels import label
from ui.language.messages import in_words
from ui.language.names import element_name
from ui.language.tables import say
from ui.runs import Run
from ui.session import Session, Shown, visitor_of
from ui.views.cards import message_card


def build_history(session: Session, status: gr.HTML) -> None:
    """The analyses of this visit; choosing one puts it on the desk."""
    with gr.Accordion(label("history_title"), open=True, elem_id="history"):
        past = gr.Radio([], label=label("history_label"), show_label=False, elem_id="history-list")

    def remember(request: gr.Request) -> Any:
        visitor = visitor_of(request)
        runs, seen = session.runs.visit(visitor), session.runs.on_screen(visitor)
        lines = [(history_line(run), run.run_id) for run in runs]
        return gr.Radio(lines, value=seen.run_id if seen in runs else None)

    def look_back(run_id: str, shown: Shown, request: gr.Request) -> list[Any]:
        run = session.runs.get(run_id)
        if run is None or run.visitor != visitor_of(request):
            return [gr.skip(), gr.skip()]
        with session.in_turn(request):
            session.runs.look_at(run.visitor, run_id)
            return [run.card, (run_id, shown[1] + 1)]

    # Both may change in one answer, which asks twice at once: the older list must not come last.
    news = [session.visit.change, session.finished.change]
    gr.on(news, remember, None, past, **one_by_one("history"))
    past.input(look_back, [past, session.shown], [status, session.shown], **EVERY_PRESS)


def build_opener(session: Session, status: gr.HTML) -> None:
    """The way back in for what was taken away."""
    with gr.Accordion(label("open_title"), open=False, elem_id="open"):
        saved = upload_field(label("open_upload"), file_count="multiple", elem_id="open-saved")

    def bring_back(paths: list[str] | None, request: gr.Request) -> tuple[str, Any]:
        with session.in_turn(request):
            try:
                sentence, run_id = open_saved(paths or [], session.runs, visitor_of(request))
            except InputError as error:
                return message_card(in_words(error), kind="error"), gr.skip()
            card = message_card(sentence, kind="done")
            if run := session.runs.get(run_id):
                run.card = card
            return card, (run_id, 1)

    saved.upload(bring_back, saved, [status, session.shown], **EVERY_PRESS)


def history_line(run: Run) -> str:
    """One analysis of this visit in a line; a verdict still to be called blind is not told."""
    at = time.strftime("%H:%M", time.localtime(run.began_s))
    if run.analysis is None:
        return say("history_going", name=run.title, at=at)
    if run.hidden:
        return say("history_hidden", name=run.title, at=at)
    verdict, span = run.analysis.verdict, _span_in_words(run.analysis.video)
    calibrated = calibrated_verdict(run.analysis)
    if calibrated is not None and calibrated.unlike:
        return say("history_unlike", name=run.title, at=at, span=span)
    return say(
        "history_line", name=run.title, at=at, span=span,
        label=element_name(verdict.label), probability=f"{verdict.probability:.0%}",
    )  # fmt: skip


def _span_in_words(video: VideoInfo) -> str:
    """The part of the file that was analysed; nothing for the whole of it."""
    frame_s = 1 / video.fps
    if video.start_s < frame_s and video.end_s > video.duration_s - frame_s:
        return ""
    return say("history_span", start=f"{video.start_s:.2f}", end=f"{video.end_s:.2f}")
