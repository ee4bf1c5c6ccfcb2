"""How the page's events behave."""

from __future__ import annotations

from typing import Any

QUIET: dict[str, Any] = {
    "show_progress": "hidden",
    # Nowhere, not only unseen: at every step of an event the page copies the values of the
    # components that show its progress, by default all its outputs.
    "show_progress_on": [],
    "api_visibility": "private",
}
"""For an event that answers soon, or tells its progress itself."""

AT_ONCE: dict[str, Any] = {**QUIET, "concurrency_limit": None}
"""In the queue, because only there a changed `shown` makes the tabs listen; but behind nobody."""

EVERY_PRESS: dict[str, Any] = {**AT_ONCE, "trigger_mode": "multiple"}
"""For what asks for something of its own each time: by default the page drops a press as long as
the one before is being answered. `Session.in_turn` answers them in their order."""


def one_by_one(name: str) -> dict[str, Any]:
    """For events that fill the same outputs: each is answered when those before it are.

    By default several are worked on at once, and an older answer may come last.

    Args:
        name: What the events share; all visitors wait for each other, so they have to be quick.
    """
    return {**QUIET, "concurrency_id": name, "concurrency_limit": 1}


CHOICE: dict[str, Any] = {**one_by_one("choice"), "trigger_mode": "multiple"}
"""For a choice that the server is told of: none is dropped, and the last one counts."""
