"""Figures of a classifier, as the challenge counts them and as one may trust them.

`predicted` and `labels` are `(N,)` class indices; `MISSED` stands for a clip without an answer,
which is wrong whatever it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import binomtest

from laboratory.table.voters import MISSED
from pipeline.elements import NUM_CLASSES
from pipeline.types import FloatArray, IntArray


def top1(logits: FloatArray, labels: IntArray) -> float:
    """Share of the clips `(N, K)` whose best class is the label `(N,)`."""
    return accuracy(logits.argmax(axis=1), labels)


def mean_class_accuracy(logits: FloatArray, labels: IntArray) -> float:
    """Mean over the classes that occur of each one's accuracy (paper, equation 1)."""
    return float(np.nanmean(class_accuracies(logits.argmax(axis=1), labels)))


def accuracy(predicted: IntArray, labels: IntArray) -> float:
    """Share of right answers."""
    return float((predicted == labels).mean())


def class_accuracies(predicted: IntArray, labels: IntArray) -> NDArray[np.float64]:
    """Share of right answers in each class `(K,)`; NaN for classes that do not occur."""
    counts = np.bincount(labels, minlength=NUM_CLASSES)
    right = np.bincount(labels[predicted == labels], minlength=NUM_CLASSES)
    shares = np.full(NUM_CLASSES, np.nan)
    np.divide(right, counts, out=shares, where=counts > 0)
    return shares


def confusion_matrix(predicted: IntArray, labels: IntArray) -> IntArray:
    """Clips of class i that were taken for class j: `(K, K)`; missed clips are left out."""
    table = np.zeros((NUM_CLASSES, NUM_CLASSES), dtype=np.int64)
    answered = predicted != MISSED
    np.add.at(table, (labels[answered], predicted[answered]), 1)
    return table


def macro_f1(predicted: IntArray, labels: IntArray) -> float:
    """Mean over the classes that occur of the harmonic mean of precision and recall."""
    right = np.bincount(labels[predicted == labels], minlength=NUM_CLASSES)
    true = np.bincount(labels, minlength=NUM_CLASSES)
    claimed = np.bincount(predicted[predicted != MISSED], minlength=NUM_CLASSES)
    occurs = true > 0
    return float((2 * right[occurs] / (true[occurs] + claimed[occurs])).mean())


def calibration_error(
    probabilities: NDArray[np.float64], labels: IntArray, *, bins: int = 15
) -> float:
    """Expected calibration error: how far confidence and accuracy lie apart, over equal bins.

    Args:
        probabilities: `(N, K)`, rows of NaN for missed clips, which are left out.
        labels: `(N,)`.
        bins: Of confidence; each holds its upper edge.
    """
    answered = ~np.isnan(probabilities[:, 0])
    confidence = probabilities[answered].max(axis=1, initial=0.0)
    right = probabilities[answered].argmax(axis=1) == labels[answered]
    if not len(right):
        return float("nan")
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    excess = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(excess).sum() / len(right))


@dataclass(frozen=True)
class Interval:
    """Where a figure lies with 95 % confidence."""

    low: float
    high: float


class Bootstrap:
    """Draws sources again and again with replacement, the same ones for every voter.

    Clips of one broadcast look alike, so whole sources are drawn.

    Args:
        sources: `(N,)` which broadcast each clip was cut from.
        draws: How often.
    """

    def __init__(self, sources: Sequence[str], *, draws: int = 2000) -> None:
        names, self._source = np.unique(np.asarray(sources), return_inverse=True)
        generator = np.random.default_rng(0)
        self._times = np.zeros((draws, len(names)), dtype=np.uint16)  # (D, S)
        for row in self._times:
            drawn = generator.integers(len(names), size=len(names))
            row += np.bincount(drawn, minlength=len(names)).astype(np.uint16)

    def interval(self, predicted: IntArray, labels: IntArray) -> Interval:
        """95 % interval of the mean class accuracy; a class counts in the draws that it is in."""
        shape = (NUM_CLASSES, self._times.shape[1])
        places = (labels, self._source)
        total = csr_array((np.ones(len(labels), np.float32), places), shape)  # sums what repeats
        right = csr_array(((predicted == labels).astype(np.float32), places), shape)
        figures = []
        for times in np.array_split(self._times, 20):  # bounded memory
            drawn = times.T.astype(np.float32)  # (S, d)
            counts, hits = total @ drawn, right @ drawn  # (K, d)
            shares = np.divide(hits, counts, out=np.full_like(hits, np.nan), where=counts > 0)
            figures.append(np.nanmean(shares, axis=0))
        low, high = np.percentile(np.concatenate(figures), (2.5, 97.5))
        return Interval(float(low), float(high))


@dataclass(frozen=True)
class McNemar:
    """Whether two models err equally often: the clips that only one of them gets right."""

    only_first: int
    only_second: int
    p_value: float
    """Exact, two-sided."""


def mcnemar(first: IntArray, second: IntArray, labels: IntArray) -> McNemar:
    """Compare two models' predictions `(N,)` of the same clips."""
    one, other = first == labels, second == labels
    only_first, only_second = int((one & ~other).sum()), int((other & ~one).sum())
    discordant = only_first + only_second
    p_value = float(binomtest(only_first, discordant).pvalue) if discordant else 1.0
    return McNemar(only_first, only_second, p_value)
