"""Metrics, ensembles and fits over predictions that are known."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.classification.ensemble import EnsembleSettings
from tests.training.evaluation.cases import clip, drawn, logits_of
from training.data.challenge import DataError
from training.evaluation.fitting import apply, check_apart, fit, fit_temperature, fit_weights
from training.evaluation.predictions import ClipPredictions, Predictions
from training.evaluation.summary import summary
from training.evaluation.table import table
from training.evaluation.voter_metrics import evaluate_predictions

SETTINGS = EnsembleSettings()


def by_hand() -> Predictions:
    """Two clips of class 0, one of class 5, one that could not be analysed, one without a label."""
    return Predictions.of(
        [
            clip("1_a", 0, umt=0, uniformerv2=0, infogcn=5),
            clip("1_b", 0, umt=5, uniformerv2=0, infogcn=5),  # the vote is wrong, the sum right
            clip("2_a", 5, umt=5, uniformerv2=5, infogcn=5),
            ClipPredictions("3_a", 5, {}),
            clip("4_a", None, umt=3, uniformerv2=3, infogcn=3),
        ]
    )


def test_metrics_by_hand() -> None:
    evaluation = evaluate_predictions(by_hand(), SETTINGS)
    assert (evaluation.clips, evaluation.labelled, evaluation.missed) == (5, 4, ("3_a",))
    truth = evaluation.truth
    reached = {
        name: truth.metrics(predicted).mean_class_accuracy
        for name, predicted in (evaluation.models | evaluation.ensembles).items()
    }
    assert reached["uniformerv2"] == pytest.approx((1 + 0.5) / 2)
    assert reached["infogcn"] == pytest.approx((0 + 0.5) / 2)
    assert reached["umt"] == reached["umt_16x448"] == pytest.approx((0.5 + 0.5) / 2)
    assert reached["vote"] == pytest.approx((0.5 + 0.5) / 2)
    assert reached["weighted"] == pytest.approx((1 + 0.5) / 2)
    pair = evaluation.mcnemar()["uniformerv2", "infogcn"]
    assert (pair.only_first, pair.only_second) == (2, 0)


def test_leaving_a_model_out() -> None:
    evaluation = evaluate_predictions(by_hand(), SETTINGS)
    without = {n: a.predicted.tolist() for n, a in evaluation.left_out.items()}
    assert without["infogcn"] == [0, 0, 5, -1]
    assert without["uniformerv2"] == [0, 5, 5, -1]


def test_literal_fusion_takes_the_teachers_voice_away() -> None:
    # A ignored UniFormerV2 is outvoted by a certain UMT, unless the latter was flattened.
    many = [clip(f"{i}_a", 0, umt=0, uniformerv2=7, infogcn=7) for i in range(4)]
    certain = [
        ClipPredictions(c.stem, 0, {**c.logits, "uniformerv2": logits_of(7, certainty=2.0)})
        for c in many
    ]
    evaluation = evaluate_predictions(Predictions.of(certain), SETTINGS)
    reached = {
        rule: evaluation.truth.mean_class_accuracy(predicted["weighted"])
        for rule, predicted in evaluation.fusions.items()
    }
    assert reached == {"mean": 1.0, "softmax_of_sum": 0.0, "softmax_of_mean": 0.0}
    # The order of a model's own classes stays.
    for predicted in evaluation.fusions.values():
        assert predicted["umt"].predicted.tolist() == [0] * 4


def test_one_view_is_the_one_in_the_middle() -> None:
    rows = np.vstack([logits_of(1), logits_of(0, certainty=2.0), logits_of(1)])
    predictions = Predictions.of([ClipPredictions("1", 0, {"infogcn": rows})])
    evaluation = evaluate_predictions(predictions, SETTINGS)
    assert evaluation.models["infogcn"].predicted.tolist() == [1]
    assert evaluation.one_view["infogcn"].predicted.tolist() == [0]
    assert not evaluation.ensembles


def test_fitted_weights_prefer_the_better_model_and_calibrate() -> None:
    validation, tested = drawn(200, seed=1, source=5000), drawn(200, seed=2)
    check_apart(validation, tested)
    learned = fit(validation, SETTINGS)
    assert learned.weights["umt"] > learned.weights["uniformerv2"] > learned.weights["infogcn"]
    assert sum(learned.weights.values()) == pytest.approx(1)
    assert learned.temperatures["infogcn"] > 1.5  # it was too sure
    evaluation = evaluate_predictions(tested, SETTINGS)
    fitted = apply(learned, evaluation)
    truth = evaluation.truth
    for name, predicted in fitted.tempered.items():
        before = truth.metrics(evaluation.models[name])
        after = truth.metrics(predicted)
        assert after.mean_class_accuracy == before.mean_class_accuracy
        assert after.ece < before.ece
    papers = truth.mean_class_accuracy(evaluation.ensembles["weighted"])
    assert truth.mean_class_accuracy(fitted.ensembles["weights"]) > papers


def test_weights_of_a_mixture_are_found_again() -> None:
    rng = np.random.default_rng(0)
    models = {name: rng.dirichlet(np.full(28, 0.3), 10_000) for name in "abc"}
    true = np.array([0.6, 0.3, 0.1])
    mixed = np.einsum("m,mnk->nk", true, np.stack(list(models.values())))
    labels = (mixed.cumsum(axis=1) > rng.random((len(mixed), 1))).argmax(axis=1)
    assert list(fit_weights(models, labels).values()) == pytest.approx(true, abs=0.03)


def test_temperature_is_found_again() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 28))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (true.cumsum(axis=1) > rng.random((len(true), 1))).argmax(axis=1)
    sharp = true**2 / (true**2).sum(axis=1, keepdims=True)
    assert fit_temperature(sharp, labels) == pytest.approx(2, rel=0.03)


def test_fitting_on_the_evaluated_sources_is_refused() -> None:
    with pytest.raises(DataError, match=r"source 00003 .* is also evaluated"):
        check_apart(drawn(4, seed=0), drawn(1, seed=0, source=3))


@pytest.mark.parametrize(
    ("validation", "words"),
    [
        (drawn(3, seed=0, labelled=False), "has no labels"),
        (Predictions.of([clip("1", 0, umt=0, uniformerv2=0)]), "has no infogcn"),
    ],
)
def test_what_nothing_can_be_fitted_on_is_named(validation: Predictions, words: str) -> None:
    with pytest.raises(DataError, match=words):
        fit(validation, SETTINGS)


def test_table_and_summary_say_the_same() -> None:
    validation, tested = drawn(100, seed=1, source=5000), drawn(60, seed=2)
    evaluation = evaluate_predictions(tested, SETTINGS)
    fitted = apply(fit(validation, SETTINGS), evaluation)
    content = summary(evaluation, fitted, {"title": "T", "notes": ["demo: not fit for judging"]})
    assert set(content["models"]) == {
        "umt_16x224", "umt_16x448", "umt_32x224", "umt", "uniformerv2", "infogcn",
    }  # fmt: skip
    for entry in (*content["models"].values(), *content["ensemble"].values()):
        assert {"mean_class_accuracy", "top1", "macro_f1", "ece"} <= set(entry)
        low, high = entry["interval_95"]
        assert low <= entry["mean_class_accuracy"] <= high
    for label, entry in content["per_class"].items():
        assert entry["clips"] == sum(c.label == _index(label) for c in tested.clips)
    text = table(content)
    for words in ("| UniFormerV2 | 1 |", "| 95.02 |", "| 95.73 |", "`softmax_of_sum`",
                  "weighted sum without InfoGCN", "fitted weights (", "**demo: not"):  # fmt: skip
        assert words in text
    reached = content["models"]["uniformerv2"]["mean_class_accuracy"]
    assert f"**{100 * reached:.2f}**" in text
    widths = [line.count("|") for line in text.splitlines()]
    for line, one, other in zip(text.splitlines(), widths, widths[1:], strict=False):
        assert not (one and other) or one == other, line


def _index(label: str) -> int:
    from pipeline.elements import class_index

    return class_index(label)


def test_without_labels_there_are_no_metrics() -> None:
    evaluation = evaluate_predictions(drawn(3, seed=0, labelled=False), SETTINGS)
    content = summary(evaluation, None, {"title": "T"})
    assert content["models"] == {}
    assert "No class is known" in table(content)
