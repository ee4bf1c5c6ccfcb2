"""What a shot shows: skating, a replay, a close-up, graphics, nothing, or nobody."""

from __future__ import annotations

import numpy as np

from pipeline.detection.boxes import extents
from pipeline.programme.reading.boundaries import BLACK, BLACK_SPREAD
from pipeline.programme.reading.findings import Finding
from pipeline.types import FloatArray, PoseSequence, Track
from pipeline.types.programme import ShotKind

_SEEN = 0.1
"""Share of a shot in which the skater must be seen."""
_STILL = 1.2
"""Mean difference from frame to frame, in grey levels, of a picture in which nothing moves."""
_TALL = 0.8
"""Share of the picture's height from which a person may be too large for it."""
_LEGS = slice(13, 17)
"""Knees and ankles of a skeleton."""
_LEGS_SEEN = 0.3
"""Mean score of legs that are in the picture."""


def shot_kind(
    findings: list[Finding], main: Track | None, pose: PoseSequence, height: int
) -> ShotKind:
    """What a shot shows.

    Args:
        findings: Of all its pieces.
        main: The skater's track.
        pose: Their skeleton.
        height: Of the picture, pixels.
    """
    signals = np.concatenate([finding.signals for finding in findings])  # (T, 3)
    if is_black(signals):
        return "black"
    step = float(np.median(signals[:, 2]))
    seen = 0.0 if main is None else float(np.mean(~np.isnan(main.boxes_xyxy[:, 0])))
    if main is None or seen < _SEEN:
        return "graphics" if step < _STILL and len(signals) > 1 else "nobody"
    return "close_up" if _is_close(main.boxes_xyxy, pose, height) else "skating"


def is_black(signals: FloatArray) -> bool:
    """Whether frames with these signals `(n, 3)` show nothing."""
    light, spread, _ = np.median(signals, axis=0)
    return bool(light <= BLACK and spread <= BLACK_SPREAD)


def _is_close(boxes: FloatArray, pose: PoseSequence, height: int) -> bool:
    """Whether the person is larger than the picture can hold for most of the shot."""
    seen = ~np.isnan(boxes[:, 0])
    cut_off = boxes[seen, 3] > 0.985 * height
    tall = extents(boxes[seen])[:, 1] > _TALL * height
    posed = pose.scores.any(axis=1)
    legs = float(pose.scores[posed][:, _LEGS].mean()) if posed.any() else 1.0
    return bool(cut_off.mean() > 0.6 and (tall.mean() > 0.6 or legs < _LEGS_SEEN))
