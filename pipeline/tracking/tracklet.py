"""A person's boxes on key frames, and all boxes of one key frame: what association works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FrameDetections:
    """All boxes of one key frame."""

    time_s: float
    """When the frame is shown."""
    rows: tuple[int, ...]
    """Positions of its boxes in the arrays of the whole clip."""


@dataclass
class Tracklet:
    """One person's boxes, at most one a key frame, in order of time."""

    rows: list[int]
    """Positions in the arrays of the whole clip."""
    times: list[float]
    """When each is shown, seconds."""
    numbers: list[int]
    """Of their key frames."""

    @staticmethod
    def of(row: int, time_s: float, number: int) -> Tracklet:
        """A tracklet of one box."""
        return Tracklet([row], [time_s], [number])

    def add(self, row: int, time_s: float, number: int) -> None:
        """One more box, later than all so far."""
        self.rows.append(row)
        self.times.append(time_s)
        self.numbers.append(number)

    def upto(self, place: int) -> Tracklet:
        """The boxes up to a place, that one too."""
        return self._part(0, place + 1)

    def since(self, place: int) -> Tracklet:
        """The boxes from a place on."""
        return self._part(place, len(self.rows))

    def reversed(self) -> Tracklet:
        """The same boxes from the last to the first, on a clock that runs backwards."""
        times = [-time_s for time_s in reversed(self.times)]
        return Tracklet(self.rows[::-1], times, [-number for number in reversed(self.numbers)])

    def split(self, after: Sequence[int]) -> list[Tracklet]:
        """The parts that end with key frames of these numbers, and the rest."""
        ends = np.searchsorted(self.numbers, sorted(after), side="right").tolist()
        pairs = zip([0, *ends], [*ends, len(self.rows)], strict=True)
        return [self._part(a, b) for a, b in pairs if a < b]

    def without(self, taken: set[int]) -> Tracklet:
        """The boxes that are not in `taken`; maybe none."""
        return self._where([row not in taken for row in self.rows])

    def followed_by(self, later: Tracklet) -> Tracklet:
        """Joined with a later one; where the two overlap in time, this one's boxes count."""
        rest = later._where([time_s > self.times[-1] for time_s in later.times])
        return Tracklet(self.rows + rest.rows, self.times + rest.times, self.numbers + rest.numbers)

    def row_near(self, time_s: float) -> int:
        """The box nearest to a moment."""
        return self.rows[int(np.abs(np.array(self.times) - time_s).argmin())]

    def _part(self, start: int, end: int) -> Tracklet:
        return Tracklet(self.rows[start:end], self.times[start:end], self.numbers[start:end])

    def _where(self, kept: Sequence[bool]) -> Tracklet:
        places = [place for place, keep in enumerate(kept) if keep]
        return Tracklet(
            [self.rows[place] for place in places],
            [self.times[place] for place in places],
            [self.numbers[place] for place in places],
        )
