"""Whose turn it is: one analysis at a time, and nobody's programme keeps a clip of another waiting.

Clips go before programmes, and a programme gives way to them between its pieces. Visitors take
turns: each gets the first of theirs before anybody gets a second (start-time fair queueing).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import Cancelled
from ui.hosting import MAX_CLIPS_IN_A_ROW
from ui.work.pace import Pace

_POLL_S = 0.1

Kind = Literal["clip", "programme"]


@dataclass(frozen=True)
class Place:
    """Where somebody stands who waits."""

    before: int
    """How many are to end, or to give way, before."""
    wait_s: float | None
    """How long that may take, in steps that fit an estimate; None where nothing is known yet."""


@dataclass(eq=False)
class Turn:
    """What somebody waits with, or is at work with."""

    stop: threading.Event
    """Set when nobody wants it any more."""
    visitor: str = ""
    kind: Kind = "clip"
    profile: str = ""
    size: float = 1.0
    """Seconds of a programme's video; 1 for a clip."""
    left_s: Callable[[], float | None] = lambda: None
    """What it says itself of the time left while it is at work."""
    round: int = 0
    """How many of the visitor's are ahead of it, counted from the round that is served."""
    number: int = 0
    """In the order of arrival."""
    begun: bool = False
    worked_s: float = 0.0
    """Before it gave way."""
    since_s: float = 0.0
    """When it was given its turn."""
    piece_s: float = 0.0
    """When the piece at work began."""

    @property
    def pace(self) -> str:
        """The name of its pace."""
        return f"{self.kind} {self.profile}"

    @property
    def pace_of_piece(self) -> str:
        """The same of its pieces."""
        return f"piece {self.profile}"


class WorkQueue:
    """Who is at work, and who waits.

    A second one at work would only slow both, and take twice the memory.

    Args:
        clips_in_a_row: So many clips may go before a programme that waits.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        clips_in_a_row: int = MAX_CLIPS_IN_A_ROW,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._clock = clips_in_a_row, clock
        self._at_work: Turn | None = None
        self._waiting: list[Turn] = []
        self._in_a_row = self._arrived = 0
        self._served: dict[Kind, int] = {"clip": 0, "programme": 0}
        """The round that is served."""
        self._last: dict[tuple[Kind, str], int] = {}
        """Round of what a visitor asked for last."""
        self._pace = Pace()
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, turn: Turn) -> Iterator[None]:
        """Wait for a turn, and hold it through the block.

        Raises:
            Cancelled: Its `stop` was set before the turn came.
        """
        with self._changed:
            self._arrive(turn)
        try:
            self._wait(turn)
            yield
            with self._changed:
                worked_s = turn.worked_s + self._clock() - turn.since_s
                self._pace.note(turn.pace, worked_s, turn.size)
        finally:
            with self._changed:
                self._leave(turn)

    def give_way(self, stop: threading.Event) -> None:
        """Between two pieces of a programme: clips that wait go first; then its turn comes again.

        Args:
            stop: Of whoever is at work; nothing happens where somebody else is.

        Raises:
            Cancelled: `stop` was set meanwhile.
        """
        with self._changed:
            turn = self._at_work
            if turn is None or turn.stop is not stop:
                return
            now = self._clock()
            self._pace.note(turn.pace_of_piece, now - turn.piece_s)
            turn.piece_s = now
            if not self._waiting or self._order()[0].kind != "clip":
                self._in_a_row = 0  # it had its piece, and goes on with the next
                return
            turn.worked_s += now - turn.since_s
            self._at_work = None
            self._waiting.append(turn)
            self._next()
        self._wait(turn)

    def place(self, stop: threading.Event) -> Place | None:
        """Where whoever waits with `stop` stands; None for one who does not wait."""
        with self._changed:
            order = self._order()
            at = next((i for i, turn in enumerate(order) if turn.stop is stop), None)
            if at is None:
                return None
            ahead = order[:at]
            waits_s = [self._until_free_s(order[at]), *(self._takes_s(t, order[at]) for t in ahead)]
            known = [seconds for seconds in waits_s if seconds is not None]
            wait_s = sum(known) if len(known) == len(waits_s) else None
            before = len(ahead) + (self._at_work is not None)
            return Place(before, None if wait_s is None else _coarse(wait_s))

    def _arrive(self, turn: Turn) -> None:
        served, whose = self._served[turn.kind], (turn.kind, turn.visitor)
        self._last = {who: r for who, r in self._last.items() if r >= self._served[who[0]]}
        turn.round = max(served, self._last.get(whose, served - 1) + 1)
        self._last[whose] = turn.round
        self._arrived += 1
        turn.number = self._arrived
        self._waiting.append(turn)
        self._next()

    def _wait(self, turn: Turn) -> None:
        with self._changed:
            while self._at_work is not turn and not turn.stop.is_set():
                self._changed.wait(_POLL_S)
        if turn.stop.is_set():
            raise Cancelled

    def _leave(self, turn: Turn) -> None:
        if turn in self._waiting:
            self._waiting.remove(turn)
            whose = (turn.kind, turn.visitor)
            if not turn.begun and self._last.get(whose) == turn.round:
                self._last[whose] -= 1  # it costs nothing to change one's mind
        if self._at_work is turn:
            self._at_work = None
            self._next()
        self._changed.notify_all()

    def _next(self) -> None:
        """Give the turn to the next one, where it is free."""
        if self._at_work is not None or not self._waiting:
            return
        turn = self._order()[0]
        self._waiting.remove(turn)
        self._at_work = turn
        passed = turn.kind == "clip" and any(t.kind != "clip" for t in self._waiting)
        self._in_a_row = self._in_a_row + 1 if passed else 0
        if not turn.begun:
            self._served[turn.kind] = turn.round
        turn.begun = True
        turn.since_s = turn.piece_s = self._clock()
        self._changed.notify_all()

    def _order(self) -> list[Turn]:
        """Those who wait, in the order in which they go if nobody else comes."""
        clips = sorted((t for t in self._waiting if t.kind == "clip"), key=_rank)
        # One that has begun goes on before another begins: its frames are in memory.
        others = sorted((t for t in self._waiting if t.kind != "clip"), key=_rank)
        first = max(0, self._most - self._in_a_row) if others else len(clips)
        return [*clips[:first], *others[:1], *clips[first:], *others[1:]]

    def _until_free_s(self, waiting: Turn) -> float | None:
        """How long until whoever is at work ends or gives way."""
        turn, now = self._at_work, self._clock()
        if turn is None:
            return 0.0
        usual_s = self._takes_s(turn, waiting)
        if turn.kind == "programme" and waiting.kind == "clip":
            return None if usual_s is None else max(0.0, usual_s - (now - turn.piece_s))
        left_s = turn.left_s()
        if left_s is not None:
            return left_s
        return None if usual_s is None else max(0.0, usual_s - (now - turn.since_s))

    def _takes_s(self, turn: Turn, waiting: Turn) -> float | None:
        """How long somebody else keeps the one who waits."""
        if turn.kind == "programme" and waiting.kind == "clip":
            return self._pace.usual_s(turn.pace_of_piece)
        whole_s = self._pace.usual_s(turn.pace, turn.size)
        return None if whole_s is None else max(0.0, whole_s - turn.worked_s)


def _rank(turn: Turn) -> tuple[bool, int, int]:
    return not turn.begun, turn.round, turn.number


def _coarse(seconds: float) -> float:
    """Steps of 5 s up to a minute and a half, then minutes."""
    step = 5 if seconds <= 90 else 60
    return float(step * max(1, math.ceil(seconds / step)))


WORK_QUEUE = WorkQueue()
"""Of this server: clips and programmes alike."""
