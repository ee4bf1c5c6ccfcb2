"""A page that is loaded again finds its visit; nobody else does (issue 15, point 12)."""

from __future__ import annotations

import threading
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
from ui.presence import Presence
from ui.runs import RunStore
from ui.server.visits import Visits


class Slow:
    """An analyser that takes half a second, and waits with its end for `go`; obeys a stop."""

    go = threading.Event()

    def known(self, path, **asked):
        return None

    def analyse(self, path, *, listener, stop_asked, **asked):
        made = make_analysis()
        for number in range(25):
            time.sleep(0.02)
            while number == 20 and not self.go.wait(0.02) and not stop_asked():
                pass
            if stop_asked():
                raise Cancelled
            listener(Progress("pose", number / 25, 0.02, made.people if number == 3 else None))
        return made


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    Slow.go.set()
    monkeypatch.setattr(callbacks, "analyser", lambda profile: Slow())


@pytest.fixture
def visits() -> Visits:
    return visits_of(Presence(grace_s=30))


def visits_of(presence: Presence) -> Visits:
    return Visits(presence, (RunStore(presence=presence), ClipShelf(presence=presence)))


def runs_of(visits: Visits) -> RunStore:
    (runs,) = (things for things in visits.belongings if isinstance(things, RunStore))
    return runs


def clips_of(visits: Visits) -> ClipShelf:
    (clips,) = (things for things in visits.belongings if isinstance(things, ClipShelf))
    return clips


def test_an_analysis_goes_on_while_its_page_is_loaded_again(visits) -> None:
    """Gradio drops a page's events with the page, and their generators."""
    Slow.go.clear()
    runs, ticket = runs_of(visits), visits.arrive("before")
    news = callbacks.analyse(Request("clip.mp4", "demo", whole=True), runs, "before")
    _, run_id, _ = next(news)
    next(news)
    news.close()
    time.sleep(0.1)
    visits.presence.end("before")
    visits.sweep()
    run = runs.get(run_id)
    assert run.going
    visits.arrive("after", ticket)
    Slow.go.set()
    seen = list(callbacks.look_on(runs, "after"))
    assert seen[0][1] == run_id
    assert any("<progress" in card for card, _, _ in seen)
    assert "done: 12 frames" in seen[-1][0]
    assert runs.history("after") == [run]
    assert run.folder.is_dir()


def test_a_run_that_waited_for_its_turn_still_gets_it(visits) -> None:
    runs, ticket = runs_of(visits), visits.arrive("before")
    # Its event went with the page.
    callbacks.begin(Request("clip.mp4", "demo", whole=True), runs, "before")
    visits.arrive("after", ticket)
    cards = [card for card, _, _ in callbacks.look_on(runs, "after")]
    assert "waiting for its turn" in cards[0]
    assert "done: 12 frames" in cards[-1]


def test_a_page_that_is_left_twice_comes_back_all_the_same(visits) -> None:
    """Gradio told it twice when a page was loaded again at once, and the visit was over."""
    ticket = visits.arrive("before")
    run = runs_of(visits).adopt("before", make_analysis())
    visits.presence.end("before")
    visits.sweep()
    visits.presence.end("before")
    visits.sweep()
    assert not visits.has_ended(ticket)
    visits.arrive("after", ticket)
    assert runs_of(visits).history("after") == [run]


def test_a_visit_comes_back_with_its_ticket_only(visits, tmp_path: Path) -> None:
    clip = clips_of(visits).show("anna", str(write_video(tmp_path / "clip.mp4", Recipe(frames=3))))
    ticket = visits.arrive("anna")
    run = runs_of(visits).adopt("anna", make_analysis())
    for wrong in (None, "", "anna", 7, ["x"], ticket[:-1], ticket.lower()):
        visits.arrive("boris", wrong)
        assert not runs_of(visits).has_begun("boris")
    following = visits.arrive("anna again", ticket)
    assert runs_of(visits).on_screen("anna again") is run
    assert (run.visitor, clip.visitor) == ("anna again", "anna again")
    visits.arrive("carla", ticket)  # a ticket is good for once
    assert not runs_of(visits).has_begun("carla")
    assert following != ticket
    assert runs_of(visits).history("anna") == []


def test_the_page_before_may_be_missed_later_than_the_next_one_comes(visits) -> None:
    ticket = visits.arrive("before")
    run = runs_of(visits).adopt("before", make_analysis())
    visits.arrive("after", ticket)
    visits.presence.end("before")
    visits.sweep()
    assert runs_of(visits).history("after") == [run]
    assert run.folder.is_dir()


class Clock:
    """Time that passes when the test says so."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_who_does_not_come_back_leaves_nothing(tmp_path) -> None:
    clock = Clock()
    visits = visits_of(Presence(grace_s=30, clock=clock))
    visits.presence.begin("anna")
    ticket = visits.arrive("anna")
    run = runs_of(visits).start("anna")
    clip = clips_of(visits).show("anna", str(write_video(tmp_path / "a.mp4", Recipe(frames=3))))
    clock.now_s = 1000
    visits.sweep()  # the page is open
    assert run.folder.exists()
    visits.presence.end("anna")
    clock.now_s += 29
    visits.sweep()
    assert run.folder.exists()
    clock.now_s += 1
    visits.sweep()
    assert not run.folder.exists()
    assert not clip.folder.exists()
    assert run.stop.is_set()
    assert visits.has_ended(ticket)
    visits.arrive("later", ticket)
    assert not runs_of(visits).has_begun("later")


def test_everything_is_deleted_when_its_visitor_asks_for_it(visits, tmp_path) -> None:
    """Issue 19, 0.6: "delete my clip now"; the visit goes on."""
    ticket = visits.arrive("anna")
    run = runs_of(visits).adopt("anna", make_analysis())
    clip = clips_of(visits).show("anna", str(write_video(tmp_path / "a.mp4", Recipe(frames=3))))
    other = runs_of(visits).adopt("boris", make_analysis())
    visits.empty("anna")
    visits.empty("anna")
    assert not run.folder.exists()
    assert not clip.folder.exists()
    assert runs_of(visits).history("anna") == []
    assert runs_of(visits).history("boris") == [other]
    assert not visits.has_ended(ticket)
    assert runs_of(visits).chosen("anna") is None


def test_a_phone_that_was_locked_finds_what_it_had() -> None:
    """The same page beats again; the end of the heartbeat before is heard late, and twice."""
    clock = Clock()
    visits = visits_of(Presence(grace_s=30, clock=clock))
    visits.presence.begin("anna")
    visits.arrive("anna")
    run = runs_of(visits).start("anna")
    visits.presence.begin("anna")
    visits.presence.end("anna")
    clock.now_s = 1000
    visits.sweep()
    assert run.folder.exists()
    visits.presence.end("anna")
    visits.presence.end("anna")
    visits.presence.begin("anna")
    clock.now_s = 2000
    visits.sweep()
    assert run.folder.exists()


def test_a_clip_that_opens_while_its_visitor_leaves_does_not_stay(tmp_path) -> None:
    """Issue 19, 0.6: an event that is answered late opened it for nobody, for ever."""
    clock = Clock()
    visits = visits_of(Presence(grace_s=30, clock=clock))
    visits.presence.begin("anna")
    visits.presence.end("anna")
    clock.now_s = 30
    visits.sweep()
    path = write_video(tmp_path / "a.mp4", Recipe(frames=3))
    clip, run = clips_of(visits).show("anna", str(path)), runs_of(visits).start("anna")
    clock.now_s = 60
    visits.sweep()
    assert not clip.folder.exists()
    assert not run.folder.exists()


def test_a_program_that_waits_for_its_answer_is_there() -> None:
    clock = Clock()
    visits = visits_of(Presence(grace_s=30, clock=clock))
    run = runs_of(visits).start("program")
    visits.presence.at_work = lambda: ["program", "unknown"]
    clock.now_s = 1000
    visits.sweep()
    assert run.folder.exists()
    visits.presence.at_work = tuple
    clock.now_s += 29
    visits.sweep()
    assert run.folder.exists()  # to be fetched
    clock.now_s += 1
    visits.sweep()
    assert not run.folder.exists()


def test_nothing_is_kept_of_sessions_that_were_invented() -> None:
    clock = Clock()
    visits = visits_of(Presence(grace_s=30, clock=clock))
    for number in range(500):
        visits.arrive(f"invented {number}")
    clock.now_s = 30
    visits.sweep()
    assert visits._visitors == {}
    assert visits.presence.gone() == []


@pytest.mark.parametrize("ticket", [None, "", 7])
def test_who_was_never_here_has_no_visit_that_ended(visits, ticket: object) -> None:
    assert not visits.has_ended(ticket)
    assert not visits.has_ended(visits.arrive("anna", ticket))


def test_a_clip_that_was_not_analysed_leaves_the_latest_run_on_screen(visits) -> None:
    ticket = visits.arrive("before")
    run = runs_of(visits).adopt("before", make_analysis())
    runs_of(visits).look_at("before", "")
    visits.arrive("after", ticket)
    assert runs_of(visits).on_screen("after") is run
    nothing = visits.arrive("nobody")
    runs_of(visits).look_at("nobody", "")
    visits.arrive("still nobody", nothing)
    assert not runs_of(visits).has_begun("still nobody")  # finds the example


def test_the_example_comes_only_to_who_has_begun_nothing(visits) -> None:
    """Issue 15, point 19: the file that a visitor chose as the page loaded was replaced by it."""
    runs, made = runs_of(visits), make_analysis()
    runs.look_at("anna", "")
    assert runs.welcome("anna", made, "example.mp4", None) is None
    assert (runs.on_screen("anna"), runs.history("anna")) == (None, [])
    run = runs.welcome("boris", made, "example.mp4", None)
    assert (runs.on_screen("boris"), runs.history("boris")) == (run, [run])
