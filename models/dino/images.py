"""Frames to the detector's input: resize, normalise, pad.

Two published rules: the official code resizes with PIL, which smooths when it shrinks, and cuts the
longer side off to a whole pixel; mmdetection resizes with OpenCV, which does not smooth, and rounds
both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

ResizeRule = Literal["official", "mmdet"]

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def resized_hw(
    height: int, width: int, *, short_side: int, long_side: int, rule: ResizeRule
) -> tuple[int, int]:
    """Size of the detector's input for a frame.

    Args:
        height: Of the frame.
        width: Of the frame.
        short_side: Wanted for the shorter side (800 in both publications).
        long_side: Most that the longer side may have (1333 in both); the shorter one gives way.
        rule: Whose arithmetic.
    """
    shorter, longer = sorted((height, width))
    if rule == "mmdet":
        scale = min(long_side / longer, short_side / shorter)
        return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))
    if longer / shorter * short_side > long_side:
        short_side = max(1, round(long_side * shorter / longer))
    if shorter == short_side:
        return height, width
    along = int(short_side * longer / shorter)
    return (along, short_side) if height > width else (short_side, along)


def resize(frames: Tensor, size_hw: tuple[int, int], *, rule: ResizeRule) -> Tensor:
    """Bilinear resize of uint8 frames `(T, 3, H, W)` on the CPU -> `(T, 3, *size_hw)`.

    torch resizes bytes as PIL does, in whole numbers: within a grey level of both libraries, and
    ten times faster than floats on frames that were `(T, H, W, 3)`.
    """
    return F.interpolate(frames, size_hw, mode="bilinear", antialias=rule == "official")


def normalise(frames: Tensor) -> Tensor:
    """RGB uint8 `(T, 3, H, W)` -> float32 with ImageNet's mean and deviation removed."""
    mean = torch.tensor(MEAN, device=frames.device)[:, None, None]
    std = torch.tensor(STD, device=frames.device)[:, None, None]
    return (frames.float() / 255 - mean) / std


def pad_batch(images: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Stack images of different sizes, zeros at the bottom and the right.

    Args:
        images: Normalised `(3, H, W)` each.

    Returns:
        Pixels `(B, 3, H, W)` and the sizes before padding `(B, 2)`, as the network takes them.
    """
    sizes = torch.tensor([image.shape[1:] for image in images], device=images[0].device)
    height, width = sizes.amax(0).tolist()
    padded = [F.pad(x, (0, width - x.shape[2], 0, height - x.shape[1])) for x in images]
    return torch.stack(padded), sizes
