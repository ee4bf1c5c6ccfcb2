"""An exponential moving average of a network's weights and buffers."""

from __future__ import annotations

import copy

import torch
from torch import nn


class ExponentialMovingAverage:
    """Follows a network; its own copy is what gets evaluated and kept.

    Args:
        model: Not yet wrapped by `accelerate`, or the copy's forward pass would be the original's.
        decay: Share of the old average in the new one. It grows from 0 over the first steps, so
            that short runs do not remember their first weights.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after step `step` (1 is the first)."""
        decay = min(self._decay, step / (step + 9))
        current = model.state_dict()
        for name, average in self.model.state_dict().items():
            if average.is_floating_point():
                average.lerp_(current[name].to(average), 1 - decay)
            else:
                average.copy_(current[name])

    def state_dict(self) -> dict[str, torch.Tensor]:
        """For `accelerate`, which saves it with every checkpoint."""
        return self.model.state_dict()

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """For `accelerate`."""
        self.model.load_state_dict(state)
