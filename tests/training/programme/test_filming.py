"""Between a skater and their skeleton: cuts, shaking hands, lost stretches."""

from __future__ import annotations

import numpy as np
import pytest

from training.programme.filming import filmed, shot_lengths
from training.rink.skeletons import EstimatorNoise, skeleton_clip


@pytest.mark.parametrize("seed", range(5))
def test_shots_fill_a_programme(seed: int) -> None:
    lengths = shot_lengths(np.random.default_rng(seed), 90.0)
    assert lengths.sum() >= 90.0
    assert lengths.min() >= 2.0


def joints() -> np.ndarray:
    clip = skeleton_clip("2Axel", (7, 3, 1), noise=None)
    return np.concatenate([clip.keypoints_xy, clip.keypoints_xy[:, :7]], axis=1)


def test_a_pose_lies_in_the_picture_or_is_absent() -> None:
    xy = joints()
    size = (int(np.nanmax(xy[..., 0])) - 20, int(np.nanmax(xy[..., 1])) - 20)  # cuts some off
    for seed in range(12):
        keypoints, scores = filmed(
            np.random.default_rng(seed), xy, EstimatorNoise(), size=size, fps=25.0,
            in_air=np.zeros(len(xy), bool),
        )  # fmt: skip
        assert keypoints.shape == (len(xy), 17, 2)
        absent = np.isnan(keypoints).any(axis=(1, 2))
        assert (scores[absent] == 0).all()
        assert (scores[~absent] > 0).all()


def test_a_skater_far_away_is_estimated_worse() -> None:
    quiet = np.zeros(len(joints()), bool)

    def error(scale: float) -> float:
        xy = joints() * scale
        height = np.ptp(xy[..., 1], axis=1).mean()
        offs = []
        for seed in range(20):
            keypoints, _ = filmed(
                np.random.default_rng(seed), xy, EstimatorNoise(), size=(9999, 9999), fps=25.0,
                in_air=quiet,
            )  # fmt: skip
            offs.append(np.nanmedian(np.abs(np.diff(keypoints - xy[:, :17], axis=0))) / height)
        return float(np.mean(offs))

    assert error(0.1) > 1.2 * error(3.0)
