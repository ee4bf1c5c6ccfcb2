"""The player: the clip with what the models saw over it, and a click that names the skater."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from pipeline.errors import InputError
from ui import callbacks
from ui.controls import Controls, on_gpu
from ui.events import QUIET
from ui.labels import language_of
from ui.language import in_words, spoken_in
from ui.player import build_player, player_value
from ui.player.messages import Nonsense, read_relock
from ui.runs import Run
from ui.session import Session, Shown, visitor_of


def build_tab(session: Session, controls: Controls) -> None:
    """Lay out the player; it shows a clip as soon as it is there, and every result as it comes."""
    player = build_player(elem_id="player", show_label=False)

    def show_upload(path: str | None, request: gr.Request) -> Any:
        if not path:
            return gr.skip()
        try:
            return player_value(session.clips.show(visitor_of(request), path))
        except InputError:  # the clip's own card says what is wrong with it
            return player_value(None)

    def show_run(shown: Shown) -> Any:
        run = session.run_of(shown)
        return gr.skip() if run is None else run_value(session, run)

    controls.video.change(show_upload, controls.video, player, queue=False, **QUIET)
    session.shown.change(show_run, session.shown, player, **QUIET)
    player.relock(
        _begin_relock_for(session), session.shown, [controls.status, session.shown], **QUIET
    ).then(
        _go_on_for(session),
        session.shown,
        [controls.status, session.shown],
        concurrency_limit=1,
        concurrency_id="analyse",
        **QUIET,
    )


def run_value(session: Session, run: Run) -> str:
    """What makes the player show a run."""
    asked = run.asked
    span = (asked.path, asked.start_s, asked.end_s) if isinstance(asked, callbacks.Request) else ()
    try:
        return player_value(session.clips.show_run(run, *span))
    except InputError as error:
        return player_value(None, message=in_words(error))


def relock_request(run: Run, data: object) -> callbacks.Request:
    """What to ask for when the visitor says who the skater is; people are not looked for again.

    Raises:
        Nonsense: The browser sent something else.
    """
    analysis = run.analysis
    if analysis is None:
        raise Nonsense("the analysis is not there yet")
    message = read_relock(data, [track.person_id for track in analysis.people.tracks])
    asked = run.asked
    if not isinstance(asked, callbacks.Request):  # an example, or a saved analysis
        video = analysis.video
        asked = callbacks.Request(video.path, analysis.profile, video.start_s, video.end_s)
    return replace(asked, skater=message.person, people=analysis.people)


def _begin_relock_for(session: Session) -> Any:
    def begin(shown: Shown, event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
        run = session.visible(shown)
        if run is None or run.visitor != visitor_of(request):
            return gr.skip(), gr.skip()
        try:
            asked = relock_request(run, event._data)
        except Nonsense:
            return gr.skip(), gr.skip()
        card, run_id, revision = callbacks.begin(asked, session.runs, run.visitor)
        return card, (run_id, revision) if run_id else gr.skip()

    return begin


def _go_on_for(session: Session) -> Any:
    def go_on(shown: Shown, request: gr.Request) -> Iterator[tuple[Any, Any]]:
        run = session.run_of(shown)
        if run is None or not isinstance(run.asked, callbacks.Request):
            yield gr.skip(), gr.skip()
            return
        steps = callbacks.analyse(run.asked, session.runs, visitor_of(request), run_id=shown[0])
        for card, run_id, revision in spoken_in(language_of(request), steps):
            yield card, (run_id, revision) if run_id else gr.skip()

    return on_gpu(go_on)
