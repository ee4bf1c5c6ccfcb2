"""Fits what `pipeline.verdict` knows: temperatures, thresholds of class sets, what is usual.

All of it on clips that no network learnt from and no figure is taken from. What is usual of known
clips is found by cross-validation, so that a clip never helps to say how far it is away itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.classification.ensemble import FUSED, Probabilities
from pipeline.elements import ELEMENTS, NUM_CLASSES
from pipeline.storage.analysis_files import load
from pipeline.types import Analysis, IntArray
from pipeline.verdict.calibrated import ensemble_probabilities
from pipeline.verdict.calibration import Calibration, MeantFor
from pipeline.verdict.conformal import conformal_threshold
from pipeline.verdict.novelty import NoveltyModel, joint_logits
from pipeline.verdict.temperature import tempered
from training.data.challenge import DataError
from training.data.stems import stem_path
from training.evaluation.analyses import FOLDER
from training.evaluation.fitting import fit_temperature
from training.evaluation.predictions import FILE, read_predictions

Array = NDArray[np.float64]

COVERAGES = (0.9, 0.99)
FALSE_ALARMS = 0.03
"""Share of known clips above the threshold; new ones are somewhat further away."""
USED = ("features", "disagreement")
"""Signs of novelty that count."""

_FOLDS = 5
_SHRINKAGE = 0.3
"""Weight of the covariance's diagonal: there are about as many numbers as clips."""


@dataclass(frozen=True)
class KnownClip:
    """An analysis whose class is known."""

    analysis: Analysis
    label: int
    """Class index."""


def read_run(folder: Path) -> list[KnownClip]:
    """The analysed clips of an evaluation whose class is known.

    Raises:
        DataError: No predictions there, or none with a class and an analysis.
        StoreError: An analysis is missing or damaged.
    """
    clips = [
        KnownClip(load(stem_path(folder / FOLDER, clip.stem)), clip.label)
        for clip in read_predictions(folder / FILE).clips
        if clip.label is not None and clip.logits
    ]
    if not clips:
        raise DataError(f"{folder}: holds no analysed clip whose class is known")
    return clips


def fit_calibration(clips: Sequence[KnownClip], fitted_on: str) -> Calibration:
    """All numbers from analyses with one profile and one set of weights.

    Raises:
        DataError: Two clips were analysed otherwise, or with random weights.
    """
    meant_for = MeantFor.of(clips[0].analysis)
    if meant_for is None or any(MeantFor.of(clip.analysis) != meant_for for clip in clips):
        raise DataError("the clips were analysed with random weights, or not all the same way")
    labels = np.array([clip.label for clip in clips])
    said = _probabilities(clips)
    temperatures = {name: fit_temperature(rows, labels) for name, rows in said.items()}
    weighted = tempered(said["weighted"], temperatures["weighted"])
    return Calibration(
        meant_for=meant_for,
        fitted_on=fitted_on,
        temperatures=temperatures,
        set_thresholds={c: set_thresholds(weighted, labels, c) for c in COVERAGES},
        novelty=fit_novelty(clips),
    )


def _probabilities(clips: Sequence[KnownClip]) -> dict[str, Probabilities]:
    """What every model and ensemble says before its temperature, `(N, 28)` each."""
    rows: dict[str, list[Probabilities]] = {}
    for clip in clips:
        models = {name: scores.probabilities for name, scores in clip.analysis.scores.items()}
        for name, row in {**models, **ensemble_probabilities(clip.analysis.verdict)}.items():
            rows.setdefault(name, []).append(row)
    return {name: np.stack(found) for name, found in rows.items()}


def set_thresholds(probabilities: Array, labels: IntArray, coverage: float) -> Array:
    """The threshold of every class `(28,)`: one for jumps and one for everything else.

    Jumps are mistaken for one another far more often, so that one threshold for all would let their
    sets miss the truth too often and the others' too rarely.
    """
    jump = np.array([element.family == "jump" for element in ELEMENTS])
    true = probabilities[np.arange(len(labels)), labels]
    thresholds = np.zeros(NUM_CLASSES)
    for group in (jump, ~jump):
        thresholds[group] = conformal_threshold(true[group[labels]], coverage)
    return thresholds


def fit_novelty(clips: Sequence[KnownClip]) -> NoveltyModel:
    """What is usual of known clips, and the threshold that few of them exceed."""
    networks = tuple(name for name in clips[0].analysis.scores if name != FUSED[0])
    logits = np.stack([joint_logits([c.analysis.scores[n] for n in networks]) for c in clips])
    labels = np.array([clip.label for clip in clips])
    folds = _folds(labels)
    models = [_model(networks, logits[folds != f], labels[folds != f]) for f in range(_FOLDS)]
    values = [
        models[fold].values(clip.analysis.scores, clip.analysis.pose)
        for clip, fold in zip(clips, folds, strict=True)
    ]
    known = {name: np.sort([found[name] for found in values]) for name in USED}
    whole = _model(networks, logits, labels, known)
    scores = [whole.score({name: found[name] for name in USED}) for found in values]
    threshold = float(np.quantile(scores, 1.0 - FALSE_ALARMS))
    return NoveltyModel(networks, whole.means, whole.precision, known, threshold)


def _folds(labels: IntArray) -> IntArray:
    """Which fold each clip is in, the clips of a class spread over all."""
    folds = np.zeros(len(labels), dtype=np.int64)
    for index in np.unique(labels):
        mine = np.flatnonzero(labels == index)
        folds[mine] = np.arange(len(mine)) % _FOLDS
    return folds


def _model(
    networks: tuple[str, ...],
    logits: Array,
    labels: IntArray,
    known: Mapping[str, Array] | None = None,
) -> NoveltyModel:
    means = np.stack(
        [
            logits[labels == k].mean(axis=0) if (labels == k).any() else logits.mean(axis=0)
            for k in range(NUM_CLASSES)
        ]
    )
    within = logits - means[labels]
    covariance = within.T @ within / len(logits)
    shrunk = (1 - _SHRINKAGE) * covariance + _SHRINKAGE * np.diag(np.diag(covariance))
    some = {name: np.zeros(1) for name in USED}
    return NoveltyModel(networks, means, np.linalg.inv(shrunk), known or some, np.inf)
