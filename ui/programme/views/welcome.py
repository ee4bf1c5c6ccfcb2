"""What the programme page says before there is a programme on it."""

from __future__ import annotations

from html import escape

from ui.language.tables import say

_STEPS = ("find", "review", "take")


def welcome_html() -> str:
    """What the page is for, in three steps."""
    steps = "".join(
        f"<li><b>{escape(say(f'programme_step_{step}'))}</b> "
        f"{escape(say(f'programme_step_{step}_told'))}</li>"
        for step in _STEPS
    )
    return (
        f'<section class="pg-welcome"><h2>{escape(say("programme_welcome"))}</h2>'
        f"<p>{escape(say('programme_empty'))}</p><ol>{steps}</ol></section>"
    )
