"""AdamW with layer-wise learning rates, and the learning rate of every step (paper, Table I).

Rules of Unmasked Teacher's fine-tuning: the learning rate of block i falls by a factor towards the
input, biases and vectors are not decayed, linear warm-up and cosine per step. UniFormerV2 and
InfoGCN are the same with `layer_decay = 1`; what UniFormerV2 does not decay (biases, norms) is all
vectors, and its `positional_embedding` and `temporal_cls_token`, which it decays, are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipeline.errors import ConfigError
from pipeline.settings import NotNegative, ShareAbove0, settings

_BLOCK = re.compile(r"^blocks\.(\d+)\.")


@settings()
class DecayRule:
    """Which parameters are decayed, and how fast each of them learns."""

    weight_decay: NotNegative = 0.05
    """For all parameters that are not exempt."""
    layer_decay: ShareAbove0 = 1.0
    """Factor on the learning rate from one block to the one before it; 1: none."""
    exempt_vectors: bool = True
    """No weight decay for one-dimensional parameters and biases."""
    exempt_names: tuple[str, ...] = ("pos_embed",)
    """Full names of further parameters without weight decay."""


@dataclass(frozen=True)
class ParameterSettings:
    """How one parameter is trained."""

    lr_scale: float
    """Factor on the learning rate."""
    weight_decay: float
    """Decoupled weight decay."""


def count_blocks(names: Iterable[str]) -> int:
    """Depth of a network from its parameter names (`blocks.<i>.`); 0 for another layout."""
    found = (_BLOCK.match(name) for name in names)
    return max((int(match[1]) + 1 for match in found if match), default=0)


def parameter_settings(
    name: str, num_dimensions: int, rule: DecayRule, *, depth: int
) -> ParameterSettings:
    """Settings of one parameter in a network of `depth` blocks.

    The embedding is layer 0, block i is layer i + 1; all else is the last layer, at full rate.
    """
    exempt = name in rule.exempt_names or (
        rule.exempt_vectors and (num_dimensions <= 1 or name.endswith(".bias"))
    )
    block = _BLOCK.match(name)
    if block:
        layer = int(block[1]) + 1
    else:
        layer = 0 if name.startswith(("patch_embed.", "pos_embed")) else depth + 1
    return ParameterSettings(
        lr_scale=rule.layer_decay ** (depth + 1 - layer),
        weight_decay=0.0 if exempt else rule.weight_decay,
    )


def parameter_groups(model: nn.Module, rule: DecayRule) -> list[dict[str, Any]]:
    """Trainable parameters grouped by their settings, as an optimiser takes them.

    Raises:
        ConfigError: A layer decay is asked for, but the network has no `blocks`.
    """
    parameters = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    depth = count_blocks(name for name, _ in parameters)
    if rule.layer_decay != 1 and not depth:
        raise ConfigError(
            f"optim.layer_decay: {rule.layer_decay} needs a network with blocks; set it to 1 "
            f"for {type(model).__name__}"
        )
    groups: dict[ParameterSettings, list[nn.Parameter]] = {}
    for name, parameter in parameters:
        settings = parameter_settings(name, parameter.ndim, rule, depth=depth)
        groups.setdefault(settings, []).append(parameter)
    return [
        {"params": members, "lr_scale": s.lr_scale, "weight_decay": s.weight_decay}
        for s, members in groups.items()
    ]


def set_learning_rate(optimiser: torch.optim.Optimizer, lr: float) -> None:
    """Set the learning rate of a step: `lr` times each group's `lr_scale`."""
    for group in optimiser.param_groups:
        group["lr"] = lr * group.get("lr_scale", 1.0)


def scaled_learning_rate(lr: float, *, total_batch: int, samples_per_clip: int = 1) -> float:
    """Unmasked Teacher's scaling: `lr` holds for 256 samples a step (it scales all three rates)."""
    return lr * total_batch * samples_per_clip / 256


def cosine_schedule(
    *,
    base: float,
    minimum: float,
    warmup_start: float,
    epochs: int,
    steps_per_epoch: int,
    warmup_epochs: float = 0,
    inclusive_warmup: bool = True,
) -> NDArray[np.float64]:
    """The learning rate of every step: linear warm-up, then half a cosine.

    Args:
        base: Highest learning rate.
        minimum: What the cosine falls to (the last step is just above it).
        warmup_start: Learning rate of the first step.
        epochs: Of the whole run.
        steps_per_epoch: Optimiser steps an epoch.
        warmup_epochs: Of these, how many warm up.
        inclusive_warmup: The last warm-up step has the base rate already (Unmasked Teacher);
            False: the first step after it has (UniFormerV2).

    Returns:
        `(epochs * steps_per_epoch,)`.

    Raises:
        ValueError: More warm-up than epochs, or no step at all.
    """
    total, warmup = epochs * steps_per_epoch, round(warmup_epochs * steps_per_epoch)
    if total < 1 or not 0 <= warmup <= total:
        raise ValueError(
            f"learning rate: {epochs} epochs of {steps_per_epoch} steps "
            f"with {warmup_epochs} epochs of warm-up"
        )
    rise = np.linspace(warmup_start, base, warmup, endpoint=inclusive_warmup)
    progress = np.arange(total - warmup) / max(total - warmup, 1)
    fall = minimum + 0.5 * (base - minimum) * (1 + np.cos(np.pi * progress))
    return np.concatenate((rise, fall))
