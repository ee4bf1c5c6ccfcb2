"""Curves through keys, limbs of two bones, and the joining of phrases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.rink.motion.kinematics.curves import (
    bridge,
    integral,
    smooth_step,
    soft_ceiling,
    through_keys,
)
from training.rink.motion.kinematics.edges import Edge
from training.rink.motion.kinematics.pose import CHANNELS, STAND, pose, swapped
from training.rink.motion.kinematics.skeleton import knee_direction, limb
from training.rink.motion.phrase import AUTO, Phrase, joined


def test_curve_passes_its_keys_and_rests_outside():
    times, values = np.array([0.0, 1.0, 1.5]), np.array([[0.0], [2.0], [-1.0]])
    found = through_keys(times, values, np.array([-1.0, 0.0, 1.0, 1.5, 9.0]))
    np.testing.assert_allclose(found[:, 0], [0.0, 0.0, 2.0, -1.0, -1.0], atol=1e-12)


@settings(max_examples=60)
@given(
    st.lists(st.floats(0.05, 2.0), min_size=2, max_size=8),
    st.lists(st.floats(-5.0, 5.0), min_size=9, max_size=9),
)
def test_curve_does_not_overshoot(steps, levels):
    times = np.concatenate([[0.0], np.cumsum(steps)])
    values = np.array(levels[: len(times)])[:, None]
    for before, after, a, b in zip(times, times[1:], values, values[1:], strict=False):
        inside = through_keys(times, values, np.linspace(before, after, 40))[:, 0]
        spread = 1e-9 + 0.02 * abs(float(b[0] - a[0]))
        assert inside.min() > min(a[0], b[0]) - spread
        assert inside.max() < max(a[0], b[0]) + spread


def test_key_times_must_increase():
    with pytest.raises(ValueError, match="must increase"):
        through_keys(np.array([0.0, 0.0]), np.zeros((2, 1)), np.zeros(3))


def test_bridge_meets_position_velocity_and_acceleration():
    times = np.linspace(1.0, 1.4, 4001)
    curve = bridge(times, (0.2, -1.0, 3.0), (0.9, 2.0, -9.81))
    step = times[1] - times[0]
    velocity = np.gradient(curve, step)
    acceleration = np.gradient(velocity, step)
    assert (curve[0], curve[-1]) == pytest.approx((0.2, 0.9))
    assert (velocity[0], velocity[-1]) == pytest.approx((-1.0, 2.0), abs=0.01)
    assert (acceleration[3], acceleration[-4]) == pytest.approx((3.0, -9.81), abs=0.5)


def test_small_curves():
    assert smooth_step(np.array([-1.0, 0.0, 0.5, 1.0, 2.0])).tolist() == [0, 0, 0.5, 1, 1]
    np.testing.assert_allclose(integral(np.ones(5), 0.25), [0, 0.25, 0.5, 0.75, 1.0])
    bent = soft_ceiling(np.linspace(0.0, 3.0, 301), 1.0, 0.2)
    assert bent.max() <= 1.0
    assert (np.diff(bent) >= -1e-12).all()
    assert bent[50] == pytest.approx(0.5)


@settings(max_examples=60)
@given(st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3))
def test_limbs_keep_their_lengths(target):
    root, offset = np.zeros((1, 3)), np.array([target])
    middle, end = limb(root, offset, np.array([[0.3, 0.9, 0.2]]), (0.42, 0.40))
    assert np.linalg.norm(middle) == pytest.approx(0.42, abs=1e-9)
    assert np.linalg.norm(end - middle) == pytest.approx(0.40, abs=1e-9)
    if 0.3 < np.linalg.norm(offset) < 0.78:
        np.testing.assert_allclose(end, offset, atol=1e-9)


@pytest.mark.parametrize(
    ("leg", "knee"),
    [
        ((0, 0, -1), (1, 0, 0)),
        ((1, 0, 0), (0, 0, 1)),
        ((-1, 0, 0), (0, 0, -1)),
        ((0, 1, 0), (1, 0, 0)),
    ],
)
def test_knees_follow_the_leg_round(leg, knee):
    found = knee_direction(np.array([leg], float), np.zeros(1))[0]
    np.testing.assert_allclose(found, knee, atol=1e-9)


@pytest.mark.parametrize(
    ("side", "backward", "outside", "curve"),
    [
        ("left", False, True, 1.0),
        ("right", False, False, 1.0),
        ("right", True, True, 1.0),
        ("left", True, False, 1.0),
        ("left", True, True, -1.0),
        ("right", False, True, -1.0),
    ],
)
def test_edges_curve_as_skaters_know(side, backward, outside, curve):
    assert Edge(side, backward, outside).curve == curve


@pytest.mark.parametrize(
    ("kind", "backward", "outside"),
    [
        ("three", True, False),
        ("bracket", True, False),
        ("rocker", True, True),
        ("counter", True, True),
    ],
)
def test_turns_end_on_their_edge(kind, backward, outside):
    after = Edge("left", backward=False, outside=True).after(kind)
    assert (after.side, after.backward, after.outside) == ("left", backward, outside)


def test_swapping_a_pose_twice_gives_it_back():
    shape = pose(
        trunk=(20, 8), twist=12.0, left_hand=(0.4, 0.2, 0.6), right_foot=(-0.5, -0.2, -0.6)
    )
    np.testing.assert_allclose(swapped(swapped(shape)), shape)
    assert swapped(shape)[CHANNELS["left_foot"]][1] == pytest.approx(0.2)


def test_poses_refuse_what_they_do_not_know():
    with pytest.raises(ValueError, match="left_hand: expected 3"):
        pose(left_hand=(1.0, 0.0))
    with pytest.raises(KeyError):
        pose(tail=1.0)
    assert STAND[CHANNELS["knee"]] > 0.0


def test_phrases_join_only_where_they_face_the_same_way():
    def phrase(start: float, end: float) -> Phrase:
        return Phrase(1.0, facing=[(0.0, start, AUTO), (1.0, end, AUTO)])

    whole = joined([phrase(0.0, 0.5), phrase(0.5, 1.5), phrase(-0.5, 0.0)])
    assert whole.duration == 3.0
    assert whole.end_facing == pytest.approx(2.0)
    with pytest.raises(ValueError, match=r"ends facing 0\.50"):
        joined([phrase(0.0, 0.5), phrase(0.0, 0.5)])
