"""Lays out and wires the left side: the clip, in and out points, Analyse and Cancel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from pipeline.config import profile_names
from pipeline.storage.programme_pack import holds_programme
from ui.desk.asking import analyse_for, begin_for, stop_for, then_analyse
from ui.desk.facts import Facts, describe
from ui.desk.history import build_history, build_opener
from ui.desk.left import facts_of, left_of, same_text
from ui.desk.trim import build_trim
from ui.desk.upload import upload_field
from ui.events import EVERY_PRESS, QUIET
from ui.language.labels import choice, label
from ui.language.tables import say
from ui.programme.starting import is_programme
from ui.session import NOT_ANALYSED, UNREADABLE, Session, Shown, visitor_of
from ui.views.cards import message_card

ASSETS = Path(__file__).resolve().parents[2] / "assets"


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
    handed: gr.State
    """Path of an upload that the programme page opens; None or empty: there is none."""
    fields: Fields
    """What is asked for."""
    status: gr.HTML
    blind: gr.Checkbox
    forget: gr.Button
    """Deletes everything of the visitor."""
    emptied: list[Any]
    """What `empty_desk` fills."""


def empty_desk(shown: Shown) -> list[Any]:
    """The left side and `shown` where everything of a visitor is deleted."""
    said = message_card(say("clip_forgotten"), kind="done")
    return [None, None, "", "", "", "", "", said, (NOT_ANALYSED, shown[1] + 1)]


def examples() -> list[Path]:
    """The clips that ship, the first of which is analysed when the app starts."""
    return sorted((ASSETS / "examples").glob("*.mp4"))


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
    profile, skater, stream = _build_settings()
    build_history(session, status)
    build_opener(session, status)
    forget = gr.Button(label("clip_forget"), size="sm", elem_id="forget")

    fields = Fields(video, profile, start, end, skater, stream)
    taken = [facts, start, end, skater, stream, status, session.shown]
    handed = gr.State("")
    outputs = [handed, upload, video, *taken]
    upload.upload(_take_for(session), [upload, session.shown], outputs, **EVERY_PRESS)
    restored = gr.State("")
    session.shown.change(
        _restore_for(session),
        [session.shown, restored, *fields.all()],
        [restored, facts, *fields.all()],
        **QUIET,
    )
    begin, analyse = begin_for(session), analyse_for(session)
    news = [status, session.shown, session.visit]

    def wire(trigger: Any) -> None:
        asked = fields.named()
        outputs = [*news, session.begun, restored]
        begun = trigger(begin, blind, outputs, inputs_kwargs=asked, **EVERY_PRESS)
        then_analyse(begun, analyse, [session.begun], news, inputs_kwargs=asked)

    wire(go.click)
    if ready is not None:
        chosen = ready.load_input_event.then(
            _take_example_for(session), [video, session.shown], taken, **EVERY_PRESS
        )
        wire(chosen.then)
    halt.click(stop_for(session), None, news, **EVERY_PRESS)
    return Controls(upload, video, handed, fields, status, blind, forget, [upload, video, *taken])


def _build_settings() -> tuple[gr.Dropdown, gr.Textbox, gr.Textbox]:
    """The profile, the skater, and which video of a file that holds several."""
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
    return profile, skater, stream


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
    """A clip of the visitor's comes on screen; what the one before left there goes.

    A longer video comes on screen too, so that a part of it can be taken for one element; a saved
    programme does not.
    """

    def take(path: str | None, shown: Shown, request: gr.Request) -> list[Any]:
        with session.in_turn(request):
            if path and holds_programme(Path(path)):
                return [path, None, *(gr.skip() for _ in range(8))]
            facts, taken = _taken(session, path, shown, request)
            handed = path if is_programme(facts.duration_s) else ""
            return [handed, None, path, *taken]

    return take


def _take_example_for(session: Session) -> Any:
    def take(path: str | None, shown: Shown, request: gr.Request) -> list[Any]:
        with session.in_turn(request):
            return _taken(session, path, shown, request)[1]

    return take


def _taken(
    session: Session, path: str | None, shown: Shown, request: gr.Request
) -> tuple[Facts, list[Any]]:
    """What is known of a clip; and for the facts, the fields, the status and `shown`."""
    session.runs.look_at(visitor_of(request), NOT_ANALYSED)
    facts = describe(path)
    what = UNREADABLE if path and facts.duration_s is None else NOT_ANALYSED
    session.runs.look_at(visitor_of(request), what)
    return facts, [facts.card, "", "", "", "", "", (what, shown[1] + 1)]


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
