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
from ui.events import QUIET
from ui.language.labels import label
from ui.language.messages import in_words
from ui.language.tables import say, spoken
from ui.programme.job import ProgrammeJob
from ui.programme.page import Opened, ProgrammePage
from ui.programme.reviewing import Reviews
from ui.programme.views.plan import plan_html
from ui.views.cards import message_card


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
    def fill(opened: Opened, filled: str) -> list[Any]:
        job = page.jobs.get(opened[0])
        if job is None or job.programme is None or job.going:
            return [gr.skip() for _ in range(5)]
        told = told_of(page.reviews, job)
        if filled == job.job_id:  # what is typed stays
            return [gr.skip(), gr.skip(), gr.skip(), told, gr.skip()]
        try:
            review = page.reviews.of(job)
        except InputError:
            review = Review()
        return [review.plan, review.season, segments(review.season, review.segment), told,
                job.job_id]  # fmt: skip

    def put(opened: Opened, plan: str, season: str, segment: str | None) -> Any:
        job = page.jobs.get(opened[0])
        if job is None:
            return gr.skip()
        try:
            put_plan(page.reviews, job, plan, season or "", segment or "")
        except InputError as error:
            return message_card(in_words(error), kind="error")
        return told_of(page.reviews, job)

    filled = gr.State("")
    asked = [page.opened, fields.plan, fields.season, fields.segment]
    outputs = [fields.plan, fields.season, fields.segment, fields.result, filled]
    page.opened.change(fill, [page.opened, filled], outputs, **QUIET)
    fields.season.input(segments, fields.season, fields.segment, **QUIET)
    gr.on(
        [compare.click, fields.plan.blur, fields.season.input, fields.segment.input],
        put, asked, fields.result, trigger_mode="always_last", **QUIET,
    )  # fmt: skip


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
    if season and segment not in load_season(season).segments:
        segment = next(iter(load_season(season).segments))
    before = reviews.of(job)
    after = replace(before, plan=plan, season=season, segment=segment if season else "")
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
