"""The page: the desk (clip on the left, verdict and tabs on the right), and the pages beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import gradio as gr

from pipeline.config import load_shipped_profile
from ui import callbacks
from ui.desk.controls import ASSETS, Controls, build_controls, empty_desk
from ui.desk.cut import CUT_JS, cut_hint, wire_cut
from ui.endpoints.build import build_endpoints
from ui.events import CHOICE, EVERY_PRESS, QUIET
from ui.example import Example
from ui.export.notes import notes_scene
from ui.flights import flight_scene
from ui.language.labels import label
from ui.language.tables import say
from ui.player import ClipShelf
from ui.player.lane_sources import SOURCES
from ui.player.scene import PARTS
from ui.programme.desk_bar import build_bar, wire_opening
from ui.programme.job_controls import (
    JobControls,
    build_job_controls,
    find_by_address,
    opener,
    wire_job_controls,
)
from ui.programme.jobs import ProgrammeJobs
from ui.programme.page import ProgrammePage, build_page
from ui.programme.plan import build_plan
from ui.programme.take import build_take
from ui.runs import Run, RunStore
from ui.server.files import FILES
from ui.server.visits import KEEP_TICKET, SHOW_TICKET, Visits
from ui.session import NOT_ANALYSED, UNREADABLE, Session, Shown, visitor_of
from ui.tabs import (
    about,
    blind,
    compare,
    details,
    ensemble,
    measurements,
    mistakes,
    picture,
    saw,
    scores,
    takeaway,
)
from ui.views.cards import hero, live_card, message_card, verdict_card, warning_card, warnings_of
from ui.views.measured import measured_lanes

CSS = [ASSETS / "styles.css", ASSETS / "programme.css"]
DESK_JS = (Path(__file__).parent / "scripts" / "desk.js").read_text(encoding="utf-8")
"""Dropping a clip anywhere; folding what a newcomer needs."""
SHIPPED = [ASSETS / "examples"]
"""Folders whose files everybody may see."""

# System fonts: the page asks nothing of the network. Colours as dark, in the dark theme as light,
# as WCAG AA asks of text.
THEME = gr.themes.Default(
    primary_hue="sky",
    neutral_hue="slate",
    font=["system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
).set(
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_300",
    block_info_text_color="*neutral_600",
    block_info_text_color_dark="*neutral_300",
    block_label_text_color="*neutral_700",
    block_label_text_color_dark="*neutral_200",
    block_title_text_color="*neutral_700",
    block_title_text_color_dark="*neutral_200",
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_hover="*primary_800",
    button_primary_background_fill_dark="*primary_700",
    button_primary_background_fill_hover_dark="*primary_800",
    button_primary_text_color="white",
    link_text_color="*primary_700",
    link_text_color_dark="*primary_300",
    color_accent="*primary_700",
    slider_color="*primary_700",
    checkbox_label_background_fill_selected="*primary_100",
    checkbox_label_background_fill_selected_dark="*primary_900",
    checkbox_label_text_color_selected="*neutral_900",
    checkbox_label_text_color_selected_dark="white",
)


_TABS: dict[str, ModuleType] = {
    "scores": scores,
    "why": ensemble,
    "saw": saw,
    "measurements": measurements,
    "take": takeaway,
    "details": details,
}
"""The desk's tabs beside the picture, in order."""

PARTS["flight"] = flight_scene
PARTS["notes"] = notes_scene
SOURCES.append(measured_lanes)  # under the picture, after the networks' scores


def build_app(
    clips: ClipShelf | None = None,
    example: Example | None = None,
    jobs: ProgrammeJobs | None = None,
) -> gr.Blocks:
    """Lay out the page and wire it.

    Args:
        clips: Where the player's routes find the videos on show.
        example: What a new visitor finds; it prepares itself when the first one comes.
        jobs: The programmes of this server.
    """
    clips = clips or ClipShelf()
    runs = RunStore(presence=clips.presence)
    # What ships is read where it lies: a temporary copy may be gone when it is asked for.
    gr.set_static_paths(SHIPPED)
    app = gr.Blocks(
        title="Rinkside", analytics_enabled=False, delete_cache=(3600, 86400), fill_width=True
    )
    with app:
        shown, finished, heard = (gr.State((NOT_ANALYSED, 0)) for _ in range(3))
        begun, visit = gr.State(""), gr.State([])
        open_tab = gr.State("picture")
        gr.HTML(hero, elem_id="hero", show_label=False, js_on_load=DESK_JS)
        with gr.Tabs(selected="desk", elem_id="pages") as pages:
            session = Session(runs, shown, finished, heard, visit, begun, open_tab, clips, pages)
            with gr.Tab(label("page_desk"), id="desk"):
                controls, bar = _build_desk(session)
            programme = None if jobs is None else _build_programme(session, jobs)
            others: dict[str, Callable[..., None]] = {
                "compare": compare.build_tab,
                "mistakes": partial(mistakes.build_tab, status=controls.status),
                "about": about.build_tab,
            }
            for name, build_tab in others.items():
                with gr.Tab(label(f"page_{name}"), id=name, render_children=True) as tab:
                    build_tab(session, tab)

        # Not within the tabs: gradio counts whatever lies there as a tab.
        if programme is not None:
            _wire_programme(app, session, controls, bar, programme)
        build_endpoints(session, jobs)
        visits = Visits(clips.presence, (runs, clips, FILES), also=FILES.sweep)
        clips.presence.on_seen = visits.look_on
        _wire_forgetting(session, controls, visits)
        _welcome(app, session, controls, visits, example)
    return app


def _build_programme(session: Session, jobs: ProgrammeJobs) -> tuple[ProgrammePage, JobControls]:
    """The page of whole videos."""
    with gr.Tab(label("page_programme"), id="programme", render_children=True):
        head = build_job_controls()
        programme = build_page(session, jobs)
        with programme.parts[0]:
            build_plan(programme)
            build_take(programme)
    return programme, head


def _wire_programme(
    app: gr.Blocks,
    session: Session,
    controls: Controls,
    bar: gr.HTML,
    parts: tuple[ProgrammePage, JobControls],
) -> None:
    """What begins and finds whole videos, on their page and on the desk."""
    programme, head = parts
    wire_opening(session, programme, bar, controls.status)
    profile = controls.fields.profile
    wire_job_controls(session, programme, head, profile)
    find_by_address(app, session, programme, head)
    assert session.pages is not None
    controls.handed.change(
        opener(programme, on_desk=True),
        [controls.handed, profile],
        [controls.handed, programme.opened, session.pages, controls.status],
        **EVERY_PRESS,
    )


def _wire_forgetting(session: Session, controls: Controls, visits: Visits) -> None:
    """Everything of a visitor is deleted when they ask for it, not only when they have left."""

    def forget(shown: Shown, request: gr.Request) -> list[Any]:
        with session.in_turn(request):
            visits.empty(visitor_of(request))
            return [*empty_desk(shown), session.state_of_visit(request)]

    controls.forget.click(forget, session.shown, [*controls.emptied, session.visit], **EVERY_PRESS)


def _build_desk(session: Session) -> tuple[Controls, gr.HTML]:
    with gr.Row(equal_height=False, elem_id="desk"):
        with gr.Column(scale=3, min_width=300):
            controls = build_controls(session)
            blind.build_tally(session)
        with gr.Column(scale=9, min_width=320):
            mistakes.build_bar(session)
            bar = build_bar(session)
            panel = blind.build_call(session)
            cards = _build_verdict(session, controls)
            tabs = _build_tabs(session, controls)
            blind.build_veil(session, panel, cards, tabs)
    session.wire()
    return controls, bar


def _build_verdict(session: Session, controls: Controls) -> list[gr.HTML]:
    verdict = gr.HTML(
        lambda: message_card(say("verdict_none_yet")), elem_id="verdict", js_on_load=CUT_JS
    )
    warnings = gr.HTML(elem_id="warnings", show_label=False)

    def render(run: Run) -> list[Any]:
        if run.analysis is None:
            networks = load_shipped_profile(getattr(run.asked, "profile", "demo")).networks
            return [live_card(run, networks), ""]
        advice = cut_hint(run)
        card = verdict_card(run.analysis, run.own_call, title=run.title, more=advice, folded=True)
        return [card, warning_card(warnings_of(run.analysis), folded=True)]

    def without(shown: Shown) -> list[Any]:
        key = "verdict_unreadable" if shown[0] == UNREADABLE else "verdict_not_yet"
        return [message_card(say(key)), ""]

    session.on_news(render, [verdict, warnings], without=without)
    wire_cut(session, controls, verdict)
    return [verdict, warnings]


def _build_tabs(session: Session, controls: Controls) -> gr.Tabs:
    """The tabs of the desk."""
    with gr.Tabs(selected="picture", elem_id="results") as tabs:
        with gr.Tab(label("tab_picture"), id="picture", render_children=True) as tab:
            picture.build_tab(session, controls)
            tab.select(lambda: "picture", None, session.open_tab, **CHOICE)
        for name, module in _TABS.items():
            with gr.Tab(label(f"tab_{name}"), id=name, render_children=True) as tab:
                session.add_veil(name)
                module.build_tab(session, tab)
    return cast(gr.Tabs, tabs)


def _welcome(
    app: gr.Blocks, session: Session, controls: Controls, visits: Visits, example: Example | None
) -> None:
    """What a page finds: its own visit when it is loaded again, else the example."""
    ticket = gr.Textbox(visible="hidden", container=False)

    def welcome(before: str | None, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        visitor, gone = visitor_of(request), visits.has_ended(before)
        following: Any = visits.arrive(visitor, before)
        picture: Any = gr.skip()
        steps: Iterator[callbacks.News] = iter(())
        if session.runs.has_begun(visitor):
            steps = callbacks.look_on(session.runs, visitor)
        elif example is not None:
            picture = str(example.path)  # to be looked at while the networks are at work
            steps = example.show(session.runs, visitor)
        # Last, so that what the example tells does not take its place.
        told = message_card(say("visit_ended")) if gone else gr.skip()
        nothing = told, gr.skip(), gr.skip()
        for news in chain(session.told(steps, request), [nothing]):
            yield following, picture, *news
            following = picture = gr.skip()

    app.load(
        welcome,
        ticket,
        [ticket, controls.video, controls.status, session.shown, session.visit],
        js=SHOW_TICKET,
        concurrency_limit=None,
        **QUIET,
    )
    ticket.change(None, ticket, None, js=KEEP_TICKET, **QUIET)
