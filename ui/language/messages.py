"""Errors and warnings of the pipeline in the language that is spoken, by their codes."""

from __future__ import annotations

from pathlib import Path

from models.checkpoint_files import WeightsError
from models.weights import MissingWeights
from pipeline.errors import InputError
from pipeline.messages import ERRORS, Message
from ui.hosting import hosted
from ui.language.names import network_name
from ui.language.tables import say

_PLACES = ("folder", "place")
"""Blanks with paths of this machine, which are nobody's business on one that strangers use."""


def in_words(error: Exception) -> str:
    """What went wrong; an error without a code is told in its own English sentence."""
    if isinstance(error, MissingWeights):
        return say("error_weights_missing", detail=error)
    if isinstance(error, WeightsError):
        return say("error_weights_unusable", detail=error)
    return retold(error.message) if isinstance(error, InputError) else str(error)


def retold(message: Message) -> str:
    """A warning, a rule or an error; one without a code, as of another version, stays as it is."""
    if message.code is None:
        return message.sentence
    values = {blank: _value(blank, value) for blank, value in message.values.items()}
    if message.code in ERRORS:
        return say(f"error_{message.code}", **values)
    return say(f"note_{message.code}", **values)


def _value(blank: str, value: object) -> object:
    if isinstance(value, Message):
        return retold(value)
    if blank in _PLACES and hosted():
        return Path(str(value)).name
    if blank == "stages":
        return ", ".join(network_name(stage) for stage in str(value).split(", "))
    return value
