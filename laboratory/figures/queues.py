"""Clips in the order in which a person had best look at them; every queue is rows of the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from laboratory.table.clips import ClipTable
from laboratory.table.filters import Rows
from laboratory.table.voters import MISSED
from pipeline.classification.ensemble import FUSED
from pipeline.types import IntArray


def confident_mistakes(table: ClipTable, rows: Rows, voter: str) -> IntArray:
    """Wrong answers, the surest first."""
    wrong = rows & table.labelled & ~table.right(voter) & (table.voters[voter].said != MISSED)
    return _ordered(wrong, -table.voters[voter].confidence)


def lowest_margin(table: ClipTable, rows: Rows, voter: str) -> IntArray:
    """Answers that nearly were another one, right or wrong, the narrowest first."""
    return _ordered(rows & (table.voters[voter].said != MISSED), table.voters[voter].margin)


def disagreement(table: ClipTable, rows: Rows) -> IntArray:
    """Clips that networks say different things of, those first whose probabilities differ most.

    By the Jensen-Shannon divergence of the three models' probabilities (of all networks where one
    of the three is missing in the run); clips whose classes are all the same are left out.
    """
    names = [name for name in FUSED if name in table.voters]
    if len(names) < len(FUSED):
        names = [name for name in table.voters if name not in ("vote", "weighted")]
    differ = rows & (table.agreement < 1)
    places = np.flatnonzero(differ)
    stacked = np.stack([table.voters[name].probabilities[places] for name in names])
    entropies = _entropy(stacked.astype(np.float64)).mean(axis=0)
    divergence = _entropy(stacked.mean(axis=0, dtype=np.float64)) - entropies
    return places[np.argsort(-divergence, kind="stable")]


def _entropy(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithm = np.log(np.where(probabilities > 0, probabilities, 1.0))
    return np.asarray(-(probabilities * logarithm).sum(axis=-1))


def label_errors(table: ClipTable, rows: Rows, voter: str) -> IntArray:
    """Clips whose label is likely wrong, the least likely label first.

    Confident learning (Northcutt et al., JAIR 2021): the mean probability that a class gets from
    its own clips is what it takes to be sure of it; a clip that passes that of another class, by
    more than it passes any other's probability, and carries neither it, is suspect. Suspects are
    ranked by self-confidence, the probability of their label. `voter` must not have learnt from
    these clips, or it knows their wrong labels by heart.
    """
    known = np.flatnonzero(rows & table.labelled & (table.voters[voter].said != MISSED))
    if not len(known):
        return known
    probabilities = table.voters[voter].probabilities[known].astype(np.float64)
    labels = table.labels[known]
    own = probabilities[np.arange(len(known)), labels]
    K = probabilities.shape[1]
    clips = np.bincount(labels, minlength=K)
    sums = np.bincount(labels, weights=own, minlength=K)
    enough = np.divide(sums, clips, out=np.full(K, np.inf), where=clips > 0)
    passing = probabilities >= enough
    best = np.where(passing, probabilities, -1.0).argmax(axis=1)
    suspect = passing.any(axis=1) & (best != labels)
    return known[suspect][np.argsort(own[suspect], kind="stable")]


@dataclass(frozen=True)
class Leak:
    """Clips of different splits that are one file, or of one recording."""

    rows: IntArray
    """Two or more."""
    reason: Literal["file", "source"]


def leaks(table: ClipTable, rows: Rows) -> list[Leak]:
    """What a split shares with another: whole files first, then recordings; by their first clip."""
    if "split" not in table.facts:
        return []
    found: list[Leak] = []
    for column, reason in (("sha256", "file"), ("source", "source")):
        if column in table.facts:
            groups = _across_splits(table.facts[column], table.facts["split"], rows)
            found += [Leak(group, reason) for group in groups]  # type: ignore[arg-type]
    return found


def _across_splits(
    values: NDArray[np.str_], splits: NDArray[np.str_], rows: Rows
) -> Iterator[IntArray]:
    places = np.flatnonzero(rows & (values != "") & (splits != ""))
    order = places[np.argsort(values[places], kind="stable")]
    cuts = np.flatnonzero(values[order][1:] != values[order][:-1]) + 1
    groups = [group for group in np.split(order, cuts) if len(group) > 1]
    for group in sorted(groups, key=lambda group: int(group[0])):
        if len(np.unique(splits[group])) > 1:
            yield group


def _ordered(rows: Rows, key: NDArray[np.float32]) -> IntArray:
    places = np.flatnonzero(rows)
    return places[np.argsort(key[places], kind="stable")]
