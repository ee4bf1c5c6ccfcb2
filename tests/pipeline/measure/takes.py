"""Takes of the rink for these tests, each made once; seeds of the validation range."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from models.skeletons import COCO17
from pipeline.elements import ELEMENTS, Element, class_index
from pipeline.types import PoseSequence
from training.measure.takes import Take, draw_act, film

SEED = 150_000


@lru_cache(maxsize=32)
def take(label: str, number: int = 0, fps: float = 30.0, *, clean: bool = False) -> Take:
    """A take of a class; clean is without the estimator's errors."""
    seed = (SEED + number, 77)
    act = draw_act(label, seed)
    return film(act, seed, fps=fps, noise=None) if clean else film(act, seed, fps=fps)


def element(label: str) -> Element:
    """The element of a class name."""
    return ELEMENTS[class_index(label)]


def swapped(pose: PoseSequence, frames: slice) -> PoseSequence:
    """The same with left and right exchanged in some frames."""
    keypoints, scores = pose.keypoints_xy.copy(), pose.scores.copy()
    keypoints[frames] = keypoints[frames][:, COCO17.flip_order]
    scores[frames] = scores[frames][:, COCO17.flip_order]
    return PoseSequence(keypoints, scores, pose.stride)


def without(pose: PoseSequence, frames: slice) -> PoseSequence:
    """The same without a skeleton in some frames."""
    keypoints, scores = pose.keypoints_xy.copy(), pose.scores.copy()
    keypoints[frames], scores[frames] = np.nan, 0.0
    return PoseSequence(keypoints, scores, pose.stride)


def cut(one: Take, first: int, last: int) -> tuple[PoseSequence, np.ndarray]:
    """Pose and times of a part."""
    part = slice(first, last)
    pose = PoseSequence(one.pose.keypoints_xy[part], one.pose.scores[part])
    return pose, one.times_s[part]


def two_jumps() -> tuple[PoseSequence, np.ndarray, Take, tuple[float, float]]:
    """A low jump and a high one, one after the other: pose and times, the low one's take, and when
    the high one leaves the ice and lands."""
    low, high = take("1Toeloop", clean=True), take("4Lutz", 3, clean=True)
    step = low.times_s[1] - low.times_s[0]
    shift = low.times_s[-1] + step - high.times_s[0]
    # The second skater stands where the first one was, and is as large.
    hips = [t.pose.keypoints_xy[:, 11:13].mean(axis=1) for t in (low, high)]
    size = [np.ptp(t.pose.keypoints_xy[..., 1], axis=1) for t in (low, high)]
    scale = size[0][-1] / size[1][0]
    joints = (high.pose.keypoints_xy - hips[1][0]) * scale + hips[0][-1]
    pose = PoseSequence(
        np.concatenate([low.pose.keypoints_xy, joints.astype(np.float32)]),
        np.concatenate([low.pose.scores, high.pose.scores]),
    )
    times = np.concatenate([low.times_s, high.times_s + shift])
    return pose, times, low, (high.takeoff_s + shift, high.landing_s + shift)
