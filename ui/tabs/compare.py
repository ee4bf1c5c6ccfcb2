"""Two clips of this visit side by side, stepped together from the frames that are to meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
import numpy as np

from pipeline.errors import InputError
from pipeline.types import Analysis
from ui.desk.history import history_line
from ui.events import QUIET, one_by_one
from ui.language.labels import label
from ui.language.messages import in_words
from ui.player import build_player, player_value
from ui.runs import Run
from ui.session import Session, visitor_of
from ui.views.comparison import comparison_table
from ui.views.measured import measured

SIDES = ("a", "b")

_PRESS = """() => {
  const players = [...document.querySelectorAll("#compare-player-a .rp, #compare-player-b .rp")];
  const playing = players.filter(player => player.dataset.playing === "true");
  const meant = "ACTION" === "play" && playing.length ? playing : players;
  for (const player of meant) player.querySelector("[data-action=ACTION]").click();
}"""
"""Where one of them plays, `play` is to stop it, and not to begin the other that is over."""


def press(action: str) -> str:
    """JavaScript that presses the same button of both players."""
    return _PRESS.replace("ACTION", action)


def build_tab(session: Session, tab: gr.Tab) -> None:
    """Lay out the choice of two clips, where they meet, and the buttons that move both."""
    gr.Markdown(label("compare_intro"), elem_classes="rs-intro")
    with gr.Row(equal_height=False):
        sides = [_build_choice(side) for side in SIDES]
    chosen, meets = [choice for choice, _ in sides], [meet for _, meet in sides]
    align = _build_buttons()
    with gr.Row(equal_height=False):
        players = [_build_side(side) for side in SIDES]
    table = gr.HTML(elem_id="compare-table", show_label=False)
    _wire_choice(session, tab, chosen, table)
    _wire_players(session, chosen, meets, players)
    _wire_meeting(session, align, [chosen[0], meets[0], chosen[1], meets[1]], players)


def _build_choice(side: str) -> tuple[gr.Dropdown, gr.Number]:
    """One of the two clips, and the frame at which it meets the other."""
    with gr.Column(min_width=320):
        chosen = gr.Dropdown([], label=label(f"compare_{side}"), elem_id=f"compare-{side}")
        meet = gr.Number(
            1, label=label("compare_meet"), info=label("compare_meet_info"),
            precision=0, minimum=1, elem_id=f"compare-meet-{side}",
        )  # fmt: skip
    return chosen, meet


def _build_buttons() -> gr.Button:
    """What moves both players; the one that brings them to where they meet is wired later."""
    with gr.Row(elem_id="compare-both"):
        align = gr.Button(
            label("compare_align"), variant="primary", min_width=140, elem_id="compare-align"
        )
        for action in ("back", "play", "forward"):
            gr.Button(label(f"compare_{action}"), min_width=100, elem_id=f"compare-{action}").click(
                None, js=press(action), api_visibility="private"
            )
    return align


def _build_side(side: str) -> gr.HTML:
    with gr.Column(min_width=320):
        return build_player(
            skater_choosable=False, elem_id=f"compare-player-{side}", show_label=False
        )


def _wire_choice(session: Session, tab: gr.Tab, chosen: list[Any], table: gr.HTML) -> None:
    """What can be chosen, and what is measured of both."""

    def find(first: str | None, second: str | None, request: gr.Request) -> list[Any]:
        runs = [r for r in session.runs.history(visitor_of(request)) if not r.hidden]
        options = [(history_line(run), run.run_id) for run in runs]
        left, right = two_clips(runs, first, second)
        return [gr.Dropdown(options, value=left), gr.Dropdown(options, value=right)]

    def measure_both(first: str | None, second: str | None, request: gr.Request) -> str:
        found = [_own(session, run_id, request) for run_id in (first, second)]
        left, right = (None if run is None or run.hidden else run.analysis for run in found)
        return "" if left is None or right is None else comparison_table(left, right)

    tab.select(find, chosen, chosen, **QUIET)
    # One event for both: an answer for an older choice must not come last.
    gr.on(
        [*(select.change for select in chosen), tab.select],
        measure_both, chosen, table, trigger_mode="always_last", **one_by_one("compare"),
    )  # fmt: skip


def _wire_players(
    session: Session, chosen: list[Any], meets: list[Any], players: list[Any]
) -> None:
    """A clip that is chosen is shown where its take-off is."""

    def show(run_id: str | None, request: gr.Request) -> list[Any]:
        run = _own(session, run_id, request)
        if run is None:
            return [player_value(None), 1]
        meet = meeting_frame(run.analysis) if run.analysis else 1
        return [_value(session, run, meet), meet]

    for select, meet, player in zip(chosen, meets, players, strict=True):
        select.change(show, select, [player, meet], **one_by_one("meet"))


def _wire_meeting(session: Session, align: gr.Button, pairs: list[Any], players: list[Any]) -> None:
    """Both players to the frames that are to meet."""

    def meet_both(
        first: str | None, one: float, second: str | None, two: float, request: gr.Request
    ) -> list[Any]:
        found = [
            (_own(session, run_id, request), frame)
            for run_id, frame in ((first, one), (second, two))
        ]
        return [
            gr.skip() if run is None else _value(session, run, int(frame or 1))
            for run, frame in found
        ]

    align.click(meet_both, pairs, players, trigger_mode="always_last", **one_by_one("meet"))


def two_clips(
    runs: Sequence[Run], first: str | None = None, second: str | None = None
) -> tuple[str | None, str | None]:
    """Ids of the two runs to compare: those chosen before, else the newest of different clips.

    Args:
        runs: Finished ones, the newest first.
        first: Chosen at the left.
        second: Chosen at the right; only where it differs from the first.
    """
    by_id = {run.run_id: run for run in runs}
    left = by_id.get(first or "") or next(iter(runs), None)
    if left is None:
        return None, None
    chosen = by_id.get(second or "")
    if chosen is not None and chosen is not left:
        return left.run_id, chosen.run_id
    others = [run for run in runs if run is not left]
    different = [run for run in others if _clip(run) != _clip(left)]
    right = next(iter(different or others), None)
    return left.run_id, None if right is None else right.run_id


def _clip(run: Run) -> str:
    return "" if run.analysis is None else run.analysis.video.sha256


def meeting_frame(analysis: Analysis) -> int:
    """The frame of the take-off if one was found, else of the middle, as the page counts."""
    takeoff = measured(analysis).of("takeoff")
    if takeoff is None or takeoff.estimate is None:
        return analysis.timeline.number(len(analysis.timeline) // 2)
    nearest = np.abs(analysis.timeline.pts_s - takeoff.estimate.value).argmin()
    return analysis.timeline.number(int(nearest))


def _own(session: Session, run_id: str | None, request: gr.Request) -> Run | None:
    """A run, if it is this visitor's."""
    run = session.runs.get(run_id or "")
    return run if run is not None and run.visitor == visitor_of(request) else None


def _value(session: Session, run: Run, frame: int) -> str:
    assert run.analysis is not None
    timeline = run.analysis.timeline
    try:
        clip = session.clips.show_run(run)
    except InputError as error:
        return player_value(None, message=in_words(error))
    within = min(max(frame, timeline.number(0)), timeline.number(-1))
    return player_value(clip, run, frame=within - 1)
