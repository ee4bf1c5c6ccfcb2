"""The ensemble's arithmetic against hand-computed cases and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.classification.ensemble import (
    EnsembleSettings,
    decide,
    fuse_umt,
    score_views,
    softmax,
    softmax_weights,
    vote_shares,
)
from pipeline.elements import LABELS, NUM_CLASSES
from pipeline.errors import ConfigError
from pipeline.types import ModelScores
from tests.factories import make_all_scores


def certain(model: str, label: str, probability: float = 1.0) -> ModelScores:
    probabilities = np.full(NUM_CLASSES, (1 - probability) / (NUM_CLASSES - 1))
    probabilities[LABELS.index(label)] = probability
    return ModelScores(
        model, np.log(probabilities + 1e-30)[None].astype(np.float32), probabilities, 1
    )


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({"umt": 94.5, "uniformerv2": 95.0, "infogcn": 92.0}, [0.366, 0.604, 0.030]),
        ({"a": 1.0, "b": 1.0}, [0.5, 0.5]),
    ],
)
def test_softmax_weights(scores, expected):
    assert list(softmax_weights(scores).values()) == pytest.approx(expected, abs=1e-3)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=20), st.integers(0, 2**31))
def test_equal_views_computed_once_give_the_plain_mean(draws, seed):
    _, view_of = np.unique(draws, return_inverse=True)
    distinct = view_of.max() + 1
    logits = np.random.default_rng(seed).normal(0, 5, (distinct, NUM_CLASSES)).astype(np.float32)
    scores = score_views("umt_16x224", logits, view_of)
    plain = softmax(logits[view_of]).mean(axis=0)
    assert scores.probabilities == pytest.approx(plain, abs=1e-6)
    np.testing.assert_array_equal(scores.logits, logits[view_of])
    assert scores.distinct_views == distinct


@pytest.mark.parametrize(
    ("rule", "cap"), [("mean", 1.0), ("softmax_of_sum", 0.4266), ("softmax_of_mean", 0.0915)]
)
def test_umt_fusion_caps_what_umt_can_say(rule, cap):
    fused = fuse_umt([certain(f"umt_{i}", "3Lutz") for i in range(3)], rule)
    assert fused.probability == pytest.approx(cap, abs=1e-3)
    assert softmax(fused.logits[0]) == pytest.approx(fused.probabilities, abs=1e-6)


def test_an_unknown_fusion_is_refused():
    with pytest.raises(ConfigError, match="softmax_of_sum"):
        fuse_umt([certain("umt_0", "3Lutz")], "median")


@pytest.mark.parametrize(
    ("umt", "uniformerv2", "infogcn", "winner", "tie"),
    [
        ("3Lutz", "3Lutz", "3Flip", "3Lutz", None),
        ("3Lutz", "3Flip", "3Lutz", "3Lutz", None),
        ("3Lutz", "3Flip", "3Loop", "3Flip", "uniformerv2"),
    ],
)
def test_vote_of_three(umt, uniformerv2, infogcn, winner, tie):
    scores = make_all_scores(umt=umt, uniformerv2=uniformerv2, infogcn=infogcn)
    verdict = decide(scores, EnsembleSettings(strategy="vote"))
    assert (verdict.label, verdict.vote.tie_broken_by) == (winner, tie)
    assert set(verdict.vote.votes) == {"umt", "uniformerv2", "infogcn"}


def test_a_tie_that_uniformerv2_is_not_part_of_goes_to_the_class_it_prefers():
    scores = make_all_scores(umt="3Lutz", uniformerv2="1Axel", infogcn="3Flip")
    for name in ("umt_16x224", "umt_16x448"):
        scores[name] = certain(name, "3Lutz")
    scores["umt_32x224"] = certain("umt_32x224", "3Flip")
    probabilities = np.full(NUM_CLASSES, 0.01)
    probabilities[[LABELS.index("1Axel"), LABELS.index("3Flip")]] = 0.6, 0.14
    scores["uniformerv2"] = ModelScores(
        "uniformerv2", np.log(probabilities)[None].astype(np.float32), probabilities, 1
    )
    ballot = decide(scores, EnsembleSettings(voters="five")).vote
    assert len(ballot.votes) == 5
    assert (ballot.label, ballot.tie_broken_by) == ("3Flip", "uniformerv2")


def test_the_weighted_sum_by_hand():
    scores = make_all_scores()
    scores["umt"] = certain("umt", "3Lutz", 0.9)
    scores["uniformerv2"] = certain("uniformerv2", "3Flip", 0.5)
    scores["infogcn"] = certain("infogcn", "3Flip", 1.0)
    verdict = decide(scores, EnsembleSettings())
    weights = softmax_weights({"umt": 94.5, "uniformerv2": 95.0, "infogcn": 92.0})
    lutz = weights["umt"] * 0.9 + weights["uniformerv2"] * 0.5 / 27
    flip = weights["umt"] * 0.1 / 27 + weights["uniformerv2"] * 0.5 + weights["infogcn"]
    assert verdict.label == ("3Lutz" if lutz > flip else "3Flip")
    assert verdict.weighted[LABELS.index("3Lutz")] == pytest.approx(lutz)
    assert verdict.weighted[LABELS.index("3Flip")] == pytest.approx(flip)
    assert verdict.margin == pytest.approx(abs(lutz - flip))


def test_literal_softmax_takes_umt_out_of_the_weighted_ensemble():
    """Why `mean` is the default: read literally, a certain UMT cannot outweigh a lukewarm rival."""
    umt = [certain(f"umt_{i}", "3Lutz") for i in range(3)]
    rest = {
        "uniformerv2": certain("uniformerv2", "3Flip", 0.35),
        "infogcn": certain("infogcn", "3Flip", 0.35),
    }
    verdicts = {
        rule: decide({"umt": fuse_umt(umt, rule), **rest}, EnsembleSettings()).label
        for rule in ("mean", "softmax_of_sum", "softmax_of_mean")
    }
    assert verdicts == {"mean": "3Lutz", "softmax_of_sum": "3Flip", "softmax_of_mean": "3Flip"}


def test_logits_can_be_combined_instead():
    scores = make_all_scores()
    verdict = decide(scores, EnsembleSettings(combine="logits"))
    weights = softmax_weights(EnsembleSettings().scores)
    by_hand = softmax(sum(weights[n] * scores[n].logits.mean(axis=0) for n in weights))
    assert verdict.weighted == pytest.approx(by_hand, abs=1e-6)


def test_vote_shares_sum_to_one():
    ballot = decide(make_all_scores(infogcn="1Loop"), EnsembleSettings(voters="five")).vote
    assert vote_shares(ballot).sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"scores": {"umt": 1.0}}, "infogcn"),
        ({"tie_breaker": "vitpose"}, "tie_breaker"),
    ],
)
def test_senseless_settings_are_refused(arguments, word):
    with pytest.raises(ConfigError, match=word):
        EnsembleSettings(**arguments)


def test_a_missing_model_is_named():
    scores = make_all_scores()
    del scores["infogcn"]
    with pytest.raises(ConfigError, match="infogcn"):
        decide(scores, EnsembleSettings())
