"""The fold with planned content: a text to paste, the season's rules, and what they say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from pipeline.errors import InputError
from pipeline.sheet.review_files import MAX_PLAN, Review
from pipeline.sheet.season import load_season, season_names
from pipeline.sheet.sheet import make_sheet
from pipeline.sheet.words import speaker
from ui.events import one_by_one
from ui.language.labels import label
from ui.language.messages import in_words
from ui.language.tables import say, spoken
from ui.programme.job import ProgrammeJob
from ui.programme.page import Opened, ProgrammePage
from ui.programme.reviewing import Reviews
from ui.programme.views.plan import plan_html
from ui.views.cards import message_card

_OPTIONS = one_by_one("plan")


@dataclass(frozen=True)
class PlanFields:
    """What is typed and chosen, and what is said of it."""

    plan: gr.Textbox
    season: gr.Dropdown
    segment: gr.Dropdown
    result: gr.HTML


def build_plan(page: ProgrammePage) -> PlanFields:
    """Lay out and wire the fold; below the page."""
    fold = gr.Accordion(label("programme_plan_fold"), open=False, elem_id="programme-plan")
    with fold, gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=280):
            plan = gr.Textbox(
                label=label("programme_plan_text"), info=label("programme_plan_info"),
                lines=9, max_lines=16, max_length=MAX_PLAN, elem_id="plan-text",
            )  # fmt: skip
            with gr.Row():
                season = gr.Dropdown(
                    [("\N{EN DASH}", ""), *((name, name) for name in season_names())],
                    value="", label=label("programme_season"), elem_id="plan-season",
                    min_width=120,
                )  # fmt: skip
                segment = gr.Dropdown(
                    [], value=None, label=label("programme_segment"), elem_id="plan-segment",
                    min_width=120,
                )  # fmt: skip
            compare = gr.Button(label("programme_plan_compare"), elem_id="plan-compare", size="sm")
        with gr.Column(scale=7, min_width=300):
            result = gr.HTML(elem_id="plan-result", show_label=False)
    fields = PlanFields(plan, season, segment, result)
    _wire(page, fields, compare)
    return fields


def _wire(page: ProgrammePage, fields: PlanFields, compare: gr.Button) -> None:
    filled = gr.State("")

    def fill(opened: Opened, before: str, plan: str | None, season: str | None) -> list[Any]:
        job, skip = page.jobs.get(opened[0]), gr.skip()
        if job is None:
            return [skip] * 5
        told = skip if job.going else told_of(page.reviews, job)
        mark = _mark(job, going=job.going)
        review = _review_of(page.reviews, job)
        kept_none = before == _mark(job, going=True) and review == Review()
        if before == mark or kept_none:  # what is typed stays
            return [skip, skip, skip, told, mark]
        # What stands there is not sent again: somebody may be typing by then.
        rules = [skip, skip]
        if (season or "") != review.season:
            rules = [review.season, segments(review.season, review.segment)]
        kept = skip if (plan or "") == review.plan else review.plan
        return [kept, *rules, told, mark]

    def put(opened: Opened, *typed: str | None) -> list[Any]:
        plan, season, segment = (text or "" for text in typed)
        job = page.jobs.get(opened[0])
        if job is None:
            return [gr.skip(), gr.skip()]
        kept = segment_of(season, segment)
        shown = gr.skip() if kept == segment else segments(season, kept)
        try:
            put_plan(page.reviews, job, plan, season, kept)
        except InputError as error:
            return [shown, message_card(in_words(error), kind="error")]
        return [shown, told_of(page.reviews, job)]

    rules = [fields.season, fields.segment]
    page.opened.change(
        fill, [page.opened, filled, fields.plan, fields.season],
        [fields.plan, *rules, fields.result, filled], **_OPTIONS,
    )  # fmt: skip
    gr.on(
        [compare.click, fields.plan.blur, fields.season.input, fields.segment.input],
        put, [page.opened, fields.plan, *rules], [fields.segment, fields.result],
        trigger_mode="always_last", **_OPTIONS,
    )  # fmt: skip


def _mark(job: ProgrammeJob, *, going: bool) -> str:
    """Of what the fields were filled with."""
    return f"{job.job_id} {'reading' if going else 'read'}"


def _review_of(reviews: Reviews, job: ProgrammeJob) -> Review:
    """What people made of a programme; nothing where that is damaged."""
    try:
        return reviews.of(job)
    except InputError:
        return Review()


def segment_of(season: str, segment: str) -> str:
    """The segment if the season has it, else the season's first; empty without a season."""
    if not season:
        return ""
    known = load_season(season).segments
    return segment if segment in known else next(iter(known))


def segments(season: str | None, chosen: str = "") -> gr.Dropdown:
    """The segments of a season, such as the women's free skating."""
    if not season:
        return gr.Dropdown([], value=None)
    words = speaker(spoken())
    names = []
    for name in load_season(season).segments:
        try:
            names.append((words(f"segment_{name}"), name))
        except KeyError:  # of a file that somebody added
            names.append((name, name))
    return gr.Dropdown(names, value=chosen or names[0][1])


def put_plan(reviews: Reviews, job: ProgrammeJob, plan: str, season: str, segment: str) -> None:
    """Keep a plan and the rules to compare with.

    Raises:
        InputError: The video is still being read, the plan is too long, or the disk is full.
    """
    if len(plan) > MAX_PLAN:
        raise InputError.of("plan_long", most=MAX_PLAN)
    before = reviews.of(job)
    after = replace(before, plan=plan, season=season, segment=segment_of(season, segment))
    if after != before:
        reviews.put(job, after)


def told_of(reviews: Reviews, job: ProgrammeJob) -> str:
    """What is said of the plan and the rules."""
    if job.programme is None:
        return ""
    try:
        told = plan_html(make_sheet(job.programme, reviews.of(job)))
    except InputError as error:
        return message_card(in_words(error), kind="error")
    return told or message_card(say("programme_plan_empty"))
