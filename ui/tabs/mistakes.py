"""A first view of the mistakes: any evaluation's figures, confusion and misclassified clips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from pipeline.elements import LABELS, NUM_CLASSES
from pipeline.errors import InputError
from pipeline.store import load
from pipeline.types import Analysis
from ui.cards import message_card
from ui.evaluation_views import (
    CONFUSION_JS,
    accuracy_bars,
    class_bars,
    clip_table,
    confusion_html,
    figures_table,
)
from ui.evaluations import (
    Evaluated,
    Evaluation,
    EvaluationError,
    class_accuracies,
    evaluation_folders,
    read_evaluation,
)
from ui.events import QUIET
from ui.hosting import hosted
from ui.labels import label
from ui.language import in_words, say
from ui.names import display_name
from ui.session import Session, visitor_of

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "evaluations"


def build_tab(session: Session, tab: gr.Tab, *, status: gr.HTML) -> None:
    """Lay out the choice of an evaluation, its figures, and the lists that lead to the desk.

    Args:
        session: What the tabs share.
        tab: Where this goes.
        status: The desk's, which says what was opened.
    """
    assert session.pages is not None
    gr.Markdown(label("mistakes_intro"), elem_classes="rs-intro")
    with gr.Row(equal_height=False):
        chosen = gr.Dropdown([], label=label("mistakes_choose"), elem_id="evaluation", scale=2)
        typed = gr.Textbox(
            label=label("mistakes_folder"), info=label("mistakes_folder_info"),
            elem_id="evaluation-folder", visible=not hosted(), scale=3,
        )  # fmt: skip
        go = gr.Button(
            label("mistakes_open"), elem_id="evaluation-open", visible=not hosted(), scale=1,
            min_width=100,
        )  # fmt: skip
    note = gr.HTML(elem_id="mistakes-note", show_label=False)
    with gr.Column(visible=False, elem_id="mistakes-body") as body:
        figures = gr.Dataframe(
            label=label("mistakes_figures"), interactive=False, elem_id="evaluation-figures"
        )
        bars = gr.Plot(show_label=False, label=label("mistakes_figures"), elem_id="voter-bars")
        voter = gr.Radio([], label=label("mistakes_voter"), elem_id="voter")
        classes = gr.Plot(show_label=False, label=label("mistakes_classes"), elem_id="class-bars")
        matrix = gr.HTML(js_on_load=CONFUSION_JS, elem_id="confusion", show_label=False)
        heading = gr.HTML(elem_id="clips-note", show_label=False)
        clips = gr.Dataframe(
            label=label("mistakes_clips"), interactive=False, elem_id="evaluation-clips",
            max_height=420,
        )  # fmt: skip
    folder, listed = gr.State(""), gr.State([])
    by_voter = [classes, matrix, heading, clips, listed]
    desk = [status, session.shown, session.pages]
    whole = [note, body, folder, figures, bars, voter, *by_voter]

    def to_the_desk(
        path: str, stems: list[str], event: gr.SelectData, request: gr.Request
    ) -> list[Any]:
        try:
            analysis = analysis_of(read_evaluation(Path(path)), _stem_of(event, stems))
        except InputError as error:
            return [message_card(in_words(error), kind="error"), *(gr.skip() for _ in desk)]
        run = session.runs.adopt(visitor_of(request), analysis)
        key = "open_done" if Path(analysis.video.path).is_file() else "open_without_clip"
        sentence = say(key, name=run.title, profile=analysis.profile)
        run.card = message_card(sentence, kind="done")
        return [gr.skip(), run.card, (run.run_id, 1), gr.Tabs(selected="desk")]

    tab.select(_first_look, folder, chosen, **QUIET)
    chosen.change(_open_listed, chosen, whole, **QUIET)
    gr.on([go.click, typed.submit], _open_typed, typed, whole, **QUIET)
    voter.input(_by, [folder, voter], by_voter, **QUIET)
    matrix.click(_cell, [folder, voter], [heading, clips, listed], **QUIET)
    clips.select(to_the_desk, [folder, listed], [note, *desk], **QUIET)


def _first_look(path: str) -> Any:
    """The evaluations at hand; the first one opens by itself as long as none is open."""
    options = [(folder.name, str(folder)) for folder in evaluation_folders(SHIPPED)]
    if path or not options:
        return gr.Dropdown(options)
    return gr.Dropdown(options, value=options[0][1])


def _open_listed(path: str | None) -> list[Any]:
    known = [str(folder) for folder in evaluation_folders(SHIPPED)]
    return _open(Path(path)) if path in known else _nothing(say("mistakes_none"))


def _open_typed(path: str) -> list[Any]:
    if hosted() or not path.strip():
        return _nothing(say("mistakes_type_first"))
    return _open(Path(path.strip()).expanduser())


def _by(path: str, name: str) -> list[Any]:
    try:
        return _by_voter(read_evaluation(Path(path)), name)
    except EvaluationError as error:  # it went while it was open
        skip = gr.skip()
        return [skip, skip, message_card(in_words(error), kind="error"), skip, skip]


def _cell(path: str, name: str, event: gr.EventData) -> list[Any]:
    true, said = _class_of(event, "true_class"), _class_of(event, "said")
    if not path or true is None or said is None:
        return [gr.skip()] * 3
    try:
        found = read_evaluation(Path(path)).of_cell(name, true, said)
    except EvaluationError as error:
        return [message_card(in_words(error), kind="error"), gr.skip(), gr.skip()]
    words = say("mistakes_cell", count=len(found), true_class=LABELS[true], said=LABELS[said])
    return [message_card(words), clip_table(found, name), [clip.stem for clip in found]]


def _stem_of(event: gr.SelectData, stems: list[str]) -> str:
    """The clip of a row; the table may be sorted or filtered in the browser."""
    row = getattr(event, "row_value", None)
    named = str(row[0]) if row else ""
    return named if named in stems else ""


def _open(path: Path) -> list[Any]:
    try:
        evaluation = read_evaluation(path)
    except EvaluationError as error:
        return _nothing(in_words(error), kind="error")
    voters = list(evaluation.voters)
    if not voters or not evaluation.clips:
        return _nothing(say("mistakes_no_labels", name=path.name), kind="error")
    first = "weighted" if "weighted" in voters else voters[0]
    title = evaluation.summary.get("title", path.name)
    words = say("mistakes_opened", name=title, clips=len(evaluation.clips))
    return [
        message_card(words, kind="done"),
        gr.Column(visible=True),
        str(path),
        figures_table(evaluation),
        accuracy_bars(evaluation),
        gr.Radio([(display_name(v), v) for v in voters], value=first),
        *_by_voter(evaluation, first),
    ]


def _nothing(sentence: str, *, kind: str = "note") -> list[Any]:
    card = message_card(sentence, kind=kind)
    return [card, gr.Column(visible=False), "", None, None, gr.skip(), None, "", "", None, []]


def _by_voter(evaluation: Evaluation, voter: str) -> list[Any]:
    wrong: list[Evaluated] = evaluation.mistakes(voter)
    words = say("mistakes_wrong", count=len(wrong), of=len(evaluation.clips))
    return [
        class_bars(class_accuracies(evaluation, voter), voter),
        confusion_html(evaluation.confusion(voter)),
        message_card(words),
        clip_table(wrong, voter),
        [clip.stem for clip in wrong],
    ]


def analysis_of(evaluation: Evaluation, stem: str) -> Analysis:
    """The analysis of one clip of an evaluation, with its clip where that can be found.

    Raises:
        InputError: The evaluation did not keep it, or it is damaged.
    """
    folder = evaluation.analysis_folder(stem) if stem else None
    if folder is None:
        raise EvaluationError(say("mistakes_not_kept", stem=stem))
    analysis = load(folder)
    places = (
        Path(analysis.video.path),
        evaluation.folder / "videos" / f"{stem}.mp4",
        evaluation.folder / analysis.video.path,
    )
    here = next((place for place in places if place.is_file()), places[0])
    return replace(analysis, video=replace(analysis.video, path=str(here)))


def _class_of(event: gr.EventData, name: str) -> int | None:
    """A class index out of a message of the browser, which may hold anything."""
    value = getattr(event, name, None)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < NUM_CLASSES else None
