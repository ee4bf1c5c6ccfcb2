"""What-if weights: exact flip points against brute force, and hand-made cases."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pipeline.classification.ensemble import FUSED, EnsembleSettings, decide, softmax_weights
from pipeline.elements import LABELS, NUM_CLASSES
from pipeline.errors import ConfigError
from pipeline.inspection.weight_sensitivity import (
    leave_one_out,
    models_by_label,
    nearest_flips,
    normalised,
    reweighted,
    stretches,
    sum_of,
)
from pipeline.types import ModelScores
from tests.factories import make_all_scores

SETTINGS = EnsembleSettings()
WEIGHTS = softmax_weights(SETTINGS.scores)


def voter(model: str, **shares: float) -> ModelScores:
    """A model with given probabilities; names like `x3Lutz` stand for classes."""
    probabilities = np.zeros(NUM_CLASSES)
    for name, share in shares.items():
        probabilities[LABELS.index(name[1:])] = share
    rest = probabilities == 0
    probabilities[rest] = (1 - probabilities.sum()) / rest.sum()
    logits = np.log(np.maximum(probabilities, 1e-30))[None].astype(np.float32)
    return ModelScores(model, logits, probabilities, 1)


def random_scores(seed: int) -> dict[str, ModelScores]:
    rng = np.random.default_rng(seed)
    found = {}
    for name in FUSED:
        logits = rng.normal(size=(2, NUM_CLASSES)).astype(np.float32) * 2
        z = np.exp(logits.astype(np.float64))
        found[name] = ModelScores(name, logits, (z / z.sum(1, keepdims=True)).mean(0), 2)
    return found


def test_a_flip_by_hand():
    scores = {
        "umt": voter("umt", x3Lutz=0.6, x3Flip=0.2),
        "uniformerv2": voter("uniformerv2", x3Lutz=0.6, x3Flip=0.2),
        "infogcn": voter("infogcn", x3Lutz=0.1, x3Flip=0.7),
    }
    # 0.6 (1 - t) + 0.1 t = 0.2 (1 - t) + 0.7 t at t = 0.4
    flips = nearest_flips(scores, WEIGHTS, SETTINGS)
    assert [(flip.model, flip.label) for flip in flips] == [("infogcn", "3Flip")]
    assert flips[0].weight == pytest.approx(0.4)
    assert models_by_label(scores) == {"3Lutz": ("umt", "uniformerv2"), "3Flip": ("infogcn",)}
    assert [s.label for s in stretches(scores, WEIGHTS, "infogcn", SETTINGS)] == ["3Lutz", "3Flip"]


@pytest.mark.parametrize("combine", ["probabilities", "logits"])
@pytest.mark.parametrize("seed", range(5))
def test_stretches_are_those_that_trying_every_weight_finds(seed, combine):
    scores, settings = random_scores(seed), EnsembleSettings(combine=combine)
    for model in FUSED:
        ranges = stretches(scores, WEIGHTS, model, settings)
        assert ranges[0].start == 0
        assert ranges[-1].end == 1
        for before, after in pairwise(ranges):
            assert before.end == after.start
        for t in np.linspace(0.0005, 0.9995, 200):
            expected = int(sum_of(scores, reweighted(WEIGHTS, model, t), settings).argmax())
            held = [s.class_index for s in ranges if s.start <= t <= s.end]
            assert expected in held


@pytest.mark.parametrize("seed", range(5))
def test_the_verdict_holds_up_to_the_nearest_flip_and_changes_beyond(seed):
    scores = random_scores(seed)
    now = int(sum_of(scores, WEIGHTS, SETTINGS).argmax())
    flips = {flip.model: flip for flip in nearest_flips(scores, WEIGHTS, SETTINGS)}
    for model in FUSED:
        if model not in flips:
            for t in (0.0, 0.5, 1.0):
                weights = reweighted(WEIGHTS, model, t)
                assert int(sum_of(scores, weights, SETTINGS).argmax()) == now
            continue
        step = np.sign(flips[model].weight - WEIGHTS[model]) * 1e-6
        before = reweighted(WEIGHTS, model, flips[model].weight - step)
        beyond = reweighted(WEIGHTS, model, flips[model].weight + step)
        assert int(sum_of(scores, before, SETTINGS).argmax()) == now
        assert int(sum_of(scores, beyond, SETTINGS).argmax()) == flips[model].class_index


def test_nothing_flips_when_all_agree_entirely():
    scores = {name: voter(name, x3Lutz=1.0) for name in FUSED}
    assert nearest_flips(scores, WEIGHTS, SETTINGS) == ()


def test_leaving_one_out_is_the_ensemble_of_the_others():
    scores = make_all_scores(umt="3Lutz", uniformerv2="3Flip", infogcn="3Loop")
    found = {w.model: w for w in leave_one_out(scores, WEIGHTS, SETTINGS)}
    assert found["infogcn"].label == "3Flip"
    assert found["uniformerv2"].label == "3Lutz"
    total = WEIGHTS["umt"] + WEIGHTS["infogcn"]
    by_hand = (
        WEIGHTS["umt"] * scores["umt"].probabilities
        + WEIGHTS["infogcn"] * scores["infogcn"].probabilities
    ) / total
    assert found["uniformerv2"].probability == pytest.approx(by_hand.max())
    assert found["uniformerv2"].margin == pytest.approx(np.diff(np.sort(by_hand))[-1])


def test_the_present_weights_give_the_present_verdict():
    scores = make_all_scores(umt="3Lutz", uniformerv2="3Flip", infogcn="3Loop")
    verdict = decide(scores, SETTINGS)
    assert sum_of(scores, verdict.weights, SETTINGS) == pytest.approx(verdict.weighted)


@pytest.mark.parametrize("weights", [{"a": 0.0, "b": 0.0}, {"a": -1.0, "b": 2.0}, {"a": np.nan}])
def test_weights_that_make_no_sense_are_refused(weights):
    with pytest.raises(ConfigError, match="expected numbers of 0 or more"):
        normalised(weights)


def test_a_model_that_had_everything_leaves_equal_shares():
    assert reweighted({"a": 1.0, "b": 0.0, "c": 0.0}, "a", 0.5) == {"a": 0.5, "b": 0.25, "c": 0.25}


def test_a_model_with_all_the_weight_cannot_be_left_out():
    scores = make_all_scores()
    alone = {"umt": 1.0, "uniformerv2": 0.0, "infogcn": 0.0}
    assert [w.model for w in leave_one_out(scores, alone, SETTINGS)] == ["uniformerv2", "infogcn"]
    assert nearest_flips(scores, alone, SETTINGS) is not None
