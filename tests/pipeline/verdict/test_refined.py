"""The weighted sum times the evidence: probability moves among jumps, and only there."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.classification.ensemble import EnsembleSettings, decide
from pipeline.elements import LABELS, NUM_CLASSES
from pipeline.storage.analysis_files import load, save
from pipeline.types import Analysis
from pipeline.verdict.calibrated import calibrated_verdict
from pipeline.verdict.evidence import JUMPS, Evidence, Term, evidence_of
from pipeline.verdict.refined import refined, refined_sum
from tests.conftest import ROOT
from tests.factories import make_all_scores


def stored(name: str) -> Analysis:
    return load(ROOT / "assets" / "analyses" / name)


def likelihood(**of_jumps: float) -> np.ndarray:
    found = np.where(JUMPS, 0.1, 1.0)
    for label, value in of_jumps.items():
        found[LABELS.index(label.removeprefix("_"))] = value
    return found


def test_probability_moves_among_the_jumps():
    weighted = np.zeros(NUM_CLASSES)
    for label, share in {"2Lutz": 0.3, "3Lutz": 0.4, "NoBasic": 0.2, "SitSpin": 0.1}.items():
        weighted[LABELS.index(label)] = share
    told = refined_sum(weighted, likelihood(_2Lutz=1.0))
    # 0.3 x 1 and 0.4 x 0.1 share the jumps' 0.7.
    assert told[LABELS.index("2Lutz")] == pytest.approx(0.7 * 0.30 / 0.34)
    assert told[LABELS.index("3Lutz")] == pytest.approx(0.7 * 0.04 / 0.34)
    np.testing.assert_array_equal(told[~JUMPS], weighted[~JUMPS])


@pytest.mark.parametrize("seed", range(4))
def test_any_evidence_keeps_the_sum_and_the_families(seed):
    rng = np.random.default_rng(seed)
    weighted, likely = rng.dirichlet(np.ones(NUM_CLASSES)), rng.random(NUM_CLASSES)
    told = refined_sum(weighted, likely)
    assert told.sum() == pytest.approx(1.0)
    assert told[JUMPS].sum() == pytest.approx(weighted[JUMPS].sum())
    np.testing.assert_array_equal(told[~JUMPS], weighted[~JUMPS])


def test_without_evidence_it_is_the_weighted_sum():
    verdict = decide(make_all_scores(infogcn="2Flip"), EnsembleSettings(strategy="vote"))
    told = refined(verdict, Evidence(()))
    assert told.strategy == "refined"
    np.testing.assert_allclose(told.probabilities, verdict.weighted)
    assert (told.vote, told.weights) == (verdict.vote, verdict.weights)
    np.testing.assert_array_equal(told.weighted, verdict.weighted)
    impossible = Evidence((Term("turns", np.where(JUMPS, 0.0, 1.0)),))
    np.testing.assert_allclose(refined(verdict, impossible).probabilities, verdict.weighted)


@pytest.mark.parametrize("strategy", ["weighted", "vote"])
def test_the_papers_strategies_stay(strategy):
    verdict = decide(make_all_scores(infogcn="2Flip"), EnsembleSettings(strategy=strategy))
    assert verdict.strategy == strategy


@pytest.mark.parametrize("name", ["3Lutz", "CamelSpin"])
def test_a_refined_analysis_is_stored_with_its_evidence(name, tmp_path):
    analysis = stored(name)
    evidence = evidence_of(analysis)
    made = replace(analysis, verdict=refined(analysis.verdict, evidence))
    save(made, tmp_path / "out")
    content = json.loads((tmp_path / "out" / "analysis.json").read_text(encoding="utf-8"))
    assert content["verdict"]["strategy"] == "refined"
    told = content["evidence"]["terms"]
    for term in evidence.terms:
        assert told[term.name]["read"] == pytest.approx(dict(term.read))
        assert (told[term.name]["likelihood"] is None) == (name == "CamelSpin")
        assert bool(told[term.name]["cannot_be_told"]) == (name == "CamelSpin")
    back = load(tmp_path / "out")
    assert back.verdict.label == name
    np.testing.assert_array_equal(back.verdict.probabilities, made.verdict.probabilities)
    # What follows from the files is what was stored.
    np.testing.assert_allclose(evidence_of(back).likelihood, evidence.likelihood)


def test_nothing_is_fitted_for_it_so_it_is_not_calibrated():
    analysis = stored("3Lutz")
    assert calibrated_verdict(analysis) is not None
    made = replace(analysis, verdict=refined(analysis.verdict, evidence_of(analysis)))
    assert calibrated_verdict(made) is None
