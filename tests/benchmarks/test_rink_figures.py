"""Figures of boxes and joints against a truth that is the analysis itself, or moved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.rink.figures import Group, Truth, count, main
from pipeline.storage.analysis_files import save
from tests.factories import make_analysis

T = 12


def truth_of(*, box_shift: float = 0.0, joint_shift: float = 0.0, swapped: bool = False) -> Truth:
    """As `make_analysis` found it, in frames 1 to 11: boxes of 30 x 60 pixels."""
    analysis = make_analysis(num_frames=T, people=2)
    her, other = (track.boxes_xyxy for track in analysis.people.tracks)
    if swapped:
        her, other = other, her
    return Truth(
        boxes=her + np.float32(box_shift),
        others=other[:, None],
        joints=analysis.pose.keypoints_xy + np.float32([joint_shift, 0]),
        inside=np.ones((T, 17), dtype=bool),
    )


@pytest.mark.parametrize(
    ("truth", "found", "chosen", "right"),
    [
        (truth_of(), 11, True, 17 * 11),
        (truth_of(box_shift=5.0), 11, True, 17 * 11),  # IoU 25 x 55 / 2225 = 0.62
        (truth_of(box_shift=8.0), 0, True, 17 * 11),  # 22 x 52 / 2456 = 0.47
        (truth_of(joint_shift=5.9), 11, True, 17 * 11),  # a tenth of 60 is 6
        (truth_of(joint_shift=6.1), 11, True, 0),
        (truth_of(swapped=True), 0, False, 17 * 11),
    ],
)
def test_counts(truth: Truth, found: int, chosen: bool, right: int) -> None:
    counts = count("1", make_analysis(num_frames=T, people=2), truth)
    assert (counts.frames, counts.found, counts.chosen) == (11, found, chosen)
    assert (counts.joints, counts.right) == (17 * 11, right)
    all_found = found == 11
    assert counts.joints_found == (17 * 11 if all_found else 0)
    assert counts.right_found == (right if all_found else 0)
    assert counts.height == pytest.approx(60 / 180)


def test_nobody_found_is_wrong_everywhere() -> None:
    counts = count("1", make_analysis(num_frames=T, people=0), truth_of())
    assert (counts.frames, counts.found, counts.chosen) == (11, 0, False)


def test_a_skater_alone_is_the_right_person() -> None:
    alone = replace(truth_of(), others=np.empty((T, 0, 4), np.float32))
    counts = count("1", make_analysis(num_frames=T, people=2), alone)
    assert (counts.found, counts.chosen) == (11, True)


def test_joints_outside_the_picture_do_not_count() -> None:
    truth = truth_of(joint_shift=100)
    truth.inside[:] = False
    truth.inside[5, :3] = True
    counts = count("1", make_analysis(num_frames=T, people=2), truth)
    assert (counts.joints, counts.right) == (3, 0)


def test_groups_add_frames_not_shares() -> None:
    analysis = make_analysis(num_frames=T, people=2)
    good, bad = count("1", analysis, truth_of()), count("2", analysis, truth_of(swapped=True))
    third = pytest.approx(1 / 3)
    assert Group.of([good, bad, bad]) == Group(3, third, third, 1.0, 1.0)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, data = tmp_path / "run", tmp_path / "data"
    (data / "truth").mkdir(parents=True)
    save(make_analysis(num_frames=T, people=2), run / "analyses" / "1_a")
    assert main([str(data), str(run)]) == 2
    assert "1_a.npz: no truth can be read" in capsys.readouterr().err
    truth = truth_of()
    np.savez(
        data / "truth" / "1_a.npz",
        boxes_xyxy=truth.boxes,
        other_boxes=truth.others,
        keypoints_xy=truth.joints,
        keypoint_scores=truth.inside.astype(np.float32),
    )
    assert main([str(data), str(run)]) == 0
    assert "| 1 | 1.000 | 1.000 | 1.000 | 1.000 |" in capsys.readouterr().out
    assert (run / "rink_figures.json").is_file()
    assert main([str(data), str(tmp_path)]) == 2
    assert "contains no analyses" in capsys.readouterr().err
