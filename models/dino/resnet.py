"""ResNet with bottleneck blocks (He et al. 2016), keys of torchvision under `body.`.

The batch norm that follows a convolution in evaluation is a scale and a shift, so both are folded
into the convolution on the fly: the weights stay as the checkpoint has them, and a pass over every
feature map is saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NormKind = Literal["frozen", "batch"]

EXPANSION = 4
"""Output channels of a bottleneck per inner channel."""


class FrozenBatchNorm2d(nn.Module):
    """Batch norm whose statistics and affine parameters are constants (buffers)."""

    eps = 1e-5
    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.ones(channels))
        self.register_buffer("bias", torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))


Norm = FrozenBatchNorm2d | nn.BatchNorm2d


def _make_norm(kind: NormKind, channels: int) -> Norm:
    return FrozenBatchNorm2d(channels) if kind == "frozen" else nn.BatchNorm2d(channels)


def conv_norm(x: Tensor, conv: nn.Conv2d, norm: Norm) -> Tensor:
    """`norm(conv(x))`, as one convolution unless the norm takes statistics from the batch."""
    if isinstance(norm, nn.BatchNorm2d) and norm.training:
        return norm(conv(x))
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
    shift = norm.bias - norm.running_mean * scale
    weight = conv.weight * scale[:, None, None, None]
    return F.conv2d(x, weight, shift, conv.stride, conv.padding)


class Bottleneck(nn.Module):
    """1x1, 3x3 (takes the stride), 1x1 convolutions around a shortcut."""

    def __init__(self, in_channels: int, width: int, *, stride: int, norm: NormKind) -> None:
        super().__init__()
        out_channels = EXPANSION * width
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = _make_norm(norm, width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = _make_norm(norm, width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.bn3 = _make_norm(norm, out_channels)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or in_channels != out_channels:
            shortcut = nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(shortcut, _make_norm(norm, out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, H, W)` -> `(B, 4 width, H / stride, W / stride)`."""
        shortcut = x if self.downsample is None else conv_norm(x, *self.downsample)
        x = F.relu(conv_norm(x, self.conv1, self.bn1), inplace=True)
        x = F.relu(conv_norm(x, self.conv2, self.bn2), inplace=True)
        return F.relu(conv_norm(x, self.conv3, self.bn3) + shortcut, inplace=True)


class Trunk(nn.Module):
    """The stem and the four stages, under torchvision's names."""

    def __init__(self, blocks: Sequence[int], width: int, norm: NormKind) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = _make_norm(norm, width)
        in_channels = width
        for stage, depth in enumerate(blocks):
            layers = []
            for index in range(depth):
                stride = 2 if stage > 0 and index == 0 else 1
                layers.append(Bottleneck(in_channels, width << stage, stride=stride, norm=norm))
                in_channels = EXPANSION * width << stage
            self.add_module(f"layer{stage + 1}", nn.Sequential(*layers))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, pixels: Tensor, out_stages: Sequence[int]) -> list[Tensor]:
        """`(B, 3, H, W)` -> the maps of the chosen stages (0..3)."""
        x = pixels.contiguous(memory_format=torch.channels_last)  # the faster layout on a CPU
        x = F.relu(conv_norm(x, self.conv1, self.bn1), inplace=True)
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        features = []
        for stage in range(max(out_stages) + 1):
            x = self.get_submodule(f"layer{stage + 1}")(x)
            if stage in out_stages:
                features.append(x)
        return features


class ResNet(nn.Module):
    """ResNet as a detector's trunk.

    Args:
        blocks: Bottlenecks of each of the four stages; (3, 4, 6, 3) is ResNet-50.
        width: Inner channels of the first stage, doubled in each further one.
        out_stages: Which stages (0..3, strides 4, 8, 16, 32) are returned.
        norm: `"frozen"` as published detectors have it, `"batch"` to train from scratch.
    """

    def __init__(
        self,
        *,
        blocks: Sequence[int] = (3, 4, 6, 3),
        width: int = 64,
        out_stages: Sequence[int] = (1, 2, 3),
        norm: NormKind = "frozen",
    ) -> None:
        super().__init__()
        self.out_stages = tuple(out_stages)
        self.out_channels = [EXPANSION * width << stage for stage in self.out_stages]
        self.body = Trunk(blocks, width, norm)

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Feature maps of the chosen stages, fine to coarse.

        Args:
            pixels: `(B, 3, H, W)`, normalised.

        Returns:
            One `(B, C, H / stride, W / stride)` a stage of `out_stages`.
        """
        return self.body(pixels, self.out_stages)
