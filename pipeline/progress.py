"""What a running analysis tells its caller, and how the caller stops it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pipeline.errors import Cancelled


@dataclass(frozen=True)
class Progress:
    """One message of a running analysis."""

    stage: str
    """`decode`, `detect`, `pose`, or the key of a network."""
    fraction: float
    """Of the whole analysis, 0..1, as far as it can be foreseen."""
    elapsed_s: float
    """Since the analysis began."""
    result: Any = None
    """What the stage just finished: People, PoseSequence or ModelScores; None while it runs."""

    @property
    def remaining_s(self) -> float | None:
        """Estimate of the time left; None as long as nothing can be said."""
        if self.fraction < 0.02:
            return None
        return self.elapsed_s * (1 - self.fraction) / self.fraction


Listener = Callable[[Progress], None]
StopAsked = Callable[[], bool]


class Monitor:
    """Times the stages of one analysis, reports progress and checks for a stop.

    Args:
        listener: Told about every step.
        stop_asked: Asked often; True ends the analysis with `Cancelled`.
    """

    def __init__(self, listener: Listener | None, stop_asked: StopAsked | None) -> None:
        self._listener = listener
        self._stop_asked = stop_asked
        self._began = time.perf_counter()
        self._shares: dict[str, float] = {}
        self._finished = 0.0
        self._done: dict[str, float] = {}
        self._inner = [0.0]
        self.timings_s: dict[str, float] = {}
        """Seconds a stage; what a stage inside another one took counts for the inner one only."""

    def expect(self, shares: dict[str, float]) -> None:
        """Say which stages will come, with their relative costs."""
        total = sum(shares.values())
        self._shares = {stage: share / total for stage, share in shares.items()}

    def silent(self) -> Monitor:
        """A monitor of its own for a part of the work: it tells nobody, and stops with this one."""
        return Monitor(None, self._stop_asked)

    def check(self) -> None:
        """Raise `Cancelled` when a stop was asked for."""
        if self._stop_asked is not None and self._stop_asked():
            raise Cancelled("the analysis was stopped")

    def step(self, stage: str, done: float, result: Any = None) -> None:
        """Report that a share `done` (0..1) of a stage is over."""
        self.check()
        self._done[stage] = done
        if self._listener is not None:
            fraction = self._finished + self._shares.get(stage, 0.0) * done
            elapsed = time.perf_counter() - self._began
            self._listener(Progress(stage, min(fraction, 1.0), elapsed, result))

    def done(self, stage: str) -> float:
        """The share of a stage that is over."""
        return self._done.get(stage, 0.0)

    def finish(self, stage: str, result: Any = None) -> None:
        """Report that a stage is over, with what it found."""
        self.step(stage, 1.0, result)
        self._finished += self._shares.pop(stage, 0.0)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time spent in the block to a stage, less that of stages within."""
        began = time.perf_counter()
        self._inner.append(0.0)
        try:
            yield
        finally:
            spent = time.perf_counter() - began
            own = spent - self._inner.pop()
            self._inner[-1] += spent
            self.timings_s[stage] = self.timings_s.get(stage, 0.0) + own

    def timed_iterator(self, stage: str, items: Iterator[Any]) -> Iterator[Any]:
        """Pass items through, adding the time spent in producing them to a stage."""
        while True:
            with self.timed(stage):
                item = next(items, _END)
            if item is _END:
                return
            yield item

    def total(self) -> float:
        """Seconds since the analysis began."""
        return time.perf_counter() - self._began


_END = object()
