"""Contrastive denoising (DINO, Sec. 3.3): true boxes with noise, to be repaired or rejected.

Each group holds every true box twice: with little noise (to be repaired) and with more (to be
rejected). Which query belongs to which box is known, so that decoder and heads learn long before
the matching has settled. With one class there is no class to confuse, hence no label noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.dino import DenoisingQueries
from pipeline.settings import settings
from training.people.detection.boxes import centred, corners
from training.people.detection.matcher import Matches


@settings()
class DenoisingSettings:
    """How much help, and how hard."""

    queries: int = 60
    """About so many, divided into groups by the picture with most people."""
    noise: float = 1.0
    """1: corners move by up to half the box's side in a query to repair, up to a whole side in one
    to reject."""


@dataclass(frozen=True)
class Denoising:
    """The extra queries and what they are to answer."""

    queries: DenoisingQueries
    """For the network."""
    repairs: Matches
    """Queries that belong to a box; all others are to say "nobody"."""
    padding: Tensor
    """Bool `(B, D)`: queries that fill up the rows of pictures with fewer people."""

    @property
    def count(self) -> int:
        """D."""
        return self.padding.shape[1]


def make_denoising(
    truth: list[Tensor], embedding: nn.Embedding, *, settings: DenoisingSettings, num_queries: int
) -> Denoising | None:
    """Queries for one batch, with noise from torch's global generator; None where nobody is.

    Args:
        truth: B tensors `(G, 4)` cxcywh.
        embedding: `label_enc` of the network; its first row stands for a person.
        settings: Their number and noise.
        num_queries: Q of the network's own queries.
    """
    most = max(len(boxes) for boxes in truth)
    if not most:
        return None
    groups = max(1, settings.queries // (2 * most))
    device = truth[0].device
    padded = torch.full((len(truth), most, 4), 0.5, device=device)
    real = torch.zeros(len(truth), most, dtype=torch.bool, device=device)
    for index, boxes in enumerate(truth):
        padded[index, : len(boxes)], real[index, : len(boxes)] = boxes, True

    boxes = padded.repeat(1, 2 * groups, 1)  # (B, D, 4): repair, reject, repair, reject, ...
    rejected = torch.arange(2 * groups, device=device).repeat_interleave(most) % 2 == 1
    noisy = noised(boxes, rejected, settings.noise)
    contents = embedding.weight[0].expand(*noisy.shape[:2], -1)
    blocked = blocked_pairs(groups, 2 * most, num_queries).to(device)
    present = real.repeat(1, 2 * groups)
    image, query = (present & ~rejected).nonzero(as_tuple=True)
    return Denoising(
        DenoisingQueries(contents, noisy.logit(eps=1e-3), blocked),
        Matches(image, query, boxes[image, query]),
        ~present,
    )


def noised(boxes: Tensor, rejected: Tensor, noise: float) -> Tensor:
    """Boxes `(B, D, 4)` whose corners have moved; farther where `rejected` `(D,)`."""
    side = boxes[..., 2:].repeat(1, 1, 2)
    sign = torch.randint_like(side, 2) * 2 - 1
    amount = (torch.rand_like(side) + rejected[:, None]) * 0.5 * noise
    moved = (corners(boxes) + sign * amount * side).clamp(0, 1)
    low, high = torch.min(moved[..., :2], moved[..., 2:]), torch.max(moved[..., :2], moved[..., 2:])
    return centred(torch.cat((low, high), dim=-1))


def blocked_pairs(groups: int, size: int, num_queries: int) -> Tensor:
    """Who must not see whom, `(D + Q, D + Q)`.

    Denoising queries carry the answers: the network's own queries see none of them, and groups do
    not see each other.
    """
    group = torch.arange(groups).repeat_interleave(size)
    own = torch.full((num_queries,), -1)
    member = torch.cat((group, own))
    return (member[:, None] != member[None]) & (member[None] != -1)
