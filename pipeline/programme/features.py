"""What the temporal network sees of a skeleton, 25 times a second whatever the frame rate.

All lengths are shares of the skater's own trunk and leg (`pipeline.measure.signals`), and what the
camera does slowly is taken away, so a zoom, a pan or another size of picture changes little.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from models.skeletons import COCO17
from pipeline.measure.flight_features import flight_features, sample_times
from pipeline.measure.signals import (
    LEFT_HIP,
    LEFT_SHOULDER,
    RIGHT_HIP,
    RIGHT_SHOULDER,
    Array,
    Body,
)
from pipeline.types import FloatArray

RATE_HZ = 25.0
"""Samples a second."""

_FAST_S, _SLOW_S = 0.04, 0.8
_LOST_S = 0.25
"""A gap between poses up to this long is a frame rate; in a longer one nothing is seen."""


def sample_times_s(body: Body) -> Array:
    """When the samples are, `(N,)` seconds."""
    first, last = body.times_s[0], body.times_s[-1]
    return np.asarray(first + np.arange(int((last - first) * RATE_HZ) + 1) / RATE_HZ)


def skeleton_features(body: Body) -> FloatArray:
    """`(N, 97)` at `sample_times_s`.

    Joints about the hips and their speed, how surely each joint was seen, how the body rises, turns
    and travels.
    """
    times = sample_times_s(body)
    scale = np.interp(times, body.times_s, body.scale)
    joints = _at(times, body.times_s, body.joints.reshape(len(body), -1)).reshape(-1, 17, 2)
    hips = joints[:, [LEFT_HIP, RIGHT_HIP]].mean(axis=1)
    shape = (joints - hips[:, None]) / scale[:, None, None]
    speed = _speed(shape.reshape(len(times), -1))
    travel = _speed(hips, smooth_s=0.1) / scale[:, None]
    posed = body.posed
    seen = _at(times, body.times_s[posed], (body.seen * body.scores)[posed])
    seen[since_pose(body, times) > _LOST_S] = 0.0
    lowest, highest = shape.min(axis=1), shape.max(axis=1)
    rise = _at(times, sample_times(body), flight_features(body))
    widths = np.stack(
        [
            shape[:, LEFT_SHOULDER, 0] - shape[:, RIGHT_SHOULDER, 0],
            shape[:, LEFT_HIP, 0] - shape[:, RIGHT_HIP, 0],
        ],
        axis=1,
    )
    turning = gaussian_filter1d(np.abs(_speed(widths)), 0.2 * RATE_HZ, axis=0, mode="nearest")
    columns = [
        shape.reshape(len(times), -1),
        0.1 * speed,
        seen,
        rise * (0.2, 1.0, 1.0),
        0.1 * turning,
        travel,
        travel - gaussian_filter1d(travel, _SLOW_S * RATE_HZ, axis=0, mode="nearest"),
        highest - lowest,
        np.gradient(np.log(scale))[:, None] * RATE_HZ,
    ]
    return np.concatenate(columns, axis=1).astype(np.float32)


def since_pose(body: Body, times: Array) -> Array:
    """Length of the gap between poses in which each moment lies, `(N,)` seconds, less a frame."""
    posed = body.times_s[body.posed]
    after = np.clip(np.searchsorted(posed, times), 0, len(posed) - 1)
    before = np.maximum(np.searchsorted(posed, times, side="right") - 1, 0)
    inside = posed[after] - posed[before]
    outside = np.maximum(posed[0] - times, times - posed[-1])
    return np.asarray(np.maximum(inside, outside) - body.step_s)


def flipped(features: FloatArray) -> FloatArray:
    """The features of the mirrored clip: a skater who turns the other way."""
    result = features.copy()
    for start in (0, 34):
        joints = features[:, start : start + 34].reshape(-1, 17, 2)[:, COCO17.flip_order]
        result[:, start : start + 34] = (joints * (-1.0, 1.0)).reshape(len(features), -1)
    result[:, 68:85] = features[:, 68:85][:, COCO17.flip_order]
    result[:, [90, 92]] *= -1.0
    return result


def _at(times: Array, known_s: Array, values: Array) -> Array:
    """Columns `(T, C)` by linear interpolation at other times."""
    return np.stack([np.interp(times, known_s, column) for column in values.T], axis=1)


def _speed(values: Array, smooth_s: float = _FAST_S) -> Array:
    smooth = gaussian_filter1d(values, smooth_s * RATE_HZ, axis=0, mode="nearest")
    return np.asarray(np.gradient(smooth, axis=0) * RATE_HZ)
