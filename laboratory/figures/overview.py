"""How good every voter is, with 95 % intervals, from one matrix product for all of them.

Clips of one broadcast look alike, so whole sources are drawn with replacement. What the figures
are made of (right and claimed answers of every class, excess of confidence in every bin) adds up
over sources: summed once for each source, every draw of every voter is one product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from laboratory.figures.intervals import wilson
from laboratory.table.clips import ClipTable, Voter
from laboratory.table.filters import Rows
from laboratory.table.voters import MISSED
from pipeline.elements import NUM_CLASSES
from pipeline.types import IntArray

Array = NDArray[np.float64]

BINS = 15
"""Of confidence, in the calibration error."""
DRAWS = 400
_CELLS = 4_000_000
"""Of the matrix of draws at a time: 16 MB."""


@dataclass(frozen=True)
class Estimate:
    """A figure and where it lies with 95 % confidence; NaN where no clip tells."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class VoterMetrics:
    """How good one voter is on the chosen clips whose class is known."""

    mean_class_accuracy: Estimate
    """Mean over the classes that occur (paper, equation 1)."""
    top1: Estimate
    macro_f1: Estimate
    ece: Estimate
    """Expected calibration error."""
    clips: IntArray
    """`(28,)` of every class."""
    accuracy: Array
    """`(28,)` of every class; NaN where it does not occur."""
    low: Array
    """`(28,)` the wider at each end of the drawn interval, which knows of clips alike, and of
    Wilson's, which knows that five right answers of five do not make a hundred of a hundred."""
    high: Array


def overview(table: ClipTable, rows: Rows, *, draws: int = DRAWS) -> dict[str, VoterMetrics]:
    """Figures of every voter.

    Args:
        table: The run.
        rows: `(N,)` which clips.
        draws: Of the sources.
    """
    chosen = np.flatnonzero(rows & table.labelled)
    labels = table.labels[chosen]
    _, source = np.unique(table.facts["source"][chosen], return_inverse=True)
    sums = _sums(table, chosen, labels, source.astype(np.int64))
    drawn = np.concatenate(
        [sums @ times for times in _times(sums.shape[1], draws)], axis=1, dtype=np.float64
    )
    clips = np.bincount(labels, minlength=NUM_CLASSES)
    width = 2 * NUM_CLASSES + BINS + 1
    return {
        name: _figures(drawn[:NUM_CLASSES], drawn[NUM_CLASSES + width * i :][:width], clips)
        for i, name in enumerate(table.voters)
    }


def _sums(table: ClipTable, chosen: IntArray, labels: IntArray, source: IntArray) -> csr_array:
    """`(F, S)` what figures are made of, by source: 28 totals, then 28 + 28 + 15 + 1 a voter."""
    entries = [(labels, source, np.ones(len(labels)))]
    first = NUM_CLASSES
    for voter in table.voters.values():
        entries += _entries(voter, chosen, labels, source, first)
        first += 2 * NUM_CLASSES + BINS + 1
    where, of, values = (np.concatenate(column) for column in zip(*entries, strict=True))
    sources = int(source.max(initial=-1)) + 1
    return csr_array((values.astype(np.float32), (where, of)), (first, sources))


def _entries(
    voter: Voter, chosen: IntArray, labels: IntArray, source: IntArray, first: int
) -> Iterator[tuple[IntArray, IntArray, Array]]:
    said, sure = voter.said[chosen], voter.confidence[chosen].astype(np.float64)
    right = said == labels
    answered = said != MISSED
    place = bin_of(sure[answered])
    ones = np.ones(len(labels))
    yield first + labels[right], source[right], ones[right]
    yield first + NUM_CLASSES + said[answered], source[answered], ones[answered]
    excess = right[answered] - sure[answered]
    yield first + 2 * NUM_CLASSES + place, source[answered], excess
    last = np.full(int(answered.sum()), first + 2 * NUM_CLASSES + BINS)
    yield last, source[answered], ones[answered]


def bin_of(confidence: Array) -> IntArray:
    """The bin of every confidence; each holds its upper edge."""
    return np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)


def _times(sources: int, draws: int) -> Iterator[NDArray[np.float32]]:
    """How often every source is drawn, `(S, d)` at a time; first once each, the figure itself."""
    yield np.ones((sources, 1), dtype=np.float32)
    generator = np.random.default_rng(0)
    while draws > 0 and sources > 0:
        d = min(draws, max(1, _CELLS // sources))
        drawn = generator.integers(sources, size=(d, sources), dtype=np.int32)
        drawn += np.arange(d, dtype=np.int32)[:, None] * sources
        counts = np.bincount(drawn.ravel(), minlength=d * sources).reshape(d, sources)
        yield np.ascontiguousarray(counts.T, dtype=np.float32)
        draws -= d


def _figures(totals: Array, sums: Array, clips: IntArray) -> VoterMetrics:
    """From drawn sums `(F, 1 + D)`, the first column of which is the clips as they are."""
    right, claimed = sums[:NUM_CLASSES], sums[NUM_CLASSES : 2 * NUM_CLASSES]
    excess, answered = sums[2 * NUM_CLASSES : -1], sums[-1]
    occurs = totals > 0
    shares = _ratio(right, totals)  # (28, 1 + D)
    f1 = np.where(occurs, _ratio(2 * right, totals + claimed), 0.0).sum(axis=0)
    low, high = _percentiles(shares[:, 1:])
    wilson_low, wilson_high = wilson(right[:, 0], totals[:, 0])
    return VoterMetrics(
        _estimate(_ratio(np.where(occurs, shares, 0.0).sum(axis=0), occurs.sum(axis=0))),
        _estimate(_ratio(right.sum(axis=0), totals.sum(axis=0))),
        _estimate(_ratio(f1, occurs.sum(axis=0))),
        _estimate(_ratio(np.abs(excess).sum(axis=0), answered)),
        clips,
        shares[:, 0],
        np.fmin(low, wilson_low),
        np.fmax(high, wilson_high),
    )


def _ratio(above: Array, below: Array) -> Array:
    out = np.full(np.broadcast_shapes(above.shape, below.shape), np.nan)
    return np.divide(above, below, out=out, where=below > 0)


def _estimate(drawn: Array) -> Estimate:
    low, high = _percentiles(drawn[None, 1:])
    return Estimate(float(drawn[0]), float(low[0]), float(high[0]))


def _percentiles(drawn: Array) -> tuple[Array, Array]:
    """2.5 and 97.5 % of every row, of those draws that tell something; NaN where none does."""
    low, high = np.full(len(drawn), np.nan), np.full(len(drawn), np.nan)
    for row, values in enumerate(drawn):
        told = values[~np.isnan(values)]
        if len(told):
            low[row], high[row] = np.percentile(told, (2.5, 97.5))
    return low, high
