"""How unlike a clip is those that the networks know.

Three signs, each from what an analysis stores: how far the networks' logits lie from those of known
clips (Mahalanobis distance to the nearest class mean with one covariance: Lee et al., "A Simple
Unified Framework for Detecting Out-of-Distribution Samples", NeurIPS 2018), how much networks and
views disagree, and how well the skeleton is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.classification.ensemble import softmax
from pipeline.elements import NUM_CLASSES
from pipeline.types import ModelScores, Novelty, PoseSequence
from pipeline.types.basic import check_shape

Array = NDArray[np.float64]

PARTS = ("features", "disagreement", "skeleton")
"""Names of the signs, of which a model uses some."""


@dataclass(frozen=True)
class NoveltyModel:
    """What is known of the clips that the networks know; D is 28 a network."""

    networks: tuple[str, ...]
    """Single networks whose logits count, in this order."""
    means: Array
    """`(28, D)` of the logits of every class."""
    precision: Array
    """`(D, D)` inverse of the covariance that all classes share."""
    known: Mapping[str, Array]
    """Sign -> its values on known clips `(N,)`, rising; held out where the model was fitted."""
    threshold: float
    """Scores above are unlike."""

    def __post_init__(self) -> None:
        D = NUM_CLASSES * len(self.networks)
        check_shape("means", self.means, NUM_CLASSES, D)
        check_shape("precision", self.precision, D, D)
        if not self.known or not set(self.known) <= set(PARTS):
            raise ValueError(f"known: expected some of {PARTS}, got {tuple(self.known)}")

    def values(self, scores: Mapping[str, ModelScores], pose: PoseSequence) -> dict[str, float]:
        """Every sign of a clip, by name; larger is more unlike.

        Raises:
            KeyError: A network's scores are missing.
        """
        mine = [scores[name] for name in self.networks]
        return {
            "features": nearest_distance(joint_logits(mine), self.means, self.precision),
            "disagreement": disagreement(mine),
            "skeleton": unseen_skeleton(pose),
        }

    def judge(self, scores: Mapping[str, ModelScores], pose: PoseSequence) -> Novelty:
        """The novelty of a clip.

        Raises:
            KeyError: A network's scores are missing.
        """
        found = self.values(scores, pose)
        values = {name: found[name] for name in self.known}
        return Novelty(
            score=self.score(values),
            threshold=self.threshold,
            parts={name: share_below(self.known[name], value) for name, value in values.items()},
        )

    def score(self, values: Mapping[str, float]) -> float:
        """The signs together: the mean of how far each lies above what is usual."""
        return float(np.mean([excess(self.known[name], values[name]) for name in self.known]))


def joint_logits(scores: Sequence[ModelScores]) -> Array:
    """What the networks make of a clip, `(D,)`: the mean over the views of each one's logits."""
    return np.concatenate([model.logits.astype(np.float64).mean(axis=0) for model in scores])


def nearest_distance(logits: Array, means: Array, precision: Array) -> float:
    """Mahalanobis distance of `(D,)` to the nearest of the means `(K, D)`."""
    apart = means - logits
    squared = ((apart @ precision) * apart).sum(axis=1)
    return float(np.sqrt(max(0.0, squared.min())))


def disagreement(scores: Sequence[ModelScores]) -> float:
    """Jensen-Shannon divergence among all views of all networks, in nats.

    0 where every view of every network says the same; each network counts alike.
    """
    views = [softmax(model.logits) for model in scores]
    mean = np.mean([rows.mean(axis=0) for rows in views], axis=0)
    inner = np.mean([np.mean([_entropy(row) for row in rows]) for rows in views])
    return float(max(0.0, _entropy(mean) - inner))


def unseen_skeleton(pose: PoseSequence) -> float:
    """1 less the mean score of the joints; frames without a skater count as unseen."""
    asked = pose.scores[:: pose.stride]
    return float(1.0 - np.clip(asked, 0.0, 1.0).mean())


def excess(known: Array, value: float) -> float:
    """How far above the usual a value lies: 0 at the median, 1 at the 95th percentile."""
    middle, high = np.quantile(known, (0.5, 0.95))
    return float((value - middle) / max(high - middle, 1e-9))


def share_below(known: Array, value: float) -> float:
    """Share of known values that are smaller."""
    return float(np.searchsorted(known, value) / len(known))


def _entropy(probabilities: Array) -> float:
    positive = probabilities[probabilities > 0]
    return float(-(positive * np.log(positive)).sum())
