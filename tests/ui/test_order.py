"""Events of the page that fill the same outputs are answered in the order asked."""

from __future__ import annotations

import asyncio

import gradio as gr
import pytest

from ui.launch import queued
from ui.layout import build_app


@pytest.fixture(scope="module")
def app() -> gr.Blocks:
    async def build() -> gr.Blocks:
        return queued(build_app())

    return asyncio.run(build())  # without a running loop gradio leaves some of its own open


def filling(app: gr.Blocks, elem_id: str) -> list:
    """The events that fill an output."""
    return [
        event
        for event in app.fns.values()
        if event.fn is not None and any(out.elem_id == elem_id for out in event.outputs)
    ]


@pytest.mark.parametrize("elem_id", ["reasons", "weight-strips", "ensemble-table", "weight-umt"])
def test_what_weights_decide_is_drawn_by_one_event_after_another(app, elem_id):
    events = filling(app, elem_id)
    assert len(events) > 1
    assert {(event.concurrency_id, event.concurrency_limit) for event in events} == {("why", 1)}


def test_one_event_answers_for_all_weights(app):
    """With one event a slider, an answer for older weights could come last."""
    [event] = [
        event
        for event in filling(app, "reasons")
        if event.trigger_mode == "always_last"
        and "weight-umt" in {field.elem_id for field in event.inputs}
    ]
    sliders = {f"weight-{name}" for name in ("umt", "uniformerv2", "infogcn")}
    heard = {app.blocks[block].elem_id for block, name in event.targets if name == "change"}
    assert sliders <= heard
