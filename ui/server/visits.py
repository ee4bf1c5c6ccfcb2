"""Who comes back: a page that is loaded again finds its visit, with the analysis at work in it.

Gradio knows a page by a number that changes with every load. So each visit has a ticket, which
nobody can guess, kept by the browser for its tab alone and shown once, after the page was left.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path

from ui.player.clips import ClipShelf
from ui.runs import RunStore

GRACE_S = 30.0
"""How long a visit that was left waits for its visitor: a page loads again in less."""

_SCRIPTS = Path(__file__).parents[1] / "scripts"
SHOW_TICKET = (_SCRIPTS / "show_ticket.js").read_text(encoding="utf-8")
"""What the page does first: give the ticket of the visit that it had."""
KEEP_TICKET = (_SCRIPTS / "keep_ticket.js").read_text(encoding="utf-8")
"""What it does with the next one."""


@dataclass
class Visits:
    """The visits of a server.

    Args:
        runs: Whose runs are whose.
        clips: Whose clips are whose.
        grace_s: How long a visit that was left is kept.
    """

    runs: RunStore
    clips: ClipShelf
    grace_s: float = GRACE_S
    _visitors: dict[str, str] = field(default_factory=dict)
    """Ticket -> visitor."""
    _leaving: dict[str, threading.Timer] = field(default_factory=dict)
    """Visitor -> what ends the visit."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arrive(self, visitor: str, ticket: object = None) -> str:
        """A page was loaded: what its visitor had before the same tab was loaded again is theirs.

        Args:
            visitor: Who it is by now.
            ticket: Of the visit before, whatever a browser sent as such.

        Returns:
            The next ticket; the one before is void.
        """
        with self._lock:
            before = self._visitors.pop(ticket, None) if isinstance(ticket, str) else None
            following = secrets.token_urlsafe(24)
            self._visitors[following] = visitor
            if before is not None and (timer := self._leaving.pop(before, None)):
                timer.cancel()
            if before is not None:
                self.runs.hand_over(before, visitor)
                self.clips.hand_over(before, visitor)
        return following

    def has_ended(self, ticket: object) -> bool:
        """Whether a ticket is of a visit that nobody can come back to; ask before `arrive`."""
        with self._lock:
            return isinstance(ticket, str) and ticket != "" and ticket not in self._visitors

    def leave(self, visitor: str) -> None:
        """A page was closed, or is being loaded again: the visit ends unless it comes back.

        Gradio may tell it more than once of one page, which changes nothing.
        """
        timer = threading.Timer(self.grace_s, self.end, [visitor])
        timer.daemon = True
        with self._lock:
            if visitor in self._leaving:
                return
            if visitor in self._visitors.values():
                self._leaving[visitor] = timer
                timer.start()
                return
        self.end(visitor)

    def end(self, visitor: str) -> None:
        """The visit is over: its analysis stops, its files go."""
        with self._lock:
            self._leaving.pop(visitor, None)
            tickets = [ticket for ticket, other in self._visitors.items() if other == visitor]
            for ticket in tickets:
                del self._visitors[ticket]
        self.runs.leave(visitor)
        self.clips.leave(visitor)
