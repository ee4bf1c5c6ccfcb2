"""Who comes back: a page that is loaded again finds its visit, with the analysis at work in it.

Gradio knows a page by a number that changes with every load. So each visit has a ticket, which
nobody can guess, kept by the browser for its tab alone and shown once, after the page was left.
Whoever is gone for good is found by looking again and again, so that no order of what is heard of a
page (late, twice, never) keeps anything.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ui.presence import Presence

LOOK_EVERY_S = 5.0

_log = logging.getLogger(__name__)

_SCRIPTS = Path(__file__).parents[1] / "scripts"
SHOW_TICKET = (_SCRIPTS / "show_ticket.js").read_text(encoding="utf-8")
"""What the page does first: give the ticket of the visit that it had."""
KEEP_TICKET = (_SCRIPTS / "keep_ticket.js").read_text(encoding="utf-8")
"""What it does with the next one."""


class Belongings(Protocol):
    """Things that are a visitor's."""

    def hand_over(self, before: str, visitor: str) -> None:
        """The visitor `before` is called `visitor` from now on."""

    def leave(self, visitor: str) -> None:
        """A visitor is gone: so is what was theirs; told more than once it changes nothing."""


@dataclass
class Visits:
    """The visits of a server.

    Args:
        presence: Who is there.
        belongings: What is whose: analyses, clips, files.
        also: Done whenever visits are looked through.
    """

    presence: Presence
    belongings: tuple[Belongings, ...]
    also: Callable[[], None] = lambda: None
    _visitors: dict[str, str] = field(default_factory=dict)
    """Ticket -> visitor."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _looking: bool = False

    def arrive(self, visitor: str, ticket: object = None) -> str:
        """A page was loaded: what its visitor had before the same tab was loaded again is theirs.

        Args:
            visitor: Who it is by now.
            ticket: Of the visit before, whatever a browser sent as such.

        Returns:
            The next ticket; the one before is void.
        """
        self.presence.see(visitor)
        with self._lock:
            before = self._visitors.pop(ticket, None) if isinstance(ticket, str) else None
            following = secrets.token_urlsafe(24)
            self._visitors[following] = visitor
            if before is not None:
                for things in self.belongings:
                    things.hand_over(before, visitor)
        return following

    def has_ended(self, ticket: object) -> bool:
        """Whether a ticket is of a visit that nobody can come back to; ask before `arrive`."""
        with self._lock:
            return isinstance(ticket, str) and ticket != "" and ticket not in self._visitors

    def sweep(self) -> None:
        """End the visits of all who are gone."""
        for visitor in self.presence.gone():
            if self.presence.forget(visitor):
                self._end(visitor)
        self.also()

    def _end(self, visitor: str) -> None:
        """The visit is over: its analysis stops, its files go."""
        with self._lock:
            tickets = [ticket for ticket, other in self._visitors.items() if other == visitor]
            for ticket in tickets:
                del self._visitors[ticket]
        self.empty(visitor)

    def empty(self, visitor: str) -> None:
        """Drop everything of a visitor at once; the visit itself goes on."""
        for things in self.belongings:
            things.leave(visitor)

    def look_on(self) -> None:
        """Look for who is gone from now on, again and again; a second call does nothing."""
        with self._lock:
            begin, self._looking = not self._looking, True
        if begin:
            threading.Thread(target=self._look, name="visits", daemon=True).start()

    def _look(self) -> None:
        pause = threading.Event()
        while not pause.wait(LOOK_EVERY_S):
            try:
                self.sweep()
            except Exception:  # the next time may be better, and nobody else does it
                _log.exception("visits could not be looked through")
