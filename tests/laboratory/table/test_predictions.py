"""Answers read by columns: the same as row by row, and what is wrong is left out and named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from laboratory.table.clips import read_table
from laboratory.table.predictions import UNKNOWN, Problem, RunError, read_answers
from laboratory.table.voters import MISSED
from pipeline.classification.ensemble import FUSED, EnsembleSettings, decide
from pipeline.elements import LABELS
from tests.laboratory.runs import logits, write_rows
from training.evaluation.predictions import ClipPredictions, Predictions, write_predictions

SETTINGS = EnsembleSettings()


def predictions(clips: int, *, seed: int, flat: bool) -> Predictions:
    """Logits of few different values where `flat`, so that classes and votes tie."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(clips):
        names = [n for n in ("umt_a", "umt_b", "uniformerv2", "infogcn") if rng.random() < 0.9]
        given = {
            name: (
                rng.integers(0, 3, (views, 28)) if flat else rng.normal(0, 2, (views, 28))
            ).astype("f4")
            for name in names
            for views in (int(rng.integers(1, 4)),)
        }
        label = None if rng.random() < 0.1 else int(rng.integers(28))
        found.append(ClipPredictions(f"{number:03d}_x", label, given))
    return Predictions.of(found)


@pytest.mark.parametrize("flat", [False, True])
def test_every_voter_says_what_the_pipeline_decides(tmp_path: Path, flat: bool) -> None:
    made = predictions(150, seed=3, flat=flat)
    write_predictions(made, tmp_path / "predictions.parquet")
    table = read_table(tmp_path)
    assert table.stems.tolist() == [clip.stem for clip in made.clips]
    for row, clip in enumerate(made.clips):
        assert table.labels[row] == (UNKNOWN if clip.label is None else clip.label)
        scores = clip.scores(SETTINGS)
        for name, voter in table.voters.items():
            if name in scores:
                assert voter.probabilities[row] == pytest.approx(scores[name].probabilities)
                assert scores[name].probabilities[voter.said[row]] == pytest.approx(
                    scores[name].probabilities.max()
                )
            elif name not in ("vote", "weighted"):
                assert voter.said[row] == MISSED
        if set(FUSED) <= set(scores):
            verdict = decide(scores, SETTINGS)
            assert table.voters["weighted"].probabilities[row] == pytest.approx(verdict.weighted)
            said = table.voters["vote"].said[row]
            if not flat:  # of flat ones the last bit decides which of equal classes comes first
                assert LABELS[said] == verdict.vote.label
                assert table.voters["weighted"].said[row] == verdict.class_index
        else:
            assert table.voters["vote"].said[row] == MISSED


def test_views_may_stand_anywhere_and_names_of_classes_too(tmp_path: Path) -> None:
    rows = [
        ("b", "3Lutz", "net", 1, logits(2)),
        ("a", None, "net", 0, logits(5)),
        ("b", "3Lutz", "net", 0, logits(1)),
        ("c", "No Basic", None, None, None),
    ]
    answers = read_answers(write_rows(tmp_path, rows, label=pa.string()) / "predictions.parquet")
    assert answers.stems.tolist() == ["a", "b", "c"]
    assert answers.labels.tolist() == [UNKNOWN, LABELS.index("3Lutz"), LABELS.index("NoBasic")]
    high, low = np.exp(4) / (np.exp(4) + 27), 1 / (np.exp(4) + 27)
    assert answers.probabilities[0, 1, :4] == pytest.approx(
        [low, (high + low) / 2, (high + low) / 2, low]
    )
    assert np.isnan(answers.probabilities[0, 2]).all()
    assert answers.problems == ()


GOOD = ("good", 3, "net", 0, logits(3))


@pytest.mark.parametrize(
    ("rows", "problem", "stems"),
    [
        ([("x", 28, "net", 0, logits(1))], Problem("label", 1, "x"), ["good", "x"]),
        ([("x", -2, "net", 0, logits(1))], Problem("label", 1, "x"), ["good", "x"]),
        ([("x", 1, "net", 0, logits(1)), ("x", 2, "net", 1, logits(1))],
         Problem("labels_differ", 1, "x"), ["good"]),
        ([("x", 1, "net", 0, logits(1)), ("x", 1, "net", 0, logits(2))],
         Problem("listed_twice", 1, "x"), ["good"]),
        ([("x", 1, "net", 0, [float("nan")] * 28)], Problem("logits", 1, "x"), ["good", "x"]),
        ([("x", 1, "net", 0, logits(1)), ("x", 1, "net", 1, [float("inf"), *logits(1)[1:]])],
         Problem("logits", 1, "x"), ["good", "x"]),
        ([("x", 1, "net", 0, logits(1) * 2)], Problem("logits", 1, "x"), ["good", "x"]),
        ([("x", 1, "net", 0, None)], Problem("logits", 1, "x"), ["good", "x"]),
        ([("x", 1, "net", 0, [])], Problem("logits", 1, "x"), ["good", "x"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_left_out_and_the_rest_is_shown(
    tmp_path: Path, rows: list[Any], problem: Problem, stems: list[str]
) -> None:
    answers = read_answers(write_rows(tmp_path, [*rows, GOOD]) / "predictions.parquet")
    assert answers.problems == (problem,)
    assert answers.stems.tolist() == stems
    if problem.reason == "logits":
        assert np.isnan(answers.probabilities[0, stems.index("x")]).all()
    if problem.reason == "label":
        assert answers.labels[stems.index("x")] == UNKNOWN


def test_a_half_of_a_label_is_no_label(tmp_path: Path) -> None:
    rows = [
        ("a", 1.5, "net", 0, logits(1)),
        ("b", 2.0, "net", 0, logits(2)),
        ("c", None, *GOOD[2:]),
    ]
    answers = read_answers(write_rows(tmp_path, rows, label=pa.float64()) / "predictions.parquet")
    assert answers.labels.tolist() == [UNKNOWN, 2, UNKNOWN]
    assert answers.problems == (Problem("label", 1, "a"),)


@pytest.mark.parametrize(
    ("rows", "types", "words"),
    [
        ([], {}, "contains no clips"),
        ([("a", 1, None, None, None)], {}, "not one answer"),
        ([("a", 1, "net", 0, [0.0] * 400)], {}, "not one answer has 28"),
        ([(1, 1, "net", 0, logits(1))], {"stem": pa.int64()}, "stems must be text"),
        ([("a", 1, "net", 0, "text")], {"logits": pa.string()}, "lists of numbers"),
        ([("a", 1, "net", 0, ["x"] * 28)], {"logits": pa.list_(pa.string())}, "lists of numbers"),
        ([("a", 1, "net", 0, logits(1))] * 2, {}, "not one clip can be used"),
    ],
)
def test_a_run_without_any_answer_is_refused(
    tmp_path: Path, rows: list[Any], types: dict[str, Any], words: str
) -> None:
    with pytest.raises(RunError, match=words):
        read_answers(write_rows(tmp_path, rows, **types) / "predictions.parquet")


def test_a_half_written_file_and_none(tmp_path: Path) -> None:
    path = write_rows(tmp_path, [GOOD] * 1) / "predictions.parquet"
    with pytest.raises(RunError, match="there is no such file"):
        read_answers(tmp_path / "gone" / "predictions.parquet")
    with pytest.raises(RunError, match="cannot be read as parquet"):
        read_answers(tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RunError, match="cannot be read as parquet"):
        read_answers(path)
    path.write_bytes(b"")
    with pytest.raises(RunError, match="cannot be read as parquet"):
        read_answers(path)
