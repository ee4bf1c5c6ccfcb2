"""The paper's weighted sum times what the skeleton alone says of a jump: `strategy = "refined"`.

Beyond the paper. The probability that the clip shows a jump at all stays the weighted sum's: the
evidence moves it among the jumps, and a clip without evidence keeps the weighted sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pipeline.classification.ensemble import EnsembleSettings, Probabilities, decide
from pipeline.types import ModelScores, PoseSequence, Verdict
from pipeline.verdict.evidence import JUMPS, Array, Evidence, read_evidence


def refined_sum(weighted: Probabilities, likelihood: Array) -> Probabilities:
    """The weighted sum `(28,)` with a likelihood `(28,)` of every jump, summing to 1 as before."""
    jumps = np.where(JUMPS, weighted * likelihood, 0.0)
    if not jumps.sum() > 0:
        return weighted
    return np.where(JUMPS, jumps * (weighted[JUMPS].sum() / jumps.sum()), weighted)


def refined(verdict: Verdict, evidence: Evidence) -> Verdict:
    """The same verdict, decided by the refined sum; weighted sum and vote stay beside it."""
    probabilities = refined_sum(verdict.weighted, evidence.likelihood)
    return replace(
        verdict,
        probabilities=probabilities,
        class_index=int(probabilities.argmax()),
        strategy="refined",
    )


def decided(
    scores: Mapping[str, ModelScores],
    pose: PoseSequence,
    times_s: Array,
    settings: EnsembleSettings,
    *,
    untrained: bool = False,
) -> Verdict:
    """The verdict of whichever strategy decides, the skeleton asked where it is `refined`.

    Args:
        scores: As `decide`.
        pose: T frames.
        times_s: `(T,)` when each is shown.
        settings: Strategy, weights, options.
        untrained: Whether the pose network is.

    Raises:
        ConfigError: As `decide`.
    """
    verdict = decide(scores, settings)
    if settings.strategy != "refined":
        return verdict
    return refined(verdict, read_evidence(pose, times_s, untrained=untrained))
