"""A person's track made from one box that somebody drew in one frame.

From the drawn frame the box is followed both ways in time. Where the detector looked, a box of its
own that lies on the person is taken, also one of low score that belongs to nobody; between, and
where it saw nobody, the box moves with the picture (`pipeline.tracking.optical_flow`). Who leaves
the picture, or is lost for longer than an instant, has no box from there on: a wrong box would be
worse than none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipeline.annotations.marked import MIN_SIDE, SkaterBox
from pipeline.detection.boxes import Numbers, clamp, extents, iou
from pipeline.detection.detector import Frame
from pipeline.errors import InputError
from pipeline.messages import Message
from pipeline.tracking.followed_person import FollowedPerson
from pipeline.types import Detections, IntArray, People, Timeline, Track

Frames = Callable[[IntArray], Iterator[Frame]]
"""Gives the wanted frames of a clip, in order."""

_LONG_SIDE, _PERSON = 640, 96
"""Frames are looked at scaled down to this long side, but the person no smaller than this."""
_KEPT_BYTES = 64 * 2**20
"""Scaled frames that are in memory on the way back, at most."""
_SAME = 0.95
"""Overlap of a box with itself, cut off at the border or not."""
_APART = 0.3
"""Who overlaps the drawn box by less in its frame is somebody else."""
_MAX_MISSING_S = 0.6
"""Who is not found again within this time is lost."""
_VISIBLE = 0.5
"""Share of the box that must lie in the picture."""


def place_of(box: SkaterBox, timeline: Timeline, frame_size: tuple[int, int]) -> int:
    """Where the frame of a drawn box is in a clip, 0..T-1.

    Raises:
        InputError: The frame is not in the clip, or the box is not in its picture.
    """
    found = np.flatnonzero(timeline.frame_index == box.frame)
    if not len(found):
        raise InputError.of("box_frame", frame=box.frame + 1)
    if (extents(clamp(np.array(box.xyxy), frame_size)) < MIN_SIDE).any():
        size = "{}x{}".format(*frame_size)
        raise InputError.of("box_outside", box=str(box).partition(":")[2], size=size)
    return int(found[0])


def with_drawn(
    people: People,
    box: SkaterBox,
    frames: Frames,
    timeline: Timeline,
    frame_size: tuple[int, int],
    *,
    detections: Detections,
) -> People:
    """Everybody, and one more: the person in a drawn box, who is the skater.

    Args:
        people: Who was found; they keep their numbers and all their boxes.
        box: Drawn in one frame of the clip.
        frames: Where frames come from; asked several times, never held beyond some of them.
        timeline: Of the clip.
        frame_size: `(width, height)` in pixels.
        detections: The detector's boxes.

    Raises:
        InputError: The frame is not in the clip, or the box is not in its picture.
    """
    position = place_of(box, timeline, frame_size)
    drawn = clamp(np.array(box.xyxy), frame_size).astype(np.float64)
    number = 1 + max((track.person_id for track in people.tracks), default=-1)
    free = _without(detections, _elsewhere(people.tracks, drawn, position))
    trajectory = _Trajectory(frames, timeline, frame_size, free).of(drawn, position)
    rule = Message.of("drawn", person=number, frame=box.frame + 1)
    return People(
        (*people.tracks, _as_track(number, trajectory, len(timeline), frame_size)), number, rule
    )


def _elsewhere(tracks: Sequence[Track], drawn: Numbers, position: int) -> list[Track]:
    """Who is in the drawn frame too, and not in the drawn box."""
    there = [track for track in tracks if not np.isnan(track.boxes_xyxy[position, 0])]
    return [t for t in there if float(iou(t.boxes_xyxy[position], drawn)) < _APART]


def _without(detections: Detections, others: Sequence[Track]) -> Detections:
    """The detector's boxes but for those of some people."""
    free = np.ones(len(detections.frame), dtype=np.bool_)
    for track in others:
        same = iou(track.boxes_xyxy[detections.frame], detections.boxes_xyxy) > _SAME
        free &= ~(same & track.detected[detections.frame])
    return replace(
        detections,
        frame=detections.frame[free],
        boxes_xyxy=detections.boxes_xyxy[free],
        scores=detections.scores[free],
        appearance=None,
    )


@dataclass(frozen=True)
class _Spot:
    """Where the person is in one frame."""

    box: Numbers
    """`(4,)` in pixels of the source."""
    score: float = np.nan
    """Of the detector, or 1 where somebody drew; NaN between detections."""

    @property
    def sure(self) -> bool:
        return bool(np.isfinite(self.score))


class _Trajectory:
    """From one frame of a clip to both its ends."""

    def __init__(
        self,
        frames: Frames,
        timeline: Timeline,
        frame_size: tuple[int, int],
        detections: Detections,
    ) -> None:
        self._frames, self._timeline, self._size = frames, timeline, frame_size
        self._detections = detections

    def of(self, drawn: Numbers, position: int) -> dict[int, _Spot]:
        """Where the person is who was drawn in a frame: frame -> spot."""
        scale = _scale(drawn, self._size)
        after = np.arange(position, len(self._timeline))
        forward = self._followed(drawn, self._pictures(after, scale), scale)
        backward = self._followed(drawn, self._backwards(position, scale), scale)
        return forward | backward

    def _followed(
        self, drawn: Numbers, pictures: Iterator[tuple[int, Frame]], scale: float
    ) -> dict[int, _Spot]:
        last, picture = next(pictures)
        trajectory, sure = {last: _Spot(drawn, 1.0)}, last
        person, times = FollowedPerson(picture, drawn * scale), self._timeline.pts_s
        for position, picture in pictures:
            boxes, scores = self._looked(position)
            expected, row = person.next(picture, boxes * scale)
            if expected is None:
                if abs(times[position] - times[last]) > _MAX_MISSING_S:
                    break
                continue
            if _visible(expected / scale, self._size) < _VISIBLE:
                break
            if row is None:
                trajectory[position] = _Spot(expected / scale)
            else:
                trajectory[position] = _Spot(boxes[row], float(scores[row]))
                _straighten(trajectory, sure, position, boxes[row] - expected / scale)
                sure = position
            last = position
        return trajectory

    def _looked(self, position: int) -> tuple[Numbers, Numbers]:
        """What the detector gave in a frame: boxes `(N, 4)` and scores `(N,)`."""
        rows = self._detections.frame == position
        boxes = clamp(self._detections.boxes_xyxy[rows].astype(np.float64), self._size)
        sound = (extents(boxes) >= 1).all(axis=1)
        return np.asarray(boxes[sound]), self._detections.scores[rows][sound].astype(np.float64)

    def _pictures(self, positions: IntArray, scale: float) -> Iterator[tuple[int, Frame]]:
        size = [max(round(side * scale), 1) for side in self._size]
        for position, frame in zip(positions.tolist(), self._frames(positions), strict=True):
            yield position, np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))

    def _backwards(self, position: int, scale: float) -> Iterator[tuple[int, Frame]]:
        """From a frame to the first; decoders go forward only, so some frames at a time."""
        pixels = self._size[0] * self._size[1] * scale**2
        at_once = max(int(_KEPT_BYTES / (3 * pixels)), 2)
        for end in range(position + 1, 0, -at_once):
            part = np.arange(max(end - at_once, 0), end)
            yield from reversed(list(self._pictures(part, scale)))


def _straighten(trajectory: dict[int, _Spot], sure: int, position: int, off: Numbers) -> None:
    """Share out among the boxes followed from a sure one what the next sure one is off by."""
    for between in range(min(sure, position) + 1, max(sure, position)):
        if between in trajectory:
            share = (between - sure) / (position - sure)
            trajectory[between] = _Spot(trajectory[between].box + share * off)


def _as_track(
    person_id: int, trajectory: dict[int, _Spot], T: int, frame_size: tuple[int, int]
) -> Track:
    """The track; where the person was missing for an instant the boxes are interpolated."""
    known = np.array(sorted(trajectory))
    span = np.arange(known[0], known[-1] + 1)
    spots = np.stack([trajectory[frame].box for frame in known.tolist()])
    boxes = np.full((T, 4), np.nan)
    for side in range(4):
        boxes[span, side] = np.interp(span, known, spots[:, side])
    sure = np.array([frame for frame in known.tolist() if trajectory[frame].sure])
    scores = np.full(T, np.nan)
    scores[span] = np.interp(span, sure, [trajectory[frame].score for frame in sure.tolist()])
    detected = np.zeros(T, dtype=np.bool_)
    detected[sure] = True
    boxes = np.asarray(clamp(boxes, frame_size))
    return Track(person_id, boxes.astype(np.float32), scores.astype(np.float32), detected)


def _scale(box: Numbers, frame_size: tuple[int, int]) -> float:
    return min(1.0, max(_LONG_SIDE / max(frame_size), _PERSON / float(extents(box).max())))


def _visible(box: Numbers, frame_size: tuple[int, int]) -> float:
    return float(extents(clamp(box, frame_size)).prod() / max(extents(box).prod(), 1e-6))
