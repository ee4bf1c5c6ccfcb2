"""Intervals of a share, from how often something was seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Z = 1.959963984540054
"""Of 95 %."""


def wilson(hits: ArrayLike, trials: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 95 % interval of shares (Wilson, 1927); NaN without trials."""
    n = np.asarray(trials, dtype=np.float64)
    n = np.where(n > 0, n, np.nan)
    p = np.asarray(hits, dtype=np.float64) / n
    middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * np.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return np.clip(middle - half, 0.0, p), np.clip(middle + half, p, 1.0)
