"""Left and right resolved over a clip: by hand-made maps, by brute force, and in a mirror."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from models.skeletons import COCO17
from pipeline.pose.left_right import PLACES, Peaks, cheapest_paths, resolve_left_right

BODY = 100.0
LEFT, RIGHT = COCO17.index("left_ankle"), COCO17.index("right_ankle")
KNEES = COCO17.index("left_knee"), COCO17.index("right_knee")


def standing(frames: int) -> Peaks:
    """A clip of somebody whose every joint is seen in one place, pairs 20 pixels apart."""
    peaks = Peaks.none(frames)
    joint = np.arange(17)
    peaks.points[:, :, 0] = np.column_stack((20.0 * (joint % 2), 6.0 * joint))
    peaks.values[:, :, 0] = 0.8
    return peaks


def two_minds(peaks: Peaks, frame: int, joint: int, values: tuple[float, float]) -> None:
    """The joint's map has a peak on either ankle, the higher one first."""
    places = standing(1).points[0, [LEFT, RIGHT], 0]
    order = sorted(zip(values, places, strict=True), key=lambda item: -item[0])
    for k, (value, place) in enumerate(order):
        peaks.points[frame, joint, k] = place
        peaks.values[frame, joint, k] = value


def both_two_minds(peaks, frame, left, right):
    """Values of the left and of the right ankle's map, on (left, right) ankle."""
    two_minds(peaks, frame, LEFT, left)
    two_minds(peaks, frame, RIGHT, right)
    for joint, own, other in ((LEFT, left, right), (RIGHT, right, left)):
        order = np.argsort([-v for v in own], kind="stable")
        peaks.others[frame, joint, :2] = [other[i] for i in order]


def test_what_is_clear_stays_as_it_is():
    peaks = standing(5)
    joints, scores = resolve_left_right(peaks, BODY)
    np.testing.assert_allclose(joints, peaks.points[:, :, 0], atol=1e-4)
    np.testing.assert_array_equal(scores, peaks.values[:, :, 0])


def test_two_peaks_are_two_ankles():
    """Both highest peaks lie on the right ankle; the left one's second is nearly as high."""
    peaks = standing(1)
    both_two_minds(peaks, 0, left=(0.4, 0.5), right=(0.3, 0.6))
    assert np.array_equal(peaks.points[0, LEFT, 0], peaks.points[0, RIGHT, 0])
    joints, scores = resolve_left_right(peaks, BODY)
    expected = standing(1).points[:, :, 0]
    np.testing.assert_allclose(joints, expected, atol=1e-4)
    assert scores[0, [LEFT, RIGHT]].tolist() == pytest.approx([0.4, 0.6])


def test_one_peak_is_both_ankles():
    """Legs that cross are in one place, and no second peak says otherwise."""
    peaks = standing(3)
    peaks.points[:, RIGHT] = peaks.points[:, LEFT]
    peaks.others[:, [LEFT, RIGHT], 0] = 0.8
    joints, _ = resolve_left_right(peaks, BODY)
    np.testing.assert_allclose(joints[:, RIGHT], joints[:, LEFT], atol=1e-4)


@pytest.mark.parametrize("frame", [0, 3, 6])
def test_sides_do_not_change_for_one_frame(frame):
    peaks = standing(7)
    for t in range(7):
        both_two_minds(peaks, t, left=(0.6, 0.4), right=(0.4, 0.6))
    both_two_minds(peaks, frame, left=(0.45, 0.55), right=(0.55, 0.45))
    joints, scores = resolve_left_right(peaks, BODY)
    expected = standing(7).points[:, :, 0]
    np.testing.assert_allclose(joints, expected, atol=1e-4)
    assert scores[frame, LEFT] == pytest.approx(0.45)


def test_sides_change_where_the_limbs_do():
    """For good, and with maps that are sure of it."""
    peaks = standing(8)
    for t in range(8):
        there, back = ((0.9, 0.1), (0.1, 0.9)) if t < 4 else ((0.1, 0.9), (0.9, 0.1))
        both_two_minds(peaks, t, left=there, right=back)
    joints, _ = resolve_left_right(peaks, BODY)
    left, right = standing(1).points[0, [LEFT, RIGHT], 0]
    np.testing.assert_allclose(joints[:4, LEFT], np.tile(left, (4, 1)), atol=1e-4)
    np.testing.assert_allclose(joints[4:, LEFT], np.tile(right, (4, 1)), atol=1e-4)


def test_no_limb_is_longer_than_it_can_be():
    """The higher peak of an ankle is a metre away from its knee."""
    peaks = standing(1)
    peaks.points[0, LEFT, 1] = peaks.points[0, LEFT, 0]
    peaks.points[0, LEFT, 0] += (0, 90)
    peaks.values[0, LEFT, :2] = (0.5, 0.4)
    joints, _ = resolve_left_right(peaks, BODY)
    np.testing.assert_allclose(joints, standing(1).points[:, :, 0], atol=1e-4)


def test_gaps_and_joints_without_a_peak():
    peaks = standing(6)
    peaks.points[2] = np.nan
    peaks.values[2] = 0
    peaks.points[4, [LEFT, RIGHT, KNEES[0]]] = np.nan
    peaks.values[4, [LEFT, RIGHT, KNEES[0]]] = 0
    joints, scores = resolve_left_right(peaks, BODY)
    expected = standing(6).points[:, :, 0]
    expected[2] = np.nan
    expected[4, [LEFT, RIGHT, KNEES[0]]] = np.nan
    np.testing.assert_allclose(joints, expected, atol=1e-4)
    np.testing.assert_array_equal(scores, np.where(np.isnan(expected[..., 0]), 0, np.float32(0.8)))


def test_nobody():
    joints, scores = resolve_left_right(Peaks.none(3), 1.0)
    assert np.isnan(joints).all()
    assert not scores.any()


def test_mirrored_peaks_give_the_mirrored_skeleton():
    rng = np.random.default_rng(0)
    peaks = Peaks(
        rng.uniform(0, 100, (20, 17, PLACES, 2)).astype(np.float32),
        np.sort(rng.uniform(0.1, 0.9, (20, 17, PLACES)).astype(np.float32))[..., ::-1],
        rng.uniform(0, 0.5, (20, 17, PLACES)).astype(np.float32),
    )
    order = list(COCO17.flip_order)
    mirrored = Peaks(
        (peaks.points * (-1, 1))[:, order].astype(np.float32),
        peaks.values[:, order],
        peaks.others[:, order],
    )
    joints, scores = resolve_left_right(peaks, BODY)
    back, same_scores = resolve_left_right(mirrored, BODY)
    np.testing.assert_allclose(back[:, order] * (-1, 1), joints, atol=1e-4)
    np.testing.assert_array_equal(same_scores[:, order], scores)


def test_cheapest_paths_are_those_of_brute_force():
    rng = np.random.default_rng(1)
    for _ in range(20):
        cost, moves = rng.random((4, 3, 3)), rng.random((3, 3, 3))

        def price(lefts, rights, cost=cost, moves=moves):
            stay = sum(cost[t, a, b] for t, (a, b) in enumerate(zip(lefts, rights, strict=True)))
            go = sum(
                moves[t, path[t], path[t + 1]]
                for path in (lefts, rights)
                for t in range(len(moves))
            )
            return stay + go

        paths = list(itertools.product(range(3), repeat=4))
        best = min(itertools.product(paths, paths), key=lambda pair: price(*pair))
        found = cheapest_paths(cost, moves)
        assert [path.tolist() for path in found] == [list(path) for path in best]
