"""What is known of a clip before it is analysed: one line below it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.video import check_span, open_video
from ui.language.messages import in_words, retold
from ui.language.tables import say
from ui.views.cards import message_card


@dataclass(frozen=True)
class Facts:
    """What is known of an uploaded clip before it is analysed."""

    card: str
    """Its facts, or what is wrong with it, as HTML."""
    duration_s: float | None = None
    """Of the whole file; None when it cannot be read."""


def describe(path: str | None) -> Facts:
    """Look an uploaded file through and say what it is, or what is wrong with it.

    Inputs: path of the upload. Outputs: facts card, duration.
    """
    if not path:
        return Facts("")
    try:
        video = open_video(path)
    except InputError as error:
        return Facts(message_card(in_words(error), kind="error"))
    info = video.info
    text = say(
        "clip_facts", name=video.name, width=info.width, height=info.height,
        fps=f"{info.fps:.2f}", duration=f"{info.duration_s:.1f}", codec=info.codec,
    )  # fmt: skip
    try:
        check_span(video)
    except InputError as error:  # no fault as long as the points are still to be chosen
        return Facts(message_card(f"{text}. {in_words(error)}"), info.duration_s)
    return Facts(message_card(". ".join([text, *map(retold, video.warnings)])), info.duration_s)
