"""What happens between a skater and the skeletons of a real video, besides an estimator's errors.

Broadcasts cut every few seconds and phones never; hands shake; a skater leaves the picture, is
hidden, or is a few dozen pixels high; a tracker loses its skater or takes somebody who stands by.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from models.skeletons import COCO17
from pipeline.types import FloatArray
from training.rink.skeletons import EstimatorNoise, disturbed, joint_boxes

FRAME_RATES = tuple(
    Fraction(rate) for rate in (15, 24, 25, 25, 25, "30000/1001", 30, 30, 50, 60, 120)
)
"""Frames a second that a video may have, common ones more often."""

_SMALL_PX = 100.0
"""Skaters lower than this are estimated worse."""
_SHAKEN, _HIDDEN, _TAKEN_FOR, _CLEAN, _POOR = 0.35, 0.3, 0.12, 0.1, 0.15
"""Shares of shots with a shaking hand, with stretches without a pose, with stretches of somebody
else, with hardly any error, and with errors twice as large."""
_LOOKED_AT_HZ = 25.0
_MISJUDGED = (0.004, 0.018)
"""How far off the demo's pose network is for a while, in body heights: on the rink's pictures its
errors last (0.84 of one is still there in the next frame), and the larger part is of this kind."""
_LIMBS = np.array([name.endswith(("wrist", "ankle", "elbow", "knee")) for name in COCO17.joints])


def shot_lengths(rng: np.random.Generator, seconds: float) -> NDArray[np.float64]:
    """Seconds of one shot after the other, together at least so long."""
    if rng.random() < 0.3:  # one camera all along
        return np.array([seconds])
    usual = rng.uniform(5.0, 40.0)
    count = int(seconds / 2.0) + 1
    return np.asarray(np.clip(usual * rng.lognormal(0.0, 0.5, count), 2.0, None))


def filmed(
    rng: np.random.Generator,
    xy: FloatArray,
    noise: EstimatorNoise,
    *,
    size: tuple[int, int],
    fps: float,
    in_air: NDArray[np.bool_],
) -> tuple[FloatArray, FloatArray]:
    """Joints `(T, 17, 2)` and scores `(T, 17)` from the true joints of one shot.

    Args:
        rng: Source of every choice.
        xy: `(T, J, 2)` pixels of all joints of the rink, COCO's 17 first.
        noise: Of the estimator, for a skater who is large enough.
        size: Of the picture, pixels.
        fps: Frames a second.
        in_air: `(T,)`.
    """
    if rng.random() < _SHAKEN:
        xy = xy + _shaken(rng, xy, fps)[:, None]
    true, boxes = xy[:, :17], joint_boxes(xy)
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    worse = float(np.clip(np.sqrt(_SMALL_PX / max(height, 1.0)), 1.0, 2.0))
    worse *= rng.choice((0.15, 1.0, 2.0), p=(_CLEAN, 1.0 - _CLEAN - _POOR, _POOR))
    noise = replace(
        noise,
        jitter=noise.jitter * worse,
        lost=min(noise.lost * worse, 0.25),
        swaps=noise.swaps * worse,
        half_swaps=noise.half_swaps * worse,
    )
    seen = (true + _misjudged(rng, len(true), fps, worse * height)).astype(np.float32)
    keypoints, scores = disturbed(rng, seen, noise, boxes=boxes, in_air=in_air, fps=fps)
    keypoints, scores = _cropped(keypoints, scores, size)
    if rng.random() < _TAKEN_FOR:
        _take_for_another(rng, keypoints, fps)
    if fps > _LOOKED_AT_HZ and rng.random() < 0.5:  # not every frame is looked at
        between = np.arange(len(scores)) % round(fps / _LOOKED_AT_HZ) > 0
        keypoints[between], scores[between] = np.nan, 0.0
    if rng.random() < _HIDDEN:
        _hide(rng, keypoints, scores, fps)
    return keypoints, scores


def _misjudged(rng: np.random.Generator, T: int, fps: float, height: float) -> FloatArray:
    """Errors that stay for a while, `(T, 17, 2)` pixels."""
    course = rng.standard_normal((T, 17, 2))
    smooth = gaussian_filter1d(course, rng.uniform(0.06, 0.4) * fps, axis=0, mode="nearest")
    smooth *= np.where(_LIMBS, 1.5, 1.0)[:, None] / max(float(smooth.std()), 1e-6)
    return np.asarray(rng.uniform(*_MISJUDGED) * height * smooth, np.float32)


def _shaken(rng: np.random.Generator, xy: FloatArray, fps: float) -> FloatArray:
    """How far a hand-held camera moves the picture, `(T, 2)` pixels."""
    T = len(xy)
    height = float(np.median(xy[..., 1].max(axis=1) - xy[..., 1].min(axis=1)))
    smooth_s = rng.uniform(0.04, 0.5)
    course = gaussian_filter1d(rng.standard_normal((T, 2)), smooth_s * fps, axis=0, mode="nearest")
    course /= max(float(course.std()), 1e-6)
    # A slow hand moves far, a quick one little.
    return np.asarray(rng.uniform(0.02, 0.2) * smooth_s * height * course, np.float32)


def _cropped(
    keypoints: FloatArray, scores: FloatArray, size: tuple[int, int]
) -> tuple[FloatArray, FloatArray]:
    """What lies outside the picture is guessed at its rim, and hardly believed."""
    inside = np.clip(keypoints, 0.0, np.asarray(size, np.float32))
    outside = np.abs(inside - keypoints).max(axis=2) > 0.0
    return np.where(outside[..., None], inside, keypoints), np.where(outside, 0.3 * scores, scores)


def _stretches(
    rng: np.random.Generator, T: int, fps: float, longest_s: float
) -> list[tuple[int, int]]:
    count = 1 + rng.poisson(T / fps / 30.0)
    starts = rng.integers(0, T, count)
    lengths = np.exp(rng.uniform(np.log(0.08), np.log(longest_s), count)) * fps
    return [(int(a), int(a + n) + 1) for a, n in zip(starts, lengths, strict=True)]


def _hide(rng: np.random.Generator, keypoints: FloatArray, scores: FloatArray, fps: float) -> None:
    """Stretches without any pose, or without the legs."""
    for first, stop in _stretches(rng, len(scores), fps, 4.0):
        if rng.random() < 0.7:
            keypoints[first:stop] = np.nan
            scores[first:stop] = 0.0
        else:
            scores[first:stop, 11:] *= 0.2


def _take_for_another(rng: np.random.Generator, keypoints: FloatArray, fps: float) -> None:
    """Stretches in which a tracker follows somebody who stands by."""
    for first, stop in _stretches(rng, len(keypoints), fps, 2.5):
        stop = min(stop, len(keypoints))
        if not np.isfinite(keypoints[first]).all():
            continue
        height = float(np.ptp(keypoints[first], axis=0).max())
        away = rng.normal(0.0, 1.5 * height, 2) * (1.0, 0.2)
        still = keypoints[first] * rng.uniform(0.9, 1.1)
        tremor = 0.02 * height * rng.standard_normal((stop - first, 17, 2))
        keypoints[first:stop] = (still + away + tremor).astype(np.float32)
