"""Messages on disk: the sentence where it always stood, code and values under `messages`."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.messages import TEXTS, Message, Value
from pipeline.storage.old_sentences import recognised


def messages_as_dict(rule: Message, warnings: Sequence[Message]) -> dict[str, Any]:
    """The value of `messages` in `analysis.json`: null for a message without a code."""
    return {"skater": _entry(rule), "warnings": messages_as_list(warnings)}


def messages_as_list(messages: Sequence[Message]) -> list[dict[str, Any] | None]:
    """An entry for each of some messages: null for one without a code."""
    return [_entry(message) for message in messages]


def _entry(message: Message) -> dict[str, Any] | None:
    if message.code is None:
        return None
    values = {k: v if isinstance(v, Value) else str(v) for k, v in message.values.items()}
    return {"code": message.code, "values": values}


def read_message(sentence: str, entry: Mapping[str, Any] | None) -> Message:
    """A stored message; a code that is not known here, as of another version, is left out."""
    if entry is None:
        return Message(sentence)
    text = TEXTS.get(entry["code"])
    if text is None or not _blanks(text) <= entry["values"].keys():
        return Message(sentence)
    return Message(sentence, entry["code"], entry["values"])


def read_messages(
    rule: str, warnings: Sequence[str], stored: Mapping[str, Any] | None
) -> tuple[Message, tuple[Message, ...]]:
    """How the skater was chosen, and the warnings.

    Args:
        rule: Its sentence.
        warnings: Their sentences.
        stored: As `messages_as_dict` made it; None in analyses of before.
    """
    if stored is None:
        return recognised(rule), tuple(map(recognised, warnings))
    return read_message(rule, stored["skater"]), read_warnings(warnings, stored["warnings"])


def read_warnings(
    sentences: Sequence[str], entries: Sequence[Mapping[str, Any] | None]
) -> tuple[Message, ...]:
    """Stored messages: their sentences, and the entries that `messages_as_list` made."""
    return tuple(map(read_message, sentences, entries))


def _blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
