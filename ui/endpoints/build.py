"""Gives the page its endpoints for programs; `docs/api.md` shows each at work."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, get_args, get_origin, get_type_hints

import gradio as gr
from gradio.events import api

from ui import callbacks
from ui.endpoints.analyses import analyze, compare
from ui.endpoints.fields import answered_in_steps, clip_request
from ui.endpoints.lists import classes, models
from ui.endpoints.programmes import ProgrammeEndpoints
from ui.programme.jobs import ProgrammeJobs
from ui.session import Session, visitor_of

FOR_PROGRAMS = (
    "analyze", "compare", "classes", "models", "programme_start", "programme_status",
    "programme_result", "programme_cancel", "analyse",
)  # fmt: skip
"""Endpoints that programs may call by name; all other events are the page's own."""


def build_endpoints(session: Session, jobs: ProgrammeJobs | None) -> None:
    """Add the endpoints to the page that is being laid out.

    Args:
        session: For `analyse`, which answers as the page's button does.
        jobs: The programmes of this server; without them their endpoints are not there.
    """
    at_once: list[Callable[..., Any]] = [classes, models]
    if jobs is not None:
        at_once += ProgrammeEndpoints(jobs).all()
    _offer(analyze, concurrency_limit=8)
    _offer(compare, concurrency_limit=8)
    for function in at_once:
        _offer(function)
    _offer(_analyse_for(session), concurrency_limit=1)


def _offer(function: Callable[..., Any], **options: Any) -> None:
    # Gradio does not look up what an annotation names, and knows no iterators.
    told: Any = get_type_hints(function)["return"]
    if get_origin(told) is Iterator:
        (told,) = get_args(told)
    plain: Any = function
    plain.__signature__ = inspect.signature(function).replace(return_annotation=told)
    api(function, api_name=function.__name__, **options)


def _analyse_for(session: Session) -> Callable[..., Any]:
    def analyse(  # noqa: PLR0917 -- gradio passes fields by position
        path: gr.FileData,
        request: gr.Request,
        profile: str = "demo",
        start: str | None = None,
        end: str | None = None,
        skater: str = "",
        stream: str = "",
    ) -> Iterator[str]:
        """As a click on Analyse: the page's status as HTML. `analyze` tells the result itself.

        Args:
            path: The clip, uploaded.
            request: Whoever asks.
            profile: Networks and views: demo, fast or paper.
            start: Where the element begins.
            end: Where it ends.
            skater: Number of a person, or "FRAME:x1,y1,x2,y2".
            stream: Number of the video in a file that holds several.
        """

        def steps() -> Iterator[str]:
            asked = clip_request(path, profile, start, end, skater=skater, stream=stream)
            news = callbacks.analyse(asked, session.runs, visitor_of(request))
            yield from (card for card, _, _ in news if card)

        yield from answered_in_steps(request, steps())

    return analyse
