"""The player: the clip with what the models saw over it, and a click that names the skater."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import gradio as gr

from pipeline.errors import InputError
from pipeline.types import Analysis
from ui import callbacks
from ui.desk.asking import begun_as, then_analyse
from ui.desk.controls import Controls
from ui.events import EVERY_PRESS, QUIET
from ui.export.notes import with_notes_sent
from ui.flights import with_flight_set
from ui.language.messages import in_words
from ui.player import ClipShelf, build_player, player_value
from ui.player.messages import (
    Nonsense,
    read_flight,
    read_mark,
    read_run,
    read_skater_choice,
    read_token,
)
from ui.runs import Run
from ui.session import Session, Shown, visitor_of
from ui.views.cards import message_card


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
    begun = player.choose_skater(
        _begin_skater_choice_for(session), session.shown, [*news, session.begun], **EVERY_PRESS
    )
    begun_by_mark = player.mark(
        _begin_mark_for(session),
        [session.shown, controls.blind],
        [*news, session.begun],
        inputs_kwargs=controls.fields.named(),
        **EVERY_PRESS,
    )
    then_analyse(begun_by_mark, _go_on_for(session), [session.begun], news)
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


def choose_skater_on_show(clips: ClipShelf, run: Run, data: object) -> callbacks.Request:
    """What to ask for, if the page shows the clip of this run.

    Raises:
        Nonsense: It shows another one, whose people have other numbers; or sent something else.
    """
    asked = skater_choice_request(run, data)
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


def skater_choice_request(run: Run, data: object) -> callbacks.Request:
    """What to ask for when the visitor says who the skater is; people are not looked for again.

    Raises:
        Nonsense: The browser sent something else.
    """
    analysis = run.analysis
    if analysis is None:
        raise Nonsense("the analysis is not there yet")
    message = read_skater_choice(data, [track.person_id for track in analysis.people.tracks])
    asked = _asked_for(run, analysis)
    return replace(asked, skater=message.person, skater_box=None, people=analysis.people)


def mark_request(
    clips: ClipShelf, run: Run | None, visitor: str, data: object, fields: Mapping[str, Any]
) -> callbacks.Request:
    """What to ask for when the visitor drew a box around the skater.

    The same clip and span as the run on show; without one, or where it failed before it had an
    analysis, as the fields at the left say. People are looked for again: the detector's boxes of
    low score, which no analysis keeps, may be the skater's.

    Args:
        clips: The videos on show.
        run: On show; None: the clip was not analysed yet.
        visitor: Who drew.
        data: What the browser sent.
        fields: The arguments of `callbacks.request_of`.

    Raises:
        Nonsense: The browser sent something else, or it is about another clip.
        InputError: What stands in the fields cannot be asked for.
    """
    clip = clips.get(read_token(data))
    if clip is None or clip.visitor != visitor:
        raise Nonsense("token: of no clip on show")
    info = clip.video.info
    box = read_mark(data, clip.timeline, (info.width, info.height)).box
    if run is not None and run.analysis is not None:
        check_on_show(clips, run, data)
        asked = _asked_for(run, run.analysis)
    elif run is not None and isinstance(run.asked, callbacks.Request):
        asked = run.asked
    else:
        asked = callbacks.request_of(**fields)
    if not asked.path or clips.show(visitor, asked.path, stream=asked.stream) is not clip:
        raise Nonsense("token: not of the clip that would be analysed")
    return replace(asked, skater=None, skater_box=box, people=None)


def _asked_for(run: Run, analysis: Analysis) -> callbacks.Request:
    if isinstance(run.asked, callbacks.Request):
        return run.asked
    video = analysis.video  # an example, or a saved analysis
    span = (video.start_s, video.end_s)
    return callbacks.Request(video.path, analysis.profile, *span, stream=video.stream)


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


def _begin_skater_choice_for(session: Session) -> Any:
    def begin(shown: Shown, event: gr.EventData, request: gr.Request) -> list[Any]:
        nothing = [gr.skip()] * 4
        run = session.visible(shown)
        if run is None or run.visitor != visitor_of(request):
            return nothing
        try:
            asked = choose_skater_on_show(session.clips, run, event._data)
        except Nonsense:
            return nothing
        with session.in_turn(request):
            news = callbacks.begin(asked, session.runs, run.visitor)
            return begun_as(session, news, request)

    return begin


def _begin_mark_for(session: Session) -> Any:
    def begin(
        shown: Shown, blind: bool, event: gr.EventData, request: gr.Request, **fields: Any
    ) -> list[Any]:
        visitor, run = visitor_of(request), session.run_of(shown)
        if run is not None and (run.visitor != visitor or run.hidden or run.going):
            return [gr.skip()] * 4
        try:
            asked = mark_request(session.clips, run, visitor, event._data, fields)
        except Nonsense:
            return [gr.skip()] * 4
        except InputError as error:
            news = message_card(in_words(error), kind="error"), "", 0
            return begun_as(session, news, request)
        # Whoever has seen a verdict of this clip has no call to make any more.
        blind = blind and (run is None or run.analysis is None)
        with session.in_turn(request):
            news = callbacks.begin(asked, session.runs, visitor, blind=blind)
            return begun_as(session, news, request)

    return begin


def _go_on_for(session: Session) -> Any:
    def go_on(begun: str, request: gr.Request) -> Iterator[tuple[Any, Any, Any]]:
        yield from session.told(callbacks.go_on(session.runs, visitor_of(request), begun), request)

    return go_on
