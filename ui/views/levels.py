"""The levels of a verdict in words: a jump, 97 %; double, 71 %; Loop, 62 %."""

from __future__ import annotations

from html import escape

from pipeline.classification.levels import Level, levels
from pipeline.types import Verdict
from ui.language.tables import say

ORDER = ("family", "turns", "kind")
"""As skating says it: a jump, a double, a Loop."""


NEARLY = 0.995


def levels_line(verdict: Verdict) -> str:
    """A list in HTML, the family first; what cannot be told is set apart."""
    found = {level.name: level for level in levels(verdict.probabilities)}
    items = "".join(
        f'<li class="{"rs-told" if found[name].is_told else "rs-untold"}">'
        f"{escape(_in_words(found[name]))}</li>"
        for name in ORDER
        if name in found
    )
    return f'<ul class="rs-levels" aria-label="{escape(say("level_title"))}">{items}</ul>'


def _in_words(level: Level) -> str:
    if not level.told:
        return say(f"level_open_{level.name}")
    percent = _percent(sum(dict(level.answers)[answer] for answer in level.told))
    if level.is_told:
        return say("level_told", answer=_answer(level.told[0]), percent=percent)
    first, second = level.told
    return say("level_either", first=_answer(first), second=_answer(second), percent=percent)


def _percent(share: float) -> str:
    """Never 100: no network is that sure of anything."""
    return f"{100 * share:.0f}" if share < NEARLY else ">99"


def _answer(answer: str) -> str:
    return say(f"level_{answer}")
