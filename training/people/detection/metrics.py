"""How good a ranked list of answers is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.types import FloatArray


def average_precision(scores: FloatArray, right: NDArray[np.bool_], total: int) -> float:
    """Area under the curve of precision over recall, precision made monotone (COCO's rule).

    Args:
        scores: `(N,)` of all answers.
        right: `(N,)` which of them are.
        total: Number of right answers that there are to give.
    """
    if not total or not len(scores):
        return 0.0
    hits = right[np.argsort(-scores, kind="stable")]
    precision = hits.cumsum() / np.arange(1, len(hits) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best_from_here[hits].sum() / total)
