"""Figures of a classifier: accuracy as the challenge counts it."""

from __future__ import annotations

import numpy as np

from pipeline.types import FloatArray, IntArray


def top1(logits: FloatArray, labels: IntArray) -> float:
    """Share of the clips `(N, K)` whose best class is the label `(N,)`."""
    return float((logits.argmax(axis=1) == labels).mean())


def mean_class_accuracy(logits: FloatArray, labels: IntArray) -> float:
    """Mean over the classes that occur of each one's accuracy (paper, equation 1)."""
    right = logits.argmax(axis=1) == labels
    return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))
