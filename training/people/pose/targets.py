"""What a heat map should look like, and how far a predicted one is from it (UDP, Huang et al.)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from pipeline.types import FloatArray


def crop_to_cells(
    joints: FloatArray, crop_hw: tuple[int, int], map_hw: tuple[int, int]
) -> FloatArray:
    """Crop pixels `(..., 2)` x, y to heat-map cells, without bias: last pixel to last cell."""
    steps = [(m - 1) / (c - 1) for m, c in zip(map_hw, crop_hw, strict=True)]
    return (joints * np.array(steps[::-1])).astype(np.float32)


def gaussian_maps(cells: Tensor, map_hw: tuple[int, int], *, sigma: float) -> Tensor:
    """A Gaussian of height 1 around every joint, its centre not rounded to a cell.

    Args:
        cells: `(..., J, 2)` x, y.
        map_hw: Height and width of the maps.
        sigma: Cells.

    Returns:
        `(..., J, H, W)`.
    """
    lines = []
    for axis, size in ((1, map_hw[0]), (0, map_hw[1])):
        distance = torch.arange(size, device=cells.device) - cells[..., axis, None]
        lines.append(torch.exp(-(distance**2) / (2 * sigma**2)))  # (..., J, size)
    return lines[0][..., :, None] * lines[1][..., None, :]


def inside(cells: FloatArray, map_hw: tuple[int, int]) -> FloatArray:
    """1 for each joint `(..., 2)` within the map's cells, 0 for the others, `(...)`."""
    limits = np.array([map_hw[1], map_hw[0]]) - 0.5
    return np.asarray(((cells >= -0.5) & (cells <= limits)).all(-1), np.float32)


def heatmap_loss(predicted: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean squared error over the joints that count, per joint the sum over its map.

    Args:
        predicted: `(B, J, H, W)`.
        target: The same.
        weights: `(B, J)`; 0 where a joint is not known.
    """
    errors = (predicted.float() - target).square().sum((2, 3))  # (B, J)
    return (errors * weights).sum() / weights.sum().clamp(min=1)
