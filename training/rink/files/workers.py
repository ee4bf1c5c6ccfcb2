"""Runs many renderings on all cores, and ends cleanly when killed, interrupted or out of disk."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for
from typing import TypeVar

import cv2

from training.rink.files.folder import DataSetError

Job = TypeVar("Job")

_QUEUED_PER_WORKER = 2


def run_jobs(
    function: Callable[[Job], None], jobs: Sequence[Job], *, workers: int
) -> Iterator[Job]:
    """Call a picklable function for each job, in parallel; yields each job as it is done.

    With one worker, in this process.

    Raises:
        DataSetError: A worker was killed, as happens when memory runs out.
        Exception: Whatever the function raises; jobs that have begun are finished first.
    """
    if workers == 1:
        cv2.setNumThreads(1)
        for job in jobs:
            function(job)
            yield job
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
    try:
        yield from _run(pool, function, jobs, workers)
    except BrokenProcessPool:
        raise DataSetError(
            "a process that rendered was killed, perhaps for want of memory; "
            "run the same command again, with --workers 1 if need be"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _run(
    pool: ProcessPoolExecutor, function: Callable[[Job], None], jobs: Sequence[Job], workers: int
) -> Iterator[Job]:
    waiting = iter(jobs)
    running: dict[Future[None], Job] = {}
    while True:
        while len(running) < _QUEUED_PER_WORKER * workers:
            job = next(waiting, None)
            if job is None:
                break
            running[pool.submit(function, job)] = job
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            job = running.pop(future)
            future.result()
            yield job


def _start_worker() -> None:
    """One thread a worker; an interrupt is the parent's to handle; no parent, no worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)
