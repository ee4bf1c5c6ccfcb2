"""Who of the people in a shot is the skater of the programme, when they have been seen before."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pipeline.detection.appearance import LENGTH
from pipeline.detection.boxes import Numbers, iou
from pipeline.tracking.candidates import Candidate
from pipeline.types import Detections, FloatArray, Track

_LOOKS = 12
"""So many looks of the skater, one a piece of a shot, are remembered."""
_ALIKE, _UNLIKE = 0.85, 0.55
"""Likeness of clothes that is as good as certain, and that excludes somebody."""
_SEEN_SHARE = 0.4
"""Share of a shot's beginning that somebody unknown must be in view to be taken for the skater."""
_SURE_LOOKS = 2
"""From so many looks on, somebody who looks otherwise is not the skater: one look may be of another
person, who was shown before the programme."""
_INSERT_S, _ALWAYS = 6.0, 0.8
"""Nobody but the skater is shown for longer, and in so large a share of that time."""
_RIM = 0.015
"""What ends so near to the picture's upper or lower side, in its heights, goes on beyond it."""


@dataclass(frozen=True)
class SkaterMemory:
    """What the skater looked like, and their number."""

    looks: FloatArray = field(default_factory=lambda: np.empty((0, LENGTH), np.float32))
    """`(L, D)` descriptors, the latest last; rows of length 1."""
    person_id: int | None = None
    """The skater's number; None while nobody has been chosen."""

    def likeness(self, look: Numbers | None) -> float:
        """0..1 of somebody's looks and the skater's; half where nothing is known."""
        if look is None or not len(self.looks):
            return 0.5
        agreement = np.sort(self.looks @ look.astype(np.float32))[::-1]
        likeness = float(agreement[: max(1, len(agreement) // 2)].mean())
        return float(np.clip((likeness - _UNLIKE) / (_ALIKE - _UNLIKE), 0.0, 1.0))

    @property
    def is_sure(self) -> bool:
        """Whether enough is known to tell the skater from others."""
        return len(self.looks) >= _SURE_LOOKS

    def with_look(self, person_id: int, look: Numbers | None) -> SkaterMemory:
        """After the skater was seen once more; what an unsure memory held of another is dropped."""
        looks = self.looks
        if look is not None:
            if not self.is_sure and self.likeness(look) == 0.0:
                looks = looks[:0]
            looks = np.concatenate([looks, look[None].astype(np.float32)])[-_LOOKS:]
        return SkaterMemory(looks, person_id)


def look_of(track: Track, detections: Detections, since: int = 0) -> Numbers | None:
    """What a person looks like on average, `(D,)` of length 1; None where nothing is seen.

    Args:
        track: The person's.
        detections: Of the same frames, with descriptors.
        since: Frames before this do not count.
    """
    if detections.appearance is None:
        return None
    frames = detections.frame
    own = iou(detections.boxes_xyxy, track.boxes_xyxy[frames]) > 0.9
    rows = np.flatnonzero(own & (frames >= since) & detections.appearance.any(axis=1))
    if not len(rows):
        return None
    mean = detections.appearance[rows].astype(np.float64).mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def agreements(tracks: list[Track] | tuple[Track, ...], boxes: FloatArray) -> Numbers:
    """Mean overlap `(M,)` of tracks with boxes `(P, 4)` of their first P frames, else 0."""
    result = np.zeros(len(tracks))
    known = ~np.isnan(boxes[:, 0])
    for row, track in enumerate(tracks):
        own = track.boxes_xyxy[: len(boxes)]
        both = known & ~np.isnan(own[:, 0])
        if both.any():
            result[row] = float(iou(own[both], boxes[both]).mean())
    return result


def is_whole(track: Track, height: int) -> bool:
    """Whether somebody is mostly seen from head to foot: a part of them looks otherwise.

    Args:
        track: The person's.
        height: Of the picture, pixels.
    """
    boxes = track.boxes_xyxy[~np.isnan(track.boxes_xyxy[:, 0])]
    cut_off = (boxes[:, 1] < _RIM * height) | (boxes[:, 3] > (1.0 - _RIM) * height)
    return bool(cut_off.mean() < 0.5) if len(boxes) else False


def is_skater(
    candidate: Candidate, likeness: float, lasts_s: float, *, known: bool, sure: bool
) -> bool:
    """Whether the likeliest person at a shot's beginning is the skater at all.

    Args:
        candidate: The person.
        likeness: Of looks, 0..1.
        lasts_s: How much of the shot has been seen.
        known: Whether the skater has been seen before.
        sure: Whether that is enough to tell others by their looks.
    """
    if known and likeness > 0:
        return candidate.presence >= _SEEN_SHARE / 2
    if not sure:
        return candidate.presence >= _SEEN_SHARE
    return lasts_s >= _INSERT_S and candidate.presence >= _ALWAYS
