"""Voters of a run for all clips at once: networks, the fused Unmasked Teacher, vote, weighted sum.

The same rules as `pipeline.classification.ensemble`, with its default settings, which decides clip
by clip; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from laboratory.table.predictions import RunScores
from pipeline.classification.ensemble import (
    FUSED,
    EnsembleSettings,
    Probabilities,
    softmax_weights,
)
from pipeline.elements import NUM_CLASSES
from pipeline.types import IntArray

MISSED = -1
"""Class of a clip that a voter has no answer to."""


def voters_of(answers: RunScores) -> tuple[dict[str, Probabilities], dict[str, IntArray]]:
    """Every voter's probabilities and class.

    Returns:
        Voter -> `(N, 28)`, rows of NaN where it has no answer; of `vote` the shares of votes.
        Voter -> `(N,)` class index or `MISSED`.
        Ensembles first, then the three models, then single networks; ensembles only where all
        three models are.
    """
    single = dict(zip(answers.networks, answers.probabilities, strict=True))
    variants = [rows for name, rows in single.items() if name.startswith("umt_")]
    if variants:
        single["umt"] = _mean_of_answers(variants)
    found = {name: single[name] for name in FUSED if name in single}
    said = {name: said_of(rows) for name, rows in found.items()}
    ensembles, decided = _ensembles(found, said) if len(found) == len(FUSED) else ({}, {})
    others = {name: single[name] for name in sorted(set(single) - set(found))}
    probabilities = {**ensembles, **found, **others}
    decided |= said | {name: said_of(rows) for name, rows in others.items()}
    return probabilities, {name: decided[name] for name in probabilities}


def said_of(probabilities: Probabilities) -> IntArray:
    """The most probable class of every row `(..., 28)`, `MISSED` where it is NaN."""
    missed = np.isnan(probabilities[..., 0])
    best = np.where(missed[..., None], 0.0, probabilities).argmax(axis=-1)
    return np.where(missed, MISSED, best)


def _mean_of_answers(variants: list[Probabilities]) -> Probabilities:
    """Over those variants that have an answer."""
    stacked = np.stack(variants)
    answered = ~np.isnan(stacked[:, :, :1])
    total = np.where(answered, stacked, 0.0).sum(axis=0)
    return np.asarray(total / np.where(answered.any(axis=0), answered.sum(axis=0), np.nan))


def _ensembles(
    models: Mapping[str, Probabilities], said: Mapping[str, IntArray]
) -> tuple[dict[str, Probabilities], dict[str, IntArray]]:
    settings = EnsembleSettings()
    weights = softmax_weights({name: settings.scores[name] for name in FUSED})
    summed = np.add.reduce([weights[name] * models[name] for name in FUSED])
    weighted = summed / summed.sum(axis=1, keepdims=True)
    ballots = np.stack([said[name] for name in FUSED], axis=1)  # (N, 3)
    whole = (ballots != MISSED).all(axis=1)
    voted = np.where(whole, _majority(ballots, models[settings.tie_breaker]), MISSED)
    shares = np.where(whole[:, None], vote_shares(ballots), np.nan)
    return {"vote": shares, "weighted": weighted}, {"vote": voted, "weighted": said_of(weighted)}


def vote_shares(ballots: IntArray) -> Probabilities:
    """The share of votes of every class, `(N, 28)`, from the classes that voters gave `(N, B)`."""
    N, B = ballots.shape
    shares = np.zeros((N, NUM_CLASSES))
    for column in ballots.T:
        given = column != MISSED
        shares[given, column[given]] += 1 / B
    return shares


def _majority(ballots: IntArray, tie_breaker: Probabilities) -> IntArray:
    """The class that two of three give; where all differ, that which the tie breaker likes best."""
    first, second, third = ballots.T
    agreed = np.where((first == second) | (first == third), first, second)
    tied = (first != second) & (first != third) & (second != third)
    liked = np.take_along_axis(tie_breaker, np.maximum(ballots, 0), axis=1)
    of_tie = np.take_along_axis(ballots, liked.argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(tied, of_tie, agreed)
