"""Re-identification within a clip: are two tracklets the same person, by what they look like?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.detection.boxes import Array, Numbers, covered
from pipeline.tracking.association_cost import AssociationSettings
from pipeline.tracking.tracklet import FrameDetections, Tracklet

_BOXES = 8
"""So many boxes, about a second, say what somebody looks like."""
USUAL_DISTANCE = 0.15
"""Of the same person before and after people met."""


@dataclass(frozen=True)
class Descriptors:
    """Re-identification descriptors of a clip's boxes."""

    values: Numbers
    """`(N, D)` rows of length 1 or 0 (`pipeline.detection.appearance`)."""
    alone: NDArray[np.bool_]
    """`(N,)` whether a box shows one person only."""

    @staticmethod
    def of(
        boxes: Array,
        frames: Sequence[FrameDetections],
        appearance: Array,
        settings: AssociationSettings,
    ) -> Descriptors:
        """The descriptors, and which of them show one person only.

        Args:
            boxes: `(N, 4)` of all key frames in order of time.
            frames: The key frames in order of time.
            appearance: `(N, D)` a descriptor a box.
            settings: Says how much of a box may be covered by another.
        """
        alone = np.asarray(appearance.any(axis=1))
        for frame in frames:
            rows = np.array(frame.rows, dtype=np.int64)
            hidden = covered(boxes[rows, None], boxes[None, rows])
            np.fill_diagonal(hidden, 0)
            alone[rows] &= (hidden < settings.min_covered).all(axis=1)
        return Descriptors(appearance.astype(np.float64), alone)

    def ends(self, tracklet: Tracklet) -> tuple[Numbers | None, Numbers | None]:
        """The mean of a tracklet's first and of its last boxes that show one person only."""
        return self._mean(tracklet.rows), self._mean(tracklet.rows[::-1])

    def _mean(self, rows: Sequence[int]) -> Numbers | None:
        chosen = [row for row in rows if self.alone[row]][:_BOXES]
        if not chosen:
            return None
        mean = self.values[chosen].mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean))


def distance(before: Numbers | None, after: Numbers | None) -> float:
    """From 0, the same colours, to 1; the usual one where somebody cannot be seen alone."""
    if before is None or after is None:
        return USUAL_DISTANCE
    return 1 - float(before @ after)
