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
    cost: AssociationCost,
    predicted: Numbers,
    last: Rows,
    rows: Rows,
    elapsed: Numbers,
    *,
    deviation: Numbers,
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
        deviation: `(N, M)` of the boxes from the predictions (`AssociationCost.deviation`).
    """
    unshifted = float(_support(deviation))
    if unshifted > 0.5 * min(len(last), len(rows)):
        return np.zeros(2)
    reach = float(np.median(cost.lengths[last]))
    proposals = (cost.centres[rows] - predicted[:, None]).reshape(-1, 2)
    proposals = _most_alike(proposals, cost.settings.place_noise * reach)  # (P, 2)
    shifted = (predicted + proposals[:, None])[:, :, None]  # (P, N, 1, 2)
    support = _support(cost.deviation(shifted, last, rows, elapsed)) - 1  # (P,)
    support -= np.array([float(np.linalg.norm(proposal)) for proposal in proposals]) / reach
    best = int(support.argmax())
    return np.asarray(proposals[best]) if support[best] > unshifted else np.zeros(2)


def _support(deviation: Numbers) -> Numbers:
    """How many people `(...)` are where they are expected; no two of them in one box.

    Args:
        deviation: `(..., N, M)` of M boxes from N people.
    """
    agreement = np.exp(-deviation)
    boxes, people = agreement.max(axis=-2).sum(axis=-1), agreement.max(axis=-1).sum(axis=-1)
    return np.asarray(np.minimum(boxes, people))


def _most_alike(proposals: Numbers, cell: float) -> Numbers:
    """The proposals `(P, 2)` that most others agree with to about a cell: a crowd has too many."""
    cells = np.rint(proposals / cell).view(np.complex128).reshape(-1)  # one number a cell
    _, which, counts = np.unique(cells, return_inverse=True, return_counts=True)
    order = np.argsort(-counts[which], kind="stable")
    return proposals[order[:_MAX_PROPOSALS]]
