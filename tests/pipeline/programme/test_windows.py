"""Which frames of a segment the classifiers see: hand cases."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.programme.reading import ReadShot
from pipeline.programme.segments import Segment
from pipeline.programme.windows import JUMP_AFTER_S, JUMP_BEFORE_S, window_of, window_s
from pipeline.types import Timeline
from tests.pipeline.programme.shots import read_shot

TIMELINE = Timeline(np.arange(500), 10.0 + np.arange(500) / 25, 10.0)


def jumps(*flights: tuple[float, float]) -> Segment:
    family = "jump" if len(flights) == 1 else "combination"
    return Segment(family, flights[0][0] - 0.6, flights[-1][1] + 0.8, jumps=flights)


def test_a_solo_jump_gets_the_margins_that_the_classifiers_learnt():
    assert window_s(jumps((5.0, 5.6)), 0) == pytest.approx(
        (5.3 - JUMP_BEFORE_S, 5.3 + JUMP_AFTER_S)
    )


def test_a_jump_of_a_combination_ends_where_its_neighbour_begins():
    """Issue 17, section 1: a combination is one element with its jumps."""
    both = jumps((5.0, 5.6), (5.9, 6.3))
    assert window_s(both, 0) == pytest.approx((5.3 - JUMP_BEFORE_S, 5.9))
    assert window_s(both, 1) == pytest.approx((5.6, 6.1 + JUMP_AFTER_S))


def test_of_a_long_sequence_the_middle_is_seen():
    assert window_s(Segment("sequence", 10.0, 50.0)) == pytest.approx((20.5, 39.5))
    assert window_s(Segment("spin", 10.0, 16.0)) == (10.0, 16.0)


def test_a_window_holds_the_frames_people_and_poses_of_its_span():
    shot = read_shot(0, 250)
    window = window_of((2.0, 4.0), [shot], TIMELINE)
    assert window is not None
    assert (window.first, window.stop) == (50, 100)
    main = window.followed.people.main
    np.testing.assert_array_equal(main.boxes_xyxy, shot.people.main.boxes_xyxy[50:100])
    np.testing.assert_array_equal(window.followed.pose.keypoints_xy, shot.pose.keypoints_xy[50:100])


def test_an_element_that_a_cut_divides_is_seen_where_more_of_it_is():
    shots = [read_shot(0, 250), read_shot(250, 500)]
    window = window_of((9.5, 12.0), shots, TIMELINE)
    assert (window.first, window.stop) == (250, 300)


def test_a_window_begins_on_a_frame_that_has_a_pose():
    window = window_of((2.04, 4.0), [read_shot(0, 250, stride=2)], TIMELINE)
    assert (window.first, window.stop) == (50, 100)


def absent(shot: ReadShot) -> ReadShot:
    shot.people.main.boxes_xyxy[40:120] = np.nan
    return shot


@pytest.mark.parametrize("span_s", [(2.0, 4.0), (2.0, 2.08), (30.0, 31.0)])
def test_there_is_no_window_without_the_skater_or_frames(span_s):
    assert window_of(span_s, [absent(read_shot(0, 250))], TIMELINE) is None
