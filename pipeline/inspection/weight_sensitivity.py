"""What if the ensemble's weights were others: flip points, leave-one-out, who agrees with whom.

The weighted sum (paper, Sec. III-D) is linear in the weights, for probabilities and for logits, so
the weight of a model at which the verdict changes is found exactly, not by trying.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.classification.ensemble import FUSED, EnsembleSettings, Probabilities, weighted_sum
from pipeline.elements import LABELS
from pipeline.errors import ConfigError
from pipeline.types import ModelScores


@dataclass(frozen=True)
class Stretch:
    """A range of one model's weight in which the verdict stays the same."""

    start: float
    """Weight, 0..1; the other models share the rest as they do now."""
    end: float
    """Where the next stretch begins, or 1."""
    class_index: int
    """The verdict in between."""

    @property
    def label(self) -> str:
        """Its name."""
        return LABELS[self.class_index]


@dataclass(frozen=True)
class Flip:
    """The nearest change of one model's weight that changes the verdict."""

    model: str
    """Whose weight."""
    weight: float
    """At which the verdict changes."""
    class_index: int
    """Into which class."""

    @property
    def label(self) -> str:
        """Its name."""
        return LABELS[self.class_index]


@dataclass(frozen=True)
class WithoutOne:
    """The weighted ensemble without one of its models."""

    model: str
    """The one left out."""
    class_index: int
    """What the others decide."""
    probability: float
    """How probable they find it."""
    margin: float
    """Distance to their runner-up."""

    @property
    def label(self) -> str:
        """Name of what the others decide."""
        return LABELS[self.class_index]


def normalised(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights that sum to 1.

    Raises:
        ConfigError: A negative or infinite weight, or nothing but zeros.
    """
    values = np.array(list(weights.values()), dtype=np.float64)
    if not np.isfinite(values).all() or (values < 0).any() or values.sum() <= 0:
        raise ConfigError("weights: expected numbers of 0 or more, one of them above 0")
    return dict(zip(weights, (values / values.sum()).tolist(), strict=True))


def reweighted(weights: Mapping[str, float], model: str, weight: float) -> dict[str, float]:
    """The weights with that of one model set; the others share the rest as they did.

    Models that had no share to keep, because `model` had it all, share the rest evenly.
    """
    others = {name: value for name, value in weights.items() if name != model}
    total = sum(others.values())
    rest = 1 - weight
    shares = {
        name: rest * (value / total if total > 0 else 1 / len(others))
        for name, value in others.items()
    }
    return {name: weight if name == model else shares[name] for name in weights}


def sum_of(
    scores: Mapping[str, ModelScores], weights: Mapping[str, float], settings: EnsembleSettings
) -> Probabilities:
    """The weighted ensemble's `(28,)` with other weights; they are made to sum to 1 first."""
    return weighted_sum(scores, normalised(weights), settings.combine)


def stretches(
    scores: Mapping[str, ModelScores],
    weights: Mapping[str, float],
    model: str,
    settings: EnsembleSettings,
) -> tuple[Stretch, ...]:
    """How the verdict changes as one model's weight goes from 0 to 1, the others in proportion."""
    alone = _vector(scores[model], settings)
    rest = reweighted(weights, model, 0.0)
    others = sum(
        (rest[name] * _vector(scores[name], settings) for name in rest if name != model),
        start=np.zeros(len(LABELS)),
    )
    found: list[Stretch] = []
    at, winner = 0.0, _leader(others, alone)
    while True:
        crossing, successor = _next_crossing(others, alone - others, at, winner)
        found.append(Stretch(at, crossing, winner))
        if successor is None:
            return tuple(found)
        at, winner = crossing, successor


def _leader(others: NDArray[np.float64], alone: NDArray[np.float64]) -> int:
    """The best class at weight 0; of equal ones the one that grows fastest."""
    best = np.flatnonzero(others == others.max())
    return int(best[(alone - others)[best].argmax()])


def _next_crossing(
    values: NDArray[np.float64], slopes: NDArray[np.float64], at: float, winner: int
) -> tuple[float, int | None]:
    """Where, beyond `at`, another class's line `values + t slopes` overtakes the winner's."""
    steeper = slopes - slopes[winner]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossings = np.where(steeper > 0, (values[winner] - values) / steeper, np.inf)
    crossings = np.maximum(crossings, at)
    crossings[steeper <= 0] = np.inf
    first = float(crossings.min())
    if first >= 1:
        return 1.0, None
    rivals = np.flatnonzero(crossings == first)
    return first, int(rivals[slopes[rivals].argmax()])


def nearest_flips(
    scores: Mapping[str, ModelScores], weights: Mapping[str, float], settings: EnsembleSettings
) -> tuple[Flip, ...]:
    """For every model the nearest weight that changes the verdict, if any does; nearest first."""
    present = normalised(weights)
    flips = []
    for model, weight in present.items():
        ranges = stretches(scores, present, model, settings)
        here = next(i for i, s in enumerate(ranges) if weight <= s.end or i == len(ranges) - 1)
        if here > 0:
            flips.append(Flip(model, ranges[here].start, ranges[here - 1].class_index))
        if here + 1 < len(ranges):
            flips.append(Flip(model, ranges[here].end, ranges[here + 1].class_index))
    flips.sort(key=lambda flip: abs(flip.weight - present[flip.model]))
    nearest = {flip.model: flip for flip in reversed(flips)}
    return tuple(flip for flip in flips if nearest[flip.model] is flip)


def leave_one_out(
    scores: Mapping[str, ModelScores], weights: Mapping[str, float], settings: EnsembleSettings
) -> tuple[WithoutOne, ...]:
    """What the ensemble decides without each of its models, where the others have any weight."""
    found = []
    for model in weights:
        without = {name: value for name, value in weights.items() if name != model}
        if not any(without.values()):
            continue
        probabilities = sum_of(scores, without, settings)
        order = np.argsort(-probabilities, kind="stable")
        first, second = (float(probabilities[index]) for index in order[:2])
        found.append(WithoutOne(model, int(order[0]), first, first - second))
    return tuple(found)


def models_by_label(scores: Mapping[str, ModelScores]) -> dict[str, tuple[str, ...]]:
    """Class -> the models of the ensemble that say so; the class with most voices first."""
    found: dict[str, list[str]] = {}
    for name in FUSED:
        if name in scores:
            found.setdefault(scores[name].label, []).append(name)
    return {
        label: tuple(models)
        for label, models in sorted(found.items(), key=lambda item: -len(item[1]))
    }


def _vector(scores: ModelScores, settings: EnsembleSettings) -> NDArray[np.float64]:
    """What the weighted sum adds up for one model."""
    if settings.combine == "probabilities":
        return scores.probabilities
    mean: NDArray[np.float64] = scores.logits.astype(np.float64).mean(axis=0)
    return mean
