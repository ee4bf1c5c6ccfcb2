"""Independent jobs, in this process or in several: clips that are decoded, drawn or analysed.

A job that kills its process (a crash in a decoder, a lack of memory) ends neither the others nor
the run: what was being worked on is tried once more, each job in a process of its own. An interrupt
is this process's to handle, and none outlives it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.connection import wait as wait_for
from typing import TypeVar

import cv2

from pipeline.errors import InputError

Job = TypeVar("Job")
Result = TypeVar("Result")
_Pool = Callable[[int], ProcessPoolExecutor]

_QUEUED_PER_WORKER = 2
_one_thread = partial(cv2.setNumThreads, 1)


class ProcessKilled(InputError):
    """A process ended in the middle of a job, as happens when memory runs out."""


def each_done(
    function: Callable[[Job], Result],
    jobs: Iterable[Job],
    *,
    workers: int,
    killed: Callable[[Job], Result] | None = None,
    start: Callable[[], object] = _one_thread,
) -> Iterator[Result]:
    """What a function of a module's top level returns for every job, as they are done.

    Args:
        function: Can be pickled, and so can jobs and results.
        jobs: In any number.
        workers: Processes; 0: this one, in order.
        killed: The result of a job that kills its process; without it the run ends.
        start: Called once in every process that is started.

    Raises:
        ProcessKilled: A process was killed, and `killed` is not given.
        Exception: Whatever the function raises; jobs that have begun are finished first.
    """
    if not workers:
        yield from map(function, jobs)
        return
    # Threads of torch or OpenCV in this process would not survive a fork.
    context = multiprocessing.get_context("spawn")
    pool = partial(
        ProcessPoolExecutor, mp_context=context, initializer=_start_worker, initargs=(start,)
    )
    waiting = deque(jobs)
    while waiting:
        suspects = yield from _until_killed(function, waiting, workers, pool)
        if suspects and killed is None:
            raise ProcessKilled(
                "a process was killed, perhaps for lack of memory; run the same command again"
            )
        for job in suspects:
            lost = yield from _until_killed(function, deque([job]), 1, pool)
            if lost and killed is not None:
                yield killed(job)


def _until_killed(
    function: Callable[[Job], Result], waiting: deque[Job], workers: int, make_pool: _Pool
) -> Generator[Result, None, list[Job]]:
    """Work through the jobs; those that were being worked on when a process was killed."""
    running: dict[Future[Result], Job] = {}
    pool = make_pool(workers)
    try:
        while waiting or running:
            while waiting and len(running) < _QUEUED_PER_WORKER * workers:
                running[pool.submit(function, waiting[0])] = waiting[0]
                waiting.popleft()
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                result = future.result()
                del running[future]
                yield result
    except BrokenProcessPool:
        return list(running.values())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return []


def _start_worker(start: Callable[[], object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)
