"""InfoGCN's blocks: joints are mixed by self-attention within a frame, frames by convolutions.

Activations are `(B, C, T, V)` in channels-last memory, so attention sees `(frames, V, C)` and a 1x1
convolution is a matrix product, both without a copy; neighbouring layers of a kind are joined into
one call. In training a block keeps two tensors and computes the rest again.
`models.infogcn.reference` is the same network written out plainly.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from models.activation_checkpointing import checkpointed, computed_again
from models.layers import attention_probabilities

PIECE_BYTES = 2**22
"""Size of the pieces in which processors mix frames: large ones cost memory, small ones time."""


class JointAttention(nn.Module):
    """How much every joint of a frame attends to every other, head by head."""

    def __init__(self, channels: int, *, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.ln = nn.LayerNorm(channels)
        self.to_qk = nn.Linear(channels, 2 * num_heads * (channels // 8))

    def forward(self, frames: Tensor) -> Tensor:
        """`(N, V, C)` -> `(N, heads, V, V)`; rows sum to 1."""
        q, k = rearrange(
            self.to_qk(self.ln(frames)), "n v (two h d) -> two n h v d", two=2, h=self.num_heads
        )
        return attention_probabilities(q, k)


class SpatialGraphConv(nn.Module):
    """Self-attention based graph convolution (InfoGCN's SA-GC); its norm is the block's matter."""

    def __init__(
        self, in_channels: int, out_channels: int, *, num_joints: int, num_heads: int
    ) -> None:
        super().__init__()
        self.attn = JointAttention(in_channels, num_heads=num_heads)
        self.shared_topology = nn.Parameter(torch.eye(num_joints).repeat(num_heads, 1, 1))
        self.conv_d = nn.ModuleList(
            nn.Conv2d(in_channels, out_channels, 1) for _ in range(num_heads)
        )
        self.bn = nn.BatchNorm2d(out_channels)
        nn.init.constant_(self.bn.weight, 1e-6)  # a fresh block is its shortcut
        self.down: nn.Module = nn.Identity()
        if in_channels != out_channels:
            conv = nn.Conv2d(in_channels, out_channels, 1)
            self.down = nn.Sequential(conv, nn.BatchNorm2d(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, T, V)` -> `(B, C_out, T, V)`, before the norm."""
        B, _, T, _ = x.shape
        frames = rearrange(x, "b c t v -> (b t) v c")
        mixed = checkpointed(
            self.mix,
            frames,
            parameters=[*self.attn.parameters(), self.shared_topology, *self.conv_d.parameters()],
            rows=self._frames_at_once(frames),
        )
        return rearrange(mixed, "(b t) v c -> b c t v", b=B, t=T)

    def mix(self, frames: Tensor) -> Tensor:
        """Sum over the heads of A_h x W_h: `(N, V, C)` -> `(N, V, C_out)`.

        x W comes first, for all heads at once; [A_1 A_2 ...] times it then sums over the heads.
        """
        mixing = self.attn(frames) * self.shared_topology  # (N, heads, V, V)
        weight, bias = _joined(self.conv_d)
        projected = F.linear(frames, weight.flatten(1))  # (N, V, heads * C_out)
        return torch.baddbmm(
            rearrange(bias, "(h c) -> h c", h=len(self.conv_d)).sum(0),
            rearrange(mixing, "n h i j -> n i (j h)"),
            rearrange(projected, "n j (h c) -> n (j h) c", h=len(self.conv_d)),
        )

    def shortcut(self, x: Tensor) -> Tensor:
        """The input in the output's channels."""
        if isinstance(self.down, nn.Identity):
            return x
        conv, norm = cast(nn.Sequential, self.down)
        return normalised(pointwise(x, conv), norm)

    def _frames_at_once(self, frames: Tensor) -> int | None:
        if frames.device.type != "cpu":
            return None
        _, V, _ = frames.shape
        floats_a_frame = V * len(self.conv_d) * self.bn.num_features
        return max(1, PIECE_BYTES // (4 * floats_a_frame))


class TemporalConv(nn.Module):
    """Convolution over time and its batch norm."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel: int,
        stride: int = 1,
        dilation: int = 1,
    ) -> None:
        super().__init__()
        padding = (kernel - 1) * dilation // 2
        self.conv = nn.Conv2d(
            in_channels, out_channels, (kernel, 1), (stride, 1), (padding, 0), (dilation, 1)
        )
        self.bn = nn.BatchNorm2d(out_channels)


class MultiScaleTemporalConv(nn.Module):
    """Four views of time side by side: two dilations, the largest neighbour, the frame itself."""

    def __init__(
        self,
        channels: int,
        *,
        stride: int,
        kernel: int = 5,
        dilations: tuple[int, int] = (1, 2),
    ) -> None:
        super().__init__()
        width = channels // 4

        def branch(*layers: nn.Module, stride: int = 1) -> nn.Sequential:
            entrance = nn.Conv2d(channels, width, 1, (stride, 1))
            return nn.Sequential(entrance, nn.BatchNorm2d(width), *layers)

        dilated = [
            branch(
                nn.ReLU(),
                TemporalConv(width, width, kernel=kernel, stride=stride, dilation=dilation),
            )
            for dilation in dilations
        ]
        pool = nn.MaxPool2d((3, 1), (stride, 1), (1, 0))
        largest = branch(nn.ReLU(), pool, nn.BatchNorm2d(width))
        self.branches = nn.ModuleList([*dilated, largest, branch(stride=stride)])

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, T, V)` -> `(B, C, T / stride, V)`."""
        near, far, largest, itself = (cast(nn.Sequential, branch) for branch in self.branches)
        hidden = pointwise(x, near[0], far[0], largest[0])
        hidden = normalised(hidden, near[1], far[1], largest[1]).relu_()
        parts = hidden.chunk(3, dim=1)
        near_conv, far_conv = (cast(TemporalConv, branch[3]) for branch in (near, far))
        views = [near_conv.conv(parts[0]), far_conv.conv(parts[1]), largest[3](parts[2])]
        joined = torch.cat([*views, pointwise(x, itself[0])], dim=1)
        return normalised(joined, near_conv.bn, far_conv.bn, largest[4], itself[1]).relu_()


class EncodingBlock(nn.Module):
    """Joints, then time, and a shortcut around both."""

    def __init__(
        self, in_channels: int, out_channels: int, *, num_joints: int, num_heads: int, stride: int
    ) -> None:
        super().__init__()
        self.agcn = SpatialGraphConv(
            in_channels, out_channels, num_joints=num_joints, num_heads=num_heads
        )
        self.tcn = MultiScaleTemporalConv(out_channels, stride=stride)
        self.residual: nn.Module = nn.Identity()
        if in_channels != out_channels or stride != 1:
            self.residual = TemporalConv(in_channels, out_channels, kernel=1, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, T, V)` -> `(B, C_out, T / stride, V)`."""
        parts = (self.agcn.bn, self.agcn.down, self.tcn, self.residual)
        parameters = [parameter for part in parts for parameter in part.parameters()]
        return checkpointed(self._finish, x, self.agcn(x), parameters=parameters)

    def _finish(self, x: Tensor, mixed: Tensor) -> Tensor:
        spatial = normalised(mixed, self.agcn.bn).add_(self.agcn.shortcut(x)).relu_()
        return (self.tcn(spatial) + self._shortcut(x)).relu_()

    def _shortcut(self, x: Tensor) -> Tensor:
        if isinstance(self.residual, TemporalConv):
            return normalised(pointwise(x, self.residual.conv), self.residual.bn)
        return x


def pointwise(x: Tensor, *convs: nn.Module) -> Tensor:
    """1x1 convolutions of one stride side by side: `(B, C, T, V)` -> `(B, sum of C_out, T', V)`."""
    weight, bias = _joined(convs)
    stride = cast(nn.Conv2d, convs[0]).stride[0]
    rows = rearrange(x, "b c t v -> b t v c")[:, ::stride]
    return rearrange(F.linear(rows, weight.flatten(1), bias), "b t v c -> b c t v")


def normalised(x: Tensor, *norms: nn.Module) -> Tensor:
    """Batch norms of neighbouring channels in one call; a repetition leaves their statistics."""
    layers = [cast(nn.BatchNorm2d, norm) for norm in norms]
    first = layers[0]
    weight, bias = _joined(layers)
    mean = torch.cat([cast(Tensor, layer.running_mean) for layer in layers])
    variance = torch.cat([cast(Tensor, layer.running_var) for layer in layers])
    momentum = cast(float, first.momentum)
    y = F.batch_norm(x, mean, variance, weight, bias, first.training, momentum, first.eps)
    if first.training and not computed_again():
        _store_statistics(layers, mean, variance)
    return y


def _store_statistics(layers: list[nn.BatchNorm2d], mean: Tensor, variance: Tensor) -> None:
    sizes = [layer.num_features for layer in layers]
    parts = zip(layers, mean.split(sizes), variance.split(sizes), strict=True)
    for layer, its_mean, its_variance in parts:
        cast(Tensor, layer.running_mean).copy_(its_mean)
        cast(Tensor, layer.running_var).copy_(its_variance)
        cast(Tensor, layer.num_batches_tracked).add_(1)


def _joined(layers: Iterable[nn.Module]) -> tuple[Tensor, Tensor]:
    """Weights and biases of layers end to end along the output channels."""
    layers = list(layers)
    weights = [cast(Tensor, layer.weight) for layer in layers]
    return torch.cat(weights), torch.cat([cast(Tensor, layer.bias) for layer in layers])
