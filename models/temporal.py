"""A temporal convolutional network: a sequence of features to scores at every step of it.

Residual layers of dilated convolutions see minutes at once at little cost (MS-TCN: Abu Farha and
Gall, CVPR 2019); later stages see the answers of the stage before and mend them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class DilatedResidual(nn.Module):
    """A dilated convolution over time, and a residual around it."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, width)
        self.dilated = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, N)` to the same."""
        inner = torch.nn.functional.gelu(self.dilated(self.norm(x)))
        return x + self.dropout(self.mix(inner))


class TemporalStage(nn.Module):
    """One stage: features in, logits of classes and moments out."""

    def __init__(
        self, features: int, outputs: int, *, width: int, layers: int, dropout: float
    ) -> None:
        super().__init__()
        self.enter = nn.Conv1d(features, width, 1)
        self.layers = nn.Sequential(*(DilatedResidual(width, 2**i, dropout) for i in range(layers)))
        self.leave = nn.Conv1d(width, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, F, N)` to logits `(B, K, N)`."""
        return self.leave(self.layers(self.enter(x)))


class TemporalNetwork(nn.Module):
    """Classes and moments at every step of a sequence.

    Args:
        features: Columns of a step.
        classes: Of which every step has one.
        moments: Kinds of single moments.
        width: Channels inside.
        layers: Of the first stage; each doubles the reach, 9 see 40 s at 25 steps a second.
        refinements: Further stages, with `layers - 2` layers.
        dropout: Share of channels left out in training.
    """

    def __init__(
        self,
        features: int,
        classes: int,
        moments: int,
        *,
        width: int = 96,
        layers: int = 9,
        refinements: int = 1,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.classes = classes
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("std", torch.ones(features))
        outputs = classes + moments
        self.first = TemporalStage(features, outputs, width=width, layers=layers, dropout=dropout)
        self.refine = nn.ModuleList(
            TemporalStage(outputs, outputs, width=width // 2, layers=layers - 2, dropout=dropout)
            for _ in range(refinements)
        )

    def forward(self, x: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Features `(B, N, F)` to each stage's logits `(B, N, classes)` and `(B, N, moments)`.

        The last stage's count; the others are for training.
        """
        mean, std = self.get_buffer("mean"), self.get_buffer("std")
        logits = self.first(((x - mean) / std).clamp(-6, 6).transpose(1, 2))
        stages = [logits]
        for stage in self.refine:
            told = torch.cat(
                [logits[:, : self.classes].softmax(1), logits[:, self.classes :].sigmoid()], 1
            )
            logits = stage(told)
            stages.append(logits)
        return [
            (s[:, : self.classes].transpose(1, 2), s[:, self.classes :].transpose(1, 2))
            for s in stages
        ]


def temporal_small(
    *, features: int = 97, classes: int = 10, moments: int = 2, width: int = 96
) -> TemporalNetwork:
    """The demo's (0.4 M parameters): skeleton features to `pipeline.programme.frame_classes`."""
    return TemporalNetwork(features, classes, moments, width=width)


def temporal_tiny(*, features: int = 97, classes: int = 10, moments: int = 2) -> TemporalNetwork:
    """A small one for tests."""
    return TemporalNetwork(features, classes, moments, width=16, layers=5)
