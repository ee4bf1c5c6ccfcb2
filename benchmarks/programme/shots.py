"""Cuts found, and whether the right person is followed right after a cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.programme.truth import TrueShot
from pipeline.detection.boxes import iou
from pipeline.types import FloatArray
from pipeline.types.programme import Shot
from training.programme.metrics import Counts

CUT_S = 3 / 25
"""How far off a cut may be: three frames of 25 a second."""
AFTER_CUT_S = 1.0
BOX_IOU = 0.5


def cut_counts(found: Sequence[Shot], true: Sequence[TrueShot]) -> Counts:
    """Changes of camera: each true one takes the nearest found one that is near enough.

    A found cut is right from `CUT_S` before a true change begins to `CUT_S` after it is over.
    """
    left = [shot.start_s for shot in found if shot.begins in ("cut", "fade")]
    said, hits = len(left), 0
    for shot in true[1:]:
        near = [at for at in left if abs(at - shot.start_s) <= CUT_S + 0.5 * shot.fade_s + 1e-9]
        if near:
            left.remove(min(near, key=lambda at: abs(at - shot.start_s)))
            hits += 1
    return Counts(hits, said - hits, len(true) - 1 - hits)


def kinds_right_s(found: Sequence[Shot], true: Sequence[TrueShot]) -> float:
    """Seconds in which what a shot shows is named rightly."""
    return sum(
        max(0.0, min(one.end_s, shot.end_s) - max(one.start_s, shot.start_s))
        for one in found
        for shot in true
        if one.kind == shot.kind
    )


@dataclass(frozen=True)
class AfterCuts:
    """Who is followed in the first second after every cut to skating."""

    frames: int = 0
    """In which the skater is in the picture."""
    right: int = 0
    """Frames in which the main skater's box is right."""

    def __add__(self, other: AfterCuts) -> AfterCuts:
        return AfterCuts(self.frames + other.frames, self.right + other.right)

    @property
    def share(self) -> float:
        """Share of the frames; NaN where there are none."""
        return self.right / self.frames if self.frames else float("nan")


def after_cuts(
    found_boxes: FloatArray,
    true_times_s: FloatArray,
    true_boxes: FloatArray,
    shots: Sequence[TrueShot],
) -> AfterCuts:
    """Hold the main skater's boxes `(T, 4)`, NaN where nobody is followed, against the true ones.

    Args:
        found_boxes: Of the video's T frames.
        true_times_s: `(T,)` when each is shown.
        true_boxes: `(T, 4)`.
        shots: Of the video.
    """
    counted = np.zeros(len(true_times_s), bool)
    for shot in shots[1:]:
        if shot.kind == "skating":
            first_s = shot.start_s + 0.5 * shot.fade_s - 1e-6
            last_s = min(first_s + AFTER_CUT_S, shot.end_s - 1e-6)
            counted |= (true_times_s >= first_s) & (true_times_s < last_s)
    counted &= ~np.isnan(true_boxes[:, 0])
    overlaps = np.nan_to_num(iou(found_boxes[counted], true_boxes[counted]))
    return AfterCuts(int(counted.sum()), int((overlaps >= BOX_IOU).sum()))
