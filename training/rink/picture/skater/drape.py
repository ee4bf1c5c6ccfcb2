"""What hangs on a skater: how hair and skirt answer to the motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from training.rink.body import JOINT
from training.rink.performance import SIMULATION_HZ, Motion
from training.rink.picture.skater.pose import Floats, across, unit

_GRAVITY = 9.81
_RESTING_FLARE, _MOST_FLARE = 0.22, 1.15  # radians off the body's axis
_HALF_FLARED = 9.0  # rad/s at which a skirt stands about halfway out


@dataclass(frozen=True)
class Drape:
    """Hair and skirt over time, sampled like the motion."""

    tail: Floats
    """`(T, 3)` unit vectors along which a pony-tail hangs or flies."""
    flare: Floats
    """`(T,)` radians between the skirt and the body's axis."""

    @classmethod
    def of(cls, motion: Motion) -> Drape:
        """Follow the head's acceleration and the hips' turning, both a little late."""
        joints = motion.joints
        skull = (joints[:, JOINT["left_ear"]] + joints[:, JOINT["right_ear"]]) / 2
        back = skull - joints[:, JOINT["nose"]]
        root = gaussian_filter1d(skull + back, 0.03 * SIMULATION_HZ, axis=0, mode="nearest")
        pull = -np.gradient(np.gradient(root, axis=0), axis=0) * SIMULATION_HZ**2
        pull[:, 2] -= _GRAVITY
        tail = _late(np.clip(pull, -80.0, 80.0), 0.07)
        return cls(unit(tail.astype(np.float32)), _flare(motion).astype(np.float32))

    def at(self, times_s: NDArray[np.floating]) -> Drape:
        """The drape at any times `(N,)`."""
        nearest = np.rint(np.asarray(times_s) * SIMULATION_HZ).astype(np.intp)
        nearest = np.clip(nearest, 0, len(self.flare) - 1)
        return Drape(self.tail[nearest], self.flare[nearest])


def _flare(motion: Motion) -> NDArray[np.floating]:
    joints = motion.joints
    pelvis = joints[:, JOINT["pelvis"]]
    up = unit(joints[:, JOINT["neck"]] - pelvis)
    left = across(joints[:, JOINT["left_hip"]] - joints[:, JOINT["right_hip"]], up)
    turning = np.linalg.norm(np.gradient(left, axis=0), axis=1) * SIMULATION_HZ
    falling = np.clip(-np.gradient(pelvis[:, 2]) * SIMULATION_HZ, 0.0, 3.0)
    spun = 1.0 - np.exp(-np.log(2.0) * (turning / _HALF_FLARED) ** 2)
    wanted = _RESTING_FLARE + (_MOST_FLARE - _RESTING_FLARE) * np.clip(spun + falling / 8, 0, 1)
    return _late(wanted, 0.09)


def _late(values: NDArray[np.floating], time_s: float) -> NDArray[np.floating]:
    """Smoothed, and behind by as much."""
    smooth = gaussian_filter1d(values, time_s * SIMULATION_HZ, axis=0, mode="nearest")
    late = max(1, round(time_s * SIMULATION_HZ))
    return np.concatenate([np.repeat(smooth[:1], late, axis=0), smooth])[: len(values)]
