"""The mistakes: an evaluation's confusion matrix beside the clips behind it, and its figures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from pipeline.elements import LABELS, NUM_CLASSES
from pipeline.errors import InputError
from ui import callbacks
from ui.desk.asking import then_analyse
from ui.evaluations.clip_list import CLIP_LIST_JS, Opens, clip_list_html, clip_rows
from ui.evaluations.confusion import CONFUSION_JS, confusion_html
from ui.evaluations.opened import BAR_JS, opened_bar
from ui.evaluations.opening import known_run, open_kept, open_video
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
from ui.events import AT_ONCE, QUIET
from ui.language.labels import label
from ui.language.messages import in_words
from ui.language.names import display_name, element_name
from ui.language.tables import say
from ui.runs import Opened, RunStore
from ui.server.hosting import hosted
from ui.session import Session, Shown, visitor_of
from ui.views.cards import message_card

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "evaluations"

Cell = tuple[int, int]
"""Of the matrix: true class, given class."""

BACK_JS = """() => requestAnimationFrame(() => requestAnimationFrame(() => {
  const row = document.querySelector('#evaluation-clips [aria-current] button');
  row?.scrollIntoView({block: 'center'});
  row?.focus({preventScroll: true});
}))"""
"""The list is seen where it was left."""


ARRIVED_JS = """() => requestAnimationFrame(() => requestAnimationFrame(() => {
  const desk = document.querySelector('#desk');
  const list = document.querySelector('#evaluation-clips');
  if (list?.dataset.from !== 'list' || desk.offsetParent === null) return;
  delete list.dataset.from;
  desk.scrollIntoView({block: 'start'});
}))"""
"""Whoever comes from the list sees the desk from its top; whoever steps on stays where they are."""


@dataclass(frozen=True)
class _Page:
    """The parts that an evaluation fills."""

    note: gr.HTML
    chosen: gr.Dropdown
    typed: gr.Textbox
    body: gr.Column
    folder: gr.State
    voter: gr.Radio
    unit: gr.State
    matrix: gr.HTML
    cell: gr.State
    heading: gr.HTML
    clip_note: gr.HTML
    clips: gr.HTML
    videos: gr.Textbox
    classes: gr.Plot
    compared: gr.HTML
    figures: gr.Dataframe
    bars: gr.Plot

    @property
    def listed(self) -> list[Any]:
        """What a choice of clips fills."""
        return [self.cell, self.heading, self.clip_note, self.clips]

    @property
    def by_voter(self) -> list[Any]:
        """What a choice of a voter fills."""
        return [self.matrix, self.classes, *self.listed]

    @property
    def whole(self) -> list[Any]:
        """What the choice of an evaluation fills."""
        own = [self.note, self.chosen, self.typed, self.body, self.folder, self.voter]
        return [*own, self.compared, self.figures, self.bars, *self.by_voter]


def build_tab(session: Session, tab: gr.Tab, *, status: gr.HTML) -> None:
    """Lay out the choice of an evaluation, the matrix beside its clips, and the figures.

    Args:
        session: What the tabs share.
        tab: Where this goes.
        status: The desk's, which says what was opened.
    """
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
        page, every = _build_body(note, chosen, typed, body)
    _wire_choice(page, tab, go)
    _wire_list(page, every)
    _wire_opening(session, page, status)


def _build_body(
    note: gr.HTML, chosen: gr.Dropdown, typed: gr.Textbox, body: gr.Column
) -> tuple[_Page, gr.Button]:
    voter = gr.Radio([], label=label("mistakes_voter"), elem_id="voter")
    with gr.Row(equal_height=False, elem_id="matrix-and-clips"):
        with gr.Column(scale=14, min_width=320):
            matrix = gr.HTML(js_on_load=CONFUSION_JS, elem_id="confusion", show_label=False)
        with gr.Column(scale=9, min_width=320, elem_id="clips-side"):
            heading = gr.HTML(elem_id="clips-note", show_label=False)
            clip_note = gr.HTML(elem_id="clip-note", show_label=False)
            clips = gr.HTML(js_on_load=CLIP_LIST_JS, elem_id="evaluation-clips", show_label=False)
            every = gr.Button(label("mistakes_all"), elem_id="clips-all", size="sm")
            videos = gr.Textbox(
                label=label("mistakes_videos"), info=label("mistakes_videos_info"),
                elem_id="videos-folder", visible=not hosted(),
            )  # fmt: skip
    classes = gr.Plot(show_label=False, label=label("mistakes_classes"), elem_id="class-bars")
    compared = gr.HTML(elem_id="figures-note", show_label=False)
    figures = gr.Dataframe(
        label=label("mistakes_figures"), interactive=False, elem_id="evaluation-figures"
    )
    bars = gr.Plot(show_label=False, label=label("mistakes_figures"), elem_id="voter-bars")
    folder, cell, unit = gr.State(""), gr.State(None), gr.State("count")
    page = _Page(
        note, chosen, typed, body, folder, voter, unit, matrix, cell, heading, clip_note, clips,
        videos, classes, compared, figures, bars,
    )  # fmt: skip
    return page, every


def _wire_choice(page: _Page, tab: gr.Tab, go: gr.Button) -> None:
    given = [page.folder, page.unit, page.videos]
    tab.select(_first_look, given, page.whole, **QUIET)
    page.chosen.input(_open_listed, [page.chosen, *given], page.whole, **QUIET)
    gr.on(
        [go.click, page.typed.submit], _open_typed, [page.typed, page.chosen, *given], page.whole,
        **QUIET,
    )  # fmt: skip


def _wire_list(page: _Page, every: gr.Button) -> None:
    asked = [page.folder, page.voter]
    page.voter.input(_by, [*asked, page.unit, page.videos], page.by_voter, **QUIET)
    page.matrix.click(_in_unit, asked, [page.unit, page.matrix, page.clip_note], **QUIET)
    page.matrix.click(_cell, [*asked, page.videos], page.listed, **QUIET)
    every.click(_every, [*asked, page.videos], page.listed, **QUIET)
    page.videos.submit(_named_videos, [*asked, page.cell, page.videos], page.listed, **QUIET)


def _wire_opening(session: Session, page: _Page, status: gr.HTML) -> None:
    assert session.pages is not None
    news = [status, session.shown, session.visit]

    def pick(
        shown: Shown,
        event: gr.EventData,
        request: gr.Request,
        *,
        path: str,
        voter: str,
        videos: str,
    ) -> list[Any]:
        asked = (path, voter, _folder(videos))
        note, card, news, begun, pages = _pick(session.runs, visitor_of(request), asked, event)
        if isinstance(news, tuple):  # newer than what is on show, be it the same run
            news = (news[0], shown[1] + 1)
        return [note, card, news, session.state_of_visit(request), begun, pages]

    def go_on(begun: str, request: gr.Request) -> Iterator[tuple[Any, Any, Any]]:
        yield from session.told(callbacks.go_on(session.runs, visitor_of(request), begun), request)

    picked = page.clips.click(
        pick,
        session.shown,
        [page.clip_note, *news, session.begun, session.pages],
        inputs_kwargs={"path": page.folder, "voter": page.voter, "videos": page.videos},
        **AT_ONCE,
    )
    then_analyse(picked, go_on, [session.begun], [*news, session.visit])


def build_bar(session: Session) -> None:
    """The line above the desk's views: the true class of a clip of an evaluation, on and back."""
    assert session.pages is not None
    bar = gr.HTML(js_on_load=BAR_JS, elem_id="opened-mistake", show_label=False)

    def show(shown: Shown) -> str:
        run = session.visible(shown)
        return opened_bar(None if run is None else run.opened)

    shown = session.shown.change(show, session.shown, bar, **QUIET)
    shown.then(None, None, None, js=ARRIVED_JS, **QUIET)
    back = bar.click(lambda: gr.Tabs(selected="mistakes"), None, session.pages, **QUIET)
    back.then(None, None, None, js=BACK_JS, **QUIET)


def _first_look(opened: str, unit: str, videos: str) -> list[Any]:
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


def _open_listed(path: str | None, opened: str, unit: str, videos: str) -> list[Any]:
    listed = [path for _, path in _options(opened)]
    if path not in listed:
        return _refused(say("mistakes_choose_first"), opened)
    return _open(Path(path), opened, unit, videos)


def _open_typed(path: str, chosen: str | None, opened: str, unit: str, videos: str) -> list[Any]:
    """Open what is typed; with nothing typed, what is chosen."""
    if hosted() or not path.strip():
        return _open_listed(chosen, opened, unit, videos)
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
    return [note, chosen, *(gr.skip() for _ in range(13))]


def _by(path: str, name: str, unit: str, videos: str) -> list[Any]:
    try:
        return _by_voter(read_evaluation(Path(path)), name, unit, videos)
    except EvaluationError as error:  # it went while it was open
        return [gr.skip(), gr.skip(), *_list_stays(error)]


def _in_unit(path: str, name: str, event: gr.EventData) -> list[Any]:
    """The matrix in clips or in percent of the row, if that is what was pressed."""
    unit = getattr(event, "unit", None)
    if not path or unit not in ("count", "share"):
        return [gr.skip()] * 3
    try:
        return [unit, _matrix(read_evaluation(Path(path)), name, unit), ""]
    except EvaluationError as error:
        return [gr.skip(), gr.skip(), message_card(in_words(error), kind="error")]


def _cell(path: str, name: str, videos: str, event: gr.EventData) -> list[Any]:
    true, said = _class_of(event, "true_class"), _class_of(event, "said")
    if not path or true is None or said is None:
        return [gr.skip()] * 4
    return _list_of(path, name, (true, said), videos)


def _every(path: str, name: str, videos: str) -> list[Any]:
    return _list_of(path, name, None, videos)


def _named_videos(path: str, name: str, cell: Cell | None, videos: str) -> list[Any]:
    """The list anew, with what can be analysed from the folder that was typed."""
    named = _folder(videos)
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
    named = _folder(videos)

    def opens(stem: str) -> Opens:
        if evaluation.analysis_folder(stem):
            return "kept"
        return "video" if evaluation.video(stem, named) else "nothing"

    rows = clip_rows(clips, voter, opens)
    name = f"{_file_name(evaluation, voter)} clips"
    return [cell, message_card(words), "", clip_list_html(rows, voter, name=name)]


def _file_name(evaluation: Evaluation, voter: str) -> str:
    return f"{evaluation.folder.name} {display_name(voter)}"


def _folder(videos: str | None) -> Path | None:
    """The folder that was typed; on a hosted page nobody types one."""
    typed = (videos or "").strip()
    return None if hosted() or not typed else _path(typed)


def _path(typed: str) -> Path:
    """A typed folder; `~` is the home, as in a shell."""
    return Path(os.path.expanduser(typed.strip()))


def _pick(
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
