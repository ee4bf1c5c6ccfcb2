"""What is on screen belongs to one clip (issue 15, point 2): who is told what, the left side."""

from __future__ import annotations

from dataclasses import replace

import gradio as gr
import pytest

from pipeline.messages import Message
from pipeline.progress import Progress
from tests.factories import make_analysis
from ui import callbacks
from ui.callbacks import Request
from ui.desk.left import facts_of, left_of, same_text
from ui.runs import RunStore
from ui.session import _Drawing, _veil_over


class Slow:
    """An analyser whose work is looked at from outside between two steps."""

    def __init__(self, between):
        self.between = between

    def known(self, path, **asked):
        return None

    def analyse(self, path, *, listener, **asked):
        listener(Progress("detect", 0.1, 1.0, make_analysis().people))
        self.between()
        listener(Progress("pose", 0.5, 2.0, make_analysis().pose))
        return make_analysis()


@pytest.mark.parametrize("elsewhere", ["another clip", "another run"])
def test_a_run_whose_clip_is_no_longer_on_screen_ends_in_silence(monkeypatch, elsewhere) -> None:
    """The screen jumped back to it at its next step."""
    runs = RunStore()
    before = runs.adopt("anna", make_analysis(), "before.mp4")
    before.card = "before"
    seen = "" if elsewhere == "another clip" else before.run_id
    analyser = Slow(lambda: runs.look_at("anna", seen))
    monkeypatch.setattr(callbacks, "analyser", lambda profile: analyser)
    steps = callbacks.analyse(Request("clip.mp4", "demo", whole=True), runs, "anna")
    _, run_id, _ = next(steps)
    told = list(steps)
    last = told[-1]
    assert last == ("" if elsewhere == "another clip" else "before", "", 0)
    assert [step for step in told[1:-1] if "Pose" in step[0] or step[2] > 1] == []
    finished = runs.get(run_id)
    assert finished.analysis is not None
    assert finished in runs.visit("anna")  # where it can be chosen


def test_a_stop_of_a_run_that_is_not_on_screen_does_not_bring_it_back() -> None:
    runs = RunStore()
    run = runs.start("anna", "clip.mp4")
    runs.look_at("anna", "")
    assert callbacks.stop(runs, "anna")[1:] == ("", 0)
    assert run.ended


def test_a_visit_lists_what_is_finished_or_at_work() -> None:
    runs = RunStore()
    done = runs.adopt("anna", make_analysis())
    stopped = runs.start("anna")
    stopped.end("stopped")
    going = runs.start("anna")
    assert runs.visit("anna") == [going, done]
    assert runs.on_screen("anna") is going
    assert not runs.has_begun("boris")


def test_the_left_says_what_was_asked_for() -> None:
    run = RunStore().start("anna", "clip.mp4")
    run.asked = Request("clip.mp4", "fast", 1.5, None, 3)
    assert left_of(run).all() == ("clip.mp4", "fast", "0:01.500", "", "3", "")


def test_the_left_of_an_opened_analysis_follows_from_it() -> None:
    analysis = make_analysis()
    whole = RunStore().adopt("anna", analysis)
    assert left_of(whole).all() == (None, analysis.profile, "", "", "", "")
    assert whole.title in facts_of(whole, left_of(whole))
    people = replace(analysis.people, rule=Message.of("chosen", person=1))
    video = replace(analysis.video, start_s=0.2, end_s=0.3, duration_s=0.5)
    part = RunStore().adopt("anna", replace(analysis, people=people, video=video))
    assert left_of(part).all()[2:] == ("0:00.200", "0:00.300", "1", "")
    of_several = replace(analysis, video=replace(analysis.video, stream=3))
    assert left_of(RunStore().adopt("me", of_several)).stream == "3"


def test_a_tab_is_veiled_until_it_has_drawn_the_run_on_screen() -> None:
    runs = RunStore()
    drawing, live = (_Drawing(live, None, gr.HTML(render=False)) for live in (False, True))
    run = runs.start("anna")
    assert "Not analysed yet" in _veil_over(None, drawing, (run.run_id, 1))
    assert "Being analysed" in _veil_over(run, drawing, ("", 0))
    run.scores = dict(make_analysis().scores)
    assert "Being analysed" in _veil_over(run, drawing, ("", 0))
    assert _veil_over(run, live, (run.run_id, 2)) == ""
    run.complete(make_analysis())
    assert "One moment" in _veil_over(run, drawing, ("another", 3))
    assert _veil_over(run, drawing, (run.run_id, 1)) == ""


@pytest.mark.parametrize(
    ("new", "old", "same"),
    [("0:00.200", "0.2", True), ("", None, True), ("", "0.2", False), ("3", "soon", False)],
)
def test_a_field_that_says_the_same_is_left_alone(new, old, same) -> None:
    assert same_text(new, old) is same
