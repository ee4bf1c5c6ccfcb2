"""`analyze` and `compare`: one clip, or two side by side."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from pipeline.measure.files import measurements_as_dict
from pipeline.measure.measure import measure_analysis
from pipeline.progress import Progress
from pipeline.storage.analysis_files import analysis_as_dict
from pipeline.storage.export import unpack
from pipeline.types import Analysis
from ui.asked import Request
from ui.callbacks import found_in
from ui.endpoints.fields import answered_in_steps, caller_of, clip_request, with_named_video
from ui.endpoints.uploads import uploaded
from ui.views.comparison import beside
from ui.work.queue import Place
from ui.work.work import Work

_Steps = Generator[dict[str, Any], None, Analysis]
_SAVED = (".zip", ".html", ".htm")
"""Endings of an analysis that was taken away."""


def analyze(  # noqa: PLR0917 -- gradio passes fields by position
    video: gr.FileData,
    request: gr.Request,
    profile: str = "demo",
    start: str = "",
    end: str = "",
    skater: str = "",
    stream: str = "",
) -> Iterator[dict[str, Any]]:
    """Name the figure-skating element of one clip, with everything that the networks found.

    While it waits or is at work, each message says how far it is (`state`, `before`, `wait_s`,
    `fraction`); the last one has `state` "done" and the content of `analysis.json` and
    `measurements.json`.

    Args:
        video: The clip, uploaded.
        request: Whoever asks.
        profile: Networks and views: demo, fast or paper.
        start: Where the element begins, "75.2" or "1:15.2"; empty for the start of the file.
        end: Where it ends, likewise.
        skater: Number of a person, or "FRAME:x1,y1,x2,y2"; empty for the main skater.
        stream: Number of the video in a file that holds several; empty for the usual one.
    """

    def steps() -> Iterator[dict[str, Any]]:
        asked = clip_request(video, profile, start, end, skater=skater, stream=stream)
        analysis = yield from _analysed(asked, caller_of(request))
        yield {"state": "done", **told(analysis)}

    yield from answered_in_steps(request, steps())


def compare(
    first: gr.FileData, second: gr.FileData, request: gr.Request, profile: str = "demo"
) -> Iterator[dict[str, Any]]:
    """Two clips, or analyses saved before, side by side: both verdicts, and what was measured.

    Progress is told as by `analyze`; the last message has `state` "done", `first` and `second` as
    `analyze` tells them, `same_class`, and `measurements`: a row a quantity with both values and
    their difference (second minus first; moments have none).

    Args:
        first: A clip, or a saved analysis (.zip, or the report's .html), uploaded.
        request: Whoever asks.
        second: Another one.
        profile: Networks and views for clips: demo, fast or paper.
    """

    def steps() -> Iterator[dict[str, Any]]:
        left = yield from _opened(first, profile, caller_of(request))
        right = yield from _opened(second, profile, caller_of(request))
        yield {
            "state": "done",
            "first": told(left),
            "second": told(right),
            "same_class": left.verdict.label == right.verdict.label,
            "measurements": [
                {"quantity": row.quantity, "unit": row.unit, "first": row.left,
                 "second": row.right, "difference": row.difference}
                for row in beside(left, right)
            ],
        }  # fmt: skip

    yield from answered_in_steps(request, steps())


def told(analysis: Analysis) -> dict[str, Any]:
    """An analysis for a program; no path of this machine."""
    content = with_named_video(analysis_as_dict(analysis))
    return {**content, "measurements": measurements_as_dict(measure_analysis(analysis))}


def _opened(file: object, profile: object, visitor: str) -> _Steps:
    path = uploaded(file)
    if path.suffix.lower() not in _SAVED:
        asked = clip_request(file, profile, "", "", skater="", stream="")
        return (yield from _analysed(asked, visitor))
    with tempfile.TemporaryDirectory(prefix="rinkside-opened-") as folder:
        return unpack([path], Path(folder))


def _analysed(asked: Request, visitor: str) -> _Steps:
    """Wait for the turn, analyse, and tell how far it is; ended when nobody listens any more."""
    stop, work = threading.Event(), Work()
    found: list[Analysis] = []

    def do() -> None:
        def hear(progress: Progress) -> None:
            work.tell(progress, new=False)

        found.append(found_in(asked, hear, stop.is_set).analysis)

    work.start(do, stop, visitor=visitor, profile=asked.profile)
    try:
        yield {"state": "waiting"}
        for news, _ in work.watch():
            if isinstance(news, Place):
                yield {"state": "waiting", "before": news.before, "wait_s": news.wait_s}
            else:
                yield {"state": "working", "fraction": news.fraction, "stage": news.stage}
    finally:
        stop.set()
    return found[0]
