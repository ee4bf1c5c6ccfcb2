"""What a click does: plain functions over plain values, no gradio in sight."""

from __future__ import annotations

import logging
import queue
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.checkpoint_files import WeightsError
from pipeline.analyse import Analyser
from pipeline.cache import AnalysisCache
from pipeline.config import load_profile
from pipeline.draw import draw_frame, skeleton_at
from pipeline.errors import Cancelled, InputError
from pipeline.overlay import write_overlay
from pipeline.progress import Progress
from pipeline.store import save
from pipeline.types import Analysis
from pipeline.video import check_span, open_video
from ui.cards import message_card, progress_card
from ui.runs import Run, RunStore

LAYERS = ("skater", "others", "region", "skeleton")
"""What the frame viewer can draw."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """What the visitor asked for."""

    path: str | None
    profile: str
    start_s: float | None = None
    end_s: float | None = None
    skater: int | None = None


@lru_cache(maxsize=2)
def analyser(profile: str) -> Analyser:
    """The analyser of a profile, shared by all visitors; on the GPU where there is one."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Analyser(load_profile(profile), device=device, cache=AnalysisCache())


def describe(path: str | None) -> str:
    """Look an uploaded file through and say what it is, or what is wrong with it.

    Inputs: path of the upload. Outputs: status card.
    """
    if not path:
        return ""
    try:
        video = open_video(path)
    except InputError as error:
        return message_card(str(error), kind="error")
    info = video.info
    text = (
        f"{video.name}: {info.width} x {info.height}, {info.fps:.2f} frames a second, "
        f"{info.duration_s:.1f} s, {info.codec}"
    )
    try:
        check_span(video)
    except InputError as error:  # no fault as long as the points are still to be chosen
        return message_card(f"{text}. {error}")
    return message_card(" ".join([text, *video.warnings]))


def waiting() -> str:
    """What a visitor reads until it is their turn: one analysis runs at a time.

    Inputs: none. Outputs: status card.
    """
    return message_card("waiting for its turn")


def analyse(request: Request, runs: RunStore, visitor: str) -> Iterator[tuple[str, str, int]]:
    """Run an analysis, reporting as it goes.

    Inputs: request, the server's runs, the visitor's session.
    Outputs: status card, run id, revision (grows with every new result of the run).
    """
    if not request.path:
        yield (
            message_card("choose a video first: upload one or pick an example", kind="error"),
            "",
            0,
        )
        return
    run = runs.start(visitor)
    revision = 0
    try:
        for progress in _steps(run, request):
            revision += run.take(progress.result)
            yield progress_card(progress), run.run_id, revision
    except Cancelled:
        yield message_card("stopped; press Analyse to begin again"), run.run_id, revision
    except (InputError, WeightsError) as error:
        yield message_card(str(error), kind="error"), run.run_id, revision
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
            listener=messages.put,
            stop_asked=run.stop.is_set,
        )
        folder = run.folder / "analysis"
        save(analysis, folder)
        write_overlay(
            analysis,
            folder / "overlay.mp4",
            listener=messages.put,
            stop_asked=run.stop.is_set,
        )
        run.scores = dict(analysis.scores)
        run.analysis = analysis
        messages.put(None)
    except Cancelled as error:
        # Whoever left dropped the run's files before this thread wrote its last one.
        shutil.rmtree(run.folder, ignore_errors=True)
        messages.put(error)
    except (InputError, WeightsError) as error:
        messages.put(error)
    except Exception as error:
        # The visitor gets a sentence, the server's log the traceback.
        _log.exception("an analysis failed")
        messages.put(InputError(f"something went wrong inside Rinkside ({type(error).__name__})"))


def _done(run: Run) -> str:
    assert run.analysis is not None
    timings, video = run.analysis.timings_s, run.analysis.video
    known = any(origin.stored for origin in run.analysis.provenance.values())
    how = "known already" if known else f"{timings['total']:.1f} s"
    return f"done: {video.frames} frames, {how}"


def stop(runs: RunStore, visitor: str) -> str:
    """Ask the visitor's run to end.

    Inputs: runs, visitor. Outputs: status card.
    """
    going = runs.stop(visitor)
    return message_card("stopping" if going else "nothing is running")


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
    image = read_frame(analysis, position)
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


def read_frame(analysis: Analysis, position: int) -> NDArray[np.uint8]:
    """A frame of the analysed span, decoded from the source."""
    info = analysis.video
    video = open_video(info.path, start_s=info.start_s, end_s=info.end_s)
    wanted = analysis.timeline.frame_index[position] - video.timeline.frame_index[0]
    return next(frame.copy() for _, frame in video.frames([int(wanted)]))
