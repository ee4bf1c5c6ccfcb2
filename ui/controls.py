"""The left side of the desk: the clip, in and out points, Analyse and Cancel, this visit."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from pipeline.config import profile_names
from pipeline.errors import InputError
from pipeline.types import VideoInfo
from ui import callbacks
from ui.events import QUIET
from ui.export.takeaway import open_saved
from ui.language.labels import choice, label
from ui.language.messages import in_words
from ui.language.names import element_name
from ui.language.tables import say
from ui.left import facts_of, left_of, same_text
from ui.runs import Run
from ui.session import NOT_ANALYSED, UNREADABLE, Session, Shown, visitor_of
from ui.trim import build_trim
from ui.views.cards import message_card

ASSETS = Path(__file__).resolve().parent.parent / "assets"
AT_ONCE: dict[str, Any] = {**QUIET, "concurrency_limit": None}
"""In the queue, because only there a changed `shown` makes the tabs listen; but behind nobody."""


@dataclass(frozen=True)
class Fields:
    """What is asked for: the clip on screen and the fields beside it."""

    video: gr.File
    profile: gr.Dropdown
    start: gr.Textbox
    end: gr.Textbox
    skater: gr.Textbox
    stream: gr.Textbox

    def all(self) -> list[Any]:
        """In the order of `left.Left`."""
        return list(self.named().values())

    def named(self) -> dict[str, Any]:
        """By the arguments of `callbacks.request_of`."""
        return {
            "path": self.video,
            "profile": self.profile,
            "start": self.start,
            "end": self.end,
            "skater": self.skater,
            "stream": self.stream,
        }


@dataclass(frozen=True)
class Controls:
    """What the rest of the page wires to."""

    upload: gr.File
    """Where a visitor puts a clip; empty again as soon as it has one."""
    video: gr.File
    """The clip on screen, out of sight."""
    fields: Fields
    """What is asked for."""
    status: gr.HTML
    blind: gr.Checkbox


def examples() -> list[Path]:
    """The clips that ship, the first of which is analysed when the app starts."""
    return sorted((ASSETS / "examples").glob("*.mp4"))


def upload_field(title: Any, **options: Any) -> gr.File:
    """A field for files of any name.

    Without file types, by which gradio and the browser would refuse names: an ending may be absent
    or wrong. What is read is `pipeline.video.probing.formats`; the content of a file decides.
    """
    return gr.File(label=title, **{"height": 120, **options})


def build_controls(session: Session) -> Controls:
    """Lay out and wire the left side."""
    upload = upload_field(label("clip_upload"), height=84, elem_id="upload")
    video = gr.File(visible="hidden", elem_id="clip-file")
    facts = gr.HTML(elem_id="clip", show_label=False)
    ready = _build_examples(video)
    start, end = build_trim()
    with gr.Row(elem_id="go"):
        go = gr.Button(label("button_go"), variant="primary", elem_id="analyse", min_width=120)
        halt = gr.Button(label("button_cancel"), elem_id="stop", min_width=100)
    status = gr.HTML(elem_id="status", show_label=False)
    blind = gr.Checkbox(
        False, label=label("blind_switch"), info=label("blind_info"), elem_id="blind"
    )
    with gr.Accordion(label("settings_title"), open=False, elem_id="settings"):
        profile = gr.Dropdown(
            [choice(f"profile_{name}", name) for name in profile_names()],
            value="demo",
            label=label("settings_profile"),
        )
        # No gr.Number: an empty one becomes 0 as soon as it is seen, which is somebody's number.
        skater = gr.Textbox(
            "", label=label("settings_skater"), info=label("settings_skater_info"), max_lines=1,
            elem_id="skater",
        )  # fmt: skip
        stream = gr.Textbox(
            "", label=label("settings_stream"), info=label("settings_stream_info"), max_lines=1,
            elem_id="stream",
        )  # fmt: skip
    _build_history(session, status)
    _build_opener(session, status)

    fields = Fields(video, profile, start, end, skater, stream)
    taken = [facts, start, end, skater, stream, status, session.shown]
    upload.upload(_take_for(session), [upload, session.shown], [upload, video, *taken], **AT_ONCE)
    restored = gr.State("")
    session.shown.change(
        _restore_for(session),
        [session.shown, restored, *fields.all()],
        [restored, facts, *fields.all()],
        **QUIET,
    )
    begin, analyse = _begin_for(session), _analyse_for(session)
    news = [status, session.shown, session.visit]

    def wire(trigger: Any, **api: Any) -> None:
        asked = fields.named()
        begun = trigger(begin, blind, [*news, session.begun], inputs_kwargs=asked, **AT_ONCE)
        then_analyse(begun, analyse, [session.begun], news, inputs_kwargs=asked, **api)

    wire(go.click, api_name="analyse", api_visibility="public")
    if ready is not None:
        chosen = ready.load_input_event.then(
            _take_example_for(session), [video, session.shown], taken, **AT_ONCE
        )
        wire(chosen.then)
    halt.click(_stop_for(session), None, news, **AT_ONCE)
    return Controls(upload, video, fields, status, blind)


def _build_examples(video: gr.File) -> Any:
    chosen = examples()
    if not chosen:
        return None
    with gr.Accordion(label("clip_examples_fold"), open=True, elem_id="examples-fold"):
        return gr.Examples(
            [[str(path)] for path in chosen],
            [video],
            label=label("clip_examples"),
            example_labels=[path.stem for path in chosen],
            elem_id="examples",
        )


def _take_for(session: Session) -> Any:
    """A clip of the visitor's comes on screen; what the one before left there goes."""
    example = _take_example_for(session)

    def take(path: str | None, shown: Shown, request: gr.Request) -> list[Any]:
        return [None, path, *example(path, shown, request)]

    return take


def _take_example_for(session: Session) -> Any:
    def take(path: str | None, shown: Shown, request: gr.Request) -> list[Any]:
        session.runs.look_at(visitor_of(request), NOT_ANALYSED)
        facts = callbacks.describe(path)
        what = UNREADABLE if path and facts.duration_s is None else NOT_ANALYSED
        return [facts.card, "", "", "", "", "", (what, shown[1] + 1)]

    return take


def _restore_for(session: Session) -> Any:
    """Whatever run comes on screen, the left says what was asked for when it was made.

    Once: what is typed, or set by A and B, while it is on screen is for the next one.
    """

    def restore(shown: Shown, restored: str, *now: Any) -> list[Any]:
        run = session.run_of(shown)
        if run is None:  # a clip that was chosen just now; the fields know
            return ["", *(gr.skip() for _ in range(7))]
        nothing = [run.run_id, *(gr.skip() for _ in range(7))]
        if restored == run.run_id:
            return nothing
        left = left_of(run)
        pairs = list(zip(left.all(), now, strict=True))
        if all(same_text(new, old) for new, old in pairs):
            return nothing
        changed = [gr.skip() if same_text(new, old) else new for new, old in pairs]
        facts = facts_of(run, left)
        # Reading a clip takes a while, in which the visitor may have chosen another one.
        still = session.runs.on_screen(run.visitor) is run
        return [run.run_id, facts, *changed] if still else [gr.skip()] * 8

    return restore


def _build_history(session: Session, status: gr.HTML) -> None:
    """The analyses of this visit; choosing one puts it on the desk."""
    with gr.Accordion(label("history_title"), open=True, elem_id="history"):
        past = gr.Radio([], label=label("history_label"), show_label=False, elem_id="history-list")

    def remember(request: gr.Request) -> Any:
        visitor = visitor_of(request)
        runs, seen = session.runs.visit(visitor), session.runs.on_screen(visitor)
        lines = [(history_line(run), run.run_id) for run in runs]
        return gr.Radio(lines, value=seen.run_id if seen in runs else None)

    def look_back(run_id: str, shown: Shown, request: gr.Request) -> list[Any]:
        run = session.runs.get(run_id)
        if run is None or run.visitor != visitor_of(request):
            return [gr.skip(), gr.skip()]
        session.runs.look_at(run.visitor, run_id)
        return [run.card, (run_id, shown[1] + 1)]

    gr.on([session.visit.change, session.finished.change], remember, None, past, **QUIET)
    past.input(look_back, [past, session.shown], [status, session.shown], **AT_ONCE)


def _build_opener(session: Session, status: gr.HTML) -> None:
    """The way back in for what was taken away."""
    with gr.Accordion(label("open_title"), open=False, elem_id="open"):
        saved = upload_field(label("open_upload"), file_count="multiple", elem_id="open-saved")

    def bring_back(paths: list[str] | None, request: gr.Request) -> tuple[str, Any]:
        try:
            sentence, run_id = open_saved(paths or [], session.runs, visitor_of(request))
        except InputError as error:
            return message_card(in_words(error), kind="error"), gr.skip()
        card = message_card(sentence, kind="done")
        if run := session.runs.get(run_id):
            run.card = card
        return card, (run_id, 1)

    saved.upload(bring_back, saved, [status, session.shown], **QUIET)


def history_line(run: Run) -> str:
    """One analysis of this visit in a line; a verdict still to be called blind is not told."""
    at = time.strftime("%H:%M", time.localtime(run.began_s))
    if run.analysis is None:
        return say("history_going", name=run.title, at=at)
    if run.hidden:
        return say("history_hidden", name=run.title, at=at)
    verdict = run.analysis.verdict
    return say(
        "history_line", name=run.title, at=at, span=_span_in_words(run.analysis.video),
        label=element_name(verdict.label), probability=f"{verdict.probability:.0%}",
    )  # fmt: skip


def _span_in_words(video: VideoInfo) -> str:
    """The part of the file that was analysed; nothing for the whole of it."""
    frame_s = 1 / video.fps
    if video.start_s < frame_s and video.end_s > video.duration_s - frame_s:
        return ""
    return say("history_span", start=f"{video.start_s:.2f}", end=f"{video.end_s:.2f}")


def begun_as(session: Session, news: callbacks.News, request: gr.Request) -> list[Any]:
    """What `callbacks.begin` says: for the status, `shown`, `visit` and `begun`."""
    card, run_id, revision = news
    shown = (run_id, revision) if run_id else gr.skip()
    return [card, shown, session.state_of_visit(request), run_id or gr.skip()]


def then_analyse(
    begun: Any, go_on: Any, inputs: Sequence[Any], outputs: Sequence[Any], **api: Any
) -> None:
    """After an answer at once, the analysis in its turn.

    Args:
        begun: The event that answers at once.
        go_on: Gets the inputs, and yields what `Session.told` makes.
        inputs: `begun` is one of them, and not `shown`: until its turn comes the visitor may have
            gone to look at something else.
        outputs: The status, `shown` and `visit`.
        **api: Options of the event.
    """
    begun.then(
        on_gpu(go_on),
        list(inputs),
        list(outputs),
        # By default the page would drop it while the run before, which it ends, is still ending.
        trigger_mode="multiple",
        concurrency_limit=1,
        concurrency_id="analyse",
        **{**QUIET, **api},
    )


def _begin_for(session: Session) -> Any:
    def begin(blind: bool, request: gr.Request, **fields: Any) -> list[Any]:
        try:
            asked = callbacks.request_of(**fields)
        except InputError as error:
            return begun_as(session, (message_card(in_words(error), kind="error"), "", 0), request)
        news = callbacks.begin(asked, session.runs, visitor_of(request), blind=blind)
        return begun_as(session, news, request)

    return begin


def _analyse_for(session: Session) -> Any:
    def analyse(begun: str, request: gr.Request, **fields: Any) -> Iterator[tuple[Any, Any, Any]]:
        try:
            asked = callbacks.request_of(**fields)
        except InputError as error:
            # Of a call of the API; `begin` has said so to whoever clicked.
            card = gr.skip() if begun else message_card(in_words(error), kind="error")
            yield card, gr.skip(), gr.skip()
            return
        steps = callbacks.analyse(asked, session.runs, visitor_of(request), run_id=begun)
        yield from session.told(steps, request)

    return analyse


def _stop_for(session: Session) -> Any:
    def stop(request: gr.Request) -> tuple[Any, Any, Any]:
        steps = iter([callbacks.stop(session.runs, visitor_of(request))])
        return next(session.told(steps, request))

    return stop


def on_gpu(function: Any) -> Any:
    """On a ZeroGPU Space, ask for the GPU around a function; elsewhere nothing changes."""
    try:
        import spaces
    except ImportError:
        return function
    return spaces.GPU(function)
