"""Camera-motion compensation: a sudden move of the camera shifts everybody at once.

BoT-SORT (Aharon et al., 2022) registers the pictures; here the boxes alone tell, which costs next
to nothing and needs no picture.
"""

from __future__ import annotations

import numpy as np

from pipeline.detection.boxes import Numbers
from pipeline.tracking.association_cost import AssociationCost, Rows

_MAX_PROPOSALS = 40


def camera_shift(
    cost: AssociationCost, predicted: Numbers, last: Rows, rows: Rows, elapsed: Numbers
) -> Numbers:
    """The shift `(2,)` that everybody's prediction misses.

    Every pair of prediction and box proposes its own shift. A proposal counts with the people it
    explains apart from its own pair, so nobody moves the camera alone, and must explain more of
    them than no shift does; a far shift is less likely than a near one. Where no shift explains
    most people, as in nearly all frames, none is sought.

    Args:
        cost: Of the clip's boxes.
        predicted: `(N, 2)` where each of N people should be now.
        last: `(N,)` their last boxes.
        rows: `(M,)` the boxes of the key frame.
        elapsed: `(N,)` seconds since the last boxes.
    """
    best, best_support = np.zeros(2), _support(cost, predicted, last, rows, elapsed)
    if best_support > 0.5 * min(len(last), len(rows)):
        return best
    reach = float(np.median(cost.lengths[last]))
    proposals = (cost.centres[rows] - predicted[:, None]).reshape(-1, 2)
    for proposal in _most_alike(proposals, cost.settings.place_noise * reach):
        support = _support(cost, predicted + proposal, last, rows, elapsed) - 1
        support -= float(np.linalg.norm(proposal)) / reach
        if support > best_support:
            best, best_support = proposal, support
    return best


def _support(
    cost: AssociationCost, predicted: Numbers, last: Rows, rows: Rows, elapsed: Numbers
) -> float:
    """How many people are where they are expected; no two of them in one box."""
    agreement = np.exp(-cost.deviation(predicted[:, None], last, rows, elapsed))  # (N, M)
    return float(min(agreement.max(axis=0).sum(), agreement.max(axis=1).sum()))


def _most_alike(proposals: Numbers, cell: float) -> Numbers:
    """The proposals `(P, 2)` that most others agree with to about a cell: a crowd has too many."""
    cells = np.rint(proposals / cell)
    _, which, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(-counts[which.reshape(-1)], kind="stable")
    return proposals[order[:_MAX_PROPOSALS]]
