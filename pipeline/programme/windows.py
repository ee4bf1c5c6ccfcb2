"""Which frames of a found segment the classifiers get to see: with the margins that they learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.inputs import Followed
from pipeline.programme.reading import ReadShot
from pipeline.programme.segments import Segment
from pipeline.types import People, PoseSequence, Timeline, Track
from pipeline.video.span import frames_between

JUMP_BEFORE_S, JUMP_AFTER_S = 0.88, 0.72
"""From the middle of a flight. The clips that the classifiers learnt from last 1.6 s in the median,
with the middle of the flight at 55 % (`training/rink/motion/clip.py`)."""
LONGEST_S = 19.0
"""The longest clip that they learnt from, a sequence; of longer segments the middle is taken."""
_SHORTEST_FRAMES = 4


@dataclass(frozen=True)
class Window:
    """A stretch of one shot, in positions of the video's time line."""

    first: int
    stop: int
    followed: Followed
    """Who is in it and how they move."""


def window_s(segment: Segment, jump: int | None = None) -> tuple[float, float]:
    """When the clip of a segment, or of one of its jumps, begins and ends.

    A jump of a combination is cut off where its neighbours land and take off.
    """
    if jump is None:
        middle = 0.5 * (segment.start_s + segment.end_s)
        half = 0.5 * min(segment.end_s - segment.start_s, LONGEST_S)
        return middle - half, middle + half
    takeoff_s, landing_s = segment.jumps[jump]
    middle = 0.5 * (takeoff_s + landing_s)
    start_s, end_s = middle - JUMP_BEFORE_S, middle + JUMP_AFTER_S
    if jump > 0:
        start_s = max(start_s, segment.jumps[jump - 1][1])
    if jump + 1 < len(segment.jumps):
        end_s = min(end_s, segment.jumps[jump + 1][0])
    return min(start_s, takeoff_s), max(end_s, landing_s)


def window_of(
    span_s: tuple[float, float], shots: Sequence[ReadShot], timeline: Timeline
) -> Window | None:
    """The frames between two moments that lie in one shot, of several that with most of them.

    None where there are too few of them, or the skater is in none.

    Args:
        span_s: Seconds since the file's first frame.
        shots: As they were read.
        timeline: Of the video.
    """
    asked = frames_between(timeline, *span_s)
    best = max(shots, key=lambda read: min(read.stop, asked.stop) - max(read.first, asked.start))
    first, stop = max(best.first, asked.start), min(best.stop, asked.stop)
    first = best.first + (first - best.first) // best.pose.stride * best.pose.stride
    if stop - first < _SHORTEST_FRAMES:
        return None
    followed = _part(best, slice(first - best.first, stop - best.first))
    is_lost = best.people.main_id is not None and followed.people.main_id is None
    return None if is_lost else Window(first, stop, followed)


def _part(read: ReadShot, frames: slice) -> Followed:
    pose = read.pose
    parts = (
        Track(t.person_id, t.boxes_xyxy[frames], t.scores[frames], t.detected[frames])
        for t in read.people.tracks
    )
    seen = tuple(track for track in parts if not np.isnan(track.boxes_xyxy).all())
    main_id = read.people.main_id
    main_id = main_id if any(track.person_id == main_id for track in seen) else None
    return Followed(
        People(seen, main_id, read.people.rule),
        PoseSequence(pose.keypoints_xy[frames], pose.scores[frames], pose.stride),
    )
