"""What it costs to take a box for the same person as boxes before it, and the cheapest assignment.

    (place^2 + height^2 + width^2) / 2 + (1 - IoU) + penalty

where `place` is how far a box lies from where its person was heading, `height` and `width` how much
the person seems to have changed, all in units of what may be expected after the time that has
passed. The penalty is higher for people not seen for a while or seen once only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.optimize import linear_sum_assignment

from pipeline.detection.boxes import Array, Numbers, centres, extents, iou, lengths
from pipeline.settings import NotNegative, Positive, Share, settings
from pipeline.tracking.tracklet import Tracklet

Rows = NDArray[np.int64]


Finite = Annotated[NotNegative, Field(allow_inf_nan=False)]
FinitePositive = Annotated[Positive, Field(allow_inf_nan=False)]


@settings()
class AssociationSettings:
    """How far a person may move and change from one key frame to the next.

    `noise` is the deviation expected at once (a jittering box, limbs thrown out), `growth` what
    every second adds to it. Places are counted in lengths of the person (the box's longer side), so
    that near and far people follow one rule. The figures are the spread of a real skater's boxes.
    """

    place_noise: FinitePositive = 0.06
    """Lengths of the person."""
    place_growth: Finite = 0.8
    """Lengths a second: what speed and direction change by."""
    height_noise: FinitePositive = 0.04
    """Of the natural logarithm of the height."""
    height_growth: Finite = 1.0
    """The same, a second."""
    width_noise: FinitePositive = 0.12
    """Of the natural logarithm of the width, which arms and legs change more than the height."""
    width_growth: Finite = 2.4
    """The same, a second."""
    max_cost: FinitePositive = 12.0
    """A pair that costs more is two people; 8 is a deviation of four times the expected one."""
    velocity_window_s: NotNegative = 0.3
    """A person's velocity is the slope of the box centres over this time."""
    max_missed_s: NotNegative = 0.5
    """Who was missed for longer is a new person at first; one missed key frame always passes."""
    max_absence_s: NotNegative = 1.5
    """Two tracklets of one person are joined over an absence of at most this."""
    max_double_s: NotNegative = 0.3
    """One person may have two boxes for so long before the older one gives way."""
    min_double_iou: Share = 0.4
    """Overlap of such boxes."""
    min_covered: Share = 0.2
    """Two people meet where one box covers a larger share of the other."""
    switch_penalty: Finite = 2.0
    """What a tracklet that was cut costs more joined to any other part than to its own."""
    appearance: Finite = 24.0
    """Cost of joining tracklets of people who have no colour in common."""


class AssociationCost:
    """Costs over one clip's boxes.

    Args:
        boxes: `(N, 4)` of all key frames in order of time, none of them empty.
        settings: What a person may do between two of them.
    """

    def __init__(self, boxes: Array, settings: AssociationSettings) -> None:
        self.boxes = boxes.astype(np.float64)
        self.centres = centres(boxes)
        self.lengths = lengths(boxes)
        self.log_extents = np.log(extents(boxes))
        self.settings = s = settings
        self._noise = np.array([[s.place_noise], [s.width_noise], [s.height_noise]])
        self._growth = np.array([[s.place_growth], [s.width_growth], [s.height_growth]])

    def deviation(self, predicted: Numbers, last: Rows, rows: Rows, elapsed: Numbers) -> Numbers:
        """Half the squared deviation `(..., N, M)` of boxes from people, in expected ones.

        Args:
            predicted: `(..., N, M or 1, 2)` where each of the N people should be now.
            last: `(N,)` their last boxes.
            rows: `(M,)` the boxes in question.
            elapsed: `(N,)` seconds since their last boxes.
        """
        place, width, height = self._spreads(elapsed)[..., None]  # (N, 1) each
        scale = np.sqrt(self.lengths[last][:, None] * self.lengths[rows])  # (N, M)
        off = predicted - self.centres[rows]  # (..., N, M, 2)
        apart = np.sqrt(off[..., 0] ** 2 + off[..., 1] ** 2) / scale
        change = self.log_extents[last][:, None] - self.log_extents[rows]  # (N, M, 2)
        wider, higher = change[..., 0] / width, change[..., 1] / height
        return np.asarray(0.5 * ((apart / place) ** 2 + wider**2 + higher**2))

    def penalty(self, tracklets: Sequence[Tracklet], elapsed: Numbers) -> Numbers:
        """What makes a tracklet `(N,)` a less likely owner of any box.

        A wider spread fits more boxes but each of them less: the logarithms are those of the normal
        distribution's own factor, the place counting twice for its two axes.
        """
        spreads = self._spreads(elapsed)
        place, width, height = np.log(spreads / spreads.min(axis=1, keepdims=True))
        seen_once = np.array([len(tracklet.rows) == 1 for tracklet in tracklets])
        return 2 * place + width + height + seen_once

    def gap(self, earlier: Tracklet, later: Tracklet, absence_s: float) -> float:
        """Cost of one person's walk from the end of one tracklet to the start of another.

        Both are led to the middle of the gap: each side's velocity is trusted for half of it only.
        """
        end, start, half = earlier.rows[-1], later.rows[0], absence_s / 2
        ahead = self.centres[end] + self.velocity(earlier, at_end=True) * half
        back = self.centres[start] - self.velocity(later, at_end=False) * half
        predicted = (self.centres[start] + ahead - back)[None, None]  # (1, 1, 2)
        cost = self.deviation(predicted, np.array([end]), np.array([start]), np.array([half]))
        return float(cost[0, 0])

    def handover(self, earlier: Tracklet, later: Tracklet) -> float:
        """Cost of one person having had two boxes for a moment, of which the newer one went on."""
        if later.times[0] <= earlier.times[0] or later.times[-1] <= earlier.times[-1]:
            return np.inf
        at_start = earlier.row_near(later.times[0]), later.rows[0]
        at_end = earlier.rows[-1], later.row_near(earlier.times[-1])
        overlaps = iou(self.boxes[[at_start[0], at_end[0]]], self.boxes[[at_start[1], at_end[1]]])
        overlap = float(overlaps.min())
        return 1 - overlap if overlap >= self.settings.min_double_iou else np.inf

    def velocity(self, tracklet: Tracklet, *, at_end: bool) -> Numbers:
        """Least-squares velocity `(2,)` at one end of a tracklet; zero after a single box."""
        near = self._near_end(tracklet.times, at_end=at_end)
        times = np.array(tracklet.times[near])
        if len(times) == 1:
            return np.zeros(2)
        centred = times - times.sum() / len(times)
        return centred @ self.centres[tracklet.rows[near]] / (centred @ centred)

    def velocities(self, tracklets: Sequence[Tracklet]) -> Numbers:
        """Velocity `(N, 2)`, pixels a second; who was seen once moves as the others do."""
        once = np.array([len(tracklet.rows) == 1 for tracklet in tracklets])
        velocities = np.array([self.velocity(tracklet, at_end=True) for tracklet in tracklets])
        if once.any() and not once.all():
            velocities[once] = np.median(velocities[~once], axis=0)
        return velocities

    def assign(self, cost: Numbers) -> list[tuple[int, int]]:
        """The assignment of least sum in which leaving a pair apart costs `max_cost`."""
        pairs = zip(*linear_sum_assignment(np.minimum(cost, self.settings.max_cost)), strict=True)
        return [(int(i), int(j)) for i, j in pairs if cost[i, j] < self.settings.max_cost]

    def _near_end(self, times: Sequence[float], *, at_end: bool) -> slice:
        """The boxes within the velocity's window; at least two, however sparse the key frames."""
        window_s, count = self.settings.velocity_window_s, 1
        end = times[-1] if at_end else times[0]
        while count < len(times):
            apart = end - times[-count - 1] if at_end else times[count] - end
            if count >= 2 and apart > window_s:
                break
            count += 1
        return slice(len(times) - count, None) if at_end else slice(0, count)

    def _spreads(self, elapsed: Numbers) -> Numbers:
        """Expected deviation `(3, N)` of place, width and height after a time."""
        return np.asarray(self._noise + self._growth * elapsed)
