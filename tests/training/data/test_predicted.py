"""Skeletons that a pose network predicts in rendered clips."""

from dataclasses import replace

import numpy as np
import pytest

from models.command_line import StatusLine
from pipeline.errors import ConfigError
from pipeline.types import PoseSequence
from tests.training.disks import largest_file
from training.data.predicted import MixedSkeletons, PredictedSettings, PredictedSkeletons, detected
from training.data.rendered import RenderedClips, render_stored_clip
from training.data.skeletons import RinkSkeletons
from training.engine.errors import TrainingError
from training.rink.skeletons import EstimatorNoise

CLIPS = RenderedClips(seed=100_077, count=2, short_side=256, long_side=576, max_frames=12)


@pytest.fixture
def settings(tmp_path):
    return PredictedSettings(
        training=replace(CLIPS, seed=77), validation=CLIPS, cache=str(tmp_path)
    )


def test_joints_are_predicted_about_where_they_are_rendered(settings):
    predicted = PredictedSkeletons(CLIPS, settings, StatusLine())
    pose, class_index = predicted.clip(0, 1)
    truth = render_stored_clip(1, CLIPS).targets.joints_xy
    size = np.ptp(truth, axis=1).max(axis=1)
    error = np.linalg.norm(pose.keypoints_xy - truth, axis=2) / size[:, None]
    assert class_index == 1
    assert pose.scores.shape == (12, 17)
    assert np.median(error) < 0.1


def test_a_clip_is_looked_through_once(settings, tmp_path):
    first = PredictedSkeletons(CLIPS, settings, StatusLine()).clip(0, 0)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    assert len(written) == CLIPS.count
    again = PredictedSkeletons(CLIPS, settings, StatusLine()).clip(5, 0)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")} == written
    np.testing.assert_array_equal(again.pose.keypoints_xy, first.pose.keypoints_xy)


def test_full_disk_is_said_and_leaves_nothing_half_written(settings, tmp_path, monkeypatch):
    pose = PoseSequence(np.zeros((12, 17, 2), np.float32), np.ones((12, 17), np.float32))
    monkeypatch.setattr("training.data.predicted.predict_skeleton", lambda *_: pose)
    with (
        largest_file(100),
        pytest.raises(TrainingError, match=r"^cannot write .*; free some space"),
    ):
        PredictedSkeletons(CLIPS, settings, StatusLine(active=False))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_unknown_pose_network_is_named(settings):
    unknown = replace(settings, checkpoint="vitpose_demmo")
    with pytest.raises(
        ConfigError, match=r"^data\.predicted\.checkpoint: no checkpoint or network"
    ):
        PredictedSkeletons(CLIPS, unknown, StatusLine(active=False))


def test_boxes_miss_by_a_few_per_cent_and_seldom_altogether():
    boxes = np.tile(np.array([100, 50, 180, 250], np.float32), (60, 1))
    rng = np.random.default_rng(0)
    errors = [np.abs(detected(boxes, rng) - boxes)[:, [0, 2]].max() / 80 for _ in range(400)]
    assert 0.04 < np.median(errors) < 0.2
    assert 0.05 < np.mean(np.array(errors) > 0.35) < 0.15


class Numbered:
    """Clips that say which epoch and position was asked for."""

    def __init__(self, name, count):
        self.name, self.labels = name, np.arange(count)

    def __len__(self):
        return len(self.labels)

    def clip(self, epoch, position, copy=0):
        return self.name, epoch, position


def test_an_epoch_has_all_predicted_clips_and_none_simulated_twice():
    mixture = MixedSkeletons(Numbered("predicted", 6), Numbered("simulated", 5), share=0.6)
    epochs = [[mixture.clip(epoch, n) for n in range(len(mixture))] for epoch in range(3)]
    for number, epoch in enumerate(epochs):
        assert [c for c in epoch if c[0] == "predicted"] == [
            ("predicted", number, n) for n in range(6)
        ]
    simulated = [c for epoch in epochs for c in epoch if c[0] == "simulated"]
    assert len(simulated) == len(set(simulated)) == 12
    assert len(mixture.labels) == len(mixture) == 10


def test_both_kinds_of_skeletons_are_learned_from(settings):
    predicted = PredictedSkeletons(settings.training, settings, StatusLine(), seed=0)
    simulated = RinkSkeletons(seed=5, count=28, noise=EstimatorNoise())
    mixture = MixedSkeletons(predicted, simulated, share=0.5)
    lengths = [len(mixture.clip(0, n).pose.scores) for n in range(4)]
    assert sum(length == 12 for length in lengths) == 2


def test_seeds_of_training_and_validation_are_kept_apart():
    with pytest.raises(ConfigError, match=r"training\.seed: must be below 100000 and .*, got"):
        PredictedSettings(training=CLIPS)
