"""Position tables for other sizes of picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor


def resize_positions(
    positions: Tensor, grid: tuple[int, int], *, source_grid: tuple[int, int] | None = None
) -> Tensor:
    """A position table for another grid of patches, by bicubic interpolation.

    Args:
        positions: `(1 + h w, C)`, the class token's row in front.
        grid: Rows and columns of the wanted grid.
        source_grid: Those of the table; a square by default.

    Returns:
        `(1 + H W, C)`.

    Raises:
        ValueError: The table does not hold the source grid.
    """
    patches = positions.shape[0] - 1
    h, w = source_grid or (round(patches**0.5),) * 2
    if h * w != patches:
        raise ValueError(f"positions: {patches} rows do not form {h}x{w}; give `source_grid`")
    image = rearrange(positions[1:], "(h w) c -> 1 c h w", h=h)
    image = F.interpolate(image.float(), size=grid, mode="bicubic", align_corners=False)
    resized = rearrange(image, "1 c h w -> (h w) c").to(positions.dtype)
    return torch.cat([positions[:1], resized])
