"""What is known of an element, in a line: its levels, the set it is in, and by which numbers.

Calibrated probabilities and the paper's both stand there; a box in the line switches between them
without asking the server, also in a report.
"""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from pipeline.classification.levels import Level, levels
from pipeline.elements import ELEMENTS
from pipeline.types import CalibratedVerdict, ClassSet, Novelty, Verdict
from ui.language.names import element_name
from ui.language.tables import say

ORDER = ("family", "turns", "kind")
"""As skating says it: a jump, a double, a Loop."""
NEARLY = 0.995
MOST = 5
"""Classes of a set that are named."""


def known_line(verdict: Verdict, calibrated: CalibratedVerdict | None) -> str:
    """Levels, set and switch as HTML; without fitted numbers the levels alone, and that they are.

    Args:
        verdict: Whose probabilities are the paper's.
        calibrated: What follows from it; None: nothing was fitted for its weights.
    """
    papers = _list(verdict.probabilities, "rs-of-paper")
    if calibrated is None:
        return (
            f'<div class="rs-known">{papers}'
            f'<span class="rs-which">{escape(say("known_not_calibrated"))}</span></div>'
        )
    return (
        f'<div class="rs-known">{_list(calibrated.probabilities, "rs-of-calibrated")}{papers}'
        f"{_set(calibrated.class_set)}"
        f'<label class="rs-which" title="{escape(say("known_switch_info"))}">'
        f'<input type="checkbox" class="rs-calibrated" checked> {escape(say("known_calibrated"))}'
        "</label></div>"
    )


def set_in_words(found: ClassSet) -> str:
    """The classes of a set: `2Lz or 2F`; after a few how many more there are."""
    names = [_short(index) for index in found.class_indices]
    if len(names) > MOST:
        shown = say("known_comma").join(names[: MOST - 1])
        return say("known_more", shown=shown, count=len(names) - MOST + 1)
    *others, last = names
    return say("known_or", others=say("known_comma").join(others), last=last) if others else last


def unlike_reasons(novelty: Novelty) -> str:
    """In what a clip is unlike those that the networks know, a sentence a sign."""
    return " ".join(
        say(f"known_unlike_{name}", percent=_percent(share))
        for name, share in novelty.parts.items()
    )


def _set(found: ClassSet) -> str:
    percent = f"{100 * found.coverage:.0f}"
    told = say("known_set", percent=percent, classes=set_in_words(found))
    info = say("known_set_info", percent=percent)
    return f'<span class="rs-set" title="{escape(info)}">{escape(told)}</span>'


def _short(index: int) -> str:
    """`2Lz`; the name where the ISU has no code of its own."""
    element = ELEMENTS[index]
    return element.code if element.family in ("jump", "spin") else element_name(element.label)


def _list(probabilities: NDArray[np.float64], kind: str) -> str:
    """The family first; what cannot be told is set apart."""
    found = {level.name: level for level in levels(probabilities)}
    items = "".join(
        f'<li class="{"rs-told" if found[name].is_told else "rs-untold"}">'
        f"{escape(_in_words(found[name]))}</li>"
        for name in ORDER
        if name in found
    )
    return f'<ul class="rs-levels {kind}" aria-label="{escape(say("level_title"))}">{items}</ul>'


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
