"""How unlike a clip is those that the networks know.

Signs, each from what an analysis stores: how far pooled features of two networks lie from those of
known clips (the nearest neighbours: Sun et al., "Out-of-Distribution Detection with Deep Nearest
Neighbors", ICML 2022), how little the networks' logits spread (networks answer what they never
learnt with flatter logits: Vaze et al., "Open-Set Recognition: A Good Closed-Set Classifier Is All
You Need", ICLR 2022), how much networks and views disagree, and how badly the skeleton is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.classification.ensemble import softmax
from pipeline.types import ModelScores, Novelty, PoseSequence

Array = NDArray[np.float64]

SIGNS = ("features", "disagreement", "skeleton")
"""Of every analysis."""
DISTANCES: Mapping[str, str] = {"picture": "uniformerv2", "movement": "infogcn"}
"""Signs of analyses that hold features -> the network whose features they are."""
DECIDING = ("features", *DISTANCES)
"""Those that the score is made of, chosen on validation clips of the rink against people who do not
skate there and panned photographs: disagreement among networks is as common on hard known clips."""
DECIDING_WITHOUT_FEATURES = ("features", "skeleton")
"""The same of analyses of before, which hold no features; they have a threshold of their own."""
NEIGHBOURS = 3


@dataclass(frozen=True)
class NoveltyModel:
    """What is usual of clips that the networks know."""

    usual_spread: Mapping[str, float]
    """Single network -> the median over known clips of how far its logits spread."""
    known: Mapping[str, Array]
    """Sign -> its values on known clips `(N,)`, rising."""
    threshold: float
    """Scores above are unlike."""
    threshold_without_features: float
    """The same of an analysis that holds no features."""
    references: Mapping[str, Array] = field(default_factory=dict)
    """Network -> the features of known clips `(N, C)`, of length 1; empty: none are known."""

    def __post_init__(self) -> None:
        signs = (*SIGNS, *(DISTANCES if self.references else ()))
        if set(self.known) != set(signs):
            raise ValueError(f"known: expected {', '.join(signs)}, got {', '.join(self.known)}")
        if self.references and set(self.references) != set(DISTANCES.values()):
            raise ValueError(f"references: got {', '.join(self.references)}")
        if not all(usual > 0 for usual in self.usual_spread.values()):
            raise ValueError(f"usual_spread: expected numbers above 0, got {self.usual_spread}")

    def signs(self, scores: Mapping[str, ModelScores], pose: PoseSequence) -> dict[str, float]:
        """Every sign of a clip, by name; larger is more unlike.

        Raises:
            KeyError: A network's scores are missing.
        """
        return {
            "features": self.faintness(scores),
            **self._distances(scores),
            "disagreement": disagreement([scores[name] for name in self.usual_spread]),
            "skeleton": unseen_skeleton(pose),
        }

    def faintness(self, scores: Mapping[str, ModelScores]) -> float:
        """How much less than usual the logits spread: 0 as usual, 1 where all are equal."""
        shares = [spread(scores[name]) / usual for name, usual in self.usual_spread.items()]
        return float(1.0 - np.mean(shares))

    def _distances(self, scores: Mapping[str, ModelScores]) -> dict[str, float]:
        """How far the features lie from known ones; nothing where the analysis lacks any."""
        found = {}
        for sign, network in DISTANCES.items() if self.references else ():
            features, references = scores[network].features, self.references[network]
            if features is None or features.shape != references.shape[1:]:
                return {}
            found[sign] = distance(features, references)
        return found

    def score(self, signs: Mapping[str, float]) -> float:
        """The deciding signs together: the mean of how far each lies above what is usual."""
        names = DECIDING if set(DISTANCES) <= set(signs) else DECIDING_WITHOUT_FEATURES
        return float(np.mean([excess(self.known[name], signs[name]) for name in names]))

    def judge(self, scores: Mapping[str, ModelScores], pose: PoseSequence) -> Novelty:
        """The novelty of a clip.

        Raises:
            KeyError: A network's scores are missing.
        """
        signs = self.signs(scores, pose)
        parts = {name: share_below(self.known[name], value) for name, value in signs.items()}
        whole = set(DISTANCES) <= set(signs)
        threshold = self.threshold if whole else self.threshold_without_features
        return Novelty(self.score(signs), threshold, parts)


def of_length_one(features: NDArray[np.floating]) -> Array:
    """Features `(..., C)` by their direction alone."""
    wide = np.asarray(features, dtype=np.float64)
    return np.asarray(wide / np.maximum(np.linalg.norm(wide, axis=-1, keepdims=True), 1e-12))


def distance(features: NDArray[np.floating], references: Array) -> float:
    """1 less the cosine to the nearest known clips, the mean of them.

    Args:
        features: `(C,)`.
        references: `(N, C)`, of length 1.
    """
    far = 1.0 - references @ of_length_one(features)
    return float(np.sort(far)[:NEIGHBOURS].mean())


def spread(scores: ModelScores) -> float:
    """Standard deviation over the classes of a network's logits, the mean of its views."""
    return float(scores.logits.astype(np.float64).mean(axis=0).std())


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
    """How far above the usual a value lies: 0 at the median, 1 where 16 of 100 lie above."""
    middle, high = np.quantile(known, (0.5, 0.84))
    return float((value - middle) / max(high - middle, 1e-9))


def share_below(known: Array, value: float) -> float:
    """Share of known values that are smaller."""
    return float(np.searchsorted(known, value) / len(known))


def _entropy(probabilities: Array) -> float:
    positive = probabilities[probabilities > 0]
    return float(-(positive * np.log(positive)).sum())
