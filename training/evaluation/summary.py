"""`summary.json`: every metric of an evaluation, for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline.elements import LABELS
from training.evaluation.fitting import Fitted
from training.evaluation.voter_metrics import Evaluation, GroundTruth, Metrics, Predicted


def summary(
    evaluation: Evaluation, fitted: Fitted | None, about: Mapping[str, Any]
) -> dict[str, Any]:
    """The content of `summary.json`; `about` says what was evaluated."""
    content: dict[str, Any] = {
        **about,
        "clips": evaluation.clips,
        "labelled": evaluation.labelled,
        "missed": list(evaluation.missed),
        "views": dict(evaluation.views),
        "models": {},
        "ensemble": {},
        "per_class": {},
    }
    if not evaluation.labelled:
        return content
    truth = evaluation.truth
    models = {name: truth.metrics(predicted) for name, predicted in evaluation.models.items()}
    ensembles = {name: truth.metrics(predicted) for name, predicted in evaluation.ensembles.items()}
    for name, metrics in models.items():
        one_view = truth.mean_class_accuracy(evaluation.one_view[name])
        content["models"][name] = {**_entry(metrics), "one_view_mean_class_accuracy": one_view}
    content["ensemble"] = {name: _entry(metrics) for name, metrics in ensembles.items()}
    if ensembles:
        content["ensemble"]["weighted"]["weights"] = dict(evaluation.weights)
    content["per_class"] = _per_class(truth, models | ensembles)
    content["umt_fusions"] = {
        rule: _accuracies(truth, predicted) for rule, predicted in evaluation.fusions.items()
    }
    content["left_out"] = _accuracies(truth, evaluation.left_out)
    content["mcnemar"] = [
        {"models": list(pair), "only_first": m.only_first, "only_second": m.only_second,
         "p_value": m.p_value}
        for pair, m in evaluation.mcnemar().items()
    ]  # fmt: skip
    content["confusion"] = {
        name: metrics.confusion.tolist() for name, metrics in (models | ensembles).items()
    }
    if fitted is not None:
        content["fitted_on_validation"] = _fitted(truth, fitted)
    return content


def _entry(metrics: Metrics) -> dict[str, Any]:
    return {
        "mean_class_accuracy": metrics.mean_class_accuracy,
        "top1": metrics.top1,
        "macro_f1": metrics.macro_f1,
        "ece": None if np.isnan(metrics.ece) else metrics.ece,
        "interval_95": [metrics.interval.low, metrics.interval.high],
    }


def _accuracies(truth: GroundTruth, predicted: Mapping[str, Predicted]) -> dict[str, float]:
    return {name: truth.mean_class_accuracy(a) for name, a in predicted.items()}


def _per_class(truth: GroundTruth, voters: Mapping[str, Metrics]) -> dict[str, dict[str, Any]]:
    counts = np.bincount(truth.labels, minlength=len(LABELS))
    return {
        label: {
            "clips": int(counts[index]),
            **{name: float(metrics.by_class[index]) for name, metrics in voters.items()},
        }
        for index, label in enumerate(LABELS)
        if counts[index]
    }


def _fitted(truth: GroundTruth, fitted: Fitted) -> dict[str, Any]:
    return {
        "clips": fitted.fit.clips,
        "temperatures": dict(fitted.fit.temperatures),
        "models": {name: _entry(truth.metrics(a)) for name, a in fitted.tempered.items()},
        "ensemble": {
            name: {**_entry(truth.metrics(predicted)), "weights": dict(weights)}
            for (name, predicted), weights in zip(
                fitted.ensembles.items(),
                (fitted.fit.weights, fitted.fit.weights_tempered),
                strict=False,
            )
        },
    }
