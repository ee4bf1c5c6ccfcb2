"""From the models' logits to one verdict (paper, Sec. III-D).

Views of one network: softmax each, then the mean. The three Unmasked Teachers fuse into one voter.
The ensemble is a majority vote, whose ties UniFormerV2 decides, or a weighted sum of probabilities
with weights softmax([94.5, 95.0, 92.0]).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.elements import LABELS
from pipeline.errors import ConfigError
from pipeline.settings import settings
from pipeline.types import FloatArray, IntArray, ModelScores, Verdict, Vote

Probabilities = NDArray[np.float64]

Strategy = Literal["weighted", "vote", "refined"]
"""What may decide a verdict."""
FUSED = ("umt", "uniformerv2", "infogcn")
"""The three models of the ensemble, in the paper's order."""
LEADERBOARD = {
    "umt": 94.55,
    "uniformerv2": 95.02,
    "infogcn": 92.03,
    "vote": 95.67,
    "weighted": 95.73,
}
"""Mean class accuracy on the challenge's test set, in percent (paper, Tables II and III)."""


@settings()
class EnsembleSettings:
    """How the models' scores become one verdict."""

    strategy: Strategy = "weighted"
    """What decides: one of the paper's two, which are always computed, or `refined`, beyond the
    paper: the weighted sum times what the skeleton shows of a jump. Where there are scores alone,
    as in evaluations, `refined` is the weighted sum."""
    scores: Mapping[str, float] = field(
        default_factory=lambda: {"umt": 94.5, "uniformerv2": 95.0, "infogcn": 92.0}
    )
    """Leaderboard scores, as the paper rounds them, whose softmax gives the weights of the sum."""
    umt_fusion: Literal["mean", "softmax_of_sum", "softmax_of_mean"] = "mean"
    """Assumption: the paper's "aggregate the probabilities, then softmax" is the mean of the three
    variants' probabilities. Read literally, a softmax over already summed probabilities
    (`softmax_of_sum`) caps UMT at 0.43 over 28 classes, over their mean (`softmax_of_mean`) at
    0.09, which takes UMT out of the weighted ensemble."""
    combine: Literal["probabilities", "logits"] = "probabilities"
    """Assumption: the weighted sum adds probabilities; `logits` adds the view means of the logits
    and takes the softmax of the sum."""
    voters: Literal["three", "five"] = "three"
    """Assumption: UMT votes once (`three`); `five` lets every single network vote."""
    tie_breaker: Literal["umt", "uniformerv2", "infogcn"] = "uniformerv2"
    """Among the classes that tie, the one this model finds most probable wins."""

    def __post_init__(self) -> None:
        if set(self.scores) != set(FUSED):
            got = ", ".join(sorted(self.scores))
            raise ConfigError(f"ensemble.scores: expected {', '.join(FUSED)}, got {got or 'none'}")


def softmax(values: NDArray[np.floating]) -> Probabilities:
    """Softmax over the last axis, in float64."""
    z = np.asarray(values, dtype=np.float64)
    w = np.exp(z - z.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True)


def softmax_weights(scores: Mapping[str, float]) -> dict[str, float]:
    """Turn leaderboard scores into ensemble weights (paper, Sec. III-D)."""
    names = list(scores)
    weights = softmax(np.array([scores[name] for name in names]))
    return dict(zip(names, weights.tolist(), strict=True))


def score_views(model: str, logits: FloatArray, view_of: IntArray | None = None) -> ModelScores:
    """Scores of one network from the logits of its distinct views.

    Args:
        model: Key of the network.
        logits: `(D, 28)`, one row a distinct view.
        view_of: `(V,)` the row that each of the protocol's views equals; each stands once by
            default. The result equals the plain mean over all V views.

    Returns:
        Scores with all V views kept.
    """
    rows = np.arange(len(logits)) if view_of is None else view_of
    share = np.bincount(rows, minlength=len(logits)) / len(rows)
    probabilities = share @ softmax(logits)
    every_view = np.asarray(logits, dtype=np.float32)[rows]
    return ModelScores(model, every_view, probabilities, distinct_views=len(logits))


def fuse_umt(
    variants: Sequence[ModelScores], rule: str = "mean", *, name: str = "umt"
) -> ModelScores:
    """Fuse the Unmasked Teacher variants into one voter with log-probabilities as logits `(1, 28)`.

    Args:
        variants: At least one network's scores.
        rule: `EnsembleSettings.umt_fusion`.
        name: Key of the result.
    """
    stacked = np.stack([variant.probabilities for variant in variants])
    if rule == "mean":
        probabilities = stacked.mean(axis=0)
    elif rule == "softmax_of_sum":
        probabilities = softmax(stacked.sum(axis=0))
    elif rule == "softmax_of_mean":
        probabilities = softmax(stacked.mean(axis=0))
    else:
        raise ConfigError(
            f"ensemble.umt_fusion: expected mean, softmax_of_sum or softmax_of_mean, got {rule}"
        )
    # A class that underflows to zero still needs a finite logarithm.
    logits = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))[None]
    return ModelScores(name, logits.astype(np.float32), probabilities, distinct_views=1)


def weighted_sum(
    scores: Mapping[str, ModelScores], weights: Mapping[str, float], combine: str = "probabilities"
) -> Probabilities:
    """The weighted ensemble's `(28,)` probabilities."""
    if combine == "probabilities":
        total: Probabilities = np.zeros(len(LABELS))
        for name, weight in weights.items():
            total = total + weight * scores[name].probabilities
        return total / total.sum()
    summed = sum(
        weight * scores[name].logits.astype(np.float64).mean(axis=0)
        for name, weight in weights.items()
    )
    return softmax(np.asarray(summed))


def vote(scores: Mapping[str, ModelScores], tie_breaker: ModelScores) -> Vote:
    """Majority vote; a tie goes to the tied class that the tie breaker finds most probable."""
    votes = {name: model.label for name, model in scores.items()}
    counts = Counter(votes.values())
    most = max(counts.values())
    tied = [label for label, count in counts.items() if count == most]
    if len(tied) == 1:
        return Vote(tied[0], votes, tie_broken_by=None)
    winner = max(tied, key=lambda label: tie_breaker.probabilities[LABELS.index(label)])
    return Vote(winner, votes, tie_broken_by=tie_breaker.model)


def vote_shares(ballot: Vote) -> Probabilities:
    """The share of votes of every class, `(28,)`."""
    shares = np.zeros(len(LABELS))
    for label in ballot.votes.values():
        shares[LABELS.index(label)] += 1 / len(ballot.votes)
    return shares


def decide(scores: Mapping[str, ModelScores], settings: EnsembleSettings) -> Verdict:
    """Vote and weighted sum over the models, and the verdict of the chosen one of the two.

    `pipeline.verdict.refined` goes on from the weighted sum, with a skeleton.

    Args:
        scores: At least the three fused models; single networks beside them vote when
            `settings.voters` is `"five"`.
        settings: Strategy, weights, options.

    Raises:
        ConfigError: One of the three models is missing.
    """
    missing = [name for name in FUSED if name not in scores]
    if missing:
        raise ConfigError(f"the ensemble needs the scores of {', '.join(missing)}")
    weights = softmax_weights({name: settings.scores[name] for name in FUSED})
    weighted = weighted_sum(scores, weights, settings.combine)
    ballot = vote(_voters(scores, settings.voters), scores[settings.tie_breaker])
    by_vote = settings.strategy == "vote"
    if by_vote:
        probabilities, class_index = vote_shares(ballot), LABELS.index(ballot.label)
    else:
        probabilities, class_index = weighted, int(weighted.argmax())
    return Verdict(
        probabilities=probabilities,
        class_index=class_index,
        strategy="vote" if by_vote else "weighted",
        weights=weights,
        weighted=weighted,
        vote=ballot,
    )


def _voters(scores: Mapping[str, ModelScores], voters: str) -> dict[str, ModelScores]:
    if voters == "three":
        return {name: scores[name] for name in FUSED}
    return {name: model for name, model in scores.items() if name != "umt"}
