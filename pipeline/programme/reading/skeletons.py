"""The skater's skeleton in a piece of a shot, with left and right as in the piece before."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.pose.estimate import PoseEstimator
from pipeline.pose.left_right import Peaks, resolve_left_right
from pipeline.programme.reading.findings import Finding
from pipeline.programme.reading.pieces import Piece
from pipeline.types import CancelCheck, FloatArray

TAIL = 24
"""Frames before a piece whose sides are resolved once more, knowing what comes."""
_HELD = 10
"""Frames before those that hold their sides."""


@dataclass(frozen=True)
class Skeletons:
    """Of a piece and the last frames before it."""

    first: int
    """Position of the first."""
    joints: FloatArray
    """`(F, 17, 2)` pixels of the video."""
    scores: FloatArray
    """`(F, 17)`."""
    tail: Peaks
    """The highest peaks of the piece's last frames, `TAIL` at most."""


class SkeletonFinder:
    """Finds the skater's skeletons of a video piece by piece.

    Args:
        estimator: The pose stage.
        check: Called before every frame; raises `Cancelled`.
    """

    def __init__(self, estimator: PoseEstimator, check: CancelCheck) -> None:
        self._estimator = estimator
        self._check = check

    def find(self, piece: Piece, boxes: FloatArray, before: list[Finding]) -> Skeletons:
        """The skeletons of a piece.

        Args:
            piece: With its frames.
            boxes: `(n, 4)` the skater's in the video's pixels, NaN where absent.
            before: What was found in the same shot before it.
        """
        kept = piece.positions - piece.first
        wanted = np.full_like(boxes, np.nan)
        wanted[kept] = boxes[kept] * np.float32(piece.scale)
        run = self._estimator.start(wanted)
        for frame, place in zip(piece.frames, kept.tolist(), strict=True):
            self._check()
            run.add(frame, place)
        peaks, body_px = run.peaks(), run.body_px() / piece.scale
        peaks = replace(peaks, points=(peaks.points / piece.scale).astype(np.float32))
        return self._resolved(piece, peaks, body_px, before)

    def _resolved(
        self, piece: Piece, peaks: Peaks, body_px: float, before: list[Finding]
    ) -> Skeletons:
        tail = _last(peaks, TAIL)
        if not self._estimator.settings.resolve_left_right:
            joints, scores = peaks.points[:, :, 0], peaks.values[:, :, 0]
            return Skeletons(piece.first, joints.copy(), scores.copy(), tail)
        known = before[-1].tail if before else _last(peaks, 0)
        first = piece.first - len(known.points)
        held = _held(before, first)
        both = Peaks(
            *(
                np.concatenate([getattr(part, name) for part in (held, known, peaks)])
                for name in ("points", "values", "others")
            )
        )
        joints, scores = resolve_left_right(both, body_px)
        new = slice(len(held.points), None)
        return Skeletons(first, joints[new], scores[new], tail)


def _last(peaks: Peaks, count: int) -> Peaks:
    start = max(0, len(peaks.points) - count)
    return Peaks(peaks.points[start:], peaks.values[start:], peaks.others[start:])


def _held(before: list[Finding], stop: int) -> Peaks:
    """Frames before a position as if their joints had been seen nowhere else."""
    found = [f for f in before if f.joints_first < stop and f.stop > stop - _HELD][-2:]
    start = max(stop - _HELD, found[0].joints_first) if found else stop
    peaks = Peaks.none(stop - start)
    for finding in found:
        low, high = max(start, finding.joints_first), min(stop, finding.stop)
        own = slice(low - finding.joints_first, high - finding.joints_first)
        joints, scores = finding.joints[own], finding.joint_scores[own]
        there = slice(low - start, high - start)
        peaks.points[there, :, 0] = joints
        peaks.values[there, :, 0] = np.where(np.isnan(joints[..., 0]), 0, np.maximum(scores, 0.5))
    return peaks
