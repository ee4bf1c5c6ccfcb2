"""Which part of a long clip is analysed: the part that the element fills, or the whole clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import escape
from typing import Any

import gradio as gr

from pipeline.programme.uncut import FILLED
from ui import callbacks
from ui.desk.asking import begun_as, then_analyse
from ui.desk.controls import Controls
from ui.events import AT_ONCE
from ui.language.tables import say
from ui.runs import Run
from ui.session import Session, Shown, visitor_of
from ui.views.hints import part_to_cut
from ui.views.measured import ends_of

CUT_JS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button.rs-cut');
  if (button) trigger('click', {act: button.dataset.act});
});
"""
"""Which part is known to the server, so nothing else is told."""


def cut_hint(run: Run) -> str:
    """What is to be said of the part, with a button, as HTML; empty where there is nothing.

    Either an element was found in an uncut clip, and its part was analysed; or the clip holds
    several; or it is advised to cut the clip.
    """
    analysis = run.analysis
    if analysis is None:
        return ""
    if is_part(run):
        video = analysis.video
        ends = {"start": f"{video.start_s:.2f}", "end": f"{video.end_s:.2f}"}
        return _hint(say("hint_found", **ends), "whole", say("hint_found_whole"))
    if run.parts is not None and run.parts > 1:
        return _hint(say("hint_several", count=run.parts), "programme", say("hint_several_go"))
    part = part_to_cut(analysis)
    if part is None:
        return ""
    return _hint(say(f"hint_cut_{part.name}", **ends_of(part)), "cut", say("hint_cut_go"))


def is_part(run: Run) -> bool:
    """Whether a part of the clip that the visitor did not choose answers for it."""
    asked, analysis = run.asked, run.analysis
    if analysis is None or not isinstance(asked, callbacks.Request) or not asked.open:
        return False
    return run.parts == 1 and analysis.video.end_s - analysis.video.start_s < (
        FILLED * analysis.video.duration_s
    )


def _hint(text: str, act: str, words: str) -> str:
    button = f'<button type="button" class="rs-cut" data-act="{act}">{escape(words)}</button>'
    return f'<p class="rs-hint">{escape(text)} {button}</p>'


def request_for_whole(run: Run) -> callbacks.Request | None:
    """The same clip, taken for one element as it is; None where that was asked for already."""
    asked = run.asked
    return replace(asked, whole=True) if isinstance(asked, callbacks.Request) else None


def request_for_part(run: Run) -> callbacks.Request | None:
    """The same clip and networks, with the in and out points of the part; None: nothing to cut.

    A number that names the skater in the whole clip may be somebody else's in the part.
    """
    part = None if run.analysis is None else part_to_cut(run.analysis)
    if run.analysis is None or part is None:
        return None
    asked, video = run.asked, run.analysis.video
    if not isinstance(asked, callbacks.Request):  # an example, or a saved analysis
        asked = callbacks.Request(video.path, run.analysis.profile, stream=video.stream)
    start_s, end_s = round(part.start_s, 2), round(part.end_s, 2)
    return replace(asked, start_s=start_s, end_s=end_s, skater=None, people=None)


_REQUESTS = {"cut": request_for_part, "whole": request_for_whole}
"""What a button of a hint asks for."""


def wire_cut(session: Session, controls: Controls, verdict: gr.HTML) -> None:
    """Let the button in the verdict's card analyse a part of the clip, or all of it."""

    def begin(shown: Shown, event: gr.EventData, request: gr.Request) -> list[Any]:
        run = session.visible(shown)
        make = _REQUESTS.get(str(event._data.get("act")))
        if run is None or make is None or run.visitor != visitor_of(request):
            return [gr.skip() for _ in range(4)]
        asked = make(run)
        if asked is None:
            return [gr.skip() for _ in range(4)]
        # The in and out points at the left follow the run.
        with session.in_turn(request):
            news = callbacks.begin(asked, session.runs, run.visitor)
            return begun_as(session, news, request)

    def go_on(begun: str, request: gr.Request) -> Iterator[tuple[Any, Any, Any]]:
        yield from session.told(callbacks.go_on(session.runs, visitor_of(request), begun), request)

    def hand_over(shown: Shown, event: gr.EventData) -> Any:
        run = session.visible(shown)
        asked = None if run is None else run.asked
        if event._data.get("act") != "programme" or not isinstance(asked, callbacks.Request):
            return gr.skip()
        return asked.path

    verdict.click(hand_over, session.shown, controls.handed, **AT_ONCE)
    news = [controls.status, session.shown, session.visit]
    begun = verdict.click(begin, session.shown, [*news, session.begun], **AT_ONCE)
    then_analyse(begun, go_on, [session.begun], news)
