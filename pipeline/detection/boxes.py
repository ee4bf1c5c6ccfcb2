"""Arithmetic on person boxes: overlap, size, duplicates.

Boxes are `xyxy` rows in pixels, x2 and y2 exclusive (see `pipeline.types`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Numbers = NDArray[np.float64]

_TINY = np.finfo(np.float64).tiny


def centres(boxes: Array) -> Numbers:
    """Middle points `(..., 2)` of boxes `(..., 4)`."""
    return (boxes[..., :2].astype(np.float64) + boxes[..., 2:]) / 2


def extents(boxes: Array) -> Numbers:
    """Width and height `(..., 2)` of boxes `(..., 4)`."""
    return boxes[..., 2:].astype(np.float64) - boxes[..., :2]


def lengths(boxes: Array) -> Numbers:
    """Longer side `(...,)` of each box: a body's length, whether upright or in a camel spin."""
    return extents(boxes).max(axis=-1)


def clamp(boxes: Array, frame_size: tuple[int, int]) -> Array:
    """Boxes cut off at the border of a frame of `(width, height)` pixels."""
    width, height = frame_size
    return np.clip(boxes, 0, np.array([width, height, width, height], dtype=boxes.dtype))


def covered(first: Array, second: Array) -> Numbers:
    """Share `(...)` of each box of `(..., 4)` that its counterpart covers; 0 where one is NaN."""
    return _share(_shared(first, second), _area(first))


def iou(first: Array, second: Array) -> Numbers:
    """Intersection over union `(...)` of each box of `(..., 4)` with its counterpart; 0 at NaN."""
    shared = _shared(first, second)
    return _share(shared, _area(first) + _area(second) - shared)


def pairwise_iou(first: Array, second: Array) -> Numbers:
    """Intersection over union `(N, M)` of every box of `(N, 4)` with every box of `(M, 4)`."""
    return iou(first[:, None], second[None])


def nms(boxes: Array, scores: Array, max_iou: float) -> list[int]:
    """Non-maximum suppression: no two boxes kept overlap by more than `max_iou`.

    DINO is trained to give one box a person and runs without non-maximum suppression; what doubles
    remain would start tracks of their own.

    Args:
        boxes: `(N, 4)`.
        scores: `(N,)`.
        max_iou: Two boxes that overlap by more are one person.

    Returns:
        Positions of the boxes kept, by falling score.
    """
    overlap = pairwise_iou(boxes, boxes)
    kept: list[int] = []
    for candidate in np.argsort(-scores, kind="stable").tolist():
        if not _overlaps_any(overlap[candidate], kept, max_iou):
            kept.append(candidate)
    return kept


def _overlaps_any(overlap: Numbers, others: Sequence[int], max_iou: float) -> bool:
    return any(overlap[other] > max_iou for other in others)


def _shared(first: Array, second: Array) -> Numbers:
    top_left = np.maximum(first[..., :2], second[..., :2])
    bottom_right = np.minimum(first[..., 2:], second[..., 2:])
    sides = np.maximum(bottom_right - top_left, 0).astype(np.float64)
    return np.asarray(sides[..., 0] * sides[..., 1])


def _area(boxes: Array) -> Numbers:
    sides = extents(boxes)
    return np.asarray(sides[..., 0] * sides[..., 1])


def _share(part: Numbers, whole: Numbers) -> Numbers:
    share = part / np.maximum(whole, _TINY)
    # Nearly always so, and `nan_to_num` takes longer than all the rest.
    return share if np.isfinite(share).all() else np.nan_to_num(share)
