"""Sine positions of map tokens and of boxes, and the inverse of the sigmoid."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from models.dino.pyramid import Pyramid

BOX_TEMPERATURE = 10000.0
"""Of the decoder's box positions, in every published version."""


def inverse_sigmoid(x: Tensor, eps: float) -> Tensor:
    """log(x / (1 - x)), with x and 1 - x held at or above `eps`."""
    x = x.clamp(0, 1)
    return (x.clamp(min=eps) / (1 - x).clamp(min=eps)).log()


def sine_features(values: Tensor, num_features: int, temperature: float) -> Tensor:
    """Sin and cos of a value in turn, at falling frequencies: `(...)` -> `(..., num_features)`."""
    pair = torch.arange(num_features, device=values.device) // 2
    angles = values[..., None] / temperature ** (2 * pair / num_features)
    return torch.stack((angles[..., 0::2].sin(), angles[..., 1::2].cos()), dim=-1).flatten(-2)


def map_positions(pyramid: Pyramid, dim: int, *, temperature: float, offset: float) -> Tensor:
    """Position of every token in its own map: half of the channels for y, half for x.

    Args:
        pyramid: The N tokens.
        dim: Channels C.
        temperature: 20 in the official code; 10000 in mmdetection's "improved" recipe.
        offset: Added to the 1-based row and column; -0.5 in the "improved" recipe.

    Returns:
        `(B | 1, N, C)`.
    """

    def along(image: Tensor) -> Tensor:
        place = image.cumsum(1, dtype=torch.float32)  # (B, length), 1-based
        turn = (place + offset) / (place[:, -1:] + 1e-6) * 2 * math.pi
        return sine_features(turn, dim // 2, temperature)

    maps = []
    for rows, columns in zip(pyramid.rows, pyramid.columns, strict=True):
        y, x = along(rows)[:, :, None], along(columns)[:, None]  # (B, H, 1, C/2), (B, 1, W, C/2)
        y, x = torch.broadcast_tensors(y, x)
        maps.append(torch.cat([y, x], dim=-1).flatten(1, 2))
    return torch.cat(maps, dim=1)


def box_positions(boxes: Tensor, dim: int) -> Tensor:
    """Sine features of centre and size of boxes cxcywh in [0, 1].

    Args:
        boxes: `(..., 4)`.
        dim: Channels C of the network; half of them for each number.

    Returns:
        `(..., 2 C)`, in the published order y, x, w, h.
    """
    ordered = boxes[..., [1, 0, 2, 3]] * 2 * math.pi
    return sine_features(ordered, dim // 2, BOX_TEMPERATURE).flatten(-2)
