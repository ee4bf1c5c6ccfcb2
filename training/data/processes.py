"""Independent jobs of data preparation, in this process or in several."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import cv2

Job = TypeVar("Job")
Result = TypeVar("Result")


def each_done(
    function: Callable[[Job], Result], jobs: Iterable[Job], *, workers: int
) -> Iterator[Result]:
    """What a function of a module's top level returns for every job, as they are done.

    Args:
        function: Can be pickled, and so can jobs and results.
        jobs: In any number.
        workers: Processes; 0: this one, in order.
    """
    if not workers:
        yield from map(function, jobs)
        return
    # Threads of torch or OpenCV in this process would not survive a fork.
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.imap_unordered(function, jobs)
