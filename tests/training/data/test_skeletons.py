"""Skeleton clips and their variations."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.skeletons import COCO17
from pipeline.classification.sequence import SequenceSettings, valid_crop_resize
from pipeline.elements import LABELS
from pipeline.errors import ConfigError
from pipeline.pose import pose_stride
from pipeline.types import PoseSequence
from training.classifiers.skeletons import SkeletonRecipe
from training.data import skeletons
from training.data.challenge import DataError, LabelledClip
from training.data.skeletons import (
    PreparedPoses,
    RinkSkeletons,
    SkeletonAugmentSettings,
    augmented,
    sequence,
)
from training.finetune import RECIPES, load_recipe
from training.long_tail import epoch_order
from training.rink.skeletons import EstimatorNoise

LEFT_WRIST, RIGHT_WRIST = COCO17.index("left_wrist"), COCO17.index("right_wrist")


def rink(**changes: Any) -> RinkSkeletons:
    return RinkSkeletons(**{"seed": 3, "count": 56, "noise": EstimatorNoise(), **changes})


def pose(num_frames: int = 100, *, stride: int = 1) -> PoseSequence:
    """A figure that drifts to the right by a pixel a frame; its scores count the frames."""
    figure = np.random.default_rng(0).uniform(0, 80, (17, 2))
    frames = np.arange(num_frames)[:, None, None] * np.array([1.0, 0.0])
    scores = np.arange(num_frames)[:, None] / 1000 * np.ones(17)
    return PoseSequence((figure + frames).astype(np.float32), scores.astype(np.float32), stride)


def test_rink_clips_repeat_and_every_class_comes_as_often() -> None:
    clips = rink()
    labels = [clips.clip(2, position).class_index for position in range(0, 56, 4)]
    assert labels == [rink().clip(2, position).class_index for position in range(0, 56, 4)]
    order = np.random.default_rng((3, 2)).permutation(56) % len(LABELS)
    assert labels == order[::4].tolist()
    first, again = clips.clip(1, 5).pose, rink().clip(1, 5).pose
    np.testing.assert_array_equal(first.keypoints_xy, again.keypoints_xy)


def test_rink_clips_of_other_epochs_and_seeds_are_others() -> None:
    only = rink(classes=("3Lutz",), count=2)
    poses = [only.clip(0, 0), only.clip(0, 1), only.clip(1, 0), only.clip(1, 1)]
    poses.append(rink(classes=("3Lutz",), count=2, seed=4).clip(0, 0))
    firsts = [p.pose.keypoints_xy[0, 0].tolist() for p in poses]
    assert len({tuple(first) for first in firsts}) == 5
    assert {p.class_index for p in poses} == {LABELS.index("3Lutz")}


def test_long_rink_clips_are_thinned_as_in_the_pipeline() -> None:
    clips = rink(classes=("Sequence",), count=6)
    for position in range(6):
        found = clips.clip(0, position).pose
        assert found.stride == pose_stride(len(found.scores))


def test_nothing_varies_by_default() -> None:
    same = augmented(pose(), SkeletonAugmentSettings(), np.random.default_rng(0))
    np.testing.assert_allclose(same.keypoints_xy, pose().keypoints_xy, atol=1e-4)
    np.testing.assert_array_equal(same.scores, pose().scores)


def test_frames_without_a_pose_between_strides_are_left_out() -> None:
    thinned = augmented(pose(90, stride=3), SkeletonAugmentSettings(), np.random.default_rng(0))
    assert thinned.stride == 1
    np.testing.assert_array_equal(thinned.scores, pose(90).scores[::3])


def test_crops_in_time_are_of_the_asked_length_anywhere() -> None:
    settings = SkeletonAugmentSettings(time_crop=(0.5, 0.8))
    rng = np.random.default_rng(0)
    starts, lengths = set(), set()
    for _ in range(200):
        scores = augmented(pose(), settings, rng).scores[:, 0]
        np.testing.assert_allclose(np.diff(scores), 0.001, atol=1e-6)
        starts.add(round(float(scores[0]) * 1000))
        lengths.add(len(scores))
    assert min(lengths) == 50
    assert max(lengths) == 79
    assert min(starts) == 0
    assert max(starts) > 40


@pytest.mark.parametrize(
    ("num_frames", "expected"),
    [(44, {44}), (64, {64}), (90, set(range(64, 90))), (400, set(range(200, 400)))],
)
def test_the_papers_crop_in_time_is_the_published_feeders(
    num_frames: int, expected: set[int]
) -> None:
    recipe = load_recipe(RECIPES / "infogcn_coco17_320.toml", [])
    assert isinstance(recipe, SkeletonRecipe)
    clip, rng = pose(num_frames), np.random.default_rng(0)
    still = replace(recipe.augment, rotation=0.0)
    lengths = {len(augmented(clip, still, rng).scores) for _ in range(300)}
    assert lengths <= expected
    assert {min(lengths), max(lengths)} == {min(expected), max(expected)} or num_frames == 400
    # The same draws by the feeder's own rule.
    seed = np.random.default_rng(5), np.random.default_rng(5)
    ours = augmented(clip, still, seed[0]).scores[:, 0]
    frames = np.arange(num_frames, dtype=np.float32)[None, :, None, None]
    theirs = valid_crop_resize(frames, num_frames, still.time_crop, len(ours), seed[1])
    np.testing.assert_allclose(theirs[0, :, 0, 0], 1000 * ours, atol=1e-3)


def test_a_crop_of_no_frames_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^min_frames: must be at least 1, got 0"):
        SkeletonAugmentSettings(min_frames=0)


def test_mirroring_exchanges_left_and_right() -> None:
    flipped = augmented(pose(), SkeletonAugmentSettings(flip=1.0), np.random.default_rng(0))
    np.testing.assert_allclose(
        flipped.keypoints_xy[:, LEFT_WRIST], pose().keypoints_xy[:, RIGHT_WRIST] * (-1, 1),
        atol=1e-4,
    )  # fmt: skip


def test_rotation_turns_the_figure_and_leaves_its_size() -> None:
    settings = SkeletonAugmentSettings(rotation=0.3)
    plain = pose().keypoints_xy
    before = plain[0, LEFT_WRIST] - plain[0, RIGHT_WRIST]
    angles = []
    rng = np.random.default_rng(0)
    for _ in range(100):
        turned = augmented(pose(), settings, rng).keypoints_xy
        after = turned[0, LEFT_WRIST] - turned[0, RIGHT_WRIST]
        assert np.linalg.norm(after) == pytest.approx(np.linalg.norm(before), rel=1e-4)
        turn = math.atan2(before[0] * after[1] - before[1] * after[0], before @ after)
        angles.append(turn)
    assert -0.3 <= min(angles) < -0.2
    assert 0.2 < max(angles) <= 0.3


def test_gaps_stay_gaps() -> None:
    gappy = pose()
    gappy.keypoints_xy[3] = np.nan
    settings = SkeletonAugmentSettings(flip=1.0, rotation=0.3, stretch=0.2)
    varied = augmented(gappy, settings, np.random.default_rng(0))
    assert np.isnan(varied.keypoints_xy[3]).all()
    assert np.isfinite(np.delete(varied.keypoints_xy, 3, axis=0)).all()


def test_sequence_crops_only_what_is_not_cropped_yet() -> None:
    settings = SequenceSettings(num_frames=10, crop=0.5)
    whole, middle = (sequence(pose(), settings, cropped=c)[2, :, 0, 0] for c in (True, False))
    assert whole[0] < 0.01
    assert middle[0] > 0.02
    assert middle[-1] < 0.08 < whole[-1]


def test_prepared_poses_are_read_and_missing_ones_named(tmp_path: Path) -> None:
    clips = [LabelledClip(f"{i}_a", Path(), i, Path()) for i in range(3)]
    for clip in clips:
        found = pose(10 + clip.class_index)
        np.savez(
            tmp_path / f"{clip.stem}.npz", keypoints_xy=found.keypoints_xy,
            keypoint_scores=found.scores, pose_stride=2,
        )  # fmt: skip
    in_order = PreparedPoses(clips, tmp_path)
    assert [in_order.clip(7, i).class_index for i in range(3)] == [0, 1, 2]
    assert in_order.clip(0, 1).pose.stride == 2
    shuffled = PreparedPoses(clips, tmp_path, seed=1)
    epochs = [[shuffled.clip(e, i).class_index for i in range(3)] for e in range(6)]
    assert all(sorted(epoch) == [0, 1, 2] for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1

    (tmp_path / "1_a.npz").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"1_a\.npz: no poses can be read from it"):
        in_order.clip(0, 1)
    with pytest.raises(DataError, match=r"1_a\.npz: is damaged \(1 of 3 clips have no poses\)"):
        PreparedPoses(clips, tmp_path)
    (tmp_path / "2_a.npz").unlink()
    with pytest.raises(DataError, match=r"1_a\.npz: is damaged \(2 of 3 clips"):
        PreparedPoses(clips, tmp_path)


def test_rink_clips_follow_the_challenges_frequencies() -> None:
    drawn = rink(count=1000, frequencies="challenge")
    counts = np.bincount(drawn.labels, minlength=28)
    assert counts.sum() == len(drawn) == 1000
    assert counts[LABELS.index("Sequence")] == 305
    assert counts.max() > 100 * max(counts[LABELS.index("4Loop")], 1)


def test_rink_clips_that_are_not_fresh_come_again_in_every_epoch() -> None:
    again = rink(classes=("3Lutz",), count=2, fresh=False)
    firsts = [
        {again.clip(epoch, p).pose.keypoints_xy.tobytes() for p in (0, 1)} for epoch in (0, 1)
    ]
    assert firsts[0] == firsts[1]
    assert len(firsts[0]) == 2


def test_rink_clips_that_are_not_fresh_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    again = rink(classes=("3Lutz",), count=2, fresh=False)
    before = {again.clip(0, p).pose.keypoints_xy.tobytes() for p in (0, 1)}
    monkeypatch.setattr(skeletons, "skeleton_clip", lambda *_, **__: pytest.fail("made again"))
    assert {again.clip(1, p).pose.keypoints_xy.tobytes() for p in (0, 1)} == before


def test_balanced_rink_clips_show_every_class_as_often() -> None:
    drawn = rink(count=400, frequencies="challenge", balance=1.0, fresh=False)
    orders = [epoch_order(drawn.labels, seed=3, epoch=e, balance=1.0) for e in range(5)]
    assert drawn.clip(1, 7).class_index == drawn.labels[orders[1][7]]
    share = (drawn.labels[np.concatenate(orders)] == LABELS.index("Sequence")).mean()
    assert share == pytest.approx(1 / len(np.unique(drawn.labels)), abs=0.02)


def test_a_few_clips_without_poses_are_left_out(tmp_path: Path) -> None:
    clips = [LabelledClip(f"{n}_a", tmp_path / "x.mp4", n, tmp_path) for n in range(3)]
    for n in (0, 2):
        drifting = pose(10)
        np.savez(
            tmp_path / f"{n}_a.npz",
            keypoints_xy=drifting.keypoints_xy,
            keypoint_scores=drifting.scores,
        )
    found = PreparedPoses(clips, tmp_path, max_absent=0.34)
    assert [clip.stem for clip in found.absent] == ["1_a"]
    assert found.labels.tolist() == [0, 2]
    assert found.clip(0, 1).class_index == 2
    with pytest.raises(DataError, match=r"1_a\.npz: there is no such file \(1 of 3"):
        PreparedPoses(clips, tmp_path, max_absent=0.3)


def test_a_share_of_the_clips_is_by_any_skater() -> None:
    book, mixed, wide = (
        rink(classes=("2Loop",), count=12, wide=share, fresh=False) for share in (0.0, 0.5, 1.0)
    )
    any_skater = 0
    for number in range(12):
        shown, usual, other = (
            clips.clip(0, number).pose.keypoints_xy for clips in (mixed, book, wide)
        )
        is_wide = np.array_equal(shown, other, equal_nan=True)
        assert is_wide != np.array_equal(shown, usual, equal_nan=True)
        any_skater += is_wide
    assert 1 <= any_skater <= 11
