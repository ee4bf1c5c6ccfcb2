"""The weights of the three models: what every mixture of them would have got right.

The best point of the triangle is chosen on the clips that it is measured on, so it is too good;
`held_out` tells by how much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from laboratory.table.clips import ClipTable
from laboratory.table.filters import Rows
from pipeline.classification.ensemble import FUSED, EnsembleSettings, softmax_weights
from pipeline.elements import NUM_CLASSES
from pipeline.types import IntArray

Array = NDArray[np.float64]

STEPS = 20
"""Of an edge of the triangle: 231 points."""
FOLDS = 5


@dataclass(frozen=True)
class Triangle:
    """Mean class accuracy over the weights of Unmasked Teacher, UniFormerV2 and InfoGCN."""

    weights: Array
    """`(W, 3)` points of a grid, corners and edges among them; each sums to 1."""
    accuracy: Array
    """`(W,)` mean class accuracy, 0..1; NaN without clips."""
    best: int
    """Point of the highest accuracy; of equals the one nearest to equal weights."""
    paper: Array
    """`(3,)` the paper's weights."""
    paper_accuracy: float
    vote_accuracy: float
    """Of the majority vote, which is no point of the triangle."""
    held_out: float
    """Mean class accuracy where every fifth of the sources is answered with the weights that are
    best on the others: what one may expect of choosing weights."""


def grid(steps: int = STEPS) -> Array:
    """`(W, 3)` all weights in whole steps."""
    points = [(i, j, steps - i - j) for i in range(steps + 1) for j in range(steps + 1 - i)]
    return np.array(points) / steps


def triangle(table: ClipTable, rows: Rows, *, steps: int = STEPS) -> Triangle | None:
    """Try all weights on the chosen clips whose class is known; None without the three models."""
    if not set(FUSED) <= set(table.voters):
        return None
    scores = EnsembleSettings().scores
    paper = np.array(list(softmax_weights({name: scores[name] for name in FUSED}).values()))
    weights = np.concatenate([grid(steps), paper[None]])
    chosen = np.flatnonzero(rows & table.labelled)
    labels = table.labels[chosen]
    right = _right(table, chosen, weights)
    accuracy = mean_class_accuracies(right, labels)
    vote = table.right("vote")[chosen][None].astype(np.float64)
    fold = _folds(table.facts["source"][chosen])
    return Triangle(
        weights[:-1],
        accuracy[:-1],
        _best(accuracy[:-1], weights[:-1]),
        paper,
        float(accuracy[-1]),
        float(mean_class_accuracies(vote, labels)[0]),
        _held_out(right[:-1], labels, fold, weights[:-1]),
    )


def _right(table: ClipTable, chosen: IntArray, weights: Array) -> Array:
    """`(W, n)` 1 where the weighted sum is the class.

    Most classes are below the true one in all three models, and so below it in every mixture: only
    the others are mixed, some three a clip instead of 28.
    """
    models = np.stack([table.voters[name].probabilities[chosen] for name in FUSED])  # (3, n, 28)
    labels = table.labels[chosen]
    own = np.take_along_axis(models, labels[None, :, None], axis=2)
    rival: Rows = np.logical_or.reduce(models >= own, axis=0)  # (n, 28)
    rival[np.arange(len(labels)), labels] = False
    clip, other = np.nonzero(rival)
    ahead = models[:, clip, other].astype(np.float64) - own[:, clip, 0]  # (3, Q)
    first = other < labels[clip]  # of two alike the first one is the answer
    missed = np.isnan(own[:, :, 0]).any(axis=0)
    right = np.ones((len(weights), len(labels)), dtype=bool)
    right[:, missed] = False
    begins = np.flatnonzero(np.diff(clip, prepend=-1))
    for row, weight in enumerate(weights if len(begins) else ()):
        mixed = weight @ ahead
        beaten = (mixed > 0) | ((mixed == 0) & first)
        right[row, clip[begins]] &= ~np.logical_or.reduceat(beaten, begins)
    return right.astype(np.float64)


def mean_class_accuracies(right: Array, labels: IntArray) -> Array:
    """`(W,)` mean over the classes that occur, of W ways to answer N clips `(W, N)`."""
    counts = np.bincount(labels, minlength=NUM_CLASSES)
    occurs = counts > 0
    if not occurs.any():
        return np.full(len(right), np.nan)
    share = np.zeros(len(labels)) + 1.0 / (counts[labels] * occurs.sum())
    return np.asarray(right @ share)


def _best(accuracy: Array, weights: Array) -> int:
    distance = ((weights - 1 / 3) ** 2).sum(axis=1)
    return int(np.lexsort((distance, -np.round(np.nan_to_num(accuracy), 12)))[0])


def _folds(sources: NDArray[np.str_]) -> IntArray:
    names, of_clip = np.unique(sources, return_inverse=True)
    return np.asarray((np.random.default_rng(0).permutation(len(names)) % FOLDS)[of_clip])


def _held_out(right: Array, labels: IntArray, fold: IntArray, weights: Array) -> float:
    answered = np.zeros((1, len(labels)))
    for k in range(FOLDS):
        inside, apart = fold == k, fold != k
        if not apart.any() or not inside.any():
            continue
        best = _best(mean_class_accuracies(right[:, apart], labels[apart]), weights)
        answered[0, inside] = right[best, inside]
    return float(mean_class_accuracies(answered, labels)[0])
