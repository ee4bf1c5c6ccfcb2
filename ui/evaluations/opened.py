"""A clip of an evaluation on the desk: its true class above every view, and the way on and back."""

from __future__ import annotations

from html import escape
from pathlib import Path

from ui.language.names import class_name
from ui.language.tables import say
from ui.runs import Opened

BAR_JS = (Path(__file__).parents[1] / "scripts" / "opened.js").read_text(encoding="utf-8")
"""Previous and next press the row before and after in the list, in the order it is shown in."""


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
