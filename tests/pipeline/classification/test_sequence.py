"""The skeleton network's input: gaps, normalisation, the feeder's crop and resize."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.skeletons import COCO17
from pipeline.classification.sequence import (
    SequenceSettings,
    fill_gaps,
    flip_sequence,
    make_sequence,
    motion,
    normalise,
    resize_time,
    valid_crop_resize,
)
from pipeline.errors import ConfigError
from pipeline.types import PoseSequence


def make_pose(num_frames=50, *, seed=0, stride=1):
    rng = np.random.default_rng(seed)
    joints = rng.uniform(100, 300, (1, 17, 2)) + np.arange(num_frames)[:, None, None]
    scores = rng.uniform(0.2, 1, (num_frames, 17))
    return PoseSequence(joints.astype(np.float32), scores.astype(np.float32), stride)


def test_shape_and_channels():
    sequence = make_sequence(make_pose())
    assert tuple(sequence.shape) == (3, 320, 17, 1)
    assert sequence[:2].abs().max() < 2  # body lengths
    assert 0 < sequence[2].min() <= sequence[2].max() <= 1


@pytest.mark.parametrize("scale", [0.1, 4.0])
@pytest.mark.parametrize("shift", [(0, 0), (500, -200)])
def test_neither_place_nor_size_in_the_picture_matters(scale, shift):
    pose = make_pose()
    moved = PoseSequence(pose.keypoints_xy * np.float32(scale) + np.float32(shift), pose.scores)
    assert make_sequence(moved).numpy() == pytest.approx(make_sequence(pose).numpy(), abs=1e-4)


@pytest.mark.parametrize("stream", ["joint", "motion"])
def test_a_flipped_sequence_is_that_of_the_flipped_poses(stream):
    pose = make_pose()
    joints = pose.keypoints_xy[:, COCO17.flip_order] * np.float32([-1, 1]) + np.float32([640, 0])
    seen = PoseSequence(joints, pose.scores[:, COCO17.flip_order])
    expected, plain = (make_sequence(p, SequenceSettings(stream=stream)) for p in (seen, pose))
    assert flip_sequence(plain).numpy() == pytest.approx(expected.numpy(), abs=1e-5)
    assert (flip_sequence(plain) != plain).any()
    assert (flip_sequence(flip_sequence(plain)) == plain).all()


def test_gaps_are_bridged_ends_are_held_and_scores_tell():
    pose = make_pose(9)
    joints, scores = pose.keypoints_xy.copy(), pose.scores.copy()
    whole = joints.copy()
    joints[[0, 4, 8]], scores[[0, 4, 8]] = np.nan, 0
    filled = fill_gaps(joints)
    assert filled[4] == pytest.approx(whole[4], abs=1e-4)
    np.testing.assert_array_equal(filled[0], whole[1])
    np.testing.assert_array_equal(filled[8], whole[7])
    sequence = make_sequence(PoseSequence(joints, scores), SequenceSettings(num_frames=9, crop=1.0))
    assert (sequence[2, [0, 4, 8]] == 0).all()


def test_a_joint_that_is_never_seen_lies_among_the_others():
    joints = make_pose(5).keypoints_xy.copy()
    joints[:, 3] = np.nan
    joints[2, 4] = np.nan  # and one that is missing once
    filled = fill_gaps(joints)
    others = np.delete(filled, 3, axis=1)
    np.testing.assert_allclose(filled[:, 3], others.mean(axis=1), rtol=1e-5)
    assert np.isfinite(filled).all()


def test_a_clip_without_any_pose_is_all_zeros():
    empty = PoseSequence(np.full((7, 17, 2), np.nan, np.float32), np.zeros((7, 17), np.float32))
    assert (make_sequence(empty) == 0).all()


def test_frames_skipped_by_the_stride_do_not_count():
    pose = make_pose(41, stride=4)
    thin = PoseSequence(pose.keypoints_xy[::4], pose.scores[::4])
    gappy = pose.keypoints_xy.copy()
    gappy[np.arange(41) % 4 != 0] = np.nan
    np.testing.assert_array_equal(
        make_sequence(PoseSequence(gappy, pose.scores, 4)), make_sequence(thin)
    )


def test_centring_by_frame_removes_the_trajectory_of_the_hips():
    joints = make_pose().keypoints_xy
    hips = [11, 12]
    assert np.ptp(normalise(joints)[:, hips].mean(axis=1), axis=0).min() > 0.1
    assert np.abs(normalise(joints, per_frame=True)[:, hips].mean(axis=1)).max() < 1e-5


@settings(max_examples=30)
@given(st.integers(1, 60), st.integers(1, 90))
def test_resizing_keeps_straight_lines_and_constants(num_frames, window):
    line = np.arange(num_frames, dtype=np.float32).reshape(1, -1, 1, 1)
    centres = (np.arange(window) + 0.5) * num_frames / window - 0.5
    expected = np.clip(centres, 0, num_frames - 1)
    assert resize_time(line, window)[0, :, 0, 0] == pytest.approx(expected, abs=1e-4)


@settings(max_examples=30)
@given(st.integers(1, 400), st.integers(0, 2**31))
def test_a_random_crop_keeps_the_published_lower_bound(num_valid, seed):
    frames = np.arange(450, dtype=np.float32).reshape(1, -1, 1, 1)
    rng = np.random.default_rng(seed)
    cropped = valid_crop_resize(frames, num_valid, (0.1, 0.2), 64, rng)
    assert cropped.max() <= num_valid - 1
    length = min(max(int(0.1 * num_valid), 64), num_valid)
    assert np.ptp(cropped) >= (length - 1) * (1 - 1 / 64) - 1.001 * length / 64


def test_motion_is_the_change_and_ends_with_zero():
    data = np.random.default_rng(0).normal(size=(3, 10, 17, 1)).astype(np.float32)
    change = motion(data)
    np.testing.assert_allclose(
        np.cumsum(change[:, :-1], axis=1) + data[:, :1], data[:, 1:], atol=1e-5
    )
    assert (change[:, -1] == 0).all()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: SequenceSettings(num_frames=0), ConfigError),
        (lambda: SequenceSettings(crop=0.0), ConfigError),
        (lambda: valid_crop_resize(np.zeros((3, 5, 1, 1)), 6, (0.95,), 8), ValueError),
        (lambda: valid_crop_resize(np.zeros((3, 5, 1, 1)), 5, (0.5, 1.0), 8), ValueError),
    ],
)
def test_senseless_values_are_refused(call, error):
    with pytest.raises(error):
        call()
