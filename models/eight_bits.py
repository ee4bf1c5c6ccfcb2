"""Weights in eight bits on disk: whole numbers, and a scale for each row."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

EIGHT_BIT_SCALE = ".int8_scale"
"""Behind the key of a tensor of eight-bit numbers: what each of its rows is multiplied by."""

_WIDE = 16
"""Numbers in a row from which on eight bits and a scale are worth it."""


def in_eight_bits(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict at half the size of half precision; `read_state` gives the numbers back.

    Matrices and filters become whole numbers from -127 to 127, each row (output) with a scale of
    its own; biases, norms and narrow rows stay as they are. No number moves by more than 1/254 of
    the largest in its row.
    """
    packed = {}
    for key, value in state.items():
        packed[key] = value
        if value.is_floating_point() and value.ndim > 1 and value[:1].numel() >= _WIDE:
            rows = value.float().flatten(1)
            scale = rows.abs().amax(dim=1).clamp(min=torch.finfo(torch.float32).tiny) / 127
            packed[key] = (rows / scale[:, None]).round().to(torch.int8).view(value.shape)
            packed[key + EIGHT_BIT_SCALE] = scale
    return packed


def from_eight_bits(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The numbers of a state dict that `in_eight_bits` made, in place; others stay as they are."""
    for key in [key for key in state if key.endswith(EIGHT_BIT_SCALE)]:
        scale, packed = state.pop(key), state[key.removesuffix(EIGHT_BIT_SCALE)]
        rows = packed.float().flatten(1) * scale[:, None]
        state[key.removesuffix(EIGHT_BIT_SCALE)] = rows.view(packed.shape)
    return state
