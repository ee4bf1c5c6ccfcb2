"""A skeleton sequence made ready for measuring: gaps found and filled, the body's own scale.

The camera follows the skater, so nothing here counts pixels: lengths are shares of the skater's
own trunk and legs, and what the camera does slowly is taken away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, percentile_filter

from pipeline.types import NUM_JOINTS, PoseSequence

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

NOSE, LEFT_EYE, RIGHT_EYE, LEFT_EAR, RIGHT_EAR = range(5)
LEFT_SHOULDER, RIGHT_SHOULDER = 5, 6
LEFT_WRIST, RIGHT_WRIST = 9, 10
LEFT_HIP, RIGHT_HIP, LEFT_KNEE, RIGHT_KNEE, LEFT_ANKLE, RIGHT_ANKLE = range(11, 17)
HEAD = slice(0, 5)
_TRUNK_AND_LEGS = [LEFT_SHOULDER, RIGHT_SHOULDER, *range(LEFT_HIP, RIGHT_ANKLE + 1)]

LOST_SCORE = 0.5
"""A joint is lost where its score is below this share of its usual score in the clip."""

_SCALE_S = 0.6


@dataclass(frozen=True)
class Body:
    """The skater's joints in T frames with a known time, without gaps."""

    times_s: Array
    """`(T,)` seconds, increasing."""
    joints: Array
    """`(T, 17, 2)` pixels, y down; lost joints are interpolated in time."""
    seen: Mask
    """`(T, 17)` False where a joint was interpolated."""
    scores: Array
    """`(T, 17)` as the pose network gave them."""
    scale: Array
    """`(T,)` pixels: trunk and leg together, about two thirds of the skater's height."""

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def posed(self) -> Mask:
        """`(T,)` whether there is any joint in a frame."""
        return np.asarray(self.seen.any(axis=1))

    @property
    def step_s(self) -> float:
        """Usual time from a frame to the next."""
        return float(np.median(np.diff(self.times_s)))

    def middle(self, *joints: int) -> Array:
        """Mean place of some joints, `(T, 2)`."""
        return np.asarray(self.joints[:, list(joints)].mean(axis=1))

    @property
    def hips(self) -> Array:
        """Between the hips, `(T, 2)`."""
        return self.middle(LEFT_HIP, RIGHT_HIP)

    @property
    def neck(self) -> Array:
        """Between the shoulders, `(T, 2)`."""
        return self.middle(LEFT_SHOULDER, RIGHT_SHOULDER)


def read_body(pose: PoseSequence, times_s: NDArray[np.floating]) -> Body | None:
    """The body of a pose sequence; frames that its stride skipped are left out.

    None where fewer than three frames have a pose, or one of trunk and legs is never seen.

    Raises:
        ValueError: Not as many times as poses.
    """
    if len(times_s) != len(pose.scores):
        raise ValueError(f"times_s: expected {len(pose.scores)} times, got {len(times_s)}")
    joints = pose.keypoints_xy[:: pose.stride].astype(np.float64)
    scores = pose.scores[:: pose.stride].astype(np.float64)
    times = np.asarray(times_s[:: pose.stride], np.float64)
    present: Mask = np.asarray(np.isfinite(joints).all(axis=2))
    if present.any(axis=1).sum() < 3 or not present[:, _TRUNK_AND_LEGS].any(axis=0).all():
        return None
    seen = present & (scores >= LOST_SCORE * _usual(scores, present))
    seen[:, ~seen.any(axis=0)] = present[:, ~seen.any(axis=0)]
    filled = _filled(joints, seen, times)
    return Body(times, filled, seen, scores, _scale(filled, times))


def _usual(scores: Array, present: Mask) -> Array:
    """Median score of each joint where there is a pose, `(17,)`; 0 for one never seen."""
    return np.array(
        [np.median(scores[p, j]) if (p := present[:, j]).any() else 0.0 for j in range(NUM_JOINTS)]
    )


def _filled(joints: Array, seen: Mask, times: Array) -> Array:
    """Joints with every unseen place interpolated; a joint never seen lies at the others' mean."""
    filled = np.full_like(joints, np.nan)
    for joint in np.flatnonzero(seen.any(axis=0)):
        known = seen[:, joint]
        for axis in range(2):
            filled[:, joint, axis] = np.interp(times, times[known], joints[known, joint, axis])
    never = ~seen.any(axis=0)
    filled[:, never] = filled[:, ~never].mean(axis=1, keepdims=True)
    return filled


def _scale(joints: Array, times: Array) -> Array:
    """Length of trunk and leg, which a turning or bending body shows only at times, `(T,)`."""
    hips = 0.5 * (joints[:, LEFT_HIP] + joints[:, RIGHT_HIP])
    neck = 0.5 * (joints[:, LEFT_SHOULDER] + joints[:, RIGHT_SHOULDER])

    def length(start: Array, end: Array) -> Array:
        return np.asarray(np.linalg.norm(start - end, axis=1))

    legs = [
        length(joints[:, hip], joints[:, knee]) + length(joints[:, knee], joints[:, ankle])
        for hip, knee, ankle in (
            (LEFT_HIP, LEFT_KNEE, LEFT_ANKLE),
            (RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE),
        )
    ]
    whole = length(neck, hips) + np.maximum(*legs)
    step = float(np.median(np.diff(times)))
    window = 2 * round(_SCALE_S / step) + 1
    shown = percentile_filter(whole, 75, size=min(window, 2 * len(whole) - 1), mode="nearest")
    smooth = gaussian_filter1d(shown, 0.5 * _SCALE_S / step, mode="nearest")
    return np.asarray(np.maximum(smooth, 1e-6))
