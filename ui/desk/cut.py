"""Cuts a long clip to the part that the element fills, and analyses that part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import escape
from typing import Any

import gradio as gr

from pipeline.types import Analysis
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
  if (event.target.closest('button.rs-cut')) trigger('click', {});
});
"""
"""Which part is known to the server, so nothing else is told."""


def cut_hint(analysis: Analysis) -> str:
    """The advice to cut, with its button, as HTML; empty where the clip is short enough."""
    part = part_to_cut(analysis)
    if part is None:
        return ""
    advice = escape(say(f"hint_cut_{part.name}", **ends_of(part)))
    return (
        f'<p class="rs-hint">{advice} <button type="button" class="rs-cut">'
        f"{escape(say('hint_cut_go'))}</button></p>"
    )


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


def wire_cut(session: Session, controls: Controls, verdict: gr.HTML) -> None:
    """Let the button in the verdict's card cut the clip and analyse the part."""

    def begin(shown: Shown, request: gr.Request) -> list[Any]:
        run = session.visible(shown)
        asked = None if run is None or run.visitor != visitor_of(request) else request_for_part(run)
        if run is None or asked is None:
            return [gr.skip() for _ in range(4)]
        # The in and out points at the left follow the run.
        with session.in_turn(request):
            news = callbacks.begin(asked, session.runs, run.visitor)
            return begun_as(session, news, request)

    def go_on(begun: str, request: gr.Request) -> Iterator[tuple[Any, Any, Any]]:
        yield from session.told(callbacks.go_on(session.runs, visitor_of(request), begun), request)

    news = [controls.status, session.shown, session.visit]
    begun = verdict.click(begin, session.shown, [*news, session.begun], **AT_ONCE)
    then_analyse(begun, go_on, [session.begun], news)
