"""Which query is to find which person: the cheapest assignment (DETR; Hungarian algorithm)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from models.dino import Prediction
from pipeline.settings import settings
from training.people.detection.boxes import overlaps

ALPHA, GAMMA = 0.25, 2.0
"""Of the focal loss, as published."""


@settings()
class MatchCosts:
    """What a pair of query and person costs; the published weights."""

    confidence: float = 2.0
    """Of the focal term."""
    distance: float = 5.0
    """Of the L1 distance of the boxes."""
    overlap: float = 2.0
    """Of 1 - generalised IoU."""


@dataclass(frozen=True)
class Matches:
    """Pairs of queries and persons over a batch."""

    image: Tensor
    """`(P,)` which picture."""
    query: Tensor
    """`(P,)` which of its queries."""
    boxes: Tensor
    """`(P, 4)` the person's true box."""


def pair_costs(logits: Tensor, boxes: Tensor, truth: Tensor, costs: MatchCosts) -> Tensor:
    """`(Q, G)` from one picture's logits `(Q,)`, boxes `(Q, 4)` and true boxes `(G, 4)`."""
    score = logits.sigmoid()
    # The focal loss of saying "person" less that of saying "nobody".
    person = -ALPHA * (1 - score) ** GAMMA * (score + 1e-8).log()
    nobody = -(1 - ALPHA) * score**GAMMA * (1 - score + 1e-8).log()
    distance = torch.cdist(boxes, truth, p=1)
    _, generalised = overlaps(boxes[:, None], truth[None])
    return (
        costs.confidence * (person - nobody)[:, None]
        + costs.distance * distance
        + costs.overlap * (1 - generalised)
    )


@torch.no_grad()
def match(
    prediction: Prediction,
    truth: list[Tensor],
    *,
    costs: MatchCosts,
    person: int = 0,
    repeats: int = 1,
) -> Matches:
    """The cheapest assignment of queries to the persons of every picture.

    Args:
        prediction: Of one layer.
        truth: B tensors `(G, 4)` cxcywh.
        costs: Of a pair.
        person: Index of the class.
        repeats: Queries for each person: more than one for places that are not to compete
            (H-DETR, Jia et al. 2023).
    """
    logits, boxes = prediction.logits[..., person].float(), prediction.boxes.float()
    images, queries, targets = [], [], []
    for index, own in enumerate(truth):
        matrix = pair_costs(logits[index], boxes[index], own, costs).repeat(1, repeats)
        rows, columns = linear_sum_assignment(matrix.cpu().numpy())
        images += [index] * len(rows)
        queries += rows.tolist()
        targets.append(own.repeat(repeats, 1)[torch.as_tensor(columns, device=own.device)])
    device = logits.device
    return Matches(
        torch.tensor(images, dtype=torch.long, device=device),
        torch.tensor(queries, dtype=torch.long, device=device),
        torch.cat(targets),
    )
