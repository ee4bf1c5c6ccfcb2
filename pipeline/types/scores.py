"""What the networks say of a clip, and what they decide together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.elements import LABELS, NUM_CLASSES
from pipeline.types.basic import (
    FloatArray,
    check_shape,
)


@dataclass(frozen=True)
class ModelScores:
    """What one model says, view by view."""

    model: str
    """Key, e.g. `"umt_16x224"`, `"umt"` (fused), `"uniformerv2"`, `"infogcn"`."""
    logits: FloatArray
    """`(V, 28)`; equal views stand here as often as the protocol counts them."""
    probabilities: NDArray[np.float64]
    """`(28,)` of the model as a whole, summing to 1."""
    distinct_views: int
    """How many of the V views were different and so computed."""
    features: FloatArray | None = None
    """`(C,)` what the network saw before its answer, pooled over place, time and views; None of
    networks whose features are not kept, and in analyses of before."""

    def __post_init__(self) -> None:
        check_shape("logits", self.logits, None, NUM_CLASSES)
        check_shape("probabilities", self.probabilities, NUM_CLASSES)
        if not np.isfinite(self.logits).all() or not np.isfinite(self.probabilities).all():
            raise ValueError(f"{self.model}: scores are not finite numbers")
        if self.features is not None:
            check_shape("features", self.features, None)
            if not np.isfinite(self.features).all():
                raise ValueError(f"{self.model}: features are not finite numbers")

    @property
    def class_index(self) -> int:
        """The most probable class."""
        return int(self.probabilities.argmax())

    @property
    def label(self) -> str:
        """Its name."""
        return LABELS[self.class_index]

    @property
    def probability(self) -> float:
        """Its probability."""
        return float(self.probabilities.max())

    def __repr__(self) -> str:
        return f"ModelScores({self.model}, {self.label} {self.probability:.3f})"


@dataclass(frozen=True)
class Vote:
    """The majority vote of the models (paper, Sec. III-D)."""

    label: str
    """The winner."""
    votes: Mapping[str, str]
    """Model -> its class."""
    tie_broken_by: str | None
    """The model that decided a tie; None without one."""


@dataclass(frozen=True)
class Verdict:
    """The ensemble's decision."""

    probabilities: NDArray[np.float64]
    """`(28,)` of the deciding strategy; for a vote, the share of votes."""
    class_index: int
    """The decided class."""
    strategy: str
    """`"weighted"`, `"vote"` or `"refined"`: what decided."""
    weights: Mapping[str, float]
    """Model -> its weight in the weighted sum."""
    weighted: NDArray[np.float64]
    """`(28,)` the weighted sum, whichever strategy decided."""
    vote: Vote
    """The vote, whichever strategy decided."""

    def __post_init__(self) -> None:
        check_shape("probabilities", self.probabilities, NUM_CLASSES)
        check_shape("weighted", self.weighted, NUM_CLASSES)

    @property
    def label(self) -> str:
        """Name of the decided class."""
        return LABELS[self.class_index]

    @property
    def probability(self) -> float:
        """Probability of the decided class."""
        return float(self.probabilities[self.class_index])

    @property
    def runner_up(self) -> int:
        """The most probable of the other classes."""
        others = np.array(self.probabilities)
        others[self.class_index] = -np.inf
        return int(others.argmax())

    @property
    def margin(self) -> float:
        """Distance to the runner-up."""
        return self.probability - float(self.probabilities[self.runner_up])
