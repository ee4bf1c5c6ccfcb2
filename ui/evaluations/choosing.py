"""What a choice on the page of an evaluation fills: its parts, in the order of that page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import gradio as gr

from pipeline.elements import LABELS, NUM_CLASSES
from pipeline.errors import InputError
from ui.evaluations.clip_list import Opens, clip_list_html, clip_rows
from ui.evaluations.confusion import confusion_html
from ui.evaluations.opening import known_run, open_kept, open_video
from ui.evaluations.reliability import curves_of, reliability_figure
from ui.evaluations.run_folder import (
    Evaluated,
    Evaluation,
    EvaluationError,
    class_accuracies,
    evaluation_folders,
    read_evaluation,
    video_in,
)
from ui.evaluations.views import accuracy_bars, class_bars, comparison_note, figures_table
from ui.hosting import hosted
from ui.language.messages import in_words
from ui.language.names import display_name, element_name
from ui.language.tables import say
from ui.runs import Opened, RunStore
from ui.views.cards import message_card

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "evaluations"

Cell = tuple[int, int]
"""Of the matrix: true class, given class."""


def first_look(opened: str, unit: str, videos: str) -> list[Any]:
    """The evaluations at hand; the first one opens by itself as long as none is open."""
    options = _options(opened)
    if opened or not options:
        note = gr.skip() if opened else message_card(say("mistakes_none"))
        return _only(note, gr.Dropdown(options, value=opened or None))
    return _open(Path(options[0][1]), opened, unit, videos)


def _options(opened: str) -> list[tuple[str, str]]:
    """The evaluations at hand, and the one that is open."""
    known = {str(folder): folder.name for folder in evaluation_folders(SHIPPED)}
    return [(name, path) for path, name in ({opened: Path(opened).name} | known).items() if path]


def open_listed(path: str | None, opened: str, unit: str, videos: str) -> list[Any]:
    """Open what was chosen of those at hand."""
    listed = [path for _, path in _options(opened)]
    if path not in listed:
        return _refused(say("mistakes_choose_first"), opened)
    return _open(Path(path), opened, unit, videos)


def open_typed(path: str, chosen: str | None, opened: str, unit: str, videos: str) -> list[Any]:
    """Open what is typed; with nothing typed, what is chosen."""
    if hosted() or not path.strip():
        return open_listed(chosen, opened, unit, videos)
    return _open(_path(path), opened, unit, videos)


def _open(path: Path, opened: str, unit: str, videos: str) -> list[Any]:
    try:
        evaluation = read_evaluation(path)
    except EvaluationError as error:
        return _refused(in_words(error), opened)
    voters = list(evaluation.voters)
    if not voters or not evaluation.clips:
        return _refused(say("mistakes_no_labels", name=path.name), opened)
    first = "weighted" if "weighted" in voters else voters[0]
    words = say("mistakes_opened", name=evaluation.title, clips=len(evaluation.clips))
    return [
        message_card(words, kind="done"),
        gr.Dropdown(_options(str(path)), value=str(path)),
        "",
        gr.Column(visible=True),
        str(path),
        gr.Radio([(display_name(v), v) for v in voters], value=first),
        message_card(comparison_note(evaluation)),
        figures_table(evaluation),
        accuracy_bars(evaluation),
        *_by_voter(evaluation, first, unit, videos),
    ]


def _refused(sentence: str, opened: str) -> list[Any]:
    """Why an evaluation does not open; the one that is open stays, and so does its name."""
    card = message_card(sentence, kind="error")
    return _only(card, gr.Dropdown(_options(opened), value=opened or None))


def _only(note: Any, chosen: Any) -> list[Any]:
    return [note, chosen, *(gr.skip() for _ in range(14))]


def of_voter(path: str, name: str, unit: str, videos: str) -> list[Any]:
    """The matrix and the mistakes of one voter."""
    try:
        return _by_voter(read_evaluation(Path(path)), name, unit, videos)
    except EvaluationError as error:  # it went while it was open
        return [gr.skip(), gr.skip(), *_list_stays(error), gr.skip()]


def in_unit(path: str, name: str, event: gr.EventData) -> list[Any]:
    """The matrix in clips or in percent of the row, if that is what was pressed."""
    unit = getattr(event, "unit", None)
    if not path or unit not in ("count", "share"):
        return [gr.skip()] * 3
    try:
        return [unit, _matrix(read_evaluation(Path(path)), name, unit), ""]
    except EvaluationError as error:
        return [gr.skip(), gr.skip(), message_card(in_words(error), kind="error")]


def of_cell(path: str, name: str, videos: str, event: gr.EventData) -> list[Any]:
    """The clips of the cell that was pressed."""
    true, said = _class_of(event, "true_class"), _class_of(event, "said")
    if not path or true is None or said is None:
        return [gr.skip()] * 4
    return _list_of(path, name, (true, said), videos)


def all_mistakes(path: str, name: str, videos: str) -> list[Any]:
    """Every clip that the voter got wrong."""
    return _list_of(path, name, None, videos)


def named_videos(path: str, name: str, cell: Cell | None, videos: str) -> list[Any]:
    """The list anew, with what can be analysed from the folder that was typed."""
    named = typed_folder(videos)
    listed = _list_of(path, name, cell, videos) if path else [gr.skip()] * 4
    if path and named is not None and not listed[2]:
        clips = read_evaluation(Path(path)).clips
        found = sum(video_in(named, clip.stem) is not None for clip in clips)
        words = say("mistakes_videos_found", found=found, of=len(clips), name=named.name)
        listed[2] = message_card(words, kind="done" if found else "error")
    return listed


def _list_of(path: str, name: str, cell: Cell | None, videos: str) -> list[Any]:
    try:
        return _listing(read_evaluation(Path(path)), name, cell, videos)
    except EvaluationError as error:
        return _list_stays(error)


def _list_stays(error: InputError) -> list[Any]:
    return [gr.skip(), gr.skip(), message_card(in_words(error), kind="error"), gr.skip()]


def _by_voter(evaluation: Evaluation, voter: str, unit: str, videos: str) -> list[Any]:
    return [
        _matrix(evaluation, voter, unit),
        class_bars(class_accuracies(evaluation, voter), voter),
        *_listing(evaluation, voter, None, videos),
        reliability_figure(curves_of(evaluation, voter), voter),
    ]


def _matrix(evaluation: Evaluation, voter: str, unit: str) -> str:
    title = _file_name(evaluation, voter)
    return confusion_html(evaluation.confusion(voter), title=title, share=unit == "share")


def _listing(evaluation: Evaluation, voter: str, cell: Cell | None, videos: str) -> list[Any]:
    """The mistakes, or the clips of a cell: what was chosen, its heading, no message, the list."""
    clips: list[Evaluated]
    if cell is None:
        clips = evaluation.mistakes(voter)
        words = say(
            "mistakes_wrong", count=len(clips), of=len(evaluation.clips), voter=display_name(voter)
        )
    else:
        clips = evaluation.of_cell(voter, *cell)
        true, said = (element_name(LABELS[index]) for index in cell)
        words = say("mistakes_cell", count=len(clips), true_class=true, said=said)
    named = typed_folder(videos)

    def opens(stem: str) -> Opens:
        if evaluation.analysis_folder(stem):
            return "kept"
        return "video" if evaluation.video(stem, named) else "nothing"

    rows = clip_rows(clips, voter, opens)
    name = f"{_file_name(evaluation, voter)} clips"
    return [cell, message_card(words), "", clip_list_html(rows, voter, name=name)]


def _file_name(evaluation: Evaluation, voter: str) -> str:
    return f"{evaluation.folder.name} {display_name(voter)}"


def typed_folder(videos: str | None) -> Path | None:
    """The folder that was typed; on a hosted page nobody types one."""
    typed = (videos or "").strip()
    return None if hosted() or not typed else _path(typed)


def _path(typed: str) -> Path:
    """A typed folder; `~` is the home, as in a shell."""
    return Path(os.path.expanduser(typed.strip()))


def pick_clip(
    runs: RunStore, visitor: str, asked: tuple[str, str, Path | None], event: gr.EventData
) -> list[Any]:
    """A row was clicked: its analysis to the desk, or a sentence beside the list.

    Outputs: the note beside the list, status, `shown`, `begun`, the pages.
    """
    path, voter, named = asked
    stays = [gr.skip() for _ in range(4)]
    try:
        evaluation = read_evaluation(Path(path))
        clip = evaluation.clip(str(getattr(event, "stem", "")))
        if clip is None:
            raise EvaluationError(say("mistakes_list_changed"))
        opened = _opened(evaluation, clip, voter, event)
        run = known_run(runs, visitor, opened) or open_kept(runs, visitor, evaluation, opened)
        if run is not None:
            return ["", run.card, (run.run_id, 1), gr.skip(), gr.Tabs(selected="desk")]
        video = evaluation.video(clip.stem, named)
        if video is None or not getattr(event, "analyse", False):
            key = "mistakes_not_kept" if video else "mistakes_no_video_for"
            return [message_card(say(key, stem=clip.stem)), *stays]
        card, run_id, revision = open_video(runs, visitor, evaluation, opened, video)
    except InputError as error:
        return [message_card(in_words(error), kind="error"), *stays]
    if not run_id:
        return [card, *stays]
    return ["", card, (run_id, revision), run_id, gr.Tabs(selected="desk")]


def _opened(evaluation: Evaluation, clip: Evaluated, voter: str, event: gr.EventData) -> Opened:
    said, sure = clip.says(voter), clip.probability(voter)
    words = say(
        "mistakes_was_said", name=evaluation.folder.name, voter=display_name(voter),
        said=say("mistakes_no_answer") if said is None else element_name(LABELS[said]),
        sure="" if sure is None else f" {sure:.0%}",
    )  # fmt: skip
    place, of = (_whole(event, name, len(evaluation.clips)) or 0 for name in ("place", "of"))
    return Opened(evaluation.folder, clip.stem, clip.label, words, place=place, of=of)


def _class_of(event: gr.EventData, name: str) -> int | None:
    """A class index out of a message of the browser, which may hold anything."""
    return _whole(event, name, NUM_CLASSES - 1)


def _whole(event: gr.EventData, name: str, most: int) -> int | None:
    """A whole number from 0 to `most`, if a message of the browser has one of that name."""
    value = getattr(event, name, None)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= most else None
