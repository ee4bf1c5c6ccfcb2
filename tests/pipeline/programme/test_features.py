"""What the temporal network sees does not depend on camera or frame rate, and can be mirrored."""

from __future__ import annotations

import numpy as np
import pytest

from models.skeletons import COCO17
from pipeline.measure.signals import Body, read_body
from pipeline.programme.features import flipped, sample_times_s, skeleton_features
from pipeline.types import PoseSequence
from training.rink.skeletons import skeleton_clip


def body(
    *, every: int = 1, scale: float = 1.0, mirror: bool = False, unseen: slice | None = None
) -> Body:
    clip = skeleton_clip("2Axel", (7, 3, 1), noise=None)
    joints = clip.keypoints_xy[::every] * scale
    scores = clip.scores[::every]
    if mirror:
        joints = joints[:, COCO17.flip_order] * (-1.0, 1.0) + (clip.width, 0.0)
        scores = scores[:, COCO17.flip_order]
    joints, scores = joints.copy(), scores.copy()
    if unseen is not None:
        joints[unseen], scores[unseen] = np.nan, 0.0
    times = np.arange(len(clip.scores))[::every] / clip.fps
    found = read_body(PoseSequence(joints.astype(np.float32), scores), times)
    assert found is not None
    return found


def test_they_are_numbers_in_a_range_that_a_network_likes() -> None:
    features = skeleton_features(body())
    assert features.shape == (len(sample_times_s(body())), 97)
    assert np.isfinite(features).all()
    assert np.abs(features).max() < 10


def test_a_larger_picture_changes_nothing() -> None:
    np.testing.assert_allclose(
        skeleton_features(body(scale=3.0)), skeleton_features(body()), atol=2e-3
    )


def test_half_the_frames_give_nearly_the_same() -> None:
    whole, half = skeleton_features(body()), skeleton_features(body(every=2))
    N = min(len(whole), len(half))
    shape = slice(0, 34)
    assert np.abs(whole[:N, shape] - half[:N, shape]).mean() < 0.02


def test_flipped_features_are_those_of_the_mirrored_clip() -> None:
    expected = skeleton_features(body(mirror=True))
    assert flipped(skeleton_features(body())) == pytest.approx(expected, abs=2e-3)


def test_frames_between_those_that_are_looked_at_count_as_seen() -> None:
    whole, half = skeleton_features(body()), skeleton_features(body(unseen=slice(1, None, 2)))
    assert half[:, 68:85] == pytest.approx(whole[:, 68:85], abs=1e-6)


def test_in_a_long_gap_nothing_is_seen() -> None:
    clip = body()
    step = slice(10, 10 + round(0.6 / clip.step_s))
    features = skeleton_features(body(unseen=step))
    inside = (sample_times_s(clip) > clip.times_s[10]) & (
        sample_times_s(clip) < clip.times_s[step.stop - 1]
    )
    assert (features[inside, 68:85] == 0.0).all()
    assert (features[~inside, 68:85] > 0.0).any()
