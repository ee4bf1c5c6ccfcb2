"""Beyond the paper: ensemble weights and temperatures fitted on validation predictions.

The paper's weights are a softmax of leaderboard scores, so of test results. Here everything is
fitted on clips that the figures are not taken from, each class counting alike, as in the metric.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from pipeline.classification.ensemble import FUSED, EnsembleSettings
from pipeline.types import IntArray
from pipeline.verdict.temperature import tempered
from training.data.challenge import DataError
from training.evaluation.predictions import Predictions
from training.evaluation.voter_metrics import (
    Evaluation,
    Predicted,
    evaluate_predictions,
    predicted_of,
)

_SMALLEST = 1e-12
_LOG_TEMPERATURES = (-3.0, 3.0)
_EM_STEPS = 500


@dataclass(frozen=True)
class Fit:
    """What was learned from validation clips."""

    clips: int
    """Validation clips with labels."""
    temperatures: Mapping[str, float]
    """Model -> T; its log-probabilities are divided by T."""
    weights: Mapping[str, float]
    """Of the three models as they are."""
    weights_tempered: Mapping[str, float]
    """Of the three models after temperature scaling."""


@dataclass(frozen=True)
class Fitted:
    """The fit, applied to the evaluated clips."""

    fit: Fit
    tempered: Mapping[str, Predicted]
    """Every model after temperature scaling; its most probable class stays what it was."""
    ensembles: Mapping[str, Predicted]
    """`weights` and `weights_tempered`."""


def fit(validation: Predictions, settings: EnsembleSettings) -> Fit:
    """Learn weights and temperatures.

    Raises:
        DataError: No labels, or one of the three models is missing.
    """
    known = evaluate_predictions(validation, settings)
    missing = [name for name in FUSED if name not in known.models]
    if missing or not known.labelled:
        raise DataError(
            "--validation: nothing can be fitted, as it has no "
            f"{'labels' if not known.labelled else ', '.join(missing)}; "
            "make it with `python -m training.evaluate --split val`"
        )
    labels = known.truth.labels
    temperatures = {
        name: fit_temperature(predicted.probabilities, labels)
        for name, predicted in known.models.items()
    }
    plain = {name: known.models[name].probabilities for name in FUSED}
    scaled = {name: tempered(plain[name], temperatures[name]) for name in FUSED}
    return Fit(
        known.labelled, temperatures, fit_weights(plain, labels), fit_weights(scaled, labels)
    )


def apply(fitted: Fit, evaluation: Evaluation) -> Fitted:
    """Use a fit on other clips; models that the fit does not know are left out."""
    scaled = {
        name: predicted_of(tempered(predicted.probabilities, fitted.temperatures[name]))
        for name, predicted in evaluation.models.items()
        if name in fitted.temperatures
    }
    ensembles = {}
    if evaluation.ensembles:
        plain = {name: evaluation.models[name].probabilities for name in FUSED}
        after = {name: scaled[name].probabilities for name in FUSED}
        ensembles = {
            "weights": predicted_of(_mixture(plain, fitted.weights)),
            "weights_tempered": predicted_of(_mixture(after, fitted.weights_tempered)),
        }
    return Fitted(fitted, scaled, ensembles)


def check_apart(validation: Predictions, evaluated: Predictions) -> None:
    """Refuse to measure on what was fitted on.

    Raises:
        DataError: A clip, or a clip of the same broadcast, is in both.
    """
    sources = {clip.source for clip in validation.clips}
    shared = next((clip for clip in evaluated.clips if clip.source in sources), None)
    if shared is not None:
        raise DataError(
            f"--validation: source {shared.source} (clip {shared.stem}) is also evaluated; "
            "weights must be fitted on other sources"
        )


def fit_temperature(
    probabilities: NDArray[np.float64],
    labels: IntArray,
    shares: Callable[[IntArray], NDArray[np.float64]] | None = None,
) -> float:
    """The temperature of the highest likelihood.

    Args:
        probabilities: `(N, 28)`; rows of NaN are left out.
        labels: `(N,)`.
        shares: Weights of clips from their labels; by default each class counts alike.
    """
    answered = ~np.isnan(probabilities[:, 0])
    rows, truth = probabilities[answered], labels[answered]
    share = (shares or _class_shares)(truth)

    def loss(log_temperature: float) -> float:
        scaled = tempered(rows, float(np.exp(log_temperature)))
        likely = scaled[np.arange(len(truth)), truth]
        return float(-(share * np.log(np.maximum(likely, _SMALLEST))).sum())

    found = minimize_scalar(loss, bounds=_LOG_TEMPERATURES, method="bounded")
    return float(np.exp(found.x))


def fit_weights(models: Mapping[str, NDArray[np.float64]], labels: IntArray) -> dict[str, float]:
    """Weights of the sum of probabilities with the highest likelihood, by expectation-maximisation.

    The likelihood is concave in the weights, so there is one maximum.
    """
    stacked = np.stack(list(models.values()))  # (M, N, K)
    answered = ~np.isnan(stacked[:, :, 0]).any(axis=0)
    truth = labels[answered]
    likely = np.maximum(stacked[:, answered][:, np.arange(len(truth)), truth], _SMALLEST)  # (M, N)
    share = _class_shares(truth)
    weights = np.full(len(models), 1 / len(models))
    for _ in range(_EM_STEPS):
        parts = weights[:, None] * likely
        weights = (parts / parts.sum(axis=0) * share).sum(axis=1)
    return dict(zip(models, weights.tolist(), strict=True))


def _class_shares(labels: IntArray) -> NDArray[np.float64]:
    """A weight for every clip such that each class has the same and all sum to one."""
    weight = 1 / np.bincount(labels)[labels]
    return weight / weight.sum()


def _mixture(
    models: Mapping[str, NDArray[np.float64]], weights: Mapping[str, float]
) -> NDArray[np.float64]:
    total: NDArray[np.float64] = sum(
        (weights[name] * probabilities for name, probabilities in models.items()), np.zeros(1)
    )
    return total
