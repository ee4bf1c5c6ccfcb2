"""What the engine wants to know about a network that is to be trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

Batch = Any
"""Tensors in any nesting of dicts, tuples and lists; the engine moves them to the device."""


@dataclass(frozen=True)
class EvaluationContext:
    """Where an evaluation runs, and how several processes share it."""

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    """Where the model is."""
    rank: int = 0
    """Of this process."""
    num_processes: int = 1
    """That evaluate together."""
    gather: Callable[[Tensor], Tensor] = lambda rows: rows
    """Rows `(N, ...)` of every process, joined; N may differ from process to process."""

    def share(self, num_samples: int) -> range:
        """The samples that this process scores; together with `gather`, each once."""
        return range(self.rank, num_samples, self.num_processes)


class Task(Protocol):
    """A network, its data, its loss and its metrics."""

    @property
    def samples_per_epoch(self) -> int:
        """How many positions an epoch has; a last part smaller than the batch is left out."""
        ...

    @property
    def training_only(self) -> Sequence[str]:
        """Submodules that help while training and are not kept with the weights."""
        ...

    def build_model(self) -> nn.Module:
        """The network with its first weights; called once, with all generators seeded."""
        ...

    def parameter_groups(self, model: nn.Module) -> list[dict[str, Any]]:
        """Parameters for AdamW, each group with `weight_decay` and maybe `lr_scale`.

        `training.optim.parameter_groups(model, rule)` makes them.
        """
        ...

    def batch(self, epoch: int, positions: range) -> Batch:
        """The samples at some positions of an epoch, on the CPU; runs in a worker process.

        Must depend on the seed, `epoch` and each position alone.
        """
        ...

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """Scalars: `loss` is minimised, all of them are logged.

        Every one is a mean over the samples, so that means over micro-batches and processes are
        those of the whole batch.
        """
        ...

    def evaluate(self, model: nn.Module, context: EvaluationContext) -> Mapping[str, float]:
        """Figures on the validation data; every process returns the same. Never on test data."""
        ...
