"""What DINO says, and the queries that teach it to remove noise."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Prediction:
    """What one pair of heads says about the queries."""

    logits: Tensor
    """`(B, Q, K)`, one sigmoid a class."""
    boxes: Tensor
    """`(B, Q, 4)` cxcywh in [0, 1]."""


@dataclass(frozen=True)
class Proposals:
    """The encoder's choice of places to start from ("two-stage"), best first."""

    prediction: Prediction
    """Class and refined box of each chosen place."""
    anchors: Tensor
    """`(B, Q, 4)` cxcywh: the places themselves, before refinement."""
    everywhere: Prediction | None = None
    """Of all N places, for a trainer that lets several of them learn one object."""


@dataclass(frozen=True)
class DinoOutput:
    """Everything a detector, a trainer or a golden file asks for."""

    layers: tuple[Prediction, ...]
    """Of each decoder layer with `all_layers`, of the last one alone otherwise. Denoising queries,
    when there are any, come first along Q."""
    references: tuple[Tensor, ...]
    """`(B, Q, 4)` boxes that each decoder layer started from."""
    proposals: Proposals
    """The encoder's choice; trained like one more layer."""

    @property
    def final(self) -> Prediction:
        """Of the last decoder layer."""
        return self.layers[-1]


@dataclass(frozen=True)
class DenoisingQueries:
    """Extra queries of a trainer: noised ground truth, put in front of the learned queries."""

    contents: Tensor
    """`(B, D, C)`, e.g. rows of `label_enc`."""
    anchors: Tensor
    """`(B, D, 4)` noised boxes before the sigmoid."""
    blocked: Tensor
    """Bool `(D + Q, D + Q)`, True where a query (row) must not see another (column)."""

    def bias(self) -> Tensor:
        """`blocked` as 0 and -inf."""
        zeros = torch.zeros(self.blocked.shape, device=self.blocked.device)
        return zeros.masked_fill(self.blocked, -torch.inf)
