"""Calibration error, coverage, size of sets, false alarms: of an evaluation with fitted numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from laboratory.figures.metrics import calibration_error
from pipeline.classification.ensemble import EnsembleSettings, decide, vote_shares
from pipeline.elements import ELEMENTS
from pipeline.types import IntArray
from pipeline.verdict.calibrated import calibrated_ensembles, class_sets
from pipeline.verdict.calibration import Calibration
from pipeline.verdict.temperature import tempered
from training.evaluation.predictions import Predictions

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """Every labelled clip with fitted numbers."""

    labels: IntArray
    """`(N,)`."""
    before: Mapping[str, Array]
    """Model or ensemble -> `(N, 28)` as the paper has them; the vote's are shares."""
    after: Mapping[str, Array]
    """The same, calibrated."""
    sets: Mapping[float, Sequence[tuple[int, ...]]]
    """Coverage -> a set of classes a clip."""


def judge(predictions: Predictions, numbers: Calibration, settings: EnsembleSettings) -> Judged:
    """Apply fitted numbers to the labelled clips of an evaluation that answered."""
    before: dict[str, list[Array]] = {}
    after: dict[str, list[Array]] = {}
    sets: dict[float, list[tuple[int, ...]]] = {}
    labels = []
    for clip in predictions.labelled.clips:
        if not clip.logits:
            continue
        scores = clip.scores(settings)
        verdict = decide(scores, settings)
        ensembles = calibrated_ensembles(numbers, verdict)
        plain = {name: model.probabilities for name, model in scores.items()}
        rows = {**plain, "weighted": verdict.weighted, "vote": vote_shares(verdict.vote)}
        for name, row in rows.items():
            before.setdefault(name, []).append(row)
        scaled = {name: tempered(row, numbers.temperatures[name]) for name, row in plain.items()}
        for name, row in {**scaled, **ensembles}.items():
            after.setdefault(name, []).append(row)
        for found in class_sets(numbers, ensembles["weighted"]):
            sets.setdefault(found.coverage, []).append(found.class_indices)
        labels.append(clip.label)
    return Judged(
        np.array(labels),
        {name: np.stack(rows) for name, rows in before.items()},
        {name: np.stack(rows) for name, rows in after.items()},
        sets,
    )


def calibration_errors(judged: Judged) -> dict[str, tuple[float, float]]:
    """Expected calibration error of every model and ensemble, before and after."""
    return {
        name: (
            calibration_error(judged.before[name], judged.labels),
            calibration_error(judged.after[name], judged.labels),
        )
        for name in judged.after
    }


def reliability(
    probabilities: Array, labels: IntArray, bins: int = 10
) -> list[tuple[float, float, int]]:
    """Mean confidence, accuracy and number of clips of every bin of confidence that holds any."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        (float(confidence[mine].mean()), float(right[mine].mean()), int(mine.sum()))
        for mine in (place == number for number in range(bins))
        if mine.any()
    ]


@dataclass(frozen=True)
class SetMetrics:
    """How sets of classes do on some clips."""

    clips: int
    covered: float
    """Share whose set holds the true class."""
    size: float
    """Mean number of classes."""


def set_metrics(judged: Judged, coverage: float) -> dict[str, SetMetrics]:
    """Of every family of the true class, and of `all`."""
    found = judged.sets[coverage]
    held = np.array([label in classes for label, classes in zip(judged.labels, found, strict=True)])
    size = np.array([len(classes) for classes in found])
    family = np.array([ELEMENTS[label].family for label in judged.labels])
    groups = {name: family == name for name in ("jump", "spin", "sequence", "none")}
    return {
        name: SetMetrics(int(mine.sum()), float(held[mine].mean()), float(size[mine].mean()))
        for name, mine in {"all": np.ones(len(held), dtype=bool), **groups}.items()
        if mine.any()
    }


def auroc(known: Array, unlike: Array) -> float:
    """How often a clip that should be unlike has the higher score of the two; ties count half."""
    above = (unlike[:, None] > known).mean()
    return float(above + 0.5 * (unlike[:, None] == known).mean())
