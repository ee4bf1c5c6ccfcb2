"""What a click does: plain functions over plain values, no gradio in sight."""

from __future__ import annotations

import ctypes
import logging
import queue
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.checkpoint_files import WeightsError
from pipeline.analyse import Analyser
from pipeline.cache import AnalysisCache
from pipeline.config import load_shipped_profile
from pipeline.draw import draw_frame, skeleton_at
from pipeline.errors import Cancelled, InputError
from pipeline.progress import Progress
from pipeline.saw import frames_at
from pipeline.types import Analysis, People
from pipeline.video import check_span, display_name, open_video
from ui.cards import message_card, progress_card
from ui.language import in_words, retold, say
from ui.runs import Run, RunStore

_log = logging.getLogger(__name__)


class Broken(Exception):
    """A fault of the program itself; its text is the kind of error."""


@dataclass(frozen=True)
class Request:
    """What the visitor asked for."""

    path: str | None
    profile: str
    start_s: float | None = None
    end_s: float | None = None
    skater: int | None = None
    people: People | None = field(default=None, compare=False)
    """Found before in the same clip by the same profile: nobody is looked for again."""


@dataclass(frozen=True)
class Facts:
    """What is known of an uploaded clip before it is analysed."""

    card: str
    """Its facts, or what is wrong with it, as HTML."""
    duration_s: float | None = None
    """Of the whole file; None when it cannot be read."""


@lru_cache(maxsize=2)
def analyser(profile: str) -> Analyser:
    """The analyser of a profile, shared by all visitors; on the GPU where there is one."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Analyser(load_shipped_profile(profile), device=device, cache=AnalysisCache())


def describe(path: str | None) -> Facts:
    """Look an uploaded file through and say what it is, or what is wrong with it.

    Inputs: path of the upload. Outputs: facts card, duration.
    """
    if not path:
        return Facts("")
    try:
        video = open_video(path)
    except InputError as error:
        return Facts(message_card(in_words(error), kind="error"))
    info = video.info
    text = say(
        "clip_facts", name=video.name, width=info.width, height=info.height,
        fps=f"{info.fps:.2f}", duration=f"{info.duration_s:.1f}", codec=info.codec,
    )  # fmt: skip
    try:
        check_span(video)
    except InputError as error:  # no fault as long as the points are still to be chosen
        return Facts(message_card(f"{text}. {in_words(error)}"), info.duration_s)
    return Facts(message_card(" ".join([text, *map(retold, video.warnings)])), info.duration_s)


def begin(
    request: Request, runs: RunStore, visitor: str, *, blind: bool = False
) -> tuple[str, str, int]:
    """Answer a click on Analyse at once: known results now, others in their turn.

    Inputs: request, the server's runs, the visitor's session, blind mode.
    Outputs: status card, run id (empty: there is nothing to do), revision.
    """
    if not request.path:
        return message_card(say("status_no_clip"), kind="error"), "", 0
    try:
        known = analyser(request.profile).known(
            request.path, start_s=request.start_s, end_s=request.end_s, skater=request.skater
        )
    except (InputError, WeightsError) as error:
        return message_card(in_words(error), kind="error"), "", 0
    run = runs.start(visitor, display_name(Path(request.path)))
    run.asked, run.blind = request, blind
    if known is None:
        return message_card(say("status_waiting")), run.run_id, 0
    run.complete(known)
    return message_card(_done(run), kind="done"), run.run_id, 1


def analyse(
    request: Request, runs: RunStore, visitor: str, *, run_id: str = ""
) -> Iterator[tuple[str, str, int]]:
    """Run an analysis, reporting as it goes.

    Inputs: request, the server's runs, the visitor's session, the run that `begin` made.
    Outputs: status card, run id (empty: no news), revision (grows with every new result).
    """
    run = runs.get(run_id)
    if run is None or run.asked != request:
        card, run_id, revision = begin(request, runs, visitor)
        run = runs.get(run_id)
        yield card, run_id, revision
    if run is None:
        return
    if run.analysis is not None:  # the card once more: the page empties one that nobody answers
        yield message_card(_done(run), kind="done"), "", 1
        return
    revision = 0
    try:
        for progress in _steps(run, request):
            news = run.take(progress.result)
            revision += news
            yield progress_card(progress), run.run_id if news else "", revision
    except Cancelled:
        if runs.is_current(run):  # else a newer run has the visitor's eye
            yield message_card(say("status_stopped")), "", revision
    except (InputError, WeightsError) as error:
        yield message_card(in_words(error), kind="error"), run.run_id, revision
    except Broken as error:
        card = message_card(say("status_inside", kind=str(error)), kind="error")
        yield card, run.run_id, revision
    else:
        yield message_card(_done(run), kind="done"), run.run_id, revision + 1


def _steps(run: Run, request: Request) -> Iterator[Progress]:
    """The messages of an analysis that runs in a thread of its own, so that it can be left."""
    messages: queue.Queue[Progress | BaseException | None] = queue.Queue()
    worker = threading.Thread(target=_work, args=(run, request, messages), daemon=True)
    worker.start()
    try:
        while (message := messages.get()) is not None:
            if isinstance(message, BaseException):
                raise message
            # Results all count; of plain progress only the newest is worth showing.
            while message.result is None and not messages.empty():
                newer = messages.get()
                if newer is None or isinstance(newer, BaseException):
                    messages.put(newer)
                    break
                message = newer
            yield message
    finally:
        run.stop.set()


def _work(
    run: Run, request: Request, messages: queue.Queue[Progress | BaseException | None]
) -> None:
    try:
        analysis = analyser(request.profile).analyse(
            request.path or "",
            start_s=request.start_s,
            end_s=request.end_s,
            skater=request.skater,
            people=request.people,
            listener=messages.put,
            stop_asked=run.stop.is_set,
        )
        run.complete(analysis)
        messages.put(None)
    except Cancelled:
        # Whoever left dropped the run's files before this thread wrote its last one.
        shutil.rmtree(run.folder, ignore_errors=True)
        messages.put(Cancelled())  # a new one: the old one's traceback holds the frames
    except (InputError, WeightsError) as error:
        messages.put(error)
    except Exception as error:
        # The visitor gets a sentence, the server's log the traceback.
        _log.exception("an analysis failed")
        messages.put(Broken(type(error).__name__))
    if run.stop.is_set():
        _give_memory_back()


def _give_memory_back() -> None:
    """Hand freed frames back to the system, which the allocator would keep for a while."""
    with suppress(OSError, AttributeError):  # glibc only
        ctypes.CDLL(None).malloc_trim(0)


def _done(run: Run) -> str:
    assert run.analysis is not None
    timings, video = run.analysis.timings_s, run.analysis.video
    if any(origin.stored for origin in run.analysis.provenance.values()):
        return say("status_known", frames=video.frames)
    return say("status_done", frames=video.frames, seconds=f"{timings['total']:.1f}")


def stop(runs: RunStore, visitor: str) -> str:
    """Ask the visitor's run to end.

    Inputs: runs, visitor. Outputs: status card.
    """
    going = runs.stop(visitor)
    return message_card(say("status_stopping" if going else "status_nothing_runs"))


LAYERS = ("skater", "others", "region", "skeleton")
"""What the frame viewer can draw."""


def overlay_path(analysis_folder: Path) -> str | None:
    """The overlay video of a finished run."""
    path = analysis_folder / "overlay.mp4"
    return str(path) if path.is_file() else None


def paint_frame(analysis: Analysis, position: int, layers: list[str]) -> NDArray[np.uint8]:
    """One frame of the source with the chosen layers drawn over it.

    Inputs: analysis, frame 0..T-1, layers to draw.
    Outputs: RGB picture.
    """
    position = min(max(position, 0), len(analysis.timeline) - 1)
    image = frames_at(analysis, np.array([position]))[position]
    people = analysis.people
    main = people.main
    others = {t.person_id: t.boxes_xyxy[position] for t in people.tracks if t is not main}
    keypoints, scores = skeleton_at(analysis, position)
    return draw_frame(
        image,
        box=main.boxes_xyxy[position] if main is not None and "skater" in layers else None,
        skater_id=people.main_id,
        region=analysis.region if "region" in layers else None,
        people=others if "others" in layers else None,
        keypoints=keypoints if "skeleton" in layers else None,
        scores=scores if "skeleton" in layers else None,
    )
