"""Issue 18, 1: how often a voter is right when it says so with 80 %, before and after."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from pipeline.classification.ensemble import EnsembleSettings, decide
from pipeline.elements import LABELS, NUM_CLASSES
from pipeline.storage.analysis_files import save
from pipeline.verdict.calibrated import calibrated_verdict
from pipeline.verdict.temperature import tempered
from tests.factories import make_all_scores
from tests.pipeline.verdict.numbers import made_numbers, manifest_with, weighed
from ui.evaluations import reliability as module
from ui.evaluations.reliability import curves_of, reliability, reliability_figure
from ui.evaluations.run_folder import Evaluated, Evaluation


def sure(confidence: float, clips: int) -> np.ndarray:
    rows = np.full((clips, NUM_CLASSES), (1 - confidence) / (NUM_CLASSES - 1))
    rows[:, 0] = confidence
    return rows


def test_bins_and_error_by_hand():
    """Ten clips at 0.9, of which five are right; ten at 0.5, of which five are right."""
    probabilities = np.concatenate([sure(0.9, 10), sure(0.5, 10)])
    labels = np.array([0, 1] * 10)
    found = reliability(probabilities, labels)
    assert found.confidence == pytest.approx([0.5, 0.9])
    assert found.accuracy == pytest.approx([0.5, 0.5])
    assert found.clips.tolist() == [10, 10]
    assert found.error == pytest.approx((0 * 10 + 0.4 * 10) / 20)


@pytest.fixture
def evaluation(tmp_path, monkeypatch):
    """Two clips, one of them with its analysis, and numbers that were fitted for its weights."""
    kept = weighed()
    clips = []
    for number, label in enumerate(("3Lutz", "2Axel")):
        scores = make_all_scores(umt=label, uniformerv2=label, infogcn=label)
        verdict = decide(scores, EnsembleSettings())
        clips.append(Evaluated(f"clip{number}", LABELS.index("3Lutz"), scores, verdict))
    save(replace(kept), tmp_path / "run" / "analyses" / "clip0")
    by_these = partial(calibrated_verdict, manifest=manifest_with(made_numbers(kept), tmp_path))
    monkeypatch.setattr(module, "calibrated_verdict", by_these)
    return Evaluation(tmp_path / "run", {}, tuple(clips), "")


@pytest.mark.parametrize("voter", ["weighted", "umt", "infogcn"])
def test_the_second_curve_is_by_the_numbers_fitted_for_the_weights(evaluation, voter):
    curves = curves_of(evaluation, voter)
    said = [
        clip.verdict.weighted if voter == "weighted" else clip.scores[voter].probabilities
        for clip in evaluation.clips
    ]
    temperature = made_numbers(weighed()).temperatures[voter]
    kinds = {"as_it_is": said, "calibrated": [tempered(row, temperature) for row in said]}
    for kind, rows in kinds.items():
        found = curves[kind]
        mean = (found.confidence * found.clips).sum() / found.clips.sum()
        assert mean == pytest.approx(np.mean([row.max() for row in rows]))
        assert (found.accuracy * found.clips).sum() == 1  # the Lutz is one, the Axel is not
    figure = reliability_figure(curves, voter)
    assert [trace.name.partition(",")[0] for trace in figure.data] == [
        "ideal", "the paper's", "calibrated",
    ]  # fmt: skip
    assert figure.data[1].y.tolist() == curves["as_it_is"].accuracy.tolist()


def test_without_fitted_numbers_there_is_one_curve(evaluation, monkeypatch):
    monkeypatch.setattr(module, "calibrated_verdict", calibrated_verdict)
    assert list(curves_of(evaluation, "vote")) == ["as_it_is"]
    assert curves_of(replace(evaluation, clips=()), "vote") == {}
