"""Viterbi refinement: one person's tracklet, sought once more among everybody's boxes.

Association goes from frame to frame and joins what it can; where people meet, it may go on with the
wrong one, and where a tracklet breaks, its parts become several people. Once it is known who
matters, the question is simpler: which boxes of the whole clip are this person? The answer is the
chain of boxes of greatest worth (Viterbi's algorithm). A box is worth the more the more it looks
like the person; going over to another tracklet costs what the person would have to do for it, and
every key frame without a box costs something too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.detection.boxes import Numbers
from pipeline.tracking.association_cost import AssociationCost, Rows
from pipeline.tracking.reid import Descriptors
from pipeline.tracking.tracklet import FrameDetections, Tracklet

_WORTH, _OWN = 1.0, 1.0
"""Of any box, and what a box that the person had before is worth besides."""
_APPEARANCE, _USUAL_DISTANCE = 6.0, 0.35
"""What having no colour in common takes off; as different as this is neither for nor against."""
_CHANGE = 4.0
"""Cost of going over to another tracklet."""
_MISSED = 0.5
"""Cost of a key frame without a box."""
_PASSES = 2
"""After the first, what the person looks like is known from more boxes."""


class Refinement:
    """Seeks anybody's tracklet through one clip once more.

    Args:
        cost: Of the clip's boxes.
        people: A tracklet a person, from `stitch`.
        frames: The key frames in order of time.
        descriptors: What people look like; None: unknown.
    """

    def __init__(
        self,
        cost: AssociationCost,
        people: Sequence[Tracklet],
        frames: Sequence[FrameDetections],
        descriptors: Descriptors | None = None,
    ) -> None:
        self._cost, self._descriptors = cost, descriptors
        self._times = np.array([frame.time_s for frame in frames])
        self._counts = [len(frame.rows) for frame in frames]
        # Boxes in order of time are numbered as they come.
        self._number = np.repeat(np.arange(len(frames)), self._counts)  # (N,)
        count = len(cost.boxes)
        self._successor = np.full(count, -1)
        self._leaving, self._arriving = np.zeros((count, 2)), np.zeros((count, 2))
        for tracklet in people:
            self._follow(tracklet)
        # The same for everybody who is sought.
        self._steps = [self._step(number) for number in range(len(frames))]

    def of(self, tracklet: Tracklet) -> Tracklet:
        """The boxes of one person, whoever was thought to own them.

        Args:
            tracklet: Boxes that were taken for the person's, at least one.
        """
        rows = tracklet.rows
        for _ in range(_PASSES):
            rows = self._best(self._worth(rows))
        numbers = self._number[rows].tolist()
        return Tracklet(rows, self._times[numbers].tolist(), numbers)

    def _follow(self, tracklet: Tracklet) -> None:
        """Note where one person's boxes lead, and how fast they come to and leave each."""
        self._successor[tracklet.rows[:-1]] = tracklet.rows[1:]
        for place, row in enumerate(tracklet.rows):
            before, after = tracklet.upto(place), tracklet.since(place)
            self._leaving[row] = self._cost.velocity(before, at_end=True)
            self._arriving[row] = self._cost.velocity(after, at_end=False)

    def _worth(self, rows: Sequence[int]) -> Numbers:
        """What each of the boxes `(N,)` is worth for the person who has some of them."""
        worth = np.full(len(self._number), _WORTH)
        worth[list(rows)] += _OWN
        known = self._descriptors
        alone = [row for row in rows if known is not None and known.alone[row]]
        if known is None or not alone:
            return worth
        mean = known.values[alone].mean(axis=0)
        difference = 1 - known.values @ (mean / np.linalg.norm(mean))
        return worth - np.where(known.alone, _APPEARANCE * (difference - _USUAL_DISTANCE), 0)

    def _best(self, worth: Numbers) -> list[int]:
        """The chain of greatest worth `(N,)`, costs taken off."""
        total = np.full(len(worth), -np.inf)
        previous = np.full(len(worth), -1)
        for number, (rows, earlier, missed, change) in enumerate(self._steps):
            if not len(rows):
                continue
            total[rows] = -_MISSED * number
            if len(earlier):
                gains = (total[earlier] - missed)[:, None] - change
                best = gains.argmax(axis=0)
                gain = gains[best, np.arange(len(rows))]
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

    def _step(self, number: int) -> tuple[Rows, Rows, Numbers, Numbers]:
        """The boxes of a key frame, those before from which one may come, and at what cost."""
        end = sum(self._counts[: number + 1])
        rows = np.arange(end - self._counts[number], end, dtype=np.int64)
        earlier = self._within_reach(number) if len(rows) else rows
        missed = np.asarray(_MISSED * (number - self._number[earlier] - 1), np.float64)
        return rows, earlier, missed, self._change(earlier, rows, number)

    def _within_reach(self, number: int) -> Rows:
        """Boxes before a key frame from which a person may come to it."""
        reach_s = self._cost.settings.max_absence_s
        recent = self._times[number] - self._times[:number] <= reach_s
        recent[-2:] = True  # one missed key frame always passes
        return np.flatnonzero(recent[self._number[self._number < number]])

    def _change(self, earlier: Rows, rows: Rows, number: int) -> Numbers:
        """Cost `(E, M)` of going on from earlier boxes to those of a key frame.

        Both are led to the middle of the time between them, as where tracklets are stitched.
        """
        half = (self._times[number] - self._times[self._number[earlier]]) / 2  # (E,)
        ahead = self._cost.centres[earlier] + self._leaving[earlier] * half[:, None]
        predicted = ahead[:, None] + self._arriving[rows] * half[:, None, None]  # (E, M, 2)
        cost = self._cost.deviation(predicted, earlier, rows, half)
        cost = np.where(cost > self._cost.settings.max_cost, np.inf, cost + _CHANGE)
        return np.where(self._successor[earlier][:, None] == rows, 0.0, cost)
