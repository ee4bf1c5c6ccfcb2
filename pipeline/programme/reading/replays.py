"""Slow-motion replays: a shot that shows, slower, what the skater did before.

The skeleton tells. How high every joint is above the hips hardly hangs on where the camera stands;
so a replay, played faster, has a stretch of an earlier shot that it follows closely, and there is
none for new skating. A picture that stands still every other frame, as slow motion without a fast
camera does, tells at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.measure.signals import Body, read_body
from pipeline.types import FloatArray, PoseSequence

RATE_HZ = 12.5
"""Samples a second of what is compared."""
_SLOWED = np.geomspace(1.4, 4.6, 15)
"""How many times slower replays are."""
_SHORTEST_S, _LONGEST_S = 1.8, 14.0
"""Of a replay, as the skater did it and as it is shown."""
_FOLLOWS = 0.6
"""Correlation of a replay with what it shows."""
_PAIRS = ((5, 6), (7, 8), (9, 10), (13, 14), (15, 16))
_REPEATED, _MOVES = 0.2, 0.4
"""Of frames shown again: the difference from the frame before, as a share of that of others, which
must be at least so many grey levels."""

Array = NDArray[np.float64]


class ReplayFinder:
    """Remembers how the skater moved, shot after shot, and knows it again when slower."""

    def __init__(self) -> None:
        self._done: list[Array] = []

    def add(self, pose: PoseSequence, times_s: Array) -> None:
        """Remember a shot of skating."""
        heights = joint_heights(read_body(pose, times_s), 1.0)
        if heights is not None:
            self._done.append(heights)

    def is_replay(self, pose: PoseSequence, times_s: Array, steps: FloatArray) -> bool:
        """Whether a shot shows again what was seen before.

        Args:
            pose: The skater's skeletons, T frames.
            times_s: `(T,)` of the frames.
            steps: `(T,)` mean difference of every frame from the one before, grey levels.
        """
        if not self._done or not _SHORTEST_S < times_s[-1] - times_s[0] < _LONGEST_S:
            return False
        return shows_frames_again(steps) or self.likeness(pose, times_s) >= _FOLLOWS

    def likeness(self, pose: PoseSequence, times_s: Array) -> float:
        """Highest correlation, -1..1, of a shot that is played faster with an earlier one."""
        body, best = read_body(pose, times_s), -1.0
        for slowed in _SLOWED.tolist():
            heights = joint_heights(body, slowed)
            if heights is None or len(heights) < _SHORTEST_S * RATE_HZ:
                continue
            best = max([best, *(_correlation(heights, earlier) for earlier in self._done)])
        return best


def shows_frames_again(steps: FloatArray) -> bool:
    """Whether at least every third frame is the one before once more."""
    if len(steps) < 10:
        return False
    low, high = np.percentile(steps[1:], (25, 80))
    return bool(high >= _MOVES and low < _REPEATED * high)


def joint_heights(body: Body | None, faster: float) -> Array | None:
    """How high joints are above the hips, `(N, C)` at `RATE_HZ` of a body played so much faster.

    The higher and the lower one of every pair: which is left hardly matters for that. None where
    there is too little of a body.
    """
    if body is None:
        return None
    first, last = body.times_s[0], body.times_s[-1]
    count = int((last - first) / faster * RATE_HZ)
    if count < 2:
        return None
    times = first + np.arange(count) * faster / RATE_HZ
    above = (body.hips[:, 1:] - body.joints[..., 1]) / body.scale[:, None]  # (T, 17)
    pairs = [np.sort(above[:, list(pair)], axis=1) for pair in _PAIRS]
    columns = np.concatenate([above[:, :1], *pairs], axis=1)
    return np.stack([np.interp(times, body.times_s, column) for column in columns.T], axis=1)


def _correlation(heights: Array, earlier: Array) -> float:
    """Of a shot with the stretch of an earlier one that it follows best."""
    N = len(heights)
    if len(earlier) < N:
        return -1.0
    own = heights - heights.mean(axis=0)
    windows = np.lib.stride_tricks.sliding_window_view(earlier, N, axis=0)  # (M, C, N)
    centred = windows - windows.mean(axis=2, keepdims=True)
    products = np.einsum("mcn,nc->m", centred, own)
    norms = np.sqrt((centred**2).sum(axis=(1, 2)) * (own**2).sum())
    return float((products / np.maximum(norms, 1e-9)).max())
