"""How long things take in this process, told by the last few of them."""

from __future__ import annotations

from collections import defaultdict, deque
from statistics import median

_LAST = 9
_TELLING_S = 0.5
"""What took less was known already, and tells nothing of the next one."""


class Pace:
    """Times of what was done; the median of the last ones stands for the next."""

    def __init__(self) -> None:
        self._taken: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_LAST))

    def note(self, kind: str, seconds: float, size: float = 1.0) -> None:
        """Something was done.

        Args:
            kind: What.
            seconds: How long it took.
            size: How much of it there was; seconds of a video, for example.
        """
        if seconds >= _TELLING_S and size > 0:
            self._taken[kind].append(seconds / size)

    def usual_s(self, kind: str, size: float = 1.0) -> float | None:
        """How long so much of it takes; None where none was done yet, or nobody knows how much."""
        taken = self._taken.get(kind)
        return median(taken) * size if taken and size > 0 else None
