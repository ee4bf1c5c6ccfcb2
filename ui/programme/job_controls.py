"""The head of the programme page: a video goes in; cancel, continue; the address that finds it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from pipeline.errors import InputError
from ui.events import AT_ONCE, EVERY_PRESS, QUIET
from ui.language.labels import label
from ui.language.messages import in_words
from ui.language.tables import say
from ui.programme.job import ProgrammeJob
from ui.programme.jobs import KEPT_H, JobRefused
from ui.programme.page import ProgrammePage
from ui.programme.starting import begin, example_files
from ui.session import Session, visitor_of
from ui.views.cards import message_card

_SCRIPTS = Path(__file__).parent / "scripts"
SHOW_JOB = (_SCRIPTS / "show_job.js").read_text(encoding="utf-8")
"""What the page does first: give the id in its address."""
KEEP_JOB = (_SCRIPTS / "keep_job.js").read_text(encoding="utf-8")
"""What it does with the id of what is on show."""
LOOK_AGAIN_JS = (_SCRIPTS / "look_again.js").read_text(encoding="utf-8")
"""After a phone was unlocked, or the network came back, the page looks on again."""


@dataclass(frozen=True)
class JobControls:
    """The head's fields."""

    fold: gr.Accordion
    """Around `upload`."""
    upload: gr.File
    example: gr.Button
    """Opens the programme that ships; there as long as none is on show."""
    cancel: gr.Button
    resume: gr.Button
    kept: gr.HTML
    """How long it is kept, and where it is found."""
    job_id: gr.Textbox
    """Of what is on show, out of sight; the browser keeps it in the address."""


def build_job_controls() -> JobControls:
    """Lay the head out; above the page."""
    with gr.Row(elem_id="programme-job"):
        with gr.Accordion(label("job_upload_fold"), open=True, elem_id="programme-fold") as fold:
            upload = gr.File(
                label=label("job_upload"), file_count="multiple", height=150,
                elem_id="programme-upload",
            )  # fmt: skip
        example = gr.Button(
            label("job_example"), elem_id="programme-example", variant="primary", min_width=120,
            scale=0, visible=bool(example_files()),
        )  # fmt: skip
        cancel, resume = (
            gr.Button(
                label(f"job_{name}"), visible=False, elem_id=f"programme-{name}", size="sm",
                min_width=80, scale=0,
            )
            for name in ("cancel", "continue")
        )  # fmt: skip
        kept = gr.HTML(js_on_load=LOOK_AGAIN_JS, elem_id="programme-kept", show_label=False)
    job_id = gr.Textbox(visible="hidden", container=False)
    return JobControls(fold, upload, example, cancel, resume, kept, job_id)


def wire_job_controls(
    session: Session, page: ProgrammePage, head: JobControls, profile: gr.Dropdown
) -> None:
    """Make the head begin, end and find jobs.

    Args:
        session: What the tabs share.
        page: The programme page.
        head: Its head.
        profile: The desk's choice of networks.
    """
    assert session.pages is not None
    head.upload.upload(
        opener(page), [head.upload, profile],
        [head.upload, page.opened, session.pages, page.note], **EVERY_PRESS,
    )  # fmt: skip

    def example(profile: str, request: gr.Request) -> list[Any]:
        answer: list[Any] = opener(page)(example_files(), profile, request)
        return answer[1:]

    head.example.click(example, profile, [page.opened, session.pages, page.note], **AT_ONCE)

    def stand(opened: tuple[str, float], before: str) -> list[Any]:
        fold, *others = standing(page.jobs.get(opened[0]))
        # Once: by then somebody may have opened it again.
        return [gr.skip() if opened[0] == before else fold, *others, opened[0]]

    parts = [head.fold, head.example, head.cancel, head.resume, head.kept, head.job_id]
    stood = gr.State("")
    page.opened.change(stand, [page.opened, stood], [*parts, stood], **QUIET)
    head.job_id.change(None, head.job_id, None, js=KEEP_JOB, **QUIET)

    def cancel(opened: tuple[str, float]) -> None:
        page.jobs.cancel(opened[0])

    def again(opened: tuple[str, float]) -> list[Any]:
        return ["", opened]

    def resume(opened: tuple[str, float], request: gr.Request) -> list[Any]:
        try:
            page.jobs.resume(opened[0], visitor_of(request))
        except JobRefused as error:
            return [gr.skip(), gr.skip(), message_card(str(error), kind="error")]
        return ["", _seen(page.jobs.get(opened[0])), ""]

    head.cancel.click(cancel, page.opened, None, **AT_ONCE)
    head.resume.click(resume, page.opened, [page.followed, page.opened, page.note], **AT_ONCE)
    head.kept.click(again, page.opened, [page.followed, page.opened], **AT_ONCE)


def opener(page: ProgrammePage, *, on_desk: bool = False) -> Any:
    """What answers an upload: for the upload, `opened`, the pages and a note.

    Args:
        page: The programme page.
        on_desk: The video went in on the desk, where the note says what becomes of it.
    """

    def open_it(paths: list[str] | str | None, profile: str, request: gr.Request) -> list[Any]:
        if not paths:
            return [gr.skip() for _ in range(4)]
        files = [paths] if isinstance(paths, str) else paths
        try:
            job = begin(page.jobs, files, profile, visitor_of(request))
        except (InputError, JobRefused) as error:
            return [None, gr.skip(), gr.skip(), message_card(in_words(error), kind="error")]
        told = message_card(say("job_begun")) if on_desk and job.going else ""
        return [None, _seen(job), gr.Tabs(selected="programme"), told]

    return open_it


def find_by_address(
    app: gr.Blocks, session: Session, page: ProgrammePage, head: JobControls
) -> None:
    """A page that is loaded with an id in its address shows that job."""

    def find(job_id: str | None, request: gr.Request) -> list[Any]:
        if not job_id:
            return [gr.skip(), gr.skip(), gr.skip()]
        pages, job = gr.Tabs(selected="programme"), page.jobs.get(job_id)
        if job is None:
            gone = say("job_gone", hours=KEPT_H)
            return [gr.skip(), pages, message_card(gone, kind="error")]
        if job.going:  # it counts for whoever came back, under another number
            job.visitor = visitor_of(request)
        return [_seen(job), pages, ""]

    assert session.pages is not None
    app.load(
        find, head.job_id, [page.opened, session.pages, page.note], js=SHOW_JOB,
        concurrency_limit=None, **QUIET,
    )  # fmt: skip


def standing(job: ProgrammeJob | None) -> list[Any]:
    """The head for a job: the fold, example, cancel, continue, how long it is kept, its id."""
    hidden = gr.Button(visible=False)
    if job is None:
        return [gr.skip(), gr.skip(), hidden, hidden, "", gr.skip()]
    going = " data-going" if job.going else ""
    kept = f'<p class="rs-kept"{going}>{escape(say("job_kept", hours=KEPT_H))}</p>'
    return [
        gr.Accordion(open=False),
        hidden,
        gr.Button(visible=job.going),
        gr.Button(visible=job.can_continue),
        kept,
        job.job_id,
    ]


def _seen(job: ProgrammeJob | None) -> Any:
    return gr.skip() if job is None else (job.job_id, job.revision)
