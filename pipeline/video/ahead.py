"""Frames decoded ahead of need: the next ones come while something is done with the last."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from queue import SimpleQueue

from pipeline.video.readers import Frame, Frames


@dataclass(frozen=True)
class _End:
    """There are no more frames, because of an error or not."""

    error: BaseException | None = None


_Queue = SimpleQueue[tuple[int, Frame] | _End]


@contextmanager
def read_ahead(frames: Frames, at_most: int) -> Iterator[Iterator[tuple[int, Frame]]]:
    """The same frames, decoded by a thread of their own that ends with the `with` block.

    Args:
        frames: Of a video; nobody else may go on with them.
        at_most: So many frames wait to be taken.

    Raises:
        VideoError: What the frames raise comes in its turn, after the frames before it.
    """
    queue: _Queue = SimpleQueue()
    room, stopped = threading.Semaphore(at_most), threading.Event()

    def fill() -> None:
        try:
            with closing(frames):
                for item in frames:
                    room.acquire()
                    if stopped.is_set():
                        return
                    queue.put(item)
            queue.put(_End())
        except BaseException as error:  # it is the taker's
            queue.put(_End(error))

    thread = threading.Thread(target=fill, name="read-ahead", daemon=True)
    thread.start()
    try:
        yield _taken(queue, room)
    finally:
        stopped.set()
        room.release()
        thread.join()


def _taken(queue: _Queue, room: threading.Semaphore) -> Iterator[tuple[int, Frame]]:
    while not isinstance(item := queue.get(), _End):
        room.release()
        yield item
    if item.error is not None:
        raise item.error
