"""People off the ice: limbs keep their lengths, feet are on the ground, nobody flies away."""

from __future__ import annotations

import numpy as np
import pytest

from training.programme.off_ice import off_ice_motion
from training.rink.body import JOINT
from training.rink.performance import RINK_WIDTH_M


@pytest.mark.parametrize("seed", range(4))
def test_bodies_hold_together(seed: int) -> None:
    motion = off_ice_motion(np.random.default_rng(seed), 20.0)
    joints = motion.joints
    assert np.isfinite(joints).all()
    for one, other, length in (
        ("left_hip", "left_knee", motion.body.thigh),
        ("right_knee", "right_ankle", motion.body.shank),
        ("left_shoulder", "left_elbow", motion.body.upper_arm),
    ):
        limb = np.linalg.norm(joints[:, JOINT[one]] - joints[:, JOINT[other]], axis=1)
        assert limb == pytest.approx(length, rel=0.02)
    lowest = joints[..., 2].min(axis=1)
    assert (lowest > 0).all()
    assert lowest.max() < 0.6  # no hop is so high
    assert np.abs(joints[..., :2]).max() < RINK_WIDTH_M / 2
    speed = np.linalg.norm(np.diff(joints[:, JOINT["pelvis"]], axis=0), axis=1) * 120
    assert np.quantile(speed, 0.99) < 8
