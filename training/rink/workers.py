"""Renders many clips on all cores, and ends cleanly when killed, interrupted or out of disk."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for
from pathlib import Path

import cv2

from training.rink.dataset import DataSetError, PlannedClip, render_clip

_QUEUED_PER_WORKER = 2


def render_clips(
    clips: Sequence[PlannedClip], folder: Path, *, workers: int
) -> Iterator[PlannedClip]:
    """Render clips in parallel, yielding each as it is done; with one worker, in this process.

    Raises:
        DataSetError: A worker was killed, as happens when memory runs out.
        OSError: The disk is full, or the folder cannot be written.
    """
    if workers == 1:
        cv2.setNumThreads(1)
        for clip in clips:
            render_clip(clip, folder)
            yield clip
        return
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
    )
    try:
        yield from _run(pool, clips, folder, workers)
    except BrokenProcessPool:
        raise DataSetError(
            f"{folder}: a process that rendered was killed, perhaps for want of memory; "
            "run the same command again, with --workers 1 if need be"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _run(
    pool: ProcessPoolExecutor, clips: Sequence[PlannedClip], folder: Path, workers: int
) -> Iterator[PlannedClip]:
    waiting = iter(clips)
    running: dict[Future[None], PlannedClip] = {}
    while True:
        while len(running) < _QUEUED_PER_WORKER * workers:
            clip = next(waiting, None)
            if clip is None:
                break
            running[pool.submit(render_clip, clip, folder)] = clip
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            clip = running.pop(future)
            future.result()
            yield clip


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
