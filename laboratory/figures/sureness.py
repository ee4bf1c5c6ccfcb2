"""What a voter's confidence is worth: reliability, and the error left when it may abstain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from laboratory.figures.overview import BINS, bin_of
from laboratory.table.clips import ClipTable
from laboratory.table.filters import Rows
from laboratory.table.voters import MISSED
from pipeline.types import IntArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Reliability:
    """Accuracy over confidence; B bins that hold clips."""

    confidence: Array
    """`(B,)` mean of a bin, 0..1."""
    accuracy: Array
    """`(B,)` share of its clips that are right."""
    clips: IntArray
    """`(B,)`."""


@dataclass(frozen=True)
class RiskCoverage:
    """The error among the clips that a voter is surest of, the share of which grows."""

    coverage: Array
    """`(R,)` ascending, the last one 1: a step a confidence, for clips of the same one cannot be
    told apart."""
    risk: Array
    """`(R,)` share of wrong ones among them."""
    area: float
    """Under the curve, as the mean over clips (AURC, Geifman et al., 2019); 0 is perfect."""


def _answered(table: ClipTable, rows: Rows, voter: str) -> tuple[Array, Rows]:
    said = table.voters[voter].said
    chosen = rows & table.labelled & (said != MISSED)
    sure = table.voters[voter].confidence[chosen].astype(np.float64)
    return sure, table.right(voter)[chosen]


def reliability(table: ClipTable, rows: Rows, voter: str) -> Reliability:
    """Sort the answers into equal bins of confidence."""
    sure, right = _answered(table, rows, voter)
    place = bin_of(sure)
    clips = np.bincount(place, minlength=BINS)
    held = clips > 0
    return Reliability(
        np.bincount(place, weights=sure, minlength=BINS)[held] / clips[held],
        np.bincount(place, weights=right, minlength=BINS)[held] / clips[held],
        clips[held],
    )


def risk_coverage(table: ClipTable, rows: Rows, voter: str) -> RiskCoverage:
    """The curve of the answers, the surest first."""
    sure, right = _answered(table, rows, voter)
    if not len(sure):
        return RiskCoverage(np.zeros(0), np.zeros(0), float("nan"))
    order = np.argsort(-sure, kind="stable")
    last = np.flatnonzero(np.diff(-sure[order], append=np.inf))  # of every confidence
    clips = last + 1
    risk = np.cumsum(~right[order])[last] / clips
    area = float((risk * np.diff(clips, prepend=0)).sum() / len(sure))
    return RiskCoverage(clips / len(sure), risk, area)
