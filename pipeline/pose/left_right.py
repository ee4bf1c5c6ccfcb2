"""Left or right: which of two places is whose, resolved for a limb over the whole clip.

A pose network is often of two minds about sides: the maps of both ankles have a peak on either
ankle, and frame by frame both highest ones may lie on the same. Here the peaks of both maps are the
places of both joints, and the paths of a pair of limbs through them that fit best are found by
dynamic programming (Viterbi 1967): high in the maps, not both sides in one place, no limb longer
than it can be, no jump from frame to frame. Neither the paper nor ViTPose has it; the constants
were chosen on clips of the rink (docs/training_people.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.skeletons import COCO17
from pipeline.types import FloatArray

Floats = NDArray[np.floating]

PLACES = 3
"""Peaks of a map, and places of a pair of joints, that are looked at."""
LIMBS = (("shoulder",), ("elbow", "wrist"), ("hip",), ("knee", "ankle"))
"""Joints whose sides are resolved together."""

# Lengths are shares of the longer side of the box, costs are those of a probability's logarithm.
_SAME = 0.01
"""Peaks nearer than this are one place."""
_TOGETHER, _TOGETHER_COST = 0.08, 0.7
"""Left and right nearer than this are rarer than their maps say."""
_LONGEST, _LENGTH_COST = 0.28, 10.0
"""A limb may look as long as this; what is more costs."""
_MOTION_COST, _FARTHEST = 5.0, 0.3
"""What a distance costs; a jump costs no more than this one."""
_LEAST = 0.02
"""A map's value below this says nothing."""
_NOWHERE = 50.0
"""Cost of a place that does not exist."""


@dataclass(frozen=True)
class Peaks:
    """The highest peaks of every joint's map, of a clip of T frames."""

    points: FloatArray
    """`(T, 17, K, 2)` pixels of the frame, NaN where a map has fewer."""
    values: FloatArray
    """`(T, 17, K)` of the joint's own map."""
    others: FloatArray
    """`(T, 17, K)` of the mirrored joint's map."""

    @classmethod
    def none(cls, frames: int) -> Peaks:
        """Of a clip in which nothing was found yet."""
        shape = (frames, COCO17.num_joints, PLACES)
        points = np.full((*shape, 2), np.nan, np.float32)
        return cls(points, np.zeros(shape, np.float32), np.zeros(shape, np.float32))


def resolve_left_right(peaks: Peaks, body_px: float) -> tuple[FloatArray, FloatArray]:
    """The joints of a clip, with the sides of limbs resolved.

    Args:
        peaks: Frames without a pose are all NaN.
        body_px: Longer side of the person's box, in the median over the clip.

    Returns:
        Joints `(T, 17, 2)` in pixels, NaN where their map has nothing, and scores `(T, 17)`: the
        own map's values there.
    """
    joints, scores = peaks.points[:, :, 0].copy(), peaks.values[:, :, 0].copy()
    posed = np.flatnonzero(~np.isnan(peaks.points[..., 0]).all(axis=(1, 2)))
    if len(posed) == 0:
        return joints, scores
    found = Peaks(peaks.points[posed], peaks.values[posed], peaks.others[posed])
    for limb in LIMBS:
        pairs = [(COCO17.index(f"left_{j}"), COCO17.index(f"right_{j}")) for j in limb]
        places = [_Places.of(found, left, right, body_px) for left, right in pairs]
        for (left, right), pair, chosen in zip(pairs, places, _resolved(places), strict=True):
            for joint, values, index in zip((left, right), pair.values, chosen, strict=True):
                value = _picked(values, index)
                point = _picked(pair.points, index) * body_px
                joints[posed, joint] = np.where(value[:, None] > 0, point, np.nan)
                scores[posed, joint] = np.maximum(value, 0)
    return joints, scores


@dataclass(frozen=True)
class _Places:
    """Where the two joints of a pair may be, N frames."""

    points: Floats
    """`(N, K, 2)` in body lengths, NaN where there are fewer."""
    values: tuple[Floats, Floats]
    """`(N, K)` of the left and the right joint's map."""

    @classmethod
    def of(cls, peaks: Peaks, left: int, right: int, body_px: float) -> _Places:
        """The highest of both maps' peaks."""
        points = np.concatenate([peaks.points[:, left], peaks.points[:, right]], axis=1) / body_px
        lefts = np.concatenate([peaks.values[:, left], peaks.others[:, right]], axis=1)
        rights = np.concatenate([peaks.others[:, left], peaks.values[:, right]], axis=1)
        height = np.where(np.isnan(points[..., 0]), -1, np.maximum(lefts, rights))  # (N, 2 K)
        order = np.argsort(-height, axis=1, kind="stable")
        points, lefts, rights, height = (
            np.take_along_axis(a, order.reshape(order.shape + (1,) * (a.ndim - 2)), axis=1)
            for a in (points, lefts, rights, height)
        )
        near = _distances(points, points) < _SAME  # (N, 2 K, 2 K)
        again = np.tril(near, -1).any(axis=2)  # a higher peak is there already
        first = np.argsort(again | (height < 0), axis=1, kind="stable")[:, :PLACES]
        kept = ~np.take_along_axis(again, first, axis=1)
        points = np.take_along_axis(points, first[..., None], axis=1)
        points = np.where(kept[..., None], points, np.nan)
        return cls(points, (_taken(lefts, first), _taken(rights, first)))

    def costs(self) -> tuple[Floats, Floats]:
        """`(N, K)` of the left and the right joint in each place."""
        nowhere = np.isnan(self.points[..., 0])
        left, right = (
            np.where(nowhere, _NOWHERE, -np.log(np.maximum(v, _LEAST))) for v in self.values
        )
        return left, right


def _resolved(places: list[_Places]) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """For every joint of a pair of limbs, the numbers of its left and right places `(N,)`.

    One side's state is a place for each of its joints.
    """
    N, K = places[0].points.shape[:2]
    states = np.stack(np.unravel_index(np.arange(K ** len(places)), (K,) * len(places)))  # (J, S)
    S = len(states[0])
    lefts, rights = np.zeros((N, S)), np.zeros((N, S))
    for pair, s in zip(places, states, strict=True):
        left, right = pair.costs()
        lefts, rights = lefts + left[:, s], rights + right[:, s]
    if len(places) == 2:
        upper, lower = places
        length = _distances(upper.points, lower.points)[:, states[0], states[1]]  # (N, S)
        stretched = _LENGTH_COST * np.nan_to_num(np.maximum(length - _LONGEST, 0))
        lefts, rights = lefts + stretched, rights + stretched
    cost = lefts[:, :, None] + rights[:, None, :]  # (N, S, S)
    moves = np.zeros((N - 1, S, S))
    for pair, s in zip(places, states, strict=True):
        together = _distances(pair.points, pair.points) < _TOGETHER
        cost = cost + _TOGETHER_COST * together[:, s][:, :, s]
        distance = _distances(pair.points[:-1], pair.points[1:])
        distance = np.minimum(np.nan_to_num(distance, nan=_FARTHEST), _FARTHEST)
        moves += _MOTION_COST * distance[:, s][:, :, s]
    paths = cheapest_paths(cost, moves)
    return [(s[paths[0]], s[paths[1]]) for s in states]


def cheapest_paths(cost: Floats, moves: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The cheapest paths of two sides through states with costs, by the Viterbi algorithm.

    Args:
        cost: `(N, S, S)` of the left side's and the right side's state in each frame.
        moves: `(N - 1, S, S)` from a state to the next frame's, for either side.

    Returns:
        The left and the right side's states `(N,)`.
    """
    total, back = cost[0], []
    for move, here in zip(moves, cost[1:], strict=True):
        # One side moves, then the other: S^3 sums twice in the place of S^4.
        via_left = total[:, :, None] + move[:, None, :]  # (L, R, L')
        via_right = via_left.min(axis=0)[:, :, None] + move[:, None, :]  # (R, L', R')
        back.append((via_left.argmin(axis=0), via_right.argmin(axis=0)))
        total = via_right.min(axis=0) + here
    left, right = np.unravel_index(total.argmin(), total.shape)
    paths = [(left, right)]
    for from_left, from_right in reversed(back):
        right = from_right[left, right]
        left = from_left[right, left]
        paths.append((left, right))
    lefts, rights = np.array(paths[::-1], dtype=np.intp).T
    return lefts, rights


def _distances(a: Floats, b: Floats) -> Floats:
    """Between points `(N, K, 2)` and `(N, M, 2)`: `(N, K, M)`."""
    result: Floats = np.linalg.norm(a[:, :, None] - b[:, None], axis=-1)
    return result


def _taken(values: Floats, order: NDArray[np.intp]) -> Floats:
    result: Floats = np.take_along_axis(values, order, axis=1)
    return result


def _picked(values: Floats, index: NDArray[np.intp]) -> Floats:
    """One place of each frame: `(N, K, ...)` to `(N, ...)`."""
    result: Floats = values[np.arange(len(values)), index]
    return result
