"""The skeleton as it is drawn: joints at any frame, and the lines between them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from models.skeletons import COCO17
from pipeline.types import FloatArray, PoseSequence


def pose_at(pose: PoseSequence, t: int) -> tuple[FloatArray, FloatArray]:
    """Joints `(17, 2)` and scores `(17,)` of frame `t`.

    Where a pose was asked for every n-th frame only, the frames between two poses lie between them.
    """
    before = t - t % pose.stride
    after = before + pose.stride
    if t == before or after >= len(pose.scores):
        return pose.keypoints_xy[t], pose.scores[t]
    share = np.float32((t - before) / pose.stride)
    joints, scores = (
        values[before] + share * (values[after] - values[before])
        for values in (pose.keypoints_xy, pose.scores)
    )
    return joints, scores


def _joint_groups() -> Iterator[tuple[tuple[int, ...], tuple[int, ...], str]]:
    """Lines of the skeleton: the joints in whose middle each end lies, and the side."""
    shoulders, hips = (
        tuple(COCO17.index(f"{side}_{part}") for side in ("left", "right"))
        for part in ("shoulder", "hip")
    )
    yield (COCO17.root,), shoulders, "middle"
    yield shoulders[:1], shoulders[1:], "middle"
    yield hips[:1], hips[1:], "middle"
    for child, parent in COCO17.bones:
        if child not in shoulders:  # the tree hangs the shoulders from the nose
            yield (child,), (parent,), COCO17.joints[child].split("_")[0]


SKELETON_LINES = tuple(_joint_groups())
"""Lines of the skeleton: joints in whose middle each end lies, and the side of the body."""
