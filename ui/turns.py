"""What one visitor asks for is answered one after another, in the order in which it was asked."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A queue for each visitor; nobody waits behind another visitor.

    The page sends every press, also while an earlier one is being answered. Where the earlier one
    takes longer (it reads a video, say) its answer must not come last, nor the same run begin
    twice.
    """

    def __init__(self) -> None:
        self._queues: dict[str, deque[object]] = {}
        self._changed = threading.Condition()

    @contextmanager
    def of(self, visitor: str) -> Iterator[None]:
        """Wait until everything that the visitor asked for before is answered."""
        mine = object()
        with self._changed:
            queue = self._queues.setdefault(visitor, deque())
            queue.append(mine)
            self._changed.wait_for(lambda: queue[0] is mine)
        try:
            yield
        finally:
            with self._changed:
                queue.popleft()
                if not queue:
                    del self._queues[visitor]
                self._changed.notify_all()
