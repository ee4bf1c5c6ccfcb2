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
