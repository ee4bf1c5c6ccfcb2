"""The elements of a video while it is being read: what is certain already, and what may change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.temporal import TemporalNetwork
from pipeline.measure.signals import read_body
from pipeline.programme.frame_classes import FRAME_CLASSES, MOMENTS
from pipeline.programme.reading import ReadShot
from pipeline.programme.scoring import score_frames
from pipeline.programme.segments import Segment, decode_segments
from pipeline.types import FrameScores, PoseSequence, Timeline

SETTLED_S = 4.0
"""A segment that ended so long before the end of what has been read changes no more."""
_TAIL_S, _CONTEXT_S = 40.0, 10.0
"""Of a shot that still grows the last stretch is scored, its beginning only for what follows."""


class Search:
    """Collects the shots of one video, and finds segments in all that were read so far.

    Args:
        network: Scores the frames.
        timeline: Of the video.
    """

    def __init__(self, network: TemporalNetwork, timeline: Timeline) -> None:
        self._network, self._timeline = network, timeline
        self.shots: list[ReadShot] = []
        """In order; the last one may still grow."""
        self._scores: dict[int, FrameScores] = {}
        self._settled: list[Segment] = []

    def add(self, read: ReadShot) -> None:
        """Take a shot, or a longer reading of the last one."""
        if self.shots and self.shots[-1].first == read.first:
            self.shots.pop()
        self.shots.append(read)
        scores = self._scored(read)
        if scores is None:
            self._scores.pop(read.first, None)
        else:
            self._scores[read.first] = scores

    @property
    def read_until_s(self) -> float:
        """Where the reading is; seconds since the file's first frame."""
        return self.shots[-1].shot.end_s

    def scores(self) -> FrameScores:
        """Of all samples so far."""
        return joined_scores([self._scores[first] for first in sorted(self._scores)])

    def segments(self, *, complete: bool = False) -> tuple[tuple[Segment, ...], int]:
        """All segments so far, and how many of them, the first ones, will not change.

        Args:
            complete: Nothing more will be read; then everything is looked through as a whole.
        """
        scores = self.scores()
        if complete:
            found = decode_segments(scores) if len(scores.times_s) else ()
            return found, len(found)
        since_s = max((segment.end_s for segment in self._settled), default=-np.inf)
        left = _cut(scores, scores.times_s > since_s)
        open_ones = decode_segments(left) if len(left.times_s) else ()
        while open_ones and open_ones[0].end_s < self.read_until_s - SETTLED_S:
            self._settled.append(open_ones[0])
            open_ones = open_ones[1:]
        return (*self._settled, *open_ones), len(self._settled)

    def _scored(self, read: ReadShot) -> FrameScores | None:
        if read.shot.kind != "skating":
            return None
        times_s = self._timeline.pts_s[read.first : read.stop]
        before = None if read.complete else self._scores.get(read.first)
        first = 0
        if before is not None:
            first = int(np.searchsorted(times_s, times_s[-1] - _TAIL_S))
            first -= first % read.pose.stride
        pose = read.pose
        tail = PoseSequence(pose.keypoints_xy[first:], pose.scores[first:], pose.stride)
        body = read_body(tail, times_s[first:])
        if body is None:
            return before
        scores = score_frames(self._network, body, self._timeline.origin_s)
        if before is None or first == 0:
            return scores
        from_s = float(times_s[first]) - self._timeline.origin_s + _CONTEXT_S
        new = _cut(scores, scores.times_s >= from_s)
        return joined_scores([_cut(before, before.times_s < from_s), new])


def joined_scores(parts: Sequence[FrameScores]) -> FrameScores:
    """Scores of stretches that follow each other as one."""
    if not parts:
        K = len(FRAME_CLASSES)
        none = np.zeros((0, K), np.float32), np.zeros((0, len(MOMENTS)), np.float32)
        return FrameScores(np.zeros(0), *none, np.zeros(0, np.float32))
    return FrameScores(
        np.concatenate([part.times_s for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.moments for part in parts]),
        np.concatenate([part.hip_height for part in parts]),
    )


def _cut(scores: FrameScores, kept: np.ndarray) -> FrameScores:
    return replace(
        scores,
        times_s=scores.times_s[kept],
        probabilities=scores.probabilities[kept],
        moments=scores.moments[kept],
        hip_height=scores.hip_height[kept],
    )
