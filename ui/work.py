"""Analyses at work: one after another in threads of their own, whoever looks on.

A page that is loaded again drops its events; the work goes on, and the new page looks on.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from pipeline.errors import Cancelled
from pipeline.progress import Progress

_TURN = threading.Lock()
"""Held by the analysis at work: a second one would only slow both, and take twice the memory."""
_POLL_S = 0.1


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
            _wait_for_turn(stop)
            try:
                do()
            finally:
                _TURN.release()
        except Cancelled:
            failure = Cancelled()  # a new one: the old one's traceback holds the frames
        except Exception as error:
            failure = error.with_traceback(None)
        with self._changed:
            self._failure, self._over = failure, True
            self._changed.notify_all()
        if stop.is_set():  # after the visitor was told
            _give_memory_back()


def _wait_for_turn(stop: threading.Event) -> None:
    while not _TURN.acquire(timeout=_POLL_S):
        if stop.is_set():
            raise Cancelled
    if stop.is_set():
        _TURN.release()
        raise Cancelled


def _give_memory_back() -> None:
    """Hand freed frames back to the system, which the allocator would keep for a while."""
    with suppress(OSError, AttributeError):  # glibc only
        ctypes.CDLL(None).malloc_trim(0)
