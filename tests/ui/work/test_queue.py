"""Issue 19, section 2: fair turns, a place in the queue and an estimate of the wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from pipeline.errors import Cancelled
from ui.work.queue import Place, Turn, WorkQueue

WAIT_S = 30.0


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Hall:
    """A queue, with whoever waits in threads of their own until they are let go."""

    def __init__(self, clips_in_a_row: int = 4) -> None:
        self.clock = Clock()
        self.queue = WorkQueue(clips_in_a_row, self.clock)
        self.order: list[str] = []
        self._let_go: dict[str, threading.Event] = {}
        self._threads: dict[str, threading.Thread] = {}
        self.turns: dict[str, Turn] = {}

    def come(self, name: str, visitor: str, kind: str = "clip", **more: object) -> Turn:
        turn = self.turns[name] = Turn(threading.Event(), visitor, kind, **more)
        self._let_go[name] = threading.Event()
        self._threads[name] = threading.Thread(target=self._work, args=(name, turn), daemon=True)
        self._threads[name].start()
        until(lambda: name in self.order or self.queue.place(turn.stop) is not None)
        return turn

    def end(self, name: str, after_s: float = 0.0) -> None:
        until(lambda: name in self.order)
        self.clock.now_s += after_s
        self._let_go[name].set()
        self._threads[name].join(WAIT_S)
        assert not self._threads[name].is_alive()

    def close(self) -> None:
        for name, turn in self.turns.items():
            turn.stop.set()
            self._let_go[name].set()
        for thread in self._threads.values():
            thread.join(WAIT_S)

    def places(self) -> dict[str, int]:
        found = {name: self.queue.place(turn.stop) for name, turn in self.turns.items()}
        return {name: place.before for name, place in found.items() if place is not None}

    def _work(self, name: str, turn: Turn) -> None:
        try:
            with self.queue.taken(turn):
                self.order.append(name)
                self._let_go[name].wait(WAIT_S)
                if turn.stop.is_set():
                    raise Cancelled
        except Cancelled:
            self.order.append(f"{name} cancelled")


def until(so: Callable[[], object]) -> None:
    end = time.monotonic() + WAIT_S
    while not so():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture
def hall() -> Iterator[Hall]:
    made = Hall()
    yield made
    made.close()


def test_a_clip_goes_before_programmes_that_wait(hall: Hall) -> None:
    hall.come("at work", "anna")
    hall.come("programme", "boris", "programme")
    hall.come("clip", "carla")
    assert hall.places() == {"clip": 1, "programme": 2}
    for name in ("at work", "clip", "programme"):
        hall.end(name)
    assert hall.order == ["at work", "clip", "programme"]


@pytest.mark.parametrize("kind", ["clip", "programme"])
def test_a_visitor_with_many_waiting_does_not_starve_another(hall: Hall, kind: str) -> None:
    for number in range(1, 5):
        hall.come(f"anna {number}", "anna", kind)
    hall.come("boris 1", "boris", kind)
    hall.come("boris 2", "boris", kind)
    names = ["anna 1", "boris 1", "anna 2", "boris 2", "anna 3", "anna 4"]
    for name in names:
        hall.end(name)
    assert hall.order == names


def test_who_comes_again_and_again_waits_for_who_was_there(hall: Hall) -> None:
    """Being served anew does not put anybody before those who wait already."""
    hall.come("anna 1", "anna")
    hall.come("boris", "boris")
    hall.end("anna 1")
    hall.come("anna 2", "anna")
    hall.come("carla", "carla")
    assert hall.places() == {"carla": 1, "anna 2": 2}


def test_to_change_one_s_mind_costs_no_place(hall: Hall) -> None:
    hall.come("at work", "anna")
    for number in range(3):  # as a visitor who presses Analyse again: each stops the one before
        hall.come(f"boris {number}", "boris").stop.set()
        until(lambda n=number: f"boris {n} cancelled" in hall.order)
    hall.come("boris", "boris")
    hall.come("carla", "carla")
    assert hall.places() == {"boris": 1, "carla": 2}


def test_clips_do_not_keep_a_programme_waiting_for_ever() -> None:
    hall = Hall(clips_in_a_row=2)
    with ExitStack() as stack:
        stack.callback(hall.close)
        hall.come("at work", "anna")
        hall.come("programme", "boris", "programme")
        for number in range(1, 4):
            hall.come(f"clip {number}", f"visitor {number}")
        names = ["at work", "clip 1", "clip 2", "programme", "clip 3"]
        assert hall.places() == {name: at for at, name in enumerate(names) if at}
        for name in names:
            hall.end(name)
        assert hall.order == names


def test_a_programme_gives_way_to_a_clip_between_its_pieces(hall: Hall) -> None:
    """Issue 19: one visitor's programme does not stop another's clip."""
    stop, pieces, clip = threading.Event(), [], threading.Event()

    def read() -> None:
        with hall.queue.taken(Turn(stop, "anna", "programme")):
            for piece in range(3):
                pieces.append(piece)
                if piece == 0:
                    clip.wait(WAIT_S)
                hall.queue.give_way(stop)

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    until(lambda: pieces)
    hall.come("other programme", "carla", "programme")
    hall.come("clip", "boris")
    clip.set()
    until(lambda: "clip" in hall.order)
    assert pieces == [0]
    assert hall.places() == {"other programme": 2}  # begun ones go on before others begin
    assert hall.queue.place(stop) == Place(1, None)
    hall.end("clip")
    reading.join(WAIT_S)
    assert pieces == [0, 1, 2]
    hall.end("other programme")


def test_a_programme_that_gave_way_can_be_stopped(hall: Hall) -> None:
    stop, told, clip = threading.Event(), [], threading.Event()

    def read() -> None:
        try:
            with hall.queue.taken(Turn(stop, "anna", "programme")):
                told.append("began")
                clip.wait(WAIT_S)
                hall.queue.give_way(stop)
        except Cancelled:
            told.append("cancelled")

    threading.Thread(target=read, daemon=True).start()
    until(lambda: told)
    hall.come("clip", "boris")
    clip.set()
    until(lambda: "clip" in hall.order)
    stop.set()
    until(lambda: told == ["began", "cancelled"])  # while the clip is still at work
    hall.come("next", "carla")
    hall.end("clip")
    hall.end("next")


def test_only_who_is_at_work_gives_way(hall: Hall) -> None:
    hall.come("clip", "anna")
    hall.come("next", "boris")
    hall.queue.give_way(threading.Event())
    assert hall.places() == {"next": 1}


def test_no_wait_is_told_before_anything_was_measured(hall: Hall) -> None:
    hall.come("at work", "anna")
    waiting = hall.come("next", "boris")
    assert hall.queue.place(waiting.stop) == Place(1, None)


def test_the_wait_is_what_past_ones_took(hall: Hall) -> None:
    for number, took_s in enumerate((12.0, 10.0, 40.0)):  # the middle one counts
        hall.come(f"past {number}", "anna", profile="demo")
        hall.end(f"past {number}", took_s)
    hall.come("at work", "anna", profile="demo")
    first = hall.come("first", "boris", profile="demo")
    second = hall.come("second", "carla", profile="demo")
    assert hall.queue.place(first.stop) == Place(1, 15.0)
    assert hall.queue.place(second.stop) == Place(2, 25.0)
    hall.clock.now_s += 8
    assert hall.queue.place(first.stop) == Place(1, 5.0)
    hall.clock.now_s += 60  # longer than usual: soon, and never a negative time
    assert hall.queue.place(first.stop) == Place(1, 5.0)
    other = hall.come("other", "dora", profile="paper")
    hall.end("at work")
    hall.end("first")
    assert hall.queue.place(other.stop) == Place(1, 30.0)  # of 10, 12, 40 and 68 s


def test_what_it_says_itself_counts_first(hall: Hall) -> None:
    hall.come("at work", "anna", left_s=lambda: 61.0)
    waiting = hall.come("next", "boris")
    assert hall.queue.place(waiting.stop) == Place(1, 65.0)


def test_a_programme_counts_by_its_length_and_for_a_clip_by_its_piece(hall: Hall) -> None:
    stop, go_on = threading.Event(), threading.Semaphore(0)

    def read() -> None:
        with hall.queue.taken(Turn(stop, "anna", "programme", size=60.0)):
            for _ in range(2):
                go_on.acquire()
                hall.queue.give_way(stop)

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    until(lambda: hall.queue._at_work is not None)
    for _ in range(2):
        hall.clock.now_s += 20.0
        go_on.release()
        until(
            lambda: hall.queue._at_work is None or hall.queue._at_work.piece_s == hall.clock.now_s
        )
    reading.join(WAIT_S)

    hall.come("reading", "anna", "programme", size=240.0)
    programme = hall.come("programme", "boris", "programme", size=30.0)
    clip = hall.come("clip", "carla")
    assert hall.queue.place(clip.stop) == Place(1, 20.0)
    assert hall.queue.place(programme.stop) == Place(2, None)  # nobody knows how long a clip takes
    clip.stop.set()
    until(lambda: "clip cancelled" in hall.order)
    assert hall.queue.place(programme.stop) == Place(1, 180.0)


def test_whoever_was_cancelled_or_known_already_says_nothing_of_the_next(hall: Hall) -> None:
    hall.come("known", "anna")
    hall.end("known", 0.01)
    stopped = hall.come("stopped", "anna")
    stopped.stop.set()
    hall.end("stopped", 3.0)
    hall.come("at work", "anna")
    assert hall.queue.place(hall.come("next", "boris").stop) == Place(1, None)
