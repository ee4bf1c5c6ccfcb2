"""How sure a verdict is, in three words, by its lead and by how many models agree.

Assumption: the limits below were set by hand, to be replaced when probabilities are calibrated;
`docs/desk.md` says how often each word was right on simulated clips that had no part in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pipeline.classification.ensemble import FUSED
from pipeline.types import ModelScores, Verdict

Sureness = Literal["certain", "likely", "unsure"]

CERTAIN_LEAD = 0.5
"""A verdict with at least this lead over the next class, on which all models agree, is certain."""
LIKELY_LEAD = 0.2
"""One with at least this lead, on which most models agree, is likely; every other one is unsure."""


def agreeing(verdict: Verdict, scores: Mapping[str, ModelScores]) -> int:
    """How many of the ensemble's models find the decided class the most probable."""
    return sum(scores[name].class_index == verdict.class_index for name in FUSED if name in scores)


def sureness(verdict: Verdict, scores: Mapping[str, ModelScores]) -> Sureness:
    """In which word a verdict is told.

    Args:
        verdict: What was decided.
        scores: What the models said.
    """
    agree = agreeing(verdict, scores)
    if agree == len(FUSED) and verdict.margin >= CERTAIN_LEAD:
        return "certain"
    if 2 * agree > len(FUSED) and verdict.margin >= LIKELY_LEAD:
        return "likely"
    return "unsure"
