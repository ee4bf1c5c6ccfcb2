"""One analysis at work in a thread of its own, whoever looks on.

A page that is loaded again drops its events; the work goes on, and the new page looks on.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import copy_context
from functools import partial

from pipeline.errors import Cancelled
from pipeline.progress import Progress
from ui.work.queue import WORK_QUEUE, Place, Turn

_LOOK_S = 0.5
"""How often those who wait look for their place."""


class Work:
    """One analysis, for any number of onlookers."""

    def __init__(self) -> None:
        self.progress: Progress | None = None
        """The newest."""
        self.results = 0
        """How many there have been."""
        self.begun = False
        """Whether its turn has come."""
        self._turn: Turn | None = None
        self._failure: Exception | None = None
        self._over = False
        self._changed = threading.Condition()

    def start(
        self, do: Callable[[], None], stop: threading.Event, *, visitor: str, profile: str
    ) -> None:
        """Do it when its turn comes, unless it is to stop before.

        Args:
            do: The work; what it raises every onlooker gets.
            stop: Set when nobody wants it any more.
            visitor: Whoever wants it.
            profile: With which networks; decides how long it takes.
        """
        self._turn = Turn(stop, visitor, profile=profile, left_s=self._left_s)
        # With what is known of the request: a Space lends its GPU to a visitor.
        run = partial(copy_context().run, self._run, do, self._turn)
        threading.Thread(target=run, daemon=True).start()

    def tell(self, progress: Progress, *, new: bool) -> None:
        """Note how far it has come, and whether there is a new result."""
        with self._changed:
            self.progress, self.results = progress, self.results + new
            self._changed.notify_all()

    def watch(self) -> Iterator[tuple[Progress | Place, int]]:
        """Place or progress, and number of results, whenever there is something new, until the end.

        Raises:
            Exception: What the work raised.
        """
        seen: Progress | Place | None = None
        while True:
            with self._changed:
                news = self._news()
                while not self._over and (news is None or _is_same(news, seen)):
                    self._changed.wait(_LOOK_S if self.progress is None else None)
                    news = self._news()
                if self._over or news is None:
                    break
                seen, results = news, self.results
            yield seen, results
        if self._failure is not None:
            raise self._failure

    def _news(self) -> Progress | Place | None:
        if self.progress is not None or self._turn is None:
            return self.progress
        return WORK_QUEUE.place(self._turn.stop)

    def _left_s(self) -> float | None:
        return None if self.progress is None else self.progress.remaining_s

    def _run(self, do: Callable[[], None], turn: Turn) -> None:
        failure: Exception | None = None
        try:
            with WORK_QUEUE.taken(turn):
                self.begun = True
                do()
        except Cancelled:
            failure = Cancelled()  # a new one: the old one's traceback holds the frames
        except Exception as error:
            failure = error.with_traceback(None)
        with self._changed:
            self._failure, self._over = failure, True
            self._changed.notify_all()
        if turn.stop.is_set():  # after the visitor was told
            give_memory_back()


def _is_same(news: Progress | Place, seen: Progress | Place | None) -> bool:
    return news is seen or (isinstance(news, Place) and news == seen)


def give_memory_back() -> None:
    """Hand freed frames back to the system, which the allocator would keep for a while."""
    with suppress(OSError, AttributeError):  # glibc only
        ctypes.CDLL(None).malloc_trim(0)
