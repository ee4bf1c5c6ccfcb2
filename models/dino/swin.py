"""Swin Transformer (Liu et al. 2021) as a detector's trunk, with the official key names.

Feature maps of any size are padded to whole windows inside each block, as the detection version of
the official code does; padded places take part in a window's attention like any other.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from models.layers import DropPath, attention

PATCH = 4
"""Pixels along the side of a patch."""


def relative_position_index(window: int) -> Tensor:
    """Row of the bias table for each pair of places in a window, `(window^2, window^2)`."""
    axis = torch.arange(window)
    rows, columns = (grid.flatten() for grid in torch.meshgrid(axis, axis, indexing="ij"))
    down = rows[:, None] - rows + window - 1
    right = columns[:, None] - columns + window - 1
    return down * (2 * window - 1) + right


class WindowAttention(nn.Module):
    """Multi-head attention among the places of one window, with a learned relative bias."""

    relative_position_index: Tensor

    def __init__(self, dim: int, *, window: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        table = torch.zeros((2 * window - 1) ** 2, num_heads)
        self.relative_position_bias_table = nn.Parameter(nn.init.trunc_normal_(table, std=0.02))
        self.register_buffer("relative_position_index", relative_position_index(window))
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def _bias(self) -> Tensor:
        N = len(self.relative_position_index)
        rows = self.relative_position_bias_table[self.relative_position_index.flatten()]
        return rows.view(1, N, N, self.num_heads).permute(0, 3, 1, 2)  # (1, heads, N, N)

    def forward(self, x: Tensor, barrier: Tensor | None) -> Tensor:
        """Attend within each window.

        Args:
            x: `(windows, N, C)`.
            barrier: `(windows, 1, N, N)`, -inf between places that a shift brought together.
        """
        q, k, v = rearrange(
            self.qkv(x), "w n (three heads d) -> three w heads n d", three=3, heads=self.num_heads
        )
        bias = self._bias() if barrier is None else self._bias() + barrier
        x = attention(q, k, v, bias=bias)
        return self.proj(rearrange(x, "w heads n d -> w n (heads d)"))


class Mlp(nn.Module):
    """Two linear layers around a GELU."""

    def __init__(self, dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden_dim)
        self.fc2 = nn.Linear(hidden_dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """`(..., C)` -> `(..., C)`."""
        return self.fc2(F.gelu(self.fc1(x)))


class SwinBlock(nn.Module):
    """(Shifted) window attention and an MLP, each normalised before and added to its input."""

    def __init__(
        self, dim: int, *, num_heads: int, window: int, shift: int, drop_path: float
    ) -> None:
        super().__init__()
        self.window = window
        self.shift = shift
        self.norm1 = nn.LayerNorm(dim)
        self.attn = WindowAttention(dim, window=window, num_heads=num_heads)
        self.drop_path = DropPath(drop_path)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, 4 * dim)

    def _attend(self, x: Tensor, barrier: Tensor | None) -> Tensor:
        B, H, W, _ = x.shape
        size = self.window
        x = F.pad(x, (0, 0, 0, -W % size, 0, -H % size))  # (B, H, W, C) -> whole windows
        if self.shift:
            x = x.roll((-self.shift, -self.shift), dims=(1, 2))
        rows, columns = x.shape[1] // size, x.shape[2] // size
        x = rearrange(x, "b (r h) (c w) d -> (b r c) (h w) d", h=size, w=size)
        x = self.attn(x, barrier)
        x = rearrange(x, "(b r c) (h w) d -> b (r h) (c w) d", b=B, r=rows, c=columns, h=size)
        if self.shift:
            x = x.roll((self.shift, self.shift), dims=(1, 2))
        return x[:, :H, :W]

    def forward(self, x: Tensor, barrier: Tensor) -> Tensor:
        """`(B, H, W, C)` -> the same; `barrier` `(B x windows, 1, N, N)` is for shifted blocks."""
        x = x + self.drop_path(self._attend(self.norm1(x), barrier if self.shift else None))
        return x + self.drop_path(self.mlp(self.norm2(x)))


def shift_barrier(
    size: tuple[int, int], *, window: int, shift: int, device: torch.device
) -> Tensor:
    """What a shifted window must not mix: -inf between places from opposite edges of the map.

    Args:
        size: Height and width of the map before it is padded to whole windows.
        window: Side of a window.
        shift: Places by which the map is rolled.
        device: Where the tensor is made.

    Returns:
        `(windows, 1, window^2, window^2)` of 0 and -inf.
    """
    strips = []
    for length in size:
        strip = torch.zeros(length + -length % window, device=device)
        strip[-window:] = 1
        strip[-shift:] = 2
        strips.append(strip)
    regions = 3 * strips[0][:, None] + strips[1]  # (H, W)
    regions = rearrange(regions, "(r h) (c w) -> (r c) (h w)", h=window, w=window)
    apart = regions[:, None, :, None] != regions[:, None, None, :]
    return torch.zeros(apart.shape, device=apart.device).masked_fill(apart, -torch.inf)


class PatchMerging(nn.Module):
    """Halves the map: the four places of a 2x2 square become the channels of one."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * dim)
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, H, W, C)` -> `(B, H / 2, W / 2, 2 C)`, rounded up."""
        H, W = x.shape[1:3]
        x = F.pad(x, (0, 0, 0, W % 2, 0, H % 2))
        # Published order of the four places: down before right.
        x = rearrange(x, "b (h down) (w right) c -> b h w (right down c)", down=2, right=2)
        return self.reduction(self.norm(x))


class SwinStage(nn.Module):
    """Blocks at one resolution, every second one shifted, and the step to the next."""

    def __init__(
        self,
        dim: int,
        *,
        num_heads: int,
        window: int,
        drop_paths: Sequence[float],
        merges: bool,
    ) -> None:
        super().__init__()
        self.window = window
        self.blocks = nn.ModuleList(
            SwinBlock(
                dim,
                num_heads=num_heads,
                window=window,
                shift=window // 2 if index % 2 else 0,
                drop_path=drop_path,
            )
            for index, drop_path in enumerate(drop_paths)
        )
        self.downsample = PatchMerging(dim) if merges else None

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """`(B, H, W, C)` -> the stage's own map, and what the next stage starts from."""
        B, H, W, _ = x.shape
        shift = self.window // 2
        barrier = shift_barrier((H, W), window=self.window, shift=shift, device=x.device)
        barrier = barrier.repeat(B, 1, 1, 1)
        for block in self.blocks:
            x = block(x, barrier)
        return x, x if self.downsample is None else self.downsample(x)


class PatchEmbed(nn.Module):
    """Pixels to tokens: a strided convolution and a layer norm."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, dim, PATCH, stride=PATCH)
        self.norm = nn.LayerNorm(dim)

    def forward(self, pixels: Tensor) -> Tensor:
        """`(B, 3, H, W)` -> `(B, H / 4, W / 4, C)`, rounded up."""
        H, W = pixels.shape[2:]
        x = self.proj(F.pad(pixels, (0, -W % PATCH, 0, -H % PATCH)))
        return self.norm(x.permute(0, 2, 3, 1))


class SwinTransformer(nn.Module):
    """The trunk that DINO-DETR reads its feature maps from.

    Args:
        dim: Channels of the first stage, doubled in each further one.
        depths: Blocks of each stage.
        num_heads: Attention heads of each stage.
        window: Side of a window.
        out_stages: Which stages (0..3, strides 4, 8, 16, 32) are returned, each through its norm.
        drop_path: Stochastic depth of the last block; rises linearly from 0.
    """

    def __init__(
        self,
        *,
        dim: int = 192,
        depths: Sequence[int] = (2, 2, 18, 2),
        num_heads: Sequence[int] = (6, 12, 24, 48),
        window: int = 12,
        out_stages: Sequence[int] = (1, 2, 3),
        drop_path: float = 0.2,
    ) -> None:
        super().__init__()
        self.out_stages = tuple(out_stages)
        self.out_channels = [dim << stage for stage in self.out_stages]
        self.patch_embed = PatchEmbed(dim)
        steps = max(1, sum(depths) - 1)
        rates = [drop_path * index / steps for index in range(sum(depths))]
        self.layers = nn.ModuleList(
            SwinStage(
                dim << stage,
                num_heads=heads,
                window=window,
                drop_paths=rates[sum(depths[:stage]) :][:depth],
                merges=stage < len(depths) - 1,
            )
            for stage, (depth, heads) in enumerate(zip(depths, num_heads, strict=True))
        )
        for stage in self.out_stages:
            self.add_module(f"norm{stage}", nn.LayerNorm(dim << stage))

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Feature maps of the chosen stages, fine to coarse.

        Args:
            pixels: `(B, 3, H, W)`, normalised.

        Returns:
            One `(B, C, H / stride, W / stride)` a stage of `out_stages`.
        """
        x = self.patch_embed(pixels)
        features = []
        for stage, layer in zip(range(max(self.out_stages) + 1), self.layers, strict=False):
            own, x = layer(x)
            if stage in self.out_stages:
                normed = self.get_submodule(f"norm{stage}")(own)
                features.append(normed.permute(0, 3, 1, 2))  # (B, H, W, C) -> (B, C, H, W)
        return features
