"""What a click does: plain functions over plain values, no gradio in sight.

What happens to an analysis is told as `News`.
"""

from __future__ import annotations

import itertools
import logging
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import torch

from models.checkpoint_files import WeightsError
from pipeline.analyser import Analyser
from pipeline.config import load_shipped_profile
from pipeline.errors import Cancelled, InputError
from pipeline.progress import Listener, StopAsked
from pipeline.storage.cache import AnalysisCache
from pipeline.video import display_name, open_video
from ui.asked import Request as Request
from ui.asked import is_searched
from ui.asked import request_of as request_of
from ui.language.messages import in_words
from ui.language.tables import say
from ui.presence import Full
from ui.runs import Run, RunStore
from ui.server.gpu import Found, find, find_on_gpu, is_zero_gpu
from ui.views.cards import message_card, progress_card
from ui.views.waiting import place_card
from ui.work.queue import Place
from ui.work.work import Work

_log = logging.getLogger(__name__)

News = tuple[str, str, int]
"""Status card (empty: as it is), run id (empty: nothing new to show), revision (grows with every
new result)."""

_again = itertools.count(1000)
# Revisions of runs that are asked for again: others than those they had before.


@lru_cache(maxsize=2)
def analyser(profile: str) -> Analyser:
    """The analyser of a profile, shared by all visitors; on the GPU where this process has one."""
    device = "cuda" if torch.cuda.is_available() and not is_zero_gpu() else "cpu"
    return Analyser(load_shipped_profile(profile), device=device, cache=AnalysisCache())


def begin(request: Request, runs: RunStore, visitor: str, *, blind: bool = False) -> News:
    """Answer a click on Analyse at once: known results now, others in their turn.

    Inputs: request, the server's runs, the visitor's session, blind mode.
    Outputs: news; without a run id there is nothing to go on with.
    """
    if not request.path:
        return message_card(say("status_no_clip"), kind="error"), "", 0
    try:
        known = analyser(request.profile).known(
            request.path,
            start_s=request.start_s,
            end_s=request.end_s,
            stream=request.stream,
            skater=request.skater,
            skater_box=request.skater_box,
            people=request.people,
        )
        searched = is_searched(request)
    except (InputError, WeightsError) as error:
        return message_card(in_words(error), kind="error"), "", 0
    same = _begun_before(request, runs, visitor, blind=blind)
    if same is not None:
        runs.recall(same)
        return same.card, same.run_id if same.analysis else "", next(_again)
    try:
        run = runs.start(visitor, display_name(Path(request.path)))
    except Full as error:
        return message_card(in_words(error), kind="error"), "", 0
    run.asked, run.blind = request, blind
    if known is None or searched:
        run.card = message_card(say("turn_next"))
        return run.card, run.run_id, 0
    run.complete(known)
    run.card = message_card(_done(run), kind="done")
    return run.card, run.run_id, 1


def _begun_before(request: Request, runs: RunStore, visitor: str, *, blind: bool) -> Run | None:
    """The visitor's run of the same clip with the same settings: a second click adds none."""
    if request.people is not None:
        return None
    current = runs.current(visitor)
    going = [current] if current is not None and current.going else []
    for run in [*going, *runs.history(visitor)]:
        asked = run.asked
        if not isinstance(asked, Request) or run.blind != blind:
            continue
        if replace(asked, path=request.path) == request and _same_file(run, asked, request):
            return run
    return None


def _same_file(run: Run, asked: Request, request: Request) -> bool:
    if run.analysis is None:
        return asked.path == request.path
    return run.analysis.video.sha256 == open_video(request.path or "").info.sha256


def analyse(request: Request, runs: RunStore, visitor: str, *, run_id: str = "") -> Iterator[News]:
    """Run an analysis, reporting as it goes.

    Inputs: request, the server's runs, the visitor's session, the run that `begin` made (empty: a
    call of the API, which nobody has begun). Outputs: news.
    """
    if not run_id:
        card, run_id, revision = begin(request, runs, visitor)
        yield card, run_id, revision
        if revision or not run_id:  # known already, or nothing to go on with
            return
    yield from go_on(runs, visitor, run_id)


def go_on(runs: RunStore, visitor: str, run_id: str) -> Iterator[News]:
    """Do what `begin` has begun, unless it was known already, or cancelled as it waited.

    Inputs: the server's runs, the visitor's session, the run that `begin` made. Outputs: news.
    """
    run = runs.get(run_id)
    if run is None or not run.going:
        yield "", "", 0  # the page empties a card when there is no answer at all
        return
    yield from (news for news in _go(run) if runs.on_screen(visitor) is run)
    if not run.at_work:  # it ended as it waited: whoever ended it has said so
        yield "", "", 0
        return
    # The page keeps what comes last, so that is the card of what has the visitor's eye by now.
    seen = runs.on_screen(visitor)
    yield "" if seen is None else seen.card, "", 0


def look_on(runs: RunStore, visitor: str) -> Iterator[News]:
    """What a page that was loaded again shows: what was on screen, at work or over.

    Inputs: the server's runs, the visitor's session. Outputs: news, none where nothing was.
    """
    run = runs.on_screen(visitor)
    if run is None:
        return
    if run.analysis is None and not run.ended and run.work is None:
        # It waited for its turn in an event that went with the page.
        run.card = message_card(say("turn_next"))
    yield run.card, run.run_id, 1 if run.work is None else run.work.results
    if run.going:
        yield from go_on(runs, visitor, run.run_id)


def _go(run: Run) -> Iterator[News]:
    """Look on as a run is at work; the first to look sets it to work."""
    work = _set_to_work(run)
    shown = 0
    try:
        for news, results in work.watch():
            run.card = place_card(news) if isinstance(news, Place) else progress_card(news)
            yield run.card, run.run_id if results > shown else "", results
            shown = results
    except Cancelled:
        run.end(message_card(say("status_stopped")))
    except (InputError, WeightsError) as error:
        run.end(message_card(in_words(error), kind="error"))
    except Exception as error:
        run.end(message_card(say("status_inside", kind=type(error).__name__), kind="error"))
    else:
        run.card = message_card(_done(run), kind="done")
    yield run.card, run.run_id, work.results + 1


def _set_to_work(run: Run) -> Work:
    if run.work is None:
        assert isinstance(run.asked, Request)
        run.work = Work()
        asked, work = run.asked, run.work
        do = partial(_work, run, asked, work)
        work.start(do, run.stop, visitor=run.visitor, profile=asked.profile)
    return run.work


def _work(run: Run, request: Request, work: Work) -> None:
    try:
        found = found_in(
            request,
            lambda progress: work.tell(progress, new=run.take(progress.result)),
            run.stop.is_set,
            search=is_searched(request),
        )
        run.parts = found.parts
        run.complete(found.analysis)
    except (InputError, WeightsError):
        raise
    except Cancelled:
        # Whoever left dropped the run's files before this thread wrote its last one.
        shutil.rmtree(run.folder, ignore_errors=True)
        raise
    except Exception:
        # The visitor gets a sentence, the server's log the traceback.
        _log.exception("an analysis failed")
        raise


def found_in(
    request: Request, listener: Listener, stop_asked: StopAsked, *, search: bool = False
) -> Found:
    """Analyse a clip where the networks are best at work: here, or where a Space lends a GPU.

    Raises:
        InputError: What is wrong with the clip.
        WeightsError: Weights are missing or damaged.
        Cancelled: `stop_asked` said so.
    """
    if is_zero_gpu():
        return find_on_gpu(request, listener, stop_asked, search=search)
    return find(analyser(request.profile), request, listener, stop_asked, search=search)


def _done(run: Run) -> str:
    assert run.analysis is not None
    timings, video = run.analysis.timings_s, run.analysis.video
    if any(origin.stored for origin in run.analysis.provenance.values()):
        return say("status_known", frames=video.frames)
    return say("status_done", frames=video.frames, seconds=f"{timings['total']:.1f}")


def stop(runs: RunStore, visitor: str) -> News:
    """Ask the visitor's run to end; one that still waits for its turn ends at once.

    Inputs: runs, visitor. Outputs: news.
    """
    run = runs.stop(visitor)
    if run is None:
        return message_card(say("status_nothing_runs")), "", 0
    if run.at_work:
        return message_card(say("status_stopping")), "", 0
    run.end(message_card(say("status_stopped")))
    return (run.card, run.run_id, 1) if runs.on_screen(visitor) is run else (run.card, "", 0)
