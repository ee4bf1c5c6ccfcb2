import numpy as np
import pytest

from pipeline.measure.signals import read_body
from pipeline.types import PoseSequence
from tests.pipeline.measure.takes import take, without


def test_lost_joints_are_interpolated():
    one = take("2Loop", clean=True)
    scores = one.pose.scores.copy()
    keypoints = one.pose.keypoints_xy.copy()
    scores[10, 9], keypoints[10, 9] = 0.1, (9999.0, 9999.0)
    body = read_body(PoseSequence(keypoints, scores), one.times_s)
    assert body is not None
    assert not body.seen[10, 9]
    between = 0.5 * (keypoints[9, 9] + keypoints[11, 9])
    assert body.joints[10, 9] == pytest.approx(between, abs=1e-3)


def test_frames_that_the_stride_skipped_do_not_count():
    one = take("2Loop", clean=True)
    keypoints, scores = one.pose.keypoints_xy.copy(), one.pose.scores.copy()
    keypoints[1::2], scores[1::2] = np.nan, 0.0
    body = read_body(PoseSequence(keypoints, scores, stride=2), one.times_s)
    assert body is not None
    assert len(body) == (len(one.times_s) + 1) // 2
    assert body.posed.all()


def test_without_skeletons_there_is_no_body():
    one = take("2Loop", clean=True)
    assert read_body(without(one.pose, slice(0, None)), one.times_s) is None


@pytest.mark.parametrize(("joint", "enough"), [(9, True), (7, True), (13, False), (5, False)])
def test_trunk_and_legs_are_enough(joint, enough):
    one = take("2Loop", clean=True)
    keypoints = one.pose.keypoints_xy.copy()
    keypoints[:, joint] = np.nan
    body = read_body(PoseSequence(keypoints, one.pose.scores), one.times_s)
    assert (body is not None) == enough
    assert body is None or np.isfinite(body.joints).all()


def test_the_scale_is_the_length_of_trunk_and_leg():
    keypoints = np.zeros((60, 17, 2), np.float32)
    keypoints[:, 11:13, 1], keypoints[:, 13:15, 1], keypoints[:, 15:17, 1] = 50, 80, 110
    body = read_body(PoseSequence(keypoints, np.ones((60, 17), np.float32)), np.arange(60) / 30)
    assert body is not None
    assert body.scale == pytest.approx(110.0)


def test_times_must_be_those_of_the_poses():
    one = take("2Loop", clean=True)
    with pytest.raises(ValueError, match="times_s: expected"):
        read_body(one.pose, one.times_s[:-1])
