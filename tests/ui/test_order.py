"""Events of the page that fill the same outputs are answered in the order asked.

By default several events are worked on at once, and on a slow machine the answer to an older one
comes last and stays.
"""

from __future__ import annotations

import asyncio

import gradio as gr
import pytest

from ui.layout import build_app
from ui.programme.engine import FinderEngine
from ui.programme.jobs import ProgrammeJobs

IN_TURN = {
    "status", "upload", "clip", "clip-file", "trim-in", "trim-out", "skater", "stream", "pages",
}  # fmt: skip
"""`Session.in_turn` and `Session.overtaken` see to the order: these take seconds."""
OVERTAKEN = {"saw-note", "saw-film", "saw-shares", "saw-joints", "files", "take-note"}
"""An answer that comes when another run is on show is dropped."""
SEPARATE = {
    "verdict", "warnings",  # one event fills them, the other hides them
    "measured-note", "programme-note", "clip-note",  # say what came of the last press
    "programme-state",  # one event fills it; the other one is the page's load
    "programme-take-note", "programme-files",  # emptied for another programme
}  # fmt: skip


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> gr.Blocks:
    jobs = ProgrammeJobs(FinderEngine(), tmp_path_factory.mktemp("jobs"))

    async def build() -> gr.Blocks:
        app = build_app(jobs=jobs)
        app.queue(default_concurrency_limit=8)
        return app

    return asyncio.run(build())  # without a running loop gradio leaves some of its own open


def filled_by(app: gr.Blocks) -> dict[str, list]:
    """The events that fill each output with a name."""
    found: dict[str, list] = {}
    for event in app.fns.values():
        for output in event.outputs:
            if event.fn is not None and output.elem_id:
                found.setdefault(output.elem_id, []).append(event)
    return found


def test_what_several_events_fill_they_fill_one_after_another(app):
    several = {name: events for name, events in filled_by(app).items() if len(events) > 1}
    assert {"reasons", "weight-umt", "programme-editor", "plan-result", "confusion"} <= {*several}
    for name in IN_TURN | OVERTAKEN | SEPARATE:
        del several[name]
    loose = {
        name: [event.api_name or str(event.fn) for event in events]
        for name, events in several.items()
        if len({event.concurrency_id for event in events}) > 1
        or any(event.concurrency_limit != 1 for event in events)
    }
    assert loose == {}


def test_one_event_answers_for_all_weights(app):
    """With one event a slider, an answer for older weights could come last."""
    [event] = [
        event
        for event in filled_by(app)["reasons"]
        if "weight-umt" in {field.elem_id for field in event.inputs}
    ]
    sliders = {f"weight-{name}" for name in ("umt", "uniformerv2", "infogcn")}
    heard = {app.blocks[block].elem_id for block, name in event.targets if name == "change"}
    assert sliders <= heard
    assert event.trigger_mode == "always_last"


def test_no_choice_is_dropped_while_the_one_before_is_answered(app):
    """By default the page sends nothing while an event waits for its answer."""
    chosen = [
        (app.blocks[block], name, event)
        for event in app.fns.values()
        if event.fn is not None and event.inputs + event.outputs
        for block, name in event.targets
        if name in ("input", "select")
    ]
    dropped = {
        getattr(field, "elem_id", None) or str(getattr(field, "label", field))
        for field, name, event in chosen
        if event.trigger_mode == "once" and event.inputs != event.outputs
    }
    assert dropped == set()


def test_only_tabs_lie_in_tabs(app):
    """Gradio counts whatever else lies there, and gives its neighbours each other's names."""
    tabs = [block for block in app.blocks.values() if isinstance(block, gr.Tabs)]
    assert len(tabs) >= 2
    assert {type(child) for block in tabs for child in block.children} == {gr.Tab}


def test_what_two_changes_set_off_is_answered_in_its_order(app):
    """Both come in one answer and ask twice at once; the older list of a visit came last, with a
    run that had been cancelled still at work. A tab says itself what it has drawn (`on_open`).
    """
    (tabs,) = {event.inputs[1]._id for event in filled_by(app)["score-table"]}
    several = [
        event
        for event in app.fns.values()
        if event.fn is not None
        and sum(name == "change" for _, name in event.targets) > 1
        and tabs not in {field._id for field in event.inputs}
    ]
    filled = {output.elem_id: event for event in several for output in event.outputs}
    assert {"history-list", "ensemble-table"} <= filled.keys()
    assert {name for name, event in filled.items() if event.concurrency_limit != 1} == set()
