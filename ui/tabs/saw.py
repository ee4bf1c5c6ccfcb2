"""What the networks saw: the sampled frames, the crop, the skeleton; and where they look."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from models.checkpoint_files import WeightsError
from pipeline.errors import InputError
from pipeline.inspection.model_inputs import sequence_of
from pipeline.types import Analysis
from ui.callbacks import analyser
from ui.language.labels import label
from ui.language.messages import in_words
from ui.language.names import class_name, display_name, joint_name
from ui.language.tables import say
from ui.runs import Run
from ui.session import Session, Shown, skipped
from ui.views.cards import message_card
from ui.views.plots import frame_bars, joint_bars
from ui.views.seen import (
    distinct_views,
    film_strip,
    look,
    occlusion,
    profile_of,
    region_picture,
    same_weights,
    see,
    video_models,
)
from ui.views.skeleton_plots import joint_traces, pose_strip

_NO_PLOT = gr.update(value=None, visible=False)


def build_tab(session: Session, tab: gr.Tab) -> None:
    """Lay out frames, crop, skeleton, and the two buttons that ask the networks again."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=260):
            network = gr.Radio([], label=label("saw_network"), elem_id="saw-network")
            view = gr.Radio([], label=label("saw_view"), info=label("saw_view_info"))
            rollout = gr.Button(label("saw_rollout"), elem_id="rollout")
        with gr.Column(scale=2, min_width=320):
            region = gr.HTML(elem_id="saw-region", show_label=False)
    note = gr.HTML(elem_id="saw-note", show_label=False)
    film = gr.HTML(elem_id="saw-film", show_label=False)
    shares = gr.Plot(
        elem_id="saw-shares", show_label=False, label=label("saw_attention_axis"), visible=False
    )
    gr.Markdown(label("saw_skeleton_intro"), elem_classes="rs-intro")
    strip = gr.Plot(elem_id="saw-poses", show_label=False, label=label("saw_poses"))
    traces = gr.Plot(elem_id="saw-traces", show_label=False, label=label("saw_traces"))
    occlude = gr.Button(label("saw_occlude"), elem_id="occlude")
    joints = gr.Plot(
        elem_id="saw-joints", show_label=False, label=label("saw_joints"), visible=False
    )

    outputs = [network, view, region, note, film, shares, strip, traces, joints]
    session.on_open(tab, "saw", _render, outputs)

    def wire(event: Any, action: Any, inputs: list[Any], targets: list[Any]) -> None:
        def answer(finished: Shown, request: gr.Request, *values: Any) -> Any:
            run = session.visible(finished)
            if run is None or run.analysis is None:
                return skipped(targets)
            found = action(run.analysis, *values)
            # It may have taken long, and the visitor have gone on to another clip.
            return skipped(targets) if session.overtaken(finished, request) else found

        event(
            answer, [session.finished, *inputs], targets, concurrency_limit=1,
            concurrency_id="look", trigger_mode="always_last", show_progress="minimal",
            api_visibility="private",
        )  # fmt: skip

    wire(network.input, _choose, [network], [view, film, shares])
    wire(view.input, _turn, [network, view], [film, shares])
    wire(rollout.click, _roll, [network, view], [film, shares, note])
    wire(occlude.click, _occlude, [], [joints, note])


def _render(run: Run) -> list[Any]:
    assert run.analysis is not None
    analysis = run.analysis
    models = video_models(analysis)
    options = [(display_name(m.name), m.name) for m in models]
    first = models[0].name if models else ""
    figures: list[Any] = [None, None]
    picture = film = message = ""
    try:
        sequence = sequence_of(analysis, profile_of(analysis))
        figures = [pose_strip(sequence), joint_traces(sequence)]
        picture = region_picture(analysis)
        film = film_strip(analysis, see(analysis, first, 0))
    except InputError as error:
        message = message_card(in_words(error), kind="error")
    network, view = gr.Radio(options, value=first), _view_radio(analysis, first)
    return [network, view, picture, message, film, _NO_PLOT, *figures, _NO_PLOT]


def _choose(analysis: Analysis, name: str) -> list[Any]:
    return [_view_radio(analysis, name), _film(analysis, name, 0), _NO_PLOT]


def _turn(analysis: Analysis, name: str, view: int) -> list[Any]:
    return [_film(analysis, name, view), _NO_PLOT]


def _view_radio(analysis: Analysis, name: str | None) -> Any:
    options = [
        (f"{number + 1}, {say('saw_mirrored')}" if view.flipped else str(number + 1), number)
        for number, view in enumerate(distinct_views(analysis, name or ""))
    ]
    return gr.Radio(options or [("1", 0)], value=0)


def _film(analysis: Analysis, name: str, view: int) -> str:
    try:
        return film_strip(analysis, see(analysis, name, view))
    except InputError as error:
        return message_card(in_words(error), kind="error")


def _roll(analysis: Analysis, name: str, view: int) -> list[Any]:
    try:
        networks = analyser(analysis.profile).networks
        seen = see(analysis, name, view)
        found = look(seen, networks)
    except (InputError, WeightsError) as error:
        return [gr.skip(), gr.skip(), message_card(in_words(error), kind="error")]
    frames = (analysis.timeline.frame_index[seen.positions] + 1).tolist()  # as the player counts
    note = say("saw_rollout_note", model=display_name(name))
    if not same_weights(analysis, networks):
        note = f"{say('saw_other_weights')} {note}"
    return [
        film_strip(analysis, seen, found),
        gr.Plot(frame_bars(found.frames, frames, name), visible=True),
        message_card(note),
    ]


def _occlude(analysis: Analysis) -> list[Any]:
    try:
        networks = analyser(analysis.profile).networks
        drops = occlusion(analysis, networks)
    except (InputError, WeightsError) as error:
        return [_NO_PLOT, message_card(in_words(error), kind="error")]
    label_of = class_name(analysis.scores["infogcn"].class_index)
    note = say("saw_occlusion_note", label=label_of)
    if not same_weights(analysis, networks):
        note = f"{say('saw_other_weights')} {note}"
    names = [joint_name(joint) for joint in range(len(drops))]
    return [gr.Plot(joint_bars(names, np.asarray(drops)), visible=True), message_card(note)]
