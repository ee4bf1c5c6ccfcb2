"""How an untrained DINO-DETR starts, and the guard on tensors that several keys share."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import torch
from torch import Tensor, nn

from models.dino.deformable_attention import DeformableAttention

PRIOR = 0.01
"""What an untrained class head says, as the focal loss wants it."""


def class_head(dim: int, num_classes: int) -> nn.Linear:
    """A linear layer that says `PRIOR` for every class before it is trained."""
    head = nn.Linear(dim, num_classes)
    nn.init.constant_(head.bias, -math.log((1 - PRIOR) / PRIOR))
    return head


def reset_parameters(network: nn.Module) -> None:
    """Published initialisation of projections, attention and feed-forward parts, in place."""
    for name, parameter in network.named_parameters():
        own = name.startswith(("transformer.", "input_proj.")) and "tgt_embed" not in name
        if own and name.endswith("weight") and parameter.ndim > 1:
            nn.init.xavier_uniform_(parameter)
    for module in network.modules():
        if isinstance(module, DeformableAttention):
            module.reset_parameters()


def refuse_unequal_copies(
    network: nn.Module, state: dict[str, Tensor], prefix: str, *arguments: Any
) -> None:
    """Before loading: keys that name one tensor of the network must agree in the checkpoint.

    Without this a checkpoint with a head per layer would load into a network with shared heads,
    and the last head would silently win. Signature of torch's load_state_dict pre-hooks.
    """
    *_, errors = arguments
    names = defaultdict(list)
    for name, parameter in network.named_parameters(remove_duplicate=False):
        if prefix + name in state:
            names[parameter].append(prefix + name)
    for first, *others in names.values():
        for other in others:
            if not _same(state[first], state[other]):
                errors.append(
                    f"{other} differs from {first}, which are one tensor here; "
                    "a checkpoint with a head per layer needs shared_heads=False"
                )
                return


def _same(one: Tensor, other: Tensor) -> bool:
    return one.is_meta or other.is_meta or torch.equal(one, other)
