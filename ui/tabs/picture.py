"""The player: the clip with what the models saw over it, and a click that names the skater."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import gradio as gr

from pipeline.errors import InputError
from ui import callbacks
from ui.controls import AT_ONCE, Controls, begun_as, then_analyse
from ui.events import QUIET
from ui.flights import with_flight_set
from ui.language import in_words
from ui.notes import with_notes_sent
from ui.player import ClipShelf, build_player, player_value
from ui.player.messages import Nonsense, read_flight, read_relock, read_run, read_token
from ui.runs import Run
from ui.session import Session, Shown, visitor_of


def build_tab(session: Session, controls: Controls) -> None:
    """Lay out the player; it shows a clip as soon as it is there, and every result as it comes."""
    player = build_player(elem_id="player", show_label=False)

    def show(shown: Shown, path: str | None, request: gr.Request) -> Any:
        run = session.run_of(shown)
        if run is not None:
            return run_value(session, run)
        if not path:
            return player_value(None)
        try:
            return player_value(session.clips.show(visitor_of(request), path))
        except InputError as error:
            return player_value(None, message=in_words(error))

    session.shown.change(show, [session.shown, controls.video], player, **QUIET)
    news = [controls.status, session.shown, session.visit]
    begun = player.relock(
        _begin_relock_for(session), session.shown, [*news, session.begun], **AT_ONCE
    )
    player.flight(
        _set_flight_for(session), session.finished, session.shown,
        concurrency_limit=1, concurrency_id="hand", trigger_mode="multiple", **QUIET,
    )  # fmt: skip
    player.notes(
        _keep_notes_for(session), session.finished, None,
        concurrency_limit=1, concurrency_id="hand", trigger_mode="multiple", **QUIET,
    )  # fmt: skip
    then_analyse(begun, _go_on_for(session), [session.begun], news)


def run_value(session: Session, run: Run) -> str:
    """What makes the player show a run."""
    asked = run.asked
    try:
        if not isinstance(asked, callbacks.Request):
            return player_value(session.clips.show_run(run), run)
        return player_value(session.clips.show_run(run, asked.path, stream=asked.stream), run)
    except InputError as error:
        return player_value(None, message=in_words(error))


def relock_on_show(clips: ClipShelf, run: Run, data: object) -> callbacks.Request:
    """What to ask for, if the page shows the clip of this run.

    Raises:
        Nonsense: It shows another one, whose people have other numbers; or sent something else.
    """
    asked = relock_request(run, data)
    check_on_show(clips, run, data)
    return asked


def check_on_show(clips: ClipShelf, run: Run, data: object) -> None:
    """Whether a message of the player is about the run on show, and its clip.

    Raises:
        Nonsense: It is not.
    """
    clip, analysis = clips.get(read_token(data)), run.analysis
    if (
        clip is None
        or analysis is None
        or clip.visitor != run.visitor
        or clip.video.info.sha256 != analysis.video.sha256
        or read_run(data) != run.run_id
    ):
        raise Nonsense("token: not of the clip of this run")


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
        span = (video.start_s, video.end_s)
        asked = callbacks.Request(video.path, analysis.profile, *span, stream=video.stream)
    return replace(asked, skater=message.person, people=analysis.people)


def _set_flight_for(session: Session) -> Any:
    def set_flight(shown: Shown, event: gr.EventData, request: gr.Request) -> Any:
        run = session.visible(shown)
        if run is None or run.analysis is None or run.visitor != visitor_of(request):
            return gr.skip()
        try:
            check_on_show(session.clips, run, event._data)
            run.analysis = with_flight_set(run.analysis, read_flight(event._data))
        except ValueError:  # nonsense, or too short: the scene says what it is by now
            pass
        return shown[0], shown[1] + 1

    return set_flight


def _keep_notes_for(session: Session) -> Any:
    def keep(shown: Shown, event: gr.EventData, request: gr.Request) -> None:
        run, data = session.visible(shown), event._data
        if run is None or run.analysis is None or run.visitor != visitor_of(request):
            return
        with suppress(Nonsense):
            check_on_show(session.clips, run, data)
            clip = session.clips.get(read_token(data))
            assert clip is not None
            run.analysis = with_notes_sent(run.analysis, clip.timeline, data)

    return keep


def _begin_relock_for(session: Session) -> Any:
    def begin(shown: Shown, event: gr.EventData, request: gr.Request) -> list[Any]:
        nothing = [gr.skip()] * 4
        run = session.visible(shown)
        if run is None or run.visitor != visitor_of(request):
            return nothing
        try:
            asked = relock_on_show(session.clips, run, event._data)
        except Nonsense:
            return nothing
        return begun_as(session, callbacks.begin(asked, session.runs, run.visitor), request)

    return begin


def _go_on_for(session: Session) -> Any:
    def go_on(begun: str, request: gr.Request) -> Iterator[tuple[Any, Any, Any]]:
        yield from session.told(callbacks.go_on(session.runs, visitor_of(request), begun), request)

    return go_on
