"""From a person's boxes on key frames to a box in every frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from pipeline.detection.boxes import Array, Numbers, centres, clamp, extents
from pipeline.types import FloatArray, IntArray, Track


@dataclass(frozen=True)
class Interpolation:
    """Turns one person's boxes into a track.

    Short gaps are filled by monotone cubics, so that no box is thrown beyond its neighbours as an
    ordinary spline would do; long gaps stay NaN.
    """

    key_frames: IntArray
    """`(F,)` frames that the detector looked at."""
    times: Numbers
    """`(T,)` seconds, of every frame."""
    frame_size: tuple[int, int]
    """Width and height, pixels."""
    max_gap_s: float
    """A longer gap stays a gap, unless its ends are neighbouring key frames."""
    max_hold_s: float
    """Who is first or last seen this near to an end of the clip is taken to be there up to it."""

    def track(
        self, person_id: int, frames: IntArray, xyxy: FloatArray, scores: FloatArray
    ) -> Track:
        """A box in every frame.

        Args:
            person_id: Number of the person.
            frames: `(F,)` increasing, where the person was detected.
            xyxy: `(F, 4)` the boxes.
            scores: `(F,)` of the detector.
        """
        known = np.column_stack([centres(xyxy), extents(xyxy), scores])  # (F, 5)
        filled = np.full((len(self.times), 5), np.nan)
        breaks = np.flatnonzero(self._is_gap(frames[:-1], frames[1:])) + 1
        for part in np.split(np.arange(len(frames)), breaks):
            span = self._span(frames[part[0]], frames[part[-1]])
            filled[span] = self._interpolate(frames[part], known[part], span)
        boxes = _xyxy(filled, self.frame_size)
        boxes[frames] = xyxy
        detected = np.zeros(len(self.times), dtype=np.bool_)
        detected[frames] = True
        return Track(person_id, boxes, filled[:, 4].astype(np.float32), detected)

    def _is_gap(self, before: IntArray, after: IntArray) -> NDArray[np.bool_]:
        steps = np.searchsorted(self.key_frames, after) - np.searchsorted(self.key_frames, before)
        return (steps > 1) & (self.times[after] - self.times[before] > self.max_gap_s)

    def _span(self, first: int, last: int) -> IntArray:
        """All frames from `first` to `last`, and up to the clip's ends where those are near.

        Before the first and after the last key frame the detector did not look; the box holds.
        """
        end = len(self.times) - 1
        if first == self.key_frames[0] or self.times[first] - self.times[0] <= self.max_hold_s:
            first = 0
        if last == self.key_frames[-1] or self.times[end] - self.times[last] <= self.max_hold_s:
            last = end
        return np.arange(first, last + 1)

    def _interpolate(self, frames: IntArray, known: Numbers, span: IntArray) -> Numbers:
        """Values `(S, 5)` at every frame of `span`, held at the ends."""
        if len(frames) == 1:
            return np.repeat(known, len(span), axis=0)
        at = np.clip(self.times[span], self.times[frames[0]], self.times[frames[-1]])
        return np.asarray(PchipInterpolator(self.times[frames], known)(at))


def _xyxy(filled: Numbers, frame_size: tuple[int, int]) -> Array:
    centre, half = filled[:, :2], filled[:, 2:4] / 2
    boxes = np.concatenate([centre - half, centre + half], axis=1)  # (T, 4)
    return np.asarray(clamp(boxes, frame_size), np.float32)
