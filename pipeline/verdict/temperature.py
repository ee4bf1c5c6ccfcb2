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


def smoothed_votes(shares: NDArray[np.float64]) -> Probabilities:
    """Shares of votes `(..., 28)` with as many votes more as were cast, which all classes share.

    A class without a vote is so still possible, as in Laplace's rule of succession; how many are
    added was chosen on validation clips among one, as many as were cast, and more.
    """
    return np.asarray((shares + 1.0 / shares.shape[-1]) / 2.0)
