"""Unmasked Teacher's position table, and how it follows a network to other frames and sizes.

The published table is a fixed sinusoid over the tokens of 8 frames of 14x14 patches, interpolated
to every other grid. It is never trained, so a checkpoint moves to 16 or 32 frames or to 448 pixels
by its table alone. The paper trains at 16x224 first and derives 32x224 and 16x448 from it
(Sec. II-B): the table of the checkpoint is interpolated; `from_8_frames` takes the published
8-frame table instead, as the official constructor does (up to 0.25 away at 32 frames).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

Grid = tuple[int, int, int]
"""Tokens along T, H and W."""

PUBLISHED_GRID: Grid = (8, 14, 14)
LEARNED = "patch_embed.positions"
"""The further table of a network with a convolutional stem."""
# A wrong grid is about 0.5 away from the table on average, an interpolated right one below 0.03.
SAME_TABLE = 0.1
CHANNELS_TO_COMPARE = 16


class HasPositions(Protocol):
    """A network with a position table."""

    grid: Grid
    pos_embed: Tensor


def sinusoid_table(
    dim: int, grid: Grid = PUBLISHED_GRID, *, device: torch.device | str | None = None
) -> Tensor:
    """The published position table of any grid: float32 `(1, T*H*W, dim)`, T slowest."""
    (T, _, _), (_, H, W) = PUBLISHED_GRID, grid
    # The published constructor resamples the image first, its checkpoint loader time first: the
    # same up to rounding.
    table = interpolate_position_table(_published_table(dim, device), PUBLISHED_GRID, (T, H, W))
    return interpolate_position_table(table, (T, H, W), grid)


def _published_table(dim: int, device: torch.device | str | None = None) -> Tensor:
    T, H, W = PUBLISHED_GRID
    position = torch.arange(T * H * W, dtype=torch.float64, device=device)
    channel = torch.arange(dim, dtype=torch.float64, device=device)
    angle = position[:, None] / 10000 ** (2 * (channel // 2) / dim)  # (N, dim)
    return torch.where(channel % 2 == 0, angle.sin(), angle.cos()).float()[None]


def interpolate_position_table(table: Tensor, from_grid: Grid, to_grid: Grid) -> Tensor:
    """Resample a position table: linear over time, then bicubic over the image.

    Args:
        table: `(1, T*H*W, C)`, T slowest.
        from_grid: T, H, W of `table`.
        to_grid: T, H, W wanted.

    Returns:
        `(1, T'*H'*W', C)` in the dtype of `table`.

    Raises:
        ValueError: `table` has another number of tokens than `from_grid`.
    """
    T, H, W = from_grid
    C = table.shape[-1]
    if tuple(table.shape) != (1, T * H * W, C):
        raise ValueError(
            f"position table: {T}x{H}x{W} tokens expected, got shape {tuple(table.shape)}"
        )
    x = table.float().reshape(T, H, W, C)
    if to_grid[0] != T:
        x = x.reshape(T, -1).t()[None]  # (1, H*W*C, T)
        x = F.interpolate(x, to_grid[0], mode="linear")[0].t().reshape(-1, H, W, C)
    if to_grid[1:] != (H, W):
        x = F.interpolate(x.permute(0, 3, 1, 2), to_grid[1:], mode="bicubic")
        x = x.permute(0, 2, 3, 1)  # (T', C, H', W') -> (T', H', W', C)
    return x.reshape(1, -1, C).to(table.dtype)


def adapt_positions(
    state: Mapping[str, Tensor],
    model: HasPositions,
    *,
    from_8_frames: bool = False,
    source_frames: int | None = None,
) -> tuple[dict[str, Tensor], str | None]:
    """Fit a checkpoint's position table to a network of other frames or another image size.

    Args:
        state: Our keys; a state without `pos_embed` means the published table.
        model: The network that will load the state.
        from_8_frames: Take the published 8-frame table instead of the checkpoint's.
        source_frames: T of the checkpoint, where its table does not tell by itself.

    Returns:
        The state to load, and a sentence about what was done (None: the table fits as it is).

    Raises:
        ValueError: The checkpoint's grid cannot be told.
    """
    adapted = dict(state)
    learned = adapted.get(LEARNED)
    if learned is not None and learned.shape[1] != model.grid[1] * model.grid[2]:
        adapted[LEARNED] = _resized(learned, model.grid[1:])
    table = adapted.get("pos_embed")
    wanted = _times(model.grid)
    if from_8_frames or table is None:
        adapted.pop("pos_embed", None)  # loading supplies the published table
        return adapted, f"position table: the published 8-frame table, brought to {wanted}"
    if table.shape == model.pos_embed.shape and source_frames in (None, model.grid[0]):
        return adapted, None
    if table.is_meta:  # names and shapes alone: every grid gives the same
        adapted["pos_embed"] = torch.empty_like(model.pos_embed, device="meta")
        return adapted, f"position table: interpolated to {wanted}"
    grid = _grid_of(table, source_frames)
    adapted["pos_embed"] = interpolate_position_table(table, grid, model.grid)
    return adapted, f"position table: interpolated from {_times(grid)} to {wanted}"


def _resized(table: Tensor, grid: tuple[int, int]) -> Tensor:
    """A learned table of a square picture's patches for another size."""
    side = round(table.shape[1] ** 0.5)
    if table.is_meta:
        return table.new_empty(1, grid[0] * grid[1], table.shape[2])
    return interpolate_position_table(table, (1, side, side), (1, *grid))


def _times(grid: Grid) -> str:
    return "x".join(map(str, grid))


def _grid_of(table: Tensor, num_frames: int | None) -> Grid:
    """The grid of a table: among those with so many tokens, the one whose sinusoid it is."""
    num_tokens, dim = table.shape[1:]
    frames = range(1, num_tokens + 1) if num_frames is None else (num_frames,)
    sides = {T: round((num_tokens / T) ** 0.5) for T in frames}
    grids = [(T, side, side) for T, side in sides.items() if T * side * side == num_tokens]
    if num_frames is not None and grids:
        return grids[0]
    some = slice(None, None, max(dim // CHANNELS_TO_COMPARE, 1))
    published, given = _published_table(dim)[..., some], table[..., some].float()
    distances = {
        grid: float(
            (interpolate_position_table(published, PUBLISHED_GRID, grid) - given).abs().mean()
        )
        for grid in grids
    }
    best = min(distances, key=distances.__getitem__, default=None)
    if best is None or distances[best] > SAME_TABLE:
        raise ValueError(
            f"pos_embed of shape {tuple(table.shape)}: cannot tell frames from patches; "
            "say how many frames the checkpoint was trained on (source_frames)"
        )
    return best
