"""What a program sends in the fields beside the file, read as the page reads its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr

from models.checkpoint_files import WeightsError
from pipeline.config import load_shipped_profile
from pipeline.errors import InputError
from ui.asked import Request, request_of
from ui.endpoints.uploads import uploaded
from ui.language.labels import language_of
from ui.language.messages import in_words
from ui.language.tables import speaking, spoken_in
from ui.presence import Full
from ui.server.clients import client_of

T = TypeVar("T")
_LONGEST = 64
"""Letters of a field; what is longer is told in part."""


def caller_of(request: gr.Request) -> str:
    """Who counts for limits and turns: a network address, as for the plain addresses."""
    return "program " + ("" if request.request is None else client_of(request.request.scope))


@contextmanager
def answered(request: gr.Request) -> Iterator[None]:
    """Answer in the language of a request; what is wrong is one sentence without a traceback.

    Raises:
        gr.Error: That sentence.
    """
    with speaking(language_of(request)):
        try:
            yield
        except (InputError, WeightsError, Full) as error:
            raise gr.Error(in_words(error), print_exception=False) from None


def answered_in_steps(request: gr.Request, steps: Iterator[T]) -> Iterator[T]:
    """As `answered`, for an answer that is told step by step.

    Raises:
        gr.Error: What is wrong, in a sentence.
    """
    try:
        yield from spoken_in(language_of(request), steps)
    except (InputError, WeightsError, Full) as error:
        with answered(request):
            raise error


def clip_request(
    video: object, profile: object, start: object, end: object, *, skater: object, stream: object
) -> Request:
    """What is asked of a clip.

    Raises:
        InputError: A field that makes no sense, or a video that was not uploaded.
    """
    path, name = uploaded(video), text_of(profile)
    load_shipped_profile(name)
    return request_of(
        str(path), name, start=text_of(start), end=text_of(end),
        skater=text_of(skater), stream=text_of(stream),
    )  # fmt: skip


def text_of(value: object) -> str:
    """A field as text: programs send numbers where the page has text."""
    return "" if value is None else str(value)[:_LONGEST]


def with_named_video(content: Mapping[str, Any]) -> dict[str, Any]:
    """`analysis.json` or `programme.json` with the video's name in place of its path.

    The path is nobody's business, and `gradio_client` would take it for a file to fetch.
    """
    video = dict(content["video"])
    name = Path(video.pop("path").replace("\\", "/")).name
    return {**content, "video": {"name": name, **video}}
