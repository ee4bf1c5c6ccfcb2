"""One person's way through a clip, sought once more among everybody's boxes.

`pipeline.associate` goes from frame to frame and joins what it can; where people meet, it may go on
with the wrong one, and where a way breaks, its parts become several people. Once it is known who
matters, the question is simpler: which boxes of the whole clip are this person? The answer is the
chain of boxes of greatest worth (Viterbi's algorithm). A box is worth the more the more it looks
like the person; going over to another track costs what the person would have to do for it, and
every key frame without a box costs something too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.associate import AssociationSettings, Looks, Matcher, Sighting, Trace
from pipeline.boxes import Array, Numbers

_WORTH, _OWN = 1.0, 1.0
"""Of any box, and what a box that the person had before is worth besides."""
_LOOKS, _USUAL_LOOKS = 6.0, 0.35
"""What having no colour in common takes off; as different as this is neither for nor against."""
_CHANGE = 4.0
"""Cost of going over to another track."""
_MISSED = 0.5
"""Cost of a key frame without a box."""
_PASSES = 2
"""After the first, what the person looks like is known from more boxes."""


class Ways:
    """Every person's way through one clip, sought once more.

    Args:
        people: What `associate` makes of the boxes.
        boxes: `(N, 4)` of all key frames in order of time, none of them empty.
        sightings: The key frames in order of time.
        settings: What a person may do between two of them.
        appearance: `(N, D)` what the boxes show, rows of length 1 or 0 (`pipeline.appearance`).
    """

    def __init__(
        self,
        people: Sequence[Sequence[int]],
        boxes: Array,
        sightings: Sequence[Sighting],
        settings: AssociationSettings,
        appearance: Array | None = None,
    ) -> None:
        self._matcher, self._settings = Matcher(boxes, settings), settings
        self._times = np.array([sighting.time_s for sighting in sightings])
        self._counts = [len(sighting.rows) for sighting in sightings]
        # Boxes in order of time are numbered as they come.
        self._number = np.repeat(np.arange(len(sightings)), self._counts)  # (N,)
        self._successor = np.full(len(boxes), -1)
        self._leaving, self._arriving = np.zeros((len(boxes), 2)), np.zeros((len(boxes), 2))
        for rows in people:
            self._follow(list(rows))
        self._looks = (
            None if appearance is None else Looks.of(boxes, sightings, appearance, settings)
        )

    def of(self, rows: Sequence[int]) -> list[int]:
        """The boxes of one person, whoever was thought to own them.

        Args:
            rows: Boxes that were taken for the person's, at least one.

        Returns:
            Positions of the person's boxes in order of time, at most one a key frame.
        """
        chosen = list(rows)
        for _ in range(_PASSES):
            chosen = self._best(_worth(chosen, len(self._number), self._looks))
        return chosen

    def _follow(self, rows: list[int]) -> None:
        """Note where one person's boxes lead, and how fast he comes to and leaves each."""
        self._successor[rows[:-1]] = rows[1:]
        numbers = self._number[rows].tolist()
        whole = Trace(rows, self._times[numbers].tolist(), numbers)
        for place, row in enumerate(rows):
            before, after = whole.upto(place), whole.since(place)
            self._leaving[row] = self._matcher.slope(before, at_end=True)
            self._arriving[row] = self._matcher.slope(after, at_end=False)

    def _best(self, worth: Numbers) -> list[int]:
        """The chain of greatest worth `(N,)`, costs taken off."""
        total = np.full(len(worth), -np.inf)
        previous = np.full(len(worth), -1)
        ends = np.cumsum(self._counts)
        for number, (end, count) in enumerate(zip(ends, self._counts, strict=True)):
            if not count:
                continue
            rows = np.arange(end - count, end)
            total[rows] = -_MISSED * number
            earlier = self._within_reach(number)
            if len(earlier):
                missed = _MISSED * (number - self._number[earlier] - 1)
                gains = (total[earlier] - missed)[:, None] - self._change(earlier, rows, number)
                best = gains.argmax(axis=0)
                gain = gains[best, np.arange(count)]
                better = gain > total[rows]
                total[rows[better]] = gain[better]
                previous[rows[better]] = earlier[best[better]]
            total[rows] += worth[rows]
        row = int((total + _MISSED * self._number).argmax())
        chain = [row]
        while previous[row] >= 0:
            row = int(previous[row])
            chain.append(row)
        return chain[::-1]

    def _within_reach(self, number: int) -> NDArray[np.int64]:
        """Boxes before a key frame from which a person may come to it."""
        recent = self._times[number] - self._times[:number] <= self._settings.max_absence_s
        recent[-2:] = True  # one missed key frame always passes
        return np.flatnonzero(recent[self._number[self._number < number]])

    def _change(self, earlier: NDArray[np.int64], rows: NDArray[np.int64], number: int) -> Numbers:
        """Cost `(E, M)` of going on from earlier boxes to those of a key frame.

        Both are led to the middle of the time between them, as where parts of a way are joined.
        """
        half = (self._times[number] - self._times[self._number[earlier]]) / 2  # (E,)
        ahead = self._matcher.centres[earlier] + self._leaving[earlier] * half[:, None]
        predicted = ahead[:, None] + self._arriving[rows] * half[:, None, None]  # (E, M, 2)
        cost = self._matcher.deviation(predicted, earlier, rows, half)
        cost = np.where(cost > self._settings.max_cost, np.inf, cost + _CHANGE)
        return np.where(self._successor[earlier][:, None] == rows, 0.0, cost)


def _worth(rows: Sequence[int], count: int, looks: Looks | None) -> Numbers:
    """What each of the boxes `(N,)` is worth for the person who has some of them."""
    worth = np.full(count, _WORTH)
    worth[list(rows)] += _OWN
    alone = [row for row in rows if looks is not None and looks.alone[row]]
    if looks is None or not alone:
        return worth
    mean = looks.appearance[alone].mean(axis=0)
    difference = 1 - looks.appearance @ (mean / np.linalg.norm(mean))
    return worth - np.where(looks.alone, _LOOKS * (difference - _USUAL_LOOKS), 0)
