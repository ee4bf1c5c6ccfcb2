"""Runs of visitors: stoppable, bounded, gone when the visitor is."""

from __future__ import annotations

import pytest

from tests.factories import make_analysis
from ui.presence import Full, Presence
from ui.runs import RunStore


def test_a_new_run_stops_the_one_before():
    runs = RunStore()
    first = runs.start("anna")
    other = runs.start("boris")
    second = runs.start("anna")
    assert first.stop.is_set()
    assert not other.stop.is_set()
    assert not second.stop.is_set()


def test_only_a_run_that_goes_on_can_be_stopped():
    runs = RunStore()
    run = runs.start("anna")
    assert runs.stop("anna")
    assert not runs.stop("anna")
    assert not runs.stop("boris")
    done = runs.start("carla")
    done.analysis = make_analysis()
    assert not runs.stop("carla")
    assert run.stop.is_set()


def test_the_oldest_runs_go_with_their_files():
    runs = RunStore(max_runs=2)
    made = [runs.start(f"visitor {i}") for i in range(3)]
    assert [run.folder.exists() for run in made] == [False, True, True]
    assert runs.get(made[0].run_id) is None


def test_results_of_who_is_there_are_not_dropped_for_a_newcomer():
    """Issue 19, 0.5: 70 scripted openings more, and an active visitor's results were gone."""
    presence = Presence()
    runs = RunStore(max_runs=2, presence=presence)
    presence.begin("anna")
    anna = runs.adopt("anna", make_analysis())
    scripted = [runs.start(f"invented {number}") for number in range(70)]
    assert runs.get(anna.run_id) is anna
    assert runs.get(scripted[-1].run_id) is scripted[-1]
    presence.begin("boris")
    boris = runs.start("boris")
    with pytest.raises(Full, match="in use by other visitors"):
        runs.start("one more")
    assert runs.welcome("one more", make_analysis(), "example.mp4", None) is None
    assert runs.history("anna") == [anna]
    assert runs.get(boris.run_id) is boris


def test_nothing_is_left_of_a_visitor_who_left():
    runs = RunStore()
    run = runs.start("anna")
    runs.leave("anna")
    runs.leave("anna")
    assert run.stop.is_set()
    assert not run.folder.exists()


def test_results_are_kept_as_they_land():
    run, analysis = RunStore().start("anna"), make_analysis()
    assert run.take(analysis.people)
    assert run.take(analysis.scores["umt"])
    assert not run.take(None)
    assert run.people is analysis.people
    assert set(run.scores) == {"umt"}


def test_a_visitor_s_history_is_their_finished_runs_newest_first():
    runs = RunStore(max_of_a_visitor=2)
    made = [runs.adopt("anna", make_analysis(), name) for name in ("a", "b", "c")]
    runs.start("anna")
    runs.adopt("boris", make_analysis())
    assert [run.title for run in runs.history("anna")] == ["c"]
    assert not made[0].folder.exists()
    assert runs.history("boris")[0].title == "clip.mp4"


def test_everything_of_a_visitor_goes_when_they_leave():
    runs = RunStore()
    made = [runs.adopt("anna", make_analysis()) for _ in range(3)]
    other = runs.adopt("boris", make_analysis())
    runs.leave("anna")
    assert [run.folder.exists() for run in made] == [False] * 3
    assert runs.current("anna") is None
    assert runs.history("boris") == [other]


def test_nothing_of_a_blind_run_shows_before_the_call():
    run = RunStore().adopt("anna", make_analysis())
    run.blind = True
    assert run.hidden
    run.own_call = "3Lutz"
    assert not run.hidden


def test_a_blind_run_that_ended_asks_for_no_call_and_tells_nothing():
    run, analysis = RunStore().start("anna"), make_analysis()
    run.blind = True
    run.take(analysis.people)
    run.take(analysis.scores["umt"])
    run.end("cancelled")
    assert (run.ended, run.hidden, run.going) == (True, False, False)
    assert run.people is analysis.people
    assert run.scores == {}
    run.complete(analysis)  # it was at its last step when it was cancelled
    assert (run.ended, run.hidden) == (False, True)
