"""Fits what `pipeline.verdict` knows: temperatures, thresholds of class sets, what is usual.

All of it on clips that no network learnt from and that no figure is taken from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.classification.ensemble import FUSED, Probabilities
from pipeline.elements import ELEMENTS, NUM_CLASSES
from pipeline.storage.analysis_files import load
from pipeline.types import Analysis, FloatArray, IntArray
from pipeline.verdict.calibrated import ensemble_probabilities
from pipeline.verdict.calibration import Calibration, MeantFor
from pipeline.verdict.conformal import conformal_threshold, enough
from pipeline.verdict.novelty import (
    DISTANCES,
    NEIGHBOURS,
    SIGNS,
    NoveltyModel,
    distance,
    of_length_one,
    spread,
)
from pipeline.verdict.temperature import tempered
from training.data.challenge import DataError
from training.data.stems import stem_path
from training.evaluation.analyses import FOLDER
from training.evaluation.fitting import fit_temperature
from training.evaluation.predictions import FILE, read_predictions

Array = NDArray[np.float64]

COVERAGES = (0.9, 0.95, 0.99)
"""Of the sets; those that there are too few clips for are left out."""
FALSE_ALARMS = 0.03
"""Share of known clips above the threshold of novelty."""


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
    temperatures = {
        name: fit_temperature(rows, labels, family_shares) for name, rows in said.items()
    }
    weighted = tempered(said["weighted"], temperatures["weighted"])
    return Calibration(
        meant_for=meant_for,
        fitted_on=fitted_on,
        temperatures=temperatures,
        set_thresholds={
            c: set_thresholds(weighted, labels, c) for c in COVERAGES if enough(len(clips), c)
        },
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


def family_shares(labels: IntArray) -> Array:
    """A weight for every clip such that a family counts as much as it has classes, summing to one.

    Few clips are of each class: with every class alike the one clip of a jump would weigh as much
    as fourteen of *NoBasic*.
    """
    family = np.array([element.family for element in ELEMENTS])
    mine = family[labels]
    weight = np.array([(family == name).mean() / (mine == name).mean() for name in mine])
    return np.asarray(weight / weight.sum())


def set_thresholds(probabilities: Array, labels: IntArray, coverage: float) -> Array:
    """The threshold of every class `(28,)`: one for each family.

    Jumps are mistaken for one another far more often than spins, so that one threshold for all
    would let some families' sets miss the truth too often and others' too rarely. A family with too
    few clips takes the threshold of all that are no jumps, or else of all.
    """
    family = np.array([element.family for element in ELEMENTS])
    true = probabilities[np.arange(len(labels)), labels]
    thresholds = np.full(NUM_CLASSES, conformal_threshold(true, coverage))
    for group in (family != "jump", *(family == name for name in sorted(set(family)))):
        mine = true[group[labels]]
        if enough(len(mine), coverage):
            thresholds[group] = conformal_threshold(mine, coverage)
    return thresholds


def fit_novelty(clips: Sequence[KnownClip]) -> NoveltyModel:
    """What is usual of known clips, and the thresholds that few of them exceed.

    Of the distances to known clips every clip has those to the others.
    """
    networks = [name for name in clips[0].analysis.scores if name != FUSED[0]]
    usual = {
        name: float(np.median([spread(clip.analysis.scores[name]) for clip in clips]))
        for name in networks
    }
    blank = NoveltyModel(usual, {name: np.zeros(1) for name in SIGNS}, np.inf, np.inf)
    signs = [blank.signs(clip.analysis.scores, clip.analysis.pose) for clip in clips]
    known = {name: np.sort([found[name] for found in signs]) for name in SIGNS}
    model = NoveltyModel(usual, known, np.inf, np.inf)
    limit = _seldom_exceeded([model.score(found) for found in signs])
    model = replace(model, threshold=limit, threshold_without_features=limit)
    return _with_distances(model, clips, signs)


def _with_distances(
    model: NoveltyModel, clips: Sequence[KnownClip], signs: Sequence[Mapping[str, float]]
) -> NoveltyModel:
    """The model with the features of all clips that have some, where they are enough."""
    rows: dict[str, list[FloatArray]] = {network: [] for network in DISTANCES.values()}
    whole = []
    for clip, found in zip(clips, signs, strict=True):
        kept = {network: clip.analysis.scores[network].features for network in rows}
        features = {network: row for network, row in kept.items() if row is not None}
        if len(features) == len(rows):
            whole.append(found)
            for network, row in features.items():
                rows[network].append(row)
    if len(whole) <= NEIGHBOURS:
        return model
    references = {network: of_length_one(np.stack(found)) for network, found in rows.items()}
    far = {sign: _from_others(references[network]) for sign, network in DISTANCES.items()}
    known = {**model.known, **{sign: np.sort(values) for sign, values in far.items()}}
    model = replace(model, known=known, references=references)
    scores = [
        model.score({**found, **{sign: values[place] for sign, values in far.items()}})
        for place, found in enumerate(whole)
    ]
    return replace(model, threshold=_seldom_exceeded(scores))


def _from_others(references: Array) -> Array:
    """Of every row its distance to the others, `(N,)`."""
    places = range(len(references))
    return np.array([distance(references[i], np.delete(references, i, axis=0)) for i in places])


def _seldom_exceeded(scores: Sequence[float]) -> float:
    return float(np.quantile(scores, 1.0 - FALSE_ALARMS))
