"""A piece of a shot with the last seconds before it, which are tracked once more with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.programme.reading.findings import Finding, joined_detections
from pipeline.programme.reading.pieces import Piece
from pipeline.types import Detections, FloatArray, IntArray, Timeline, Track

_BACK_S = 6.0
"""So much of the shot before a piece is tracked again with it."""


@dataclass(frozen=True)
class Window:
    """A piece and some of its shot before it."""

    since: int
    """Position of its first frame."""
    detections: Detections
    timeline: Timeline
    back: int
    """Frames before the piece's first."""
    committed: FloatArray
    """`(back, 4)` the skater's boxes in them."""

    @classmethod
    def of(
        cls,
        before: list[Finding],
        found: Detections,
        keys: IntArray,
        timeline: Timeline,
        piece: Piece,
    ) -> Window:
        """A piece with what was found before it.

        Args:
            before: What was found in the same shot.
            found: The piece's boxes.
            keys: Its frames that the detector looked at.
            timeline: The video's.
            piece: The piece.
        """
        first = piece.first
        if before:
            start_s = timeline.pts_s[first] - _BACK_S
            since = max(before[0].first, int(np.searchsorted(timeline.pts_s, start_s)))
        else:
            since = first
        joined = joined_detections(before, keys, since, found, first)
        part = slice(since, piece.stop)
        back = first - since
        committed = np.full((back, 4), np.nan, np.float32)
        for finding in before:
            low = max(finding.first, since)
            if finding.stop > low:
                own = finding.main_boxes()[low - finding.first :]
                committed[low - since : finding.stop - since] = own
        cut = Timeline(timeline.frame_index[part], timeline.pts_s[part], timeline.origin_s)
        return cls(since, joined, cut, back, committed)

    def is_inside(self, track: Track) -> bool:
        """Whether somebody is seen in the piece itself."""
        return not np.isnan(track.boxes_xyxy[self.back :, 0]).all()

    def cut(self, track: Track, number: int) -> Track:
        """A track in the piece alone."""
        return Track(
            number,
            track.boxes_xyxy[self.back :],
            track.scores[self.back :],
            track.detected[self.back :],
        )

    def piece_detections(self) -> Detections:
        """The boxes in the piece alone."""
        d, back = self.detections, self.back
        own = d.frame >= back
        return Detections(
            d.num_frames - back,
            d.key_frames[d.key_frames >= back] - back,
            d.frame[own] - back,
            d.boxes_xyxy[own],
            d.scores[own],
            None if d.appearance is None else d.appearance[own],
        )
