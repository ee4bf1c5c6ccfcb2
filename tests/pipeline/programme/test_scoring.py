"""Scores of skeletons: on the file's clock, mirrored alike, silent where nobody is seen."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from models.skeletons import COCO17
from models.temporal import TemporalNetwork, temporal_tiny
from models.weights import materialise_untrained
from pipeline.measure.signals import read_body
from pipeline.programme.frame_classes import FRAME_CLASSES, MOMENTS
from pipeline.programme.scoring import score_frames
from pipeline.types import PoseSequence
from pipeline.types.programme import FrameScores
from training.rink.skeletons import skeleton_clip


@pytest.fixture(scope="module")
def network() -> TemporalNetwork:
    made = materialise_untrained(partial(temporal_tiny), 0).eval()
    assert isinstance(made, TemporalNetwork)
    return made


def scores(
    network: TemporalNetwork,
    *,
    mirror: bool = False,
    without_s: tuple[float, float] = (0.0, 0.0),
    score: float = 1.0,
) -> FrameScores:
    clip = skeleton_clip("2Axel", (7, 3, 1), noise=None)
    joints, seen = clip.keypoints_xy.copy(), score * clip.scores
    without = slice(*(round(at * clip.fps) for at in without_s))
    joints[without], seen[without] = np.nan, 0.0
    if mirror:
        joints = joints[:, COCO17.flip_order] * (-1.0, 1.0) + (clip.width, 0.0)
        seen = seen[:, COCO17.flip_order]
    times = 100.0 + np.arange(len(seen)) / clip.fps
    body = read_body(PoseSequence(joints.astype(np.float32), seen), times)
    assert body is not None
    return score_frames(network, body, origin_s=100.0)


def test_scores_are_on_the_files_clock(network: TemporalNetwork) -> None:
    found = scores(network)
    assert found.times_s[0] == 0.0
    assert np.diff(found.times_s) == pytest.approx(0.04)
    assert found.probabilities.shape == (len(found.times_s), len(FRAME_CLASSES))
    assert found.probabilities.sum(axis=1) == pytest.approx(1.0, abs=1e-4)
    assert found.moments.shape == (len(found.times_s), len(MOMENTS))


def test_a_mirrored_skater_is_scored_alike(network: TemporalNetwork) -> None:
    straight, mirrored = scores(network), scores(network, mirror=True)
    assert mirrored.probabilities == pytest.approx(straight.probabilities, abs=1e-3)
    assert mirrored.moments == pytest.approx(straight.moments, abs=1e-3)


def test_where_nobody_is_seen_for_long_nothing_is_said(network: TemporalNetwork) -> None:
    found = scores(network, without_s=(1.0, 2.0))
    inside = (found.times_s > 1.1) & (found.times_s < 1.9)
    assert (found.probabilities[inside, 0] == 1.0).all()
    assert (found.moments[inside] == 0.0).all()
    assert (found.probabilities[:10, 0] < 1.0).all()


def test_a_skeleton_that_the_pose_network_does_not_believe_says_nothing(
    network: TemporalNetwork,
) -> None:
    """A box without a person gives joints of scores about 0.1, which look like some position."""
    assert (scores(network, score=0.2).probabilities[:, 0] == 1.0).all()
    assert (scores(network, score=0.5).probabilities[:, 0] < 1.0).all()
