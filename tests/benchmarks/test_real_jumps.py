"""Real jumps before the rink's cameras, with jumps of the rink in the place of real ones."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.real_jumps import (
    GOAL,
    LEARNED,
    RINK_LABELS,
    TESTED,
    JumpAccuracies,
    main,
    view,
    write_views,
)
from benchmarks.reference_jumps import ReferenceJump
from pipeline.elements import LABELS, class_index
from training.data.challenge import read_labels
from training.data.skeletons import PreparedPoses
from training.measure.takes import draw_act
from training.rink.skeletons import EstimatorNoise


def jump(skater: str, label: str = "2Lutz") -> ReferenceJump:
    return ReferenceJump(
        act=draw_act(label, (3, 0)), skater=skater, kind=label[1:], turns=int(label[0]), peak=4.0
    )


def logits_of(*rows: dict[str, float]) -> np.ndarray:
    logits = np.zeros((len(rows), len(LABELS)), np.float32)
    for row, values in zip(logits, rows, strict=True):
        for label, value in values.items():
            row[class_index(label)] = value
    return logits


def test_turns_of_a_kind_add_up_and_flips_with_lutzes():
    labels = np.array([class_index(name) for name in ("2Flip", "3Lutz", "2Axel", "1Loop")])
    logits = logits_of(
        {"3Flip": 9.0},  # right, whatever its turns
        {"2Flip": 9.0, "CamelSpin": 20.0},  # no jump is no answer
        {"2Axel": 5.0, "2Loop": 4.9, "3Loop": 4.9},  # two halves of a loop are more than the Axel
        {"1Loop": 9.0},
    )
    figures = JumpAccuracies.of(logits, labels)
    assert figures.five == pytest.approx(2 / 3)
    assert figures.six == pytest.approx(2 / 4)
    assert figures.flip_lutz == pytest.approx(1 / 2)


def test_views_of_a_take_differ_and_repeat():
    noise = EstimatorNoise()
    first, again, other = (view(jump("A"), (5, n), noise) for n in (0, 0, 1))
    np.testing.assert_array_equal(first.keypoints_xy, again.keypoints_xy)
    assert first.keypoints_xy.shape != other.keypoints_xy.shape or not np.allclose(
        first.scores, other.scores
    )
    assert 30 <= len(first.scores) <= 2.3 * 60 + 1


def test_nobody_learns_from_the_skater_left_out(tmp_path):
    write_views([jump("A"), jump("B", "1Axel")], tmp_path, EstimatorNoise())
    for number, skater in enumerate("AB"):
        folder = tmp_path / f"without_{skater}"
        learned, tested = read_labels(folder, "train"), read_labels(folder, "test")
        real = {clip.source for clip in learned if int(clip.source) < 9000}
        assert {clip.source for clip in tested} == {f"{number:04d}"}
        assert real == {f"{1 - number:04d}"}
        assert len(tested) == TESTED
        assert len(learned) >= LEARNED
        assert len(PreparedPoses([*learned, *tested], tmp_path / "poses")) == len(learned) + TESTED


def test_the_rink_has_every_kind_in_all_turns():
    assert len(set(RINK_LABELS)) == 18
    assert set(RINK_LABELS) <= set(LABELS)
    assert 0 < GOAL < 1


def test_a_missing_reference_is_named(tmp_path, capsys):
    absent = tmp_path / "absent.npz"
    assert main(["--reference", str(absent), "--out", str(tmp_path / "out")]) == 2
    assert "absent" in capsys.readouterr().err
