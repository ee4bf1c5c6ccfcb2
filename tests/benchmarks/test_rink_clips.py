"""How the benchmark on rink clips counts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.real_clips import ClipMetrics
from benchmarks.rink.clips import RinkMetrics, main, read_truth, summarise, table


def figures(label: str, height: float, *, frames: int, found: float, pck: float) -> RinkMetrics:
    clip = ClipMetrics(
        clip="a", frames=frames, found=found, in_view=found, pck=pck, pck_true_boxes=0.5
    )
    return RinkMetrics(clip, label, height)


def test_frames_count_the_same_and_joints_where_the_skater_was_found():
    rows = [
        figures("3Lutz", 0.3, frames=30, found=1.0, pck=0.9),
        figures("3Flip", 0.3, frames=10, found=0.2, pck=0.3),
        figures("3Flip", 0.3, frames=10, found=0.0, pck=math.nan),
    ]
    mean = summarise(rows)
    assert mean.found == pytest.approx((30 + 2) / 50)
    assert mean.chosen == pytest.approx(1 / 3)
    assert mean.pck == pytest.approx((30 * 0.9 + 2 * 0.3) / 32)
    assert mean.pck_true_boxes == 0.5


def test_small_skaters_are_counted_apart():
    text = table(
        [
            figures("3Lutz", 0.15, frames=10, found=1.0, pck=0.9),
            figures("3Flip", 0.14, frames=10, found=0.0, pck=math.nan),
        ]
    )
    lines = text.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["15%", "smaller", "3Lutz"]
    assert "1.000" in lines[1]
    assert "nan" in lines[2]


def test_truth_counts_joints_within_the_picture(tmp_path):
    boxes = np.array([[0, 0, 10, 50], [np.nan] * 4, [0, 0, 10, 30]], np.float32)
    visibility = np.full((3, 17), 2, np.uint8)
    visibility[0, :5], visibility[0, 5:9] = 0, 1
    np.savez(
        tmp_path / "a.npz", boxes_xyxy=boxes, keypoints_xy=np.zeros((3, 17, 2), np.float32),
        keypoint_visibility=visibility, label="3Lutz",
    )  # fmt: skip
    reference, label, share = read_truth(tmp_path / "a.npz", 100)
    assert reference.frame.tolist() == [0, 2]
    assert reference.counted.sum(1).tolist() == [12, 17]
    assert (label, share) == ("3Lutz", pytest.approx(0.4))


def test_without_weights_nothing_is_judged(tmp_path, capsys):
    missing = ["--detector-run", str(tmp_path), "--pose-run", str(tmp_path)]
    assert main(["--data", str(tmp_path), *missing]) == 2
    assert "error:" in capsys.readouterr().err
