"""Conformal sets of classes: as small as they can be while holding the true one often enough.

The score of a class is its calibrated probability (LAC: Sadinle et al., "Least Ambiguous
Set-Valued Classifiers with Bounded Error Levels", 2019); the threshold is the quantile, with the
correction for finite samples, over clips that had no part in training.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def conformal_threshold(true_probabilities: NDArray[np.float64], coverage: float) -> float:
    """The least probability that a class of the set has.

    Args:
        true_probabilities: `(N,)` what the true class of each calibration clip was given.
        coverage: Share of new clips whose set is to hold the true class, at least.

    Returns:
        The threshold; 0, so that a set holds everything, where N clips are not `enough`.
    """
    left = _left_out(len(true_probabilities), coverage)
    return float(np.sort(true_probabilities)[left - 1]) if left else 0.0


def enough(N: int, coverage: float) -> bool:
    """Whether so many clips are enough to claim a coverage."""
    return _left_out(N, coverage) > 0


def _left_out(N: int, coverage: float) -> int:
    """Of N + 1 clips the new one is among the lowest `n` with probability n / (N + 1)."""
    return int(np.floor((N + 1) * (1.0 - coverage) + 1e-9))


def class_set(
    probabilities: NDArray[np.float64], thresholds: NDArray[np.float64]
) -> tuple[int, ...]:
    """Classes with at least their threshold, the most probable first; never none.

    Args:
        probabilities: `(28,)`, calibrated.
        thresholds: `(28,)`, of each class.
    """
    order: Sequence[int] = np.argsort(-probabilities, kind="stable").tolist()
    taken = tuple(index for index in order if probabilities[index] >= thresholds[index])
    return taken or (order[0],)
