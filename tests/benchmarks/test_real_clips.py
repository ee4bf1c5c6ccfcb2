"""How the benchmark on real clips counts."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.real_clips import Reference, main, right_joints

BOXES = np.array([[0, 0, 100, 50], [200, 0, 240, 80], [0, 0, 100, 50]], np.float32)


def write_reference(path, main_rows):
    joints = np.zeros((3, 17, 2), np.float32)
    scores = np.full((3, 17), 0.9, np.float32)
    scores[0, 5:] = 0.3
    np.savez(
        path, frame=np.array([4, 4, 9]), box_xyxy=BOXES, main=np.array(main_rows),
        keypoints=joints, kp_score=scores, movenet_disagreement=np.array([0.01, 0.01, 0.2]),
    )  # fmt: skip
    return Reference.read(path)


def test_the_main_person_counts_or_anybody(tmp_path):
    reference = write_reference(tmp_path / "clip.npz", [True, False, True])
    assert reference.frame.tolist() == [4, 9]
    assert reference.counted.sum(1).tolist() == [5, 0]  # sure joints; then the networks disagree
    anybody = write_reference(tmp_path / "sports2d_demo2.npz", [True, False, True])
    assert len(anybody.frame) == 3
    assert anybody.best_fit(4, np.array([[200, 0, 240, 80]], np.float32)) == (1.0, 1)


def test_boxes_that_are_absent_fit_nobody(tmp_path):
    reference = write_reference(tmp_path / "clip.npz", [True, False, True])
    assert reference.best_fit(4, np.full((1, 4), np.nan, np.float32))[0] == 0
    assert reference.best_fit(9, np.empty((0, 4), np.float32)) == (0, 1)


@pytest.mark.parametrize(("distance", "right"), [(9.9, 5), (10.1, 0)])
def test_joints_are_right_within_a_tenth_of_the_longer_side(tmp_path, distance, right):
    reference = write_reference(tmp_path / "clip.npz", [True, False, False])
    joints = np.zeros((1, 17, 2), np.float32)
    joints[..., 0] = distance
    assert right_joints(joints, reference, np.array([0])).sum() == right


def test_without_weights_nothing_is_judged(tmp_path, capsys):
    missing = ["--detector-run", str(tmp_path), "--pose-run", str(tmp_path)]
    assert main(["--videos", str(tmp_path), "--reference", str(tmp_path), *missing]) == 2
    assert "error:" in capsys.readouterr().err
