"""Temperature scaling (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.classification.ensemble import Probabilities, softmax

_SMALLEST = 1e-12


def tempered(probabilities: NDArray[np.float64], temperature: float) -> Probabilities:
    """Probabilities `(..., 28)` whose logarithms are divided by a temperature; NaN rows stay.

    The order of the classes stays. Below 1 the most probable one gets more, above 1 less.
    """
    if not temperature > 0:
        raise ValueError(f"temperature: expected a number above 0, got {temperature}")
    return softmax(np.log(np.maximum(probabilities, _SMALLEST)) / temperature)


def smoothed_votes(shares: NDArray[np.float64], voters: int) -> Probabilities:
    """Shares of votes `(..., 28)` with one vote more, which all classes share.

    A class without a vote is so still possible (Laplace's rule of succession).
    """
    K = shares.shape[-1]
    return np.asarray((voters * shares + 1.0 / K) / (voters + 1))
