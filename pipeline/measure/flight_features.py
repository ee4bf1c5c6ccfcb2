"""What the flight detector looks at: how trunk and feet rise and fall, at 60 samples a second.

Physics alone decides these: a body in the air falls freely, its feet off the ice. How limbs are
held is left out on purpose: real skaters hold them otherwise than simulated ones. Left and right
are not told apart, so a skeleton whose sides change places looks the same. Heights count upwards
in body scales (see `signals.Body.scale`).
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from pipeline.measure.signals import HEAD, LEFT_ANKLE, RIGHT_ANKLE, Array, Body

RATE_HZ = 60.0
"""Samples a second, whatever the video's frame rate."""

FEATURES = ("torso_speed", "torso_height", "foot_height")
"""Names of the columns."""

_CAMERA_S = 0.35
"""What takes longer is put down to the camera and to the skater's path over the ice."""
_SPEED_S = 0.02


def sample_times(body: Body) -> Array:
    """When the samples are, `(N,)` seconds from the first frame's time to the last one's."""
    first, last = body.times_s[0], body.times_s[-1]
    return np.asarray(first + np.arange(int((last - first) * RATE_HZ) + 1) / RATE_HZ)


def flight_features(body: Body) -> Array:
    """The features, `(N, F)` at `sample_times`."""
    times = sample_times(body)
    head = body.joints[:, HEAD].mean(axis=1)
    torso = 0.4 * body.hips + 0.4 * body.neck + 0.2 * head
    foot = body.joints[:, [LEFT_ANKLE, RIGHT_ANKLE], 1].max(axis=1)  # y counts downwards
    scale = np.interp(times, body.times_s, body.scale)
    height = -np.interp(times, body.times_s, torso[:, 1]) / scale
    lowest = -np.interp(times, body.times_s, foot) / scale
    speed = np.gradient(gaussian_filter1d(height, _SPEED_S * RATE_HZ, mode="nearest")) * RATE_HZ
    return np.stack([speed, _moving(height), _moving(lowest)], axis=1)


def _moving(height: Array) -> Array:
    """A height without what changes slowly."""
    slow = gaussian_filter1d(height, _CAMERA_S * RATE_HZ, mode="nearest")
    return np.asarray(height - slow)
