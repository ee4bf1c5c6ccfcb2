"""Cuts a long clip to the part that the element fills, and analyses that part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import escape
from typing import Any

import gradio as gr

from pipeline.moments import written
from pipeline.types import Analysis
from pipeline.video import display_name
from ui import callbacks
from ui.controls import AT_ONCE, Controls, begun_as, then_analyse
from ui.hints import part_to_cut
from ui.language import say
from ui.measured import ends_of
from ui.runs import Run
from ui.session import Session, Shown, told, visitor_of

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

    def begin(shown: Shown, held: str | None, request: gr.Request) -> list[Any]:
        run = session.visible(shown)
        asked = None if run is None or run.visitor != visitor_of(request) else request_for_part(run)
        if run is None or asked is None:
            return [gr.skip() for _ in range(5)]
        news = begun_as(callbacks.begin(asked, session.runs, run.visitor))
        same = held is not None and display_name(held) == display_name(asked.path or "")
        ends = (asked.start_s or 0.0, asked.end_s or 0.0)
        points = [written(end_s) for end_s in ends] if same else [gr.skip(), gr.skip()]
        return [*news, *points]

    def go_on(begun: str, request: gr.Request) -> Iterator[tuple[Any, Any]]:
        yield from told(callbacks.go_on(session.runs, visitor_of(request), begun), request)

    news = [controls.status, session.shown]
    begun = verdict.click(
        begin,
        [session.shown, controls.video],
        [*news, session.begun, controls.start, controls.end],
        **AT_ONCE,
    )
    then_analyse(begun, go_on, [session.begun], news)
