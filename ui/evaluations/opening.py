"""A clip of an evaluation comes to the desk: known already, kept with it, or analysed now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.storage.analysis_files import load
from pipeline.types import Analysis
from ui import callbacks
from ui.evaluations.run_folder import Evaluation, EvaluationError
from ui.language.tables import say
from ui.runs import Opened, Run, RunStore
from ui.views.cards import message_card


def known_run(runs: RunStore, visitor: str, opened: Opened) -> Run | None:
    """The run of this visit that shows the clip already, so that no second one is made."""
    for run in runs.history(visitor):
        if opened.same_clip(run.opened):
            run.opened = opened
            runs.look_at(visitor, run.run_id)
            return run
    return None


def open_kept(runs: RunStore, visitor: str, evaluation: Evaluation, opened: Opened) -> Run | None:
    """A run of the analysis that the evaluation kept; None where it kept none.

    Raises:
        InputError: The analysis is damaged.
    """
    if evaluation.analysis_folder(opened.stem) is None:
        return None
    analysis = analysis_of(evaluation, opened.stem)
    run = runs.adopt(visitor, analysis)
    run.opened = opened
    key = "open_done" if Path(analysis.video.path).is_file() else "open_without_clip"
    run.card = message_card(say(key, name=run.title, profile=analysis.profile), kind="done")
    return run


def open_video(
    runs: RunStore, visitor: str, evaluation: Evaluation, opened: Opened, video: Path
) -> callbacks.News:
    """Begin to analyse a clip with the evaluation's profile; without a run id it cannot be."""
    request = callbacks.Request(str(video), evaluation.profile, whole=True)
    card, run_id, revision = callbacks.begin(request, runs, visitor)
    if run := runs.get(run_id):
        run.opened = opened
    return card, run_id, revision


def analysis_of(evaluation: Evaluation, stem: str) -> Analysis:
    """The analysis of one clip of an evaluation, with its clip where that can be found.

    Raises:
        InputError: The evaluation did not keep it, or it is damaged.
    """
    folder = evaluation.analysis_folder(stem) if stem else None
    if folder is None:
        raise EvaluationError(say("mistakes_not_kept", stem=stem))
    analysis = load(folder)
    stated = Path(analysis.video.path)
    here = stated if stated.is_file() else evaluation.video(stem)
    return replace(analysis, video=replace(analysis.video, path=str(here or stated)))
