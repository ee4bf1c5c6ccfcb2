"""On a ZeroGPU Space: a clip is analysed in a process that has a GPU for as long as it asked for.

`spaces.GPU` forks this process for every call. What the other process keeps in memory nobody here
sees, so only what is asked for goes there, and only records come back. Everything else of the app
stays here, on the CPU: this process never has a GPU.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

from models.checkpoint_files import WeightsError
from pipeline.analyser import Analyser
from pipeline.config import load_shipped_profile
from pipeline.errors import Cancelled, InputError
from pipeline.programme.uncut import look_through
from pipeline.progress import Listener, Progress, StopAsked
from pipeline.storage.cache import AnalysisCache
from pipeline.types import Analysis
from pipeline.video import open_video
from ui.asked import Request

_ZERO = "SPACES_ZERO_GPU"
_LOOK_S = 0.5
"""How often the one process hears that the other one is still at work, and may stop it."""

_BEGIN_S = {"paper": 45.0}
_BEGIN_ELSE_S = 15.0
"""Assumption: to fork, and to load the networks onto the GPU."""
_FRAME_S = {"paper": 0.2}
_FRAME_ELSE_S = 0.08
"""Assumption: a frame through all stages; the video is decoded by two slow processors."""
_LEAST_S, _MOST_S = 20, 120


@dataclass(frozen=True)
class Found:
    """What was found in a clip."""

    analysis: Analysis
    parts: int | None = None
    """Jumps, spins and sequences where the clip was looked through for one element."""


@dataclass(frozen=True)
class _Refused:
    """Why nothing was found, for the visitor."""

    error: InputError | WeightsError


def is_zero_gpu() -> bool:
    """Whether this is a ZeroGPU Space."""
    return os.environ.get(_ZERO, "").lower() in ("1", "t", "true")


def seconds_for(request: Request, *, search: bool = False) -> int:
    """How long the GPU is asked for: a visitor's share of it is limited, and longer waits longer.

    Args:
        request: A clip that can be read.
        search: Whether the element is looked for before.
    """
    video = open_video(
        request.path or "", start_s=request.start_s, end_s=request.end_s, stream=request.stream
    )
    frames = len(video) * (2 if search else 1)
    name = request.profile
    begin_s = _BEGIN_S.get(name, _BEGIN_ELSE_S)
    whole_s = begin_s + frames * _FRAME_S.get(name, _FRAME_ELSE_S)
    return round(min(max(whole_s, _LEAST_S), _MOST_S))


def find(
    analyser: Analyser, request: Request, listener: Listener, stop_asked: StopAsked, *, search: bool
) -> Found:
    """Analyse a clip here.

    Args:
        analyser: Of the request's profile.
        request: What is asked.
        listener: Told about progress.
        stop_asked: Asked often; True ends the work.
        search: Look for the one element first, in a clip that was not cut.

    Raises:
        InputError: What is wrong with the clip.
        WeightsError: Weights are missing or damaged.
        Cancelled: `stop_asked` said so.
    """
    path, parts = request.path or "", None
    if search:
        uncut = look_through(
            analyser,
            path,
            stream=request.stream,
            listener=lambda p: listener(Progress(p.stage, p.fraction, p.elapsed_s)),
            stop_asked=stop_asked,
        )
        parts = uncut.parts
        if uncut.analysis is not None:
            return Found(uncut.analysis, parts)
    analysis = analyser.analyse(
        path,
        start_s=request.start_s,
        end_s=request.end_s,
        stream=request.stream,
        skater=request.skater,
        skater_box=request.skater_box,
        people=request.people,
        listener=listener,
        stop_asked=stop_asked,
    )
    return Found(analysis, parts)


def prepare() -> None:
    """Let a Space that starts see what asks for its GPU; nothing happens elsewhere."""
    if is_zero_gpu():
        _forking()


def find_on_gpu(
    request: Request, listener: Listener, stop_asked: StopAsked, *, search: bool
) -> Found:
    """As `find`, in a process of its own that has a GPU.

    Raises:
        InputError: What is wrong with the clip.
        WeightsError: Weights are missing or damaged.
        Cancelled: `stop_asked` said so.
        Exception: The Space gives no GPU, or the other process ended.
    """
    with closing(_forking()(request, search=search)) as steps:
        for step in steps:
            match step:
                case Progress():
                    listener(step)
                case Found():
                    return step
                case _Refused():
                    raise step.error
            if stop_asked():
                raise Cancelled
    raise Cancelled


@lru_cache(maxsize=1)
def _forking() -> Callable[..., Any]:
    import spaces  # before torch looks for a GPU, as the Space asks for

    forking: Callable[..., Any] = spaces.GPU(duration=seconds_for)(_steps)
    return forking


def _steps(request: Request, *, search: bool) -> Iterator[Progress | Found | _Refused | None]:
    """In the other process: progress, then what was found; None to be heard of now and then."""
    torch.set_num_threads(1)  # the pool of threads of this process did not come along
    told: queue.SimpleQueue[Progress | Found | _Refused | Exception] = queue.SimpleQueue()
    stop = threading.Event()

    def work() -> None:
        try:
            found = find(_analyser(request.profile), request, told.put, stop.is_set, search=search)
            told.put(found)
        except Exception as error:
            told.put(_Refused(error) if isinstance(error, InputError | WeightsError) else error)

    threading.Thread(target=work, daemon=True).start()
    try:
        while True:
            try:
                step = told.get(timeout=_LOOK_S)
            except queue.Empty:
                yield None
                continue
            if isinstance(step, Exception):
                raise step
            yield step
            if not isinstance(step, Progress):
                return
    finally:
        stop.set()


@lru_cache(maxsize=2)
def _analyser(profile: str) -> Analyser:
    """Of this process, kept for the next call that gets the same one."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Analyser(load_shipped_profile(profile), device=device, cache=AnalysisCache())
