"""A clip of an evaluation on the desk: its true class above every view, and the way on and back."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from ui.language.names import class_name
from ui.language.tables import say

BAR_JS = (Path(__file__).parents[1] / "scripts" / "opened.js").read_text(encoding="utf-8")
"""Previous and next press the row before and after in the list, in the order it is shown in."""


@dataclass(frozen=True)
class Opened:
    """Which clip of which evaluation a run shows."""

    evaluation: Path
    """Its folder."""
    stem: str
    """The clip."""
    label: int
    """Its true class."""
    said: str
    """What was said of it in the evaluation, and by whom."""
    place: int = 0
    """Position in the list that it was opened from, among what opens at once, from 1; 0 unknown."""
    of: int = 0
    """How many of that list open at once."""

    def same_clip(self, other: object) -> bool:
        """Whether another one is of the same clip of the same evaluation."""
        return isinstance(other, Opened) and (self.evaluation, self.stem) == (
            other.evaluation,
            other.stem,
        )


def opened_bar(opened: Opened | None) -> str:
    """The line above the desk's views; empty for a clip of no evaluation."""
    if opened is None:
        return ""
    true = escape(say("mistakes_is_truly", name=class_name(opened.label)))
    return (
        f'<div class="rs-opened" data-stem="{escape(opened.stem)}"><p><b>{true}</b> '
        f'{escape(opened.said)}</p><nav aria-label="{escape(say("mistakes_steps"))}">'
        f"{_step(say('mistakes_previous'), -1, 'ArrowUp', opened.place != 1)}"
        f"{_place(opened)}"
        f"{_step(say('mistakes_next'), 1, 'ArrowDown', opened.place < opened.of or not opened.of)}"
        f'<button type="button" class="rs-take" data-back aria-keyshortcuts="Alt+L" '
        f'title="Alt+L">{escape(say("mistakes_back"))}</button></nav></div>'
    )


def _step(words: str, step: int, key: str, possible: bool) -> str:
    return (
        f'<button type="button" class="rs-take" data-step="{step}" aria-keyshortcuts="Alt+{key}" '
        f'title="Alt+{key.removeprefix("Arrow")}"{"" if possible else " disabled"}>'
        f"{escape(words)}</button>"
    )


def _place(opened: Opened) -> str:
    if not opened.place:
        return ""
    words = escape(say("mistakes_place", place=opened.place, of=opened.of))
    return f'<span title="{words}">{opened.place} / {opened.of}</span>'
