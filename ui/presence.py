"""Who is there: a page keeps one request open, its heartbeat, for as long as it is looked at.

What is theirs stays while it is open, and for a while after it ended. A program that only sends
events has no heartbeat: it is a guest, whose things make room first.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipeline.errors import InputError
from ui.hosting import GRACE_S, MAX_VISITORS_OF_A_CLIENT
from ui.language.tables import say


class Full(InputError):
    """No room for a newcomer: all of it is held by visitors who are there."""


@dataclass
class _Visitor:
    last_s: float
    """When they were last heard of."""
    client: str = ""
    """Network address."""
    beating: int = 0
    """Heartbeats that are open: when a page comes back, the one before may end late."""
    known: bool = False
    """Whether there was one, of not too many pages at this address."""


class Presence:
    """The visitors of a server.

    Args:
        grace_s: How long after the end of the heartbeat a visitor may come back.
        of_a_client: Visitors at one network address who are more than guests.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        grace_s: float = GRACE_S,
        *,
        of_a_client: int = MAX_VISITORS_OF_A_CLIENT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._grace_s, self._of_a_client, self._clock = grace_s, of_a_client, clock
        self.at_work: Callable[[], Iterable[str]] = tuple
        """Who waits for the answer to something, as the server's queue knows it."""
        self.on_seen: Callable[[], None] = lambda: None
        """Called whenever somebody was heard of."""
        self._visitors: dict[str, _Visitor] = {}
        self._lock = threading.Lock()

    def see(self, visitor: str) -> None:
        """Something was asked for in a visitor's name."""
        with self._lock:
            self._seen(visitor)
        self.on_seen()

    def begin(self, visitor: str, client: str = "") -> None:
        """A heartbeat begins."""
        with self._lock:
            seen = self._seen(visitor)
            seen.beating += 1
            if not seen.known:
                others = sum(v.known and v.client == client for v in self._visitors.values())
                seen.known, seen.client = others < self._of_a_client, client
        self.on_seen()

    def end(self, visitor: str) -> None:
        """A heartbeat ended."""
        with self._lock:
            if (seen := self._visitors.get(visitor)) is not None:
                seen.beating, seen.last_s = max(0, seen.beating - 1), self._clock()

    def is_active(self, visitor: str) -> bool:
        """Whether their things are safe from newcomers: they are there, or may come back."""
        with self._lock:
            seen = self._visitors.get(visitor)
            return seen is not None and seen.known and not self._is_gone(seen)

    def gone(self) -> list[str]:
        """Who will not come back."""
        at_work = set(self.at_work())
        with self._lock:
            for visitor in at_work & self._visitors.keys():
                self._seen(visitor)
            return [name for name, seen in self._visitors.items() if self._is_gone(seen)]

    def forget(self, visitor: str) -> bool:
        """Forget who is gone; False where they came back in the meantime."""
        with self._lock:
            seen = self._visitors.get(visitor)
            if seen is not None and not self._is_gone(seen):
                return False
            self._visitors.pop(visitor, None)
            return True

    def make_room(
        self, visitor: str, owners: Sequence[str], *, most: int, of_a_visitor: int
    ) -> str | None:
        """Whose oldest thing makes room for another one of a visitor; None where there is room.

        Args:
            visitor: Whoever gets another one.
            owners: Of everything there is.
            most: Of all visitors together.
            of_a_visitor: Of one visitor.

        Raises:
            Full: All of it is held by others who are there.
        """
        self.see(visitor)
        if owners.count(visitor) >= of_a_visitor:
            return visitor
        if len(owners) < most:
            return None
        guests = Counter(owner for owner in owners if not self.is_active(owner))
        if not guests:
            raise Full(say("visit_full"))
        return guests.most_common(1)[0][0]

    def _seen(self, visitor: str) -> _Visitor:
        seen = self._visitors.setdefault(visitor, _Visitor(0.0))
        seen.last_s = self._clock()
        return seen

    def _is_gone(self, seen: _Visitor) -> bool:
        return not seen.beating and self._clock() - seen.last_s >= self._grace_s
