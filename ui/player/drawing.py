"""Threads that draw pictures, apart from those that answer the page.

A visitor gets some of them at most; what else they ask for waits without a thread, up to a limit.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, TypeVar

THREADS = 6
THREADS_OF_A_VISITOR = 3
MAX_ASKED = 100
"""Pictures that a visitor may have asked for at once: a long list shows one a line."""

T = TypeVar("T")
_Job = tuple[Future[Any], Callable[[], Any]]


class TooManyAsked(Exception):
    """A visitor asks for more at once than any page does."""


@dataclass
class _Queue:
    going: int = 0
    waiting: deque[_Job] = field(default_factory=deque)


class DrawingThreads:
    """A few threads, shared fairly."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="drawing")
        self._queues: dict[str, _Queue] = {}
        self._lock = threading.Lock()

    async def run(self, visitor: str, do: Callable[..., T], *arguments: Any) -> T:
        """Call a function in its turn, in the context of the caller; the event loop goes on.

        Raises:
            TooManyAsked: The visitor has asked for too much.
            Exception: What the function raises.
        """
        context = copy_context()
        future = self._submit(visitor, lambda: context.run(do, *arguments))
        result: T = await asyncio.wrap_future(future)
        return result

    def _submit(self, visitor: str, do: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()
        with self._lock:
            queue = self._queues.setdefault(visitor, _Queue())
            if queue.going + len(queue.waiting) >= MAX_ASKED:
                raise TooManyAsked
            queue.waiting.append((future, do))
            self._begin(visitor, queue)
        return future

    def _begin(self, visitor: str, queue: _Queue) -> None:
        while queue.waiting and queue.going < THREADS_OF_A_VISITOR:
            queue.going += 1
            self._threads.submit(self._work, visitor, *queue.waiting.popleft())

    def _work(self, visitor: str, future: Future[Any], do: Callable[[], Any]) -> None:
        try:
            if future.set_running_or_notify_cancel():
                try:
                    result = do()
                except BaseException as error:
                    future.set_exception(error)
                else:
                    future.set_result(result)
        finally:
            with self._lock:
                queue = self._queues[visitor]
                queue.going -= 1
                self._begin(visitor, queue)
                if not queue.going:
                    del self._queues[visitor]
