"""What one visitor asks for is answered in order, and nobody waits behind another visitor."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from tests.factories import make_analysis
from ui.runs import RunStore
from ui.session import NOT_ANALYSED, Session
from ui.turns import Turns


def test_presses_are_answered_one_after_another_in_their_order() -> None:
    turns, answered, go = Turns(), [], threading.Event()

    def press(number: int) -> None:
        with turns.of("anna"):
            go.wait(60)
            time.sleep(0.02 / (number + 1))  # the first is the slowest
            answered.append(number)

    presses = [threading.Thread(target=press, args=(number,)) for number in range(4)]
    for thread in presses:
        before = queued(turns)
        thread.start()
        while queued(turns) == before:
            time.sleep(0.001)
    with turns.of("boris"):
        answered.append("boris")
    go.set()
    for thread in presses:
        thread.join()
    assert answered == ["boris", 0, 1, 2, 3]


def queued(turns: Turns) -> int:
    """How many presses of hers are not answered yet."""
    return len(turns._queues.get("anna", ()))


def test_a_press_that_fails_lets_the_next_one_in() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.of("anna"):
        raise ZeroDivisionError
    with turns.of("anna"):
        pass


@pytest.mark.parametrize("clip", [NOT_ANALYSED, "another run"])
def test_news_that_comes_after_another_choice_does_not_stay_on_screen(clip) -> None:
    runs = RunStore()
    session = Session(runs, *[None] * 6)
    request = SimpleNamespace(session_hash="anna")
    assert session.overtaken((NOT_ANALYSED, 0), request) is None
    late = runs.adopt("anna", make_analysis())
    assert session.overtaken((late.run_id, 5), request) is None
    chosen = clip if clip == NOT_ANALYSED else runs.adopt("anna", make_analysis()).run_id
    runs.look_at("anna", chosen)
    assert session.overtaken((late.run_id, 5), request) == (chosen, 6)
    assert session.overtaken((chosen, 6), request) is None
