"""A page that is loaded again finds its visit; nobody else does (issue 15, point 12)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pipeline.errors import Cancelled
from pipeline.progress import Progress
from tests.factories import make_analysis
from tests.videos import Recipe, write_video
from ui import callbacks
from ui.callbacks import Request
from ui.player import ClipShelf
from ui.runs import RunStore
from ui.server.visits import Visits


class Slow:
    """An analyser that takes half a second, and obeys a stop."""

    def known(self, path, **asked):
        return None

    def analyse(self, path, *, listener, stop_asked, **asked):
        made = make_analysis()
        for number in range(25):
            time.sleep(0.02)
            if stop_asked():
                raise Cancelled
            listener(Progress("pose", number / 25, 0.02, made.people if number == 3 else None))
        return made


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "analyser", lambda profile: Slow())


@pytest.fixture
def visits() -> Visits:
    return Visits(RunStore(), ClipShelf(), grace_s=30)


def test_an_analysis_goes_on_while_its_page_is_loaded_again(visits) -> None:
    """Gradio drops a page's events with the page, and their generators."""
    runs, ticket = visits.runs, visits.arrive("before")
    news = callbacks.analyse(Request("clip.mp4", "demo", whole=True), runs, "before")
    _, run_id, _ = next(news)
    next(news)
    news.close()
    time.sleep(0.1)
    visits.leave("before")
    run = runs.get(run_id)
    assert run.going
    visits.arrive("after", ticket)
    seen = list(callbacks.look_on(runs, "after"))
    assert seen[0][1] == run_id
    assert any("<progress" in card for card, _, _ in seen)
    assert "done: 12 frames" in seen[-1][0]
    assert runs.history("after") == [run]
    assert run.folder.is_dir()


def test_a_run_that_waited_for_its_turn_still_gets_it(visits) -> None:
    runs, ticket = visits.runs, visits.arrive("before")
    # Its event went with the page.
    callbacks.begin(Request("clip.mp4", "demo", whole=True), runs, "before")
    visits.arrive("after", ticket)
    cards = [card for card, _, _ in callbacks.look_on(runs, "after")]
    assert "waiting for its turn" in cards[0]
    assert "done: 12 frames" in cards[-1]


def test_a_page_that_is_left_twice_comes_back_all_the_same(visits) -> None:
    """Gradio told it twice when a page was loaded again at once, and the visit was over."""
    ticket = visits.arrive("before")
    run = visits.runs.adopt("before", make_analysis())
    visits.leave("before")
    visits.leave("before")
    assert not visits.has_ended(ticket)
    visits.arrive("after", ticket)
    assert visits.runs.history("after") == [run]


def test_a_visit_comes_back_with_its_ticket_only(visits, tmp_path: Path) -> None:
    clip = visits.clips.show("anna", str(write_video(tmp_path / "clip.mp4", Recipe(frames=3))))
    ticket = visits.arrive("anna")
    run = visits.runs.adopt("anna", make_analysis())
    for wrong in (None, "", "anna", 7, ["x"], ticket[:-1], ticket.lower()):
        visits.arrive("boris", wrong)
        assert not visits.runs.has_begun("boris")
    following = visits.arrive("anna again", ticket)
    assert visits.runs.on_screen("anna again") is run
    assert (run.visitor, clip.visitor) == ("anna again", "anna again")
    visits.arrive("carla", ticket)  # a ticket is good for once
    assert not visits.runs.has_begun("carla")
    assert following != ticket
    assert visits.runs.history("anna") == []


def test_the_page_before_may_be_missed_later_than_the_next_one_comes(visits) -> None:
    ticket = visits.arrive("before")
    run = visits.runs.adopt("before", make_analysis())
    visits.arrive("after", ticket)
    visits.leave("before")
    assert visits.runs.history("after") == [run]
    assert run.folder.is_dir()


def test_who_does_not_come_back_leaves_nothing() -> None:
    visits = Visits(RunStore(), ClipShelf(), grace_s=0.05)
    ticket = visits.arrive("anna")
    run = visits.runs.start("anna")
    visits.leave("anna")
    end = time.monotonic() + 5
    while run.folder.exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not run.folder.exists()
    assert run.stop.is_set()
    assert visits.has_ended(ticket)
    visits.arrive("later", ticket)
    assert not visits.runs.has_begun("later")


@pytest.mark.parametrize("ticket", [None, "", 7])
def test_who_was_never_here_has_no_visit_that_ended(visits, ticket: object) -> None:
    assert not visits.has_ended(ticket)
    assert not visits.has_ended(visits.arrive("anna", ticket))


def test_a_clip_that_was_not_analysed_leaves_the_latest_run_on_screen(visits) -> None:
    ticket = visits.arrive("before")
    run = visits.runs.adopt("before", make_analysis())
    visits.runs.look_at("before", "")
    visits.arrive("after", ticket)
    assert visits.runs.on_screen("after") is run
    nothing = visits.arrive("nobody")
    visits.runs.look_at("nobody", "")
    visits.arrive("still nobody", nothing)
    assert not visits.runs.has_begun("still nobody")  # finds the example


def test_the_example_comes_only_to_who_has_begun_nothing(visits) -> None:
    """Issue 15, point 19: the file that a visitor chose as the page loaded was replaced by it."""
    runs, made = visits.runs, make_analysis()
    runs.look_at("anna", "")
    assert runs.welcome("anna", made, "example.mp4", None) is None
    assert (runs.on_screen("anna"), runs.history("anna")) == (None, [])
    run = runs.welcome("boris", made, "example.mp4", None)
    assert (runs.on_screen("boris"), runs.history("boris")) == (run, [run])
