"""What is said to those who wait for their turn: how many before them, and about how long."""

from __future__ import annotations

from ui.language.tables import say
from ui.views.cards import message_card
from ui.work.queue import Place


def place_card(place: Place) -> str:
    """The place in the queue, for the status."""
    return message_card(place_sentence(place))


def place_sentence(place: Place | None) -> str:
    """The place in the queue; None: it is next, or already given its turn."""
    if place is None or not place.before:
        return say("turn_next")
    if place.wait_s is None:
        return say("turn_before", count=place.before)
    return say("turn_about", count=place.before, time=_roughly(place.wait_s))


def _roughly(seconds: float) -> str:
    if seconds <= 90:
        return say("turn_seconds", count=round(seconds))
    return say("turn_minutes", count=round(seconds / 60))
