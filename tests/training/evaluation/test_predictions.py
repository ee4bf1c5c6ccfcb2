"""Predictions on disk: what is written is read, joined by stem; what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.classification.ensemble import EnsembleSettings, fuse_umt, score_views
from tests.training.evaluation.cases import NETWORKS, VARIANTS, clip, drawn
from training.data.challenge import DataError
from training.evaluation.predictions import (
    ClipPredictions,
    Predictions,
    read_predictions,
    write_predictions,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    predictions = Predictions.of(
        [clip("7_b", 11, umt=11, uniformerv2=2, infogcn=3), clip("10_a", None, umt=1),
         ClipPredictions("3_broken", 5, {})]
    )  # fmt: skip
    write_predictions(predictions, tmp_path / "predictions.parquet")
    return tmp_path / "predictions.parquet"


def test_what_is_written_is_read(path: Path) -> None:
    predictions = read_predictions(path)
    assert [c.stem for c in predictions.clips] == ["10_a", "3_broken", "7_b"]
    assert [c.label for c in predictions.clips] == [None, 5, 11]
    assert [sorted(c.logits) for c in predictions.clips] == [
        sorted(VARIANTS), [], sorted(NETWORKS),
    ]  # fmt: skip
    np.testing.assert_array_equal(
        predictions.clips[2].logits["uniformerv2"],
        clip("7_b", 11, uniformerv2=2).logits["uniformerv2"],
    )
    assert list(path.parent.iterdir()) == [path]


def test_columns_are_those_of_the_contract(path: Path) -> None:
    frame = pd.read_parquet(path)
    assert list(frame.columns) == ["stem", "label", "model", "view", "logits"]
    rows = frame[(frame.stem == "7_b") & (frame.model == "umt_16x448")]
    assert rows.view.tolist() == [0, 1, 2]
    assert {len(row) for row in rows.logits} == {28}


def test_order_of_rows_does_not_matter(path: Path) -> None:
    frame = pd.read_parquet(path)
    frame.sample(frac=1, random_state=1).to_parquet(path)
    shuffled = read_predictions(path)
    frame.to_parquet(path)
    for one, other in zip(shuffled.clips, read_predictions(path).clips, strict=True):
        assert (one.stem, one.label, sorted(one.logits)) == (
            other.stem, other.label, sorted(other.logits),
        )  # fmt: skip
        for name, logits in one.logits.items():
            np.testing.assert_array_equal(logits, other.logits[name])


def test_views_are_ordered_by_their_number(path: Path) -> None:
    frame = drawn_frame(views=[2, 0, 1])
    frame.to_parquet(path)
    (only,) = read_predictions(path).clips
    assert only.logits["infogcn"][:, 0].tolist() == [0, 1, 2]


def drawn_frame(views: list[int], **columns: Any) -> pd.DataFrame:
    rows = [[float(view)] + [0.0] * 27 for view in views]
    given = {"stem": "1_a", "label": 3, "model": "infogcn", "view": views, "logits": rows}
    return pd.DataFrame({**given, **columns})


def test_labels_may_be_names(path: Path) -> None:
    drawn_frame([0], label="3Lutz").to_parquet(path)
    assert read_predictions(path).clips[0].label == 11


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (drawn_frame([0]).drop(columns="view"), "has no column view"),
        (drawn_frame([0])[:0], "contains no predictions"),
        (drawn_frame([0], label=28), "clip 1_a: label 28 is not in 0..27"),
        (drawn_frame([0], label="5Axel"), "'5Axel' is not a class"),
        (drawn_frame([0, 1], label=[3, 4]), "label 4, but 3 in another row"),
        (drawn_frame([0, 0]), "view 0: is listed twice"),
        (drawn_frame([0], logits=[[1.0] * 27]), "logits must be 28 numbers, got 27"),
        (drawn_frame([0], logits=[[float("nan")] * 28]), "logits must be finite numbers"),
        # Issue 15, point 25.
        (drawn_frame([0, 1], logits=[[0.0] * 28, [1e39] * 28]), "row 2, clip 1_a: logits must"),
        (drawn_frame([0], logits=[[None] + [0.0] * 27]), "row 1, clip 1_a: logits must be finite"),
        (drawn_frame([0], logits=[[float("inf")] * 28]), "logits must be finite numbers"),
        (drawn_frame([0], logits=["hello"]), "logits are not a list of numbers"),
        (drawn_frame([0, 1], logits=[[0.0] * 28, None]), "row 2, clip 1_a: has no logits"),
        (drawn_frame([0, 1], stem=[7, 8]), "row 1: stem 7 is not text but int; save stems as text"),
        (drawn_frame([0, 1], stem=[7.0, None]), "row 1: stem 7.0 is not text but float"),
        (drawn_frame([0], stem=b"1_a"), "row 1: stem b'1_a' is not text but bytes"),
        (drawn_frame([0, 1], stem=["1_a", None]), "row 2: has no stem"),
        (drawn_frame([0], stem="../x"), "row 1, clip ../x: stem '../x' has '..' in it"),
        (drawn_frame([0], stem="/own/a"), "row 1, clip /own/a: stem '/own/a' is an absolute path"),
        (drawn_frame([0, 0], stem=["1_a", "1_a.mp4"]), "row 2, clip 1_a.mp4: model infogcn, v"),
        (drawn_frame([0, 1], label=[3, None]), "row 2, clip 1_a: label none, but 3 in another row"),
        (drawn_frame([0], label=-1), "label -1 is not in 0..27"),
        (drawn_frame([0], label=1.5), "label 1.5 is not in 0..27"),
        (drawn_frame([0], label=float("inf")), "label inf is not in 0..27"),
        (drawn_frame([0], label=True), "label True is not in 0..27"),
        (drawn_frame([0], model=5), "model 5 is not the name of a network"),
        (drawn_frame([0, 1], model=None), "not one of its 1 clips has logits"),
        (drawn_frame([0, 1], view=[0.0, None]), "row 2, clip 1_a: has no view"),
        (drawn_frame([0], view="first"), "row 1, clip 1_a: view 'first' is not a whole number"),
        (drawn_frame([0], view=-1), "view -1 is not a whole number from 0 on"),
    ],
)  # fmt: skip
def test_bad_files_are_named(frame: pd.DataFrame, words: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.parquet"
    frame.to_parquet(path)
    with pytest.raises(DataError, match=r"bad\.parquet") as caught:
        read_predictions(path)
    assert words in str(caught.value)
    assert str(caught.value).count("bad.parquet") == 1


@pytest.mark.parametrize("label", [[None, None], [float("nan")] * 2])
def test_an_unknown_label_may_be_nan(label: list[float | None], tmp_path: Path) -> None:
    """Issue 15, point 25: NaN differs from itself, and so was "in another row"."""
    frame = drawn_frame([0, 1])
    frame["label"] = pd.Series(label, dtype="float64")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    column = pa.array(label, pa.float64(), from_pandas=False)
    table = table.set_column(1, "label", column)
    pq.write_table(table, tmp_path / "nan.parquet")
    assert [clip.label for clip in read_predictions(tmp_path / "nan.parquet").clips] == [None]


def test_a_column_of_floats_and_endings_of_videos_are_understood(tmp_path: Path) -> None:
    frame = drawn_frame([0, 1], stem="jump/1_a.mp4", label=3.0, view=[0.0, 1.0])
    (tmp_path / "view=7").mkdir()
    frame.to_parquet(tmp_path / "view=7" / "some.parquet")
    (only,) = read_predictions(tmp_path / "view=7" / "some.parquet").clips
    assert (only.stem, only.label, len(only.logits["infogcn"])) == ("jump/1_a", 3, 2)


def test_folders_and_columns_that_are_there_twice_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is a folder; name the file .*predictions\.parquet in it"):
        read_predictions(tmp_path)
    table = pa.Table.from_pandas(drawn_frame([0]), preserve_index=False)
    twice = table.append_column("stem", pa.array(["1_a"]))
    pq.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(DataError, match="has 2 columns stem"):
        read_predictions(tmp_path / "twice.parquet")


def test_files_that_are_no_predictions_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        read_predictions(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("hello")
    with pytest.raises(DataError, match="cannot be read as parquet"):
        read_predictions(tmp_path / "text.parquet")


def test_fusion_follows_the_settings_and_an_old_fusion_is_not_used() -> None:
    given = drawn(1, seed=0).clips[0]
    stale = ClipPredictions(given.stem, 1, {**given.logits, "umt": np.ones((1, 28), np.float32)})
    variants = [score_views(name, given.logits[name]) for name in VARIANTS]
    for rule in ("mean", "softmax_of_sum"):
        found = stale.scores(EnsembleSettings(umt_fusion=rule))["umt"]  # type: ignore[arg-type]
        expected = fuse_umt(variants, rule)
        np.testing.assert_allclose(found.probabilities, expected.probabilities)
    alone = ClipPredictions("1", 1, {"umt": fuse_umt(variants).logits})
    np.testing.assert_allclose(
        alone.scores(EnsembleSettings())["umt"].probabilities,
        fuse_umt(variants).probabilities,
        atol=1e-6,
    )
