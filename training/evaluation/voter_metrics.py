"""Metrics of every model and ensemble over a data set's predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from laboratory.figures.metrics import (
    Bootstrap,
    Interval,
    McNemar,
    accuracy,
    calibration_error,
    class_accuracies,
    confusion_matrix,
    macro_f1,
    mcnemar,
)
from laboratory.table.voters import MISSED
from pipeline.classification.ensemble import (
    FUSED,
    EnsembleSettings,
    Probabilities,
    decide,
    softmax_weights,
    vote_shares,
    weighted_sum,
)
from pipeline.elements import LABELS, NUM_CLASSES
from pipeline.types import IntArray, ModelScores
from training.evaluation.predictions import ClipPredictions, Predictions

FUSION_RULES = ("mean", "softmax_of_sum", "softmax_of_mean")


@dataclass(frozen=True)
class Predicted:
    """What one voter, a model or an ensemble, predicts over all labelled clips."""

    predicted: IntArray
    """`(N,)` class index, or `MISSED`."""
    probabilities: NDArray[np.float64]
    """`(N, 28)`; rows of NaN where missed."""


@dataclass(frozen=True)
class Metrics:
    """How good a voter is."""

    mean_class_accuracy: float
    """Equation 1 of the paper."""
    top1: float
    macro_f1: float
    ece: float
    """Expected calibration error."""
    interval: Interval
    """Of the mean class accuracy, 95 %, over sources."""
    by_class: NDArray[np.float64]
    """`(28,)` accuracy; NaN for classes that do not occur."""
    confusion: IntArray
    """`(28, 28)` clips of a class that were taken for another."""


@dataclass(frozen=True)
class GroundTruth:
    """What the predictions are compared with."""

    labels: IntArray
    """`(N,)` class indices."""
    sources: tuple[str, ...]
    """`(N,)` broadcasts."""

    @classmethod
    def of(cls, predictions: Predictions) -> GroundTruth:
        """Of clips that all have labels."""
        labels = [clip.label for clip in predictions.clips if clip.label is not None]
        return cls(np.array(labels, dtype=np.int64), tuple(c.source for c in predictions.clips))

    @cached_property
    def bootstrap(self) -> Bootstrap:
        """Draws of sources, the same ones for every voter."""
        return Bootstrap(self.sources)

    def metrics(self, voter: Predicted) -> Metrics:
        """All metrics of one voter."""
        predicted, labels = voter.predicted, self.labels
        by_class = class_accuracies(predicted, labels)
        return Metrics(
            mean_class_accuracy=float(np.nanmean(by_class)),
            top1=accuracy(predicted, labels),
            macro_f1=macro_f1(predicted, labels),
            ece=calibration_error(voter.probabilities, labels),
            interval=self.bootstrap.interval(predicted, labels),
            by_class=by_class,
            confusion=confusion_matrix(predicted, labels),
        )

    def mean_class_accuracy(self, voter: Predicted) -> float:
        """The paper's metric alone."""
        return float(np.nanmean(class_accuracies(voter.predicted, self.labels)))


ClipScores = Sequence[Mapping[str, ModelScores]]
"""Of each clip, by model; empty for missed clips."""


@dataclass(frozen=True)
class Evaluation:
    """Everything that is known about one set of predictions."""

    clips: int
    """In all."""
    labelled: int
    """With a known class; metrics are over these."""
    missed: tuple[str, ...]
    """Stems that could not be analysed; they count as wrong."""
    views: Mapping[str, int]
    """Views of each network in the protocol."""
    truth: GroundTruth
    models: Mapping[str, Predicted]
    """Single networks and the fused `umt`."""
    one_view: Mapping[str, Predicted]
    """The same, each clip by its middle view alone."""
    ensembles: Mapping[str, Predicted]
    """`vote` and `weighted`; empty where a model is missing."""
    weights: Mapping[str, float]
    """Of the weighted ensemble."""
    fusions: Mapping[str, Mapping[str, Predicted]]
    """Rule of the Unmasked Teachers' fusion -> `umt`, `vote`, `weighted` under it."""
    left_out: Mapping[str, Predicted]
    """Model -> the weighted sum of the other two. (Two voters have no majority.)"""

    def mcnemar(self) -> dict[tuple[str, str], McNemar]:
        """Every two of the three fused models and the ensembles."""
        voters = {n: a for n, a in self.models.items() if n in FUSED} | dict(self.ensembles)
        return {
            (a, b): mcnemar(voters[a].predicted, voters[b].predicted, self.truth.labels)
            for a, b in combinations(voters, 2)
        }


def evaluate_predictions(predictions: Predictions, settings: EnsembleSettings) -> Evaluation:
    """Score every model and ensemble on the labelled clips."""
    labelled = predictions.labelled
    scores = [clip.scores(settings) for clip in labelled.clips]
    one_view = [_middle_view(clip).scores(settings) for clip in labelled.clips]
    found = {name for clip in scores for name in clip}
    names = (*sorted(found - set(FUSED)), *(name for name in FUSED if name in found))
    complete = bool(labelled.clips) and set(FUSED) <= set(names)
    fused_here = any(name.startswith("umt_") for name in predictions.models)
    return Evaluation(
        clips=len(predictions),
        labelled=len(labelled),
        missed=tuple(clip.stem for clip in predictions.clips if not clip.logits),
        views=_views(predictions),
        truth=GroundTruth.of(labelled),
        models={name: _predicted([clip.get(name) for clip in scores]) for name in names},
        one_view={name: _predicted([clip.get(name) for clip in one_view]) for name in names},
        ensembles=ensemble_predicted(scores, settings) if complete else {},
        weights=softmax_weights(settings.scores),
        fusions=_fusions(labelled, settings) if complete and fused_here else {},
        left_out={name: _without(name, scores, settings) for name in FUSED} if complete else {},
    )


def ensemble_predicted(scores: ClipScores, settings: EnsembleSettings) -> dict[str, Predicted]:
    """Vote and weighted sum over the three models, as the pipeline decides."""
    verdicts = [decide(clip, settings) if set(FUSED) <= set(clip) else None for clip in scores]
    ballots = [None if v is None else vote_shares(v.vote) for v in verdicts]
    voted = [MISSED if v is None else LABELS.index(v.vote.label) for v in verdicts]
    return {
        "vote": Predicted(np.array(voted, dtype=np.int64), _rows(ballots)),
        "weighted": predicted_of(_rows([None if v is None else v.weighted for v in verdicts])),
    }


def predicted_of(probabilities: NDArray[np.float64]) -> Predicted:
    """The most probable class of each row `(N, 28)`."""
    missed = np.isnan(probabilities[:, 0])
    best = np.where(missed, 0.0, probabilities.T).T.argmax(axis=1)
    return Predicted(np.where(missed, MISSED, best).astype(np.int64), probabilities)


def _predicted(scores: Sequence[ModelScores | None]) -> Predicted:
    return predicted_of(_rows([None if s is None else s.probabilities for s in scores]))


def _rows(rows: Sequence[Probabilities | None]) -> NDArray[np.float64]:
    missed = np.full(NUM_CLASSES, np.nan)
    return np.array([missed if row is None else row for row in rows]).reshape(-1, NUM_CLASSES)


def _middle_view(clip: ClipPredictions) -> ClipPredictions:
    """The view in the middle of the protocol's, in time and in the picture."""
    middle = {name: rows[(len(rows) - 1) // 2][None] for name, rows in clip.logits.items()}
    return replace(clip, logits=middle)


def _views(predictions: Predictions) -> dict[str, int]:
    return {
        name: max(len(clip.logits.get(name, ())) for clip in predictions.clips)
        for name in predictions.models
    }


def _fusions(
    predictions: Predictions, settings: EnsembleSettings
) -> dict[str, Mapping[str, Predicted]]:
    found: dict[str, Mapping[str, Predicted]] = {}
    for rule in FUSION_RULES:
        scores = [c.scores(replace(settings, umt_fusion=rule)) for c in predictions.clips]  # type: ignore[arg-type]
        umt = _predicted([clip.get("umt") for clip in scores])
        found[rule] = {"umt": umt, **ensemble_predicted(scores, settings)}
    return found


def _without(name: str, scores: ClipScores, settings: EnsembleSettings) -> Predicted:
    """The weighted sum of the other two models."""
    others = {model: settings.scores[model] for model in FUSED if model != name}
    weights = softmax_weights(others)
    summed = [
        weighted_sum(clip, weights, settings.combine) if set(others) <= set(clip) else None
        for clip in scores
    ]
    return predicted_of(_rows(summed))
