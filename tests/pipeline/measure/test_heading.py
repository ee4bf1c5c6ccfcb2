import numpy as np
import pytest

from pipeline.measure.heading import Heading, read_heading
from pipeline.measure.signals import read_body
from tests.pipeline.measure.takes import swapped, take, without


def heading(pose, times_s):
    body = read_body(pose, times_s)
    assert body is not None
    return read_heading(body)


def turned(found, one):
    """Turns measured and true, from the first frame to the last."""
    return found.turns[-1] - found.turns[0], one.yaw[-1] - one.yaw[0]


@pytest.mark.parametrize(("label", "fps"), [("3Lutz", 25), ("4Toeloop", 30), ("1Axel", 60)])
def test_turns_are_those_of_the_body(label, fps):
    one = take(label, fps=fps)
    found = heading(one.pose, one.times_s)
    measured, true = turned(found, one)
    assert measured == pytest.approx(true, abs=0.2)


def test_exchanged_sides_are_a_gap_and_do_not_bend_the_curve():
    one = take("3Flip", clean=True)
    middle = int(np.searchsorted(one.times_s, 0.5 * (one.takeoff_s + one.landing_s)))
    wrong = slice(middle - 2, middle + 2)
    straight = heading(one.pose, one.times_s)
    found = heading(swapped(one.pose, wrong), one.times_s)
    assert found.gap[wrong].mean() >= 0.75  # where the body is side-on, nothing tells
    assert found.gap.sum() <= 6
    assert not straight.gap.any()
    assert np.abs(found.turns - straight.turns)[~found.gap].max() < 0.15
    assert turned(found, one)[0] == pytest.approx(turned(found, one)[1], abs=0.2)


def test_frames_without_a_skeleton_are_bridged():
    one = take("2Salchow", clean=True)
    gap = slice(20, 23)
    found = heading(without(one.pose, gap), one.times_s)
    assert found.gap[gap].all()
    assert turned(found, one)[0] == pytest.approx(turned(found, one)[1], abs=0.2)


def test_stamps_a_tick_apart_do_no_harm():
    one = take("3Flip", clean=True)
    times_s = one.times_s.copy()
    times_s[20] = times_s[19] + 1e-5
    found = heading(one.pose, times_s)
    assert np.isfinite(found.rates).all()
    assert turned(found, one)[0] == pytest.approx(turned(found, one)[1], abs=0.2)


def test_a_mirrored_skater_turns_the_other_way():
    one = take("3Loop", clean=True)
    other = swapped(one.pose, slice(0, None))
    keypoints = other.keypoints_xy * np.array([-1, 1], np.float32)
    mirrored = type(other)(keypoints, other.scores)
    there = heading(one.pose, one.times_s)
    back = heading(mirrored, one.times_s)
    assert turned(there, one)[0] == pytest.approx(-turned(back, one)[0], abs=0.1)


def test_what_cannot_be_told_parts_the_courses():
    one = take("3Loop", clean=True)
    clear = heading(one.pose, one.times_s)
    hidden = heading(without(one.pose, slice(10, len(one.times_s) - 5)), one.times_s)
    assert np.std(hidden.courses[-1] - hidden.courses[0]) > 0.5
    assert np.std(clear.courses[-1] - clear.courses[0]) < 0.1


def test_two_camps_with_the_median_between_them_are_both_counted():
    courses = np.array([[0.0, 0.0], [0.5, -0.5]])
    camps = Heading(np.array([0.0, 0.1]), courses, courses, np.zeros(2), np.zeros(2, bool))
    assert camps.turns.tolist() == [0.0, 0.0]
