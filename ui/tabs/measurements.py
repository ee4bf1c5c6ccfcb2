"""What the skeleton tells of the element, with intervals, and what this video does not tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
import numpy as np

from pipeline.measure.records import Kind, Measurements
from pipeline.types import Analysis
from ui.events import QUIET
from ui.language.labels import choice, label
from ui.language.tables import say
from ui.runs import Run
from ui.session import Session, Shown, skipped
from ui.views.cards import message_card
from ui.views.measured import (
    course_figure,
    flight_of,
    look_here,
    measured,
    measured_card,
    measured_on_screen,
    span_of,
    summary,
    with_flight,
)
from ui.views.measured_as import flight_choices, flight_chosen, with_flight_seen, with_kind

LOOK_JS = """
const show = ({from, to, speed}) => {
  const player = document.querySelector('#player .rp[data-state=done]');
  if (!player) return;
  const press = (action) => player.querySelector(`[data-action=${action}]`).click();
  const place = player.querySelector('.rp-goto');
  const goTo = (seconds) => {
    place.value = `${seconds} s`;
    place.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}));
  };
  if (player.dataset.playing === 'true') press('play');
  const rate = player.querySelector('.rp-rate');
  rate.value = speed;
  rate.dispatchEvent(new Event('change'));
  goTo(from);
  press('markA');
  goTo(to);
  press('markB');
  goTo(from);
  press('play');
  player.querySelector('.rp-stage').scrollIntoView({block: 'nearest'});
};
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-from]');
  if (!button) return;
  document.querySelector('#results [data-tab-id=picture]').click();
  requestAnimationFrame(() => requestAnimationFrame(() => show(button.dataset)));
});
document.addEventListener('change', ({target}) => {
  if (!target.matches('#flight input')) return;
  const within = Math.min(Math.max(Number(target.value), Number(target.min)), Number(target.max));
  if (within !== Number(target.value)) {
    target.value = within;
    target.dispatchEvent(new Event('input', {bubbles: true}));
  }
  target.dispatchEvent(new PointerEvent('pointerup', {bubbles: true}));
});
"""
"""A mark's button makes the player show the stretch slowly, over and over; the player is told as by
hand: the box to type a place into, the speed, A, B and play.

Gradio tells of a slider only that a pointer has let go; here arrow keys and typed numbers say it
too, and a number beyond the clip becomes its end."""


_IN_TURN: dict[str, Any] = {**QUIET, "concurrency_id": "flight", "concurrency_limit": 1}
"""One after the other as they were asked for: a number field that is left is released once more,
and that must not come after the reset that the next click asks for."""

_KINDS: dict[str, Kind] = {"jump": "jump", "spin": "spin"}

Told = tuple[str, float, float]
"""`(run id, take-off, landing)`: whose flight the sliders show, and where they stand, seconds since
the file's first frame."""


@dataclass(frozen=True)
class _Flight:
    """Where a person sets a flight of their own."""

    fields: gr.Column
    takeoff: gr.Slider
    landing: gr.Slider
    back: gr.Button
    told: gr.State
    """As `Told`."""
    note: gr.HTML
    """What is wrong with it."""

    @property
    def placed(self) -> list[Any]:
        """Where the sliders stand."""
        return [self.told, self.takeoff, self.landing]


def build_tab(session: Session, tab: gr.Tab) -> None:
    """Lay out the table, the courses, sliders for a flight of one's own, the marks."""
    gr.Markdown(label("measured_intro"), elem_classes="rs-intro")
    kind, which = _build_choice()
    about = gr.HTML(elem_id="measured-as", show_label=False)
    table = gr.HTML(elem_id="measured-table", show_label=False)
    flight = _build_flight()
    courses = gr.Plot(elem_id="measured-courses", show_label=False, label=label("measured_courses"))
    marks = gr.HTML(elem_id="look-here", show_label=False, js_on_load=LOOK_JS)
    drawn = session.on_open(
        tab,
        "measurements",
        _render,
        [about, table, courses, marks, flight.note, flight.fields, flight.back, kind, which],
    )
    _wire_choice(session, kind, which)
    _wire_sliders(session, flight, drawn)
    _wire_flight(session, flight)


def _build_flight() -> _Flight:
    with gr.Column(visible=False, elem_id="flight") as fields:
        gr.Markdown(label("measured_set_info"), elem_classes="rs-intro")
        with gr.Row():
            takeoff, landing = (
                gr.Slider(
                    0, 1, value=0, step=0.04, precision=3, buttons=[], elem_id=f"set-{moment}",
                    label=label(f"measured_set_{moment}"), min_width=240,
                )
                for moment in ("takeoff", "landing")
            )  # fmt: skip
            back = gr.Button(
                label("measured_back"), elem_id="flight-back", scale=0, min_width=160,
                interactive=False,
            )  # fmt: skip
    note = gr.HTML(elem_id="measured-note", show_label=False)
    return _Flight(fields, takeoff, landing, back, gr.State(("", 0.0, 0.0)), note)


def _wire_sliders(session: Session, flight: _Flight, drawn: gr.State) -> None:
    """The sliders go to the flight of what is drawn."""

    def place(drawn: Shown, told: Told) -> Any:
        run = session.visible(drawn)
        if run is None or run.analysis is None:
            return skipped(flight.placed)
        stand = (run.run_id, *places_of(run.analysis))
        # A person who moves a slider again before the answer has come finds it where it is.
        if stand == tuple(told):
            return skipped(flight.placed)
        return stand, *_sliders(run.analysis)

    drawn.change(place, [drawn, flight.told], flight.placed, **QUIET)


def _wire_flight(session: Session, flight: _Flight) -> None:
    """A person sets the flight, or takes it back."""

    def set_flight(
        shown: Shown, start: float | None, end: float | None, request: gr.Request
    ) -> tuple[Any, Any, Any]:
        run = session.own(shown, request)
        if run is None or run.hidden or run.analysis is None:
            return gr.skip(), gr.skip(), gr.skip()
        if (start, end) == places_of(run.analysis):  # touched, not moved
            return "", gr.skip(), gr.skip()
        try:
            take_flight(run, start, end)
        except ValueError:
            return _refusal(run.analysis), gr.skip(), gr.skip()
        return "", (run.run_id, *places_of(run.analysis)), _newer(shown)

    def set_back(shown: Shown, request: gr.Request) -> tuple[Any, Any]:
        run = session.own(shown, request)
        if run is None or run.hidden or run.analysis is None:
            return gr.skip(), gr.skip()
        run.analysis = replace(run.analysis, flight_s=None)
        return "", _newer(shown)

    # What is on show has changed, so that everything that draws it hears of it.
    gr.on(
        [flight.takeoff.release, flight.landing.release],
        set_flight,
        [session.finished, flight.takeoff, flight.landing],
        [flight.note, flight.told, session.shown],
        trigger_mode="always_last",
        **_IN_TURN,
    )
    flight.back.click(set_back, session.finished, [flight.note, session.shown], **_IN_TURN)


def _build_choice() -> tuple[gr.Radio, gr.Radio]:
    """Jump or spin, and which of the flights that are seen."""
    kind = gr.Radio(
        [choice(f"measured_kind_{name}", name) for name in ("auto", "jump", "spin")],
        value="auto", label=label("measured_kind"), info=label("measured_kind_info"),
        elem_id="measure-as",
    )  # fmt: skip
    which = gr.Radio([], label=label("measured_flights"), visible=False, elem_id="flights-seen")
    return kind, which


def _wire_choice(session: Session, kind: gr.Radio, which: gr.Radio) -> None:
    def set_kind(shown: Shown, chosen: str, request: gr.Request) -> Any:
        run = session.own(shown, request)
        if run is None or run.hidden or run.analysis is None:
            return gr.skip()
        run.analysis = with_kind(run.analysis, _KINDS.get(chosen))
        return _newer(shown)

    def set_which(shown: Shown, place: int, request: gr.Request) -> Any:
        run = session.own(shown, request)
        if run is None or run.hidden or run.analysis is None:
            return gr.skip()
        run.analysis = with_flight_seen(run.analysis, place)
        return _newer(shown)

    # Only what a hand does is heard: a proposal is never kept as a choice.
    every: dict[str, Any] = {**_IN_TURN, "trigger_mode": "multiple"}
    kind.input(set_kind, [session.finished, kind], session.shown, **every)
    which.input(set_which, [session.finished, which], session.shown, **every)


def take_flight(run: Run, takeoff: float | None, landing: float | None) -> None:
    """Keep a person's take-off and landing, seconds since the file's first frame, with the run.

    Raises:
        ValueError: They make no flight within the clip.
    """
    assert run.analysis is not None
    if takeoff is None or landing is None:
        raise ValueError("a number is missing")
    run.analysis = with_flight(run.analysis, takeoff, landing)


def places_of(analysis: Analysis) -> tuple[float, float]:
    """Where the sliders stand: at the flight, or apart from each other where none was found."""
    first, last = span_of(analysis)
    takeoff, landing = flight_of(analysis)
    if takeoff is None or landing is None:
        thirds = np.linspace(first, last, 4).round(3)
        return float(thirds[1]), float(thirds[2])
    return takeoff, landing


def _newer(shown: Shown) -> Shown:
    return shown[0], shown[1] + 1


def _refusal(analysis: Analysis) -> str:
    first, last = (f"{moment:.2f}" for moment in span_of(analysis))
    return message_card(say("measured_bad_flight", first=first, last=last), kind="error")


def _render(run: Run) -> list[Any]:
    assert run.analysis is not None
    analysis = run.analysis
    found = measured_on_screen(analysis)
    jump = found.kind == "jump" and found.time_series is not None
    back = gr.Button(interactive=analysis.flight_s is not None)
    several = jump and len(found.flights) > 1
    chosen = flight_chosen(measured(analysis), analysis.flight_at_s)
    which = gr.Radio(flight_choices(found), value=chosen if several else None, visible=several)
    return [
        *_shown(found),
        "",
        gr.Column(visible=jump),
        back,
        analysis.measured_as or "auto",
        which,
    ]


def _sliders(analysis: Analysis) -> tuple[Any, Any]:
    """Both over the time of the clip, a frame a step."""
    first, last = span_of(analysis)
    if last <= first:
        return gr.skip(), gr.skip()
    step = round(float(np.median(np.diff(analysis.timeline.pts_s))), 6)
    takeoff, landing = (
        gr.Slider(minimum=first, maximum=last, step=step, value=place)
        for place in places_of(analysis)
    )
    return takeoff, landing


def _shown(found: Measurements) -> list[Any]:
    figure = None if found.time_series is None else course_figure(found)
    return [
        summary(found), measured_card(found), figure, look_here(found, buttons=True),
    ]  # fmt: skip
