"""Analyses at work: one after another in threads of their own, whoever looks on.

A page that is loaded again drops its events; the work goes on, and the new page looks on.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from pipeline.errors import Cancelled
from pipeline.progress import Progress

_POLL_S = 0.1


class WorkQueue:
    """Who is at work, and who waits: one at a time, first come, first served.

    A second one at work would only slow both, and take twice the memory.
    """

    def __init__(self) -> None:
        self._queue: list[object] = []
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, stop: threading.Event) -> Iterator[None]:
        """Wait for a turn, and hold it through the block.

        Args:
            stop: Set when nobody wants it any more.

        Raises:
            Cancelled: `stop` was set before the turn came.
        """
        with self._changed:
            self._queue.append(stop)
        try:
            self._wait(stop)
            yield
        finally:
            with self._changed:
                self._queue.remove(stop)
                self._changed.notify_all()

    def before(self, stop: threading.Event) -> int:
        """How many are to end before the turn of whoever waits with `stop`."""
        with self._changed:
            return self._queue.index(stop) if stop in self._queue else 0

    def _wait(self, stop: threading.Event) -> None:
        with self._changed:
            while self._queue[0] is not stop and not stop.is_set():
                self._changed.wait(_POLL_S)
        if stop.is_set():
            raise Cancelled


WORK_QUEUE = WorkQueue()
"""Of this server: clips and programmes alike."""


class Work:
    """One analysis, for any number of onlookers."""

    def __init__(self) -> None:
        self.progress: Progress | None = None
        """The newest."""
        self.results = 0
        """How many there have been."""
        self._failure: Exception | None = None
        self._over = False
        self._changed = threading.Condition()

    def start(self, do: Callable[[], None], stop: threading.Event) -> None:
        """Do it when its turn comes, unless it is to stop before.

        Args:
            do: The work; what it raises every onlooker gets.
            stop: Set when nobody wants it any more.
        """
        threading.Thread(target=self._run, args=(do, stop), daemon=True).start()

    def tell(self, progress: Progress, *, new: bool) -> None:
        """Note how far it has come, and whether there is a new result."""
        with self._changed:
            self.progress, self.results = progress, self.results + new
            self._changed.notify_all()

    def watch(self) -> Iterator[tuple[Progress, int]]:
        """Progress and number of results whenever there is something new, until it is over.

        Raises:
            Exception: What the work raised.
        """
        seen: Progress | None = None
        while True:
            with self._changed:
                while not self._over and self.progress is seen:
                    self._changed.wait()
                if self._over or self.progress is None:
                    break
                seen, results = self.progress, self.results
            yield seen, results
        if self._failure is not None:
            raise self._failure

    def _run(self, do: Callable[[], None], stop: threading.Event) -> None:
        failure: Exception | None = None
        try:
            with WORK_QUEUE.taken(stop):
                do()
        except Cancelled:
            failure = Cancelled()  # a new one: the old one's traceback holds the frames
        except Exception as error:
            failure = error.with_traceback(None)
        with self._changed:
            self._failure, self._over = failure, True
            self._changed.notify_all()
        if stop.is_set():  # after the visitor was told
            give_memory_back()


def give_memory_back() -> None:
    """Hand freed frames back to the system, which the allocator would keep for a while."""
    with suppress(OSError, AttributeError):  # glibc only
        ctypes.CDLL(None).malloc_trim(0)
