"""Two runs of the same clips: what got right, what wrong, and whether that is more than luck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from laboratory.figures.metrics import McNemar, mcnemar
from laboratory.figures.overview import Estimate
from laboratory.table.clips import ClipTable
from pipeline.elements import NUM_CLASSES
from pipeline.types import IntArray

DRAWS = 2000


@dataclass(frozen=True)
class Comparison:
    """Of a voter of one run and one of another, over the clips that both have."""

    first: IntArray
    """`(n,)` rows in the first run's table of the clips that both have with the same class."""
    second: IntArray
    """`(n,)` rows of the same clips in the second's."""
    only_first: int
    """Clips that only the first run has."""
    only_second: int
    differing: int
    """Clips that both have, but with different classes: they are compared by nobody."""
    fixed: IntArray
    """Rows of the first's table: wrong there, right in the second."""
    broken: IntArray
    """Right there, wrong in the second."""
    test: McNemar
    """`only_first` counts the broken, `only_second` the fixed."""
    gain: Estimate
    """Mean class accuracy of the second less that of the first; sources drawn, of both the same."""
    by_class: NDArray[np.float64]
    """`(28,)` the same of every class; NaN where it does not occur."""
    by_class_low: NDArray[np.float64]
    """`(28,)` 95 %."""
    by_class_high: NDArray[np.float64]


def compare(
    first: ClipTable, second: ClipTable, voter: str, other: str, *, draws: int = DRAWS
) -> Comparison:
    """Compare `voter` of the first run with `other` of the second."""
    _, one, two = np.intersect1d(first.stems, second.stems, assume_unique=True, return_indices=True)
    shared = len(one)
    both_known = first.labelled[one] & second.labelled[two]
    same = first.labels[one] == second.labels[two]
    differing = int((both_known & ~same).sum())
    one, two = one[both_known & same], two[both_known & same]
    labels = first.labels[one]
    before, after = first.voters[voter].said[one], second.voters[other].said[two]
    was, is_now = before == labels, after == labels
    change = is_now.astype(np.float64) - was
    gain, by_class = _gains(change, labels, first.facts["source"][one], draws)
    low, high = _percentiles(by_class[:, 1:])
    gain_low, gain_high = _percentiles(gain[None, 1:])
    return Comparison(
        one, two, len(first) - shared, len(second) - shared, differing,
        one[~was & is_now], one[was & ~is_now], mcnemar(before, after, labels),
        Estimate(float(gain[0]), float(gain_low[0]), float(gain_high[0])),
        by_class[:, 0], low, high,
    )  # fmt: skip


def _gains(
    change: NDArray[np.float64], labels: IntArray, sources: NDArray[np.str_], draws: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean over classes `(1 + D,)` and by class `(28, 1 + D)`; first of the clips as they are."""
    names, source = np.unique(sources, return_inverse=True)
    S = len(names)
    shape, places = (NUM_CLASSES, S), (labels, source)
    sums = csr_array((change, places), shape)
    totals = csr_array((np.ones(len(labels)), places), shape)
    generator = np.random.default_rng(0)
    parts = []
    for part in range(0, draws + 1, 100):  # bounded memory
        d = min(100, draws + 1 - part)
        times = generator.multinomial(S, np.full(S, 1 / S), size=d).T if S else np.zeros((0, d))
        if part == 0:
            times[:, 0] = 1
        above, below = np.asarray(sums @ times), np.asarray(totals @ times)
        parts.append(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))
    by_class = np.concatenate(parts, axis=1)
    occurs = ~np.isnan(by_class)
    mean = np.divide(
        np.where(occurs, by_class, 0.0).sum(axis=0), occurs.sum(axis=0),
        out=np.full(by_class.shape[1], np.nan), where=occurs.any(axis=0),
    )  # fmt: skip
    return mean, by_class


def _percentiles(drawn: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    told = ~np.isnan(drawn).all(axis=1)
    edges = np.full((2, len(drawn)), np.nan)
    if told.any():
        edges[:, told] = np.nanpercentile(drawn[told], (2.5, 97.5), axis=1)
    return edges[0], edges[1]
