"""Boxes in the detector's units, cxcywh in [0, 1] of the picture, and how well two agree."""

from __future__ import annotations

import torch
from torch import Tensor


def corners(boxes: Tensor) -> Tensor:
    """`(..., 4)` cxcywh -> xyxy."""
    center, half = boxes[..., :2], boxes[..., 2:] / 2
    return torch.cat((center - half, center + half), dim=-1)


def centred(boxes: Tensor) -> Tensor:
    """`(..., 4)` xyxy -> cxcywh."""
    low, high = boxes[..., :2], boxes[..., 2:]
    return torch.cat(((low + high) / 2, high - low), dim=-1)


def overlaps(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and generalised IoU (Rezatofighi et al. 2019) of cxcywh boxes.

    Args:
        first: `(..., 4)`, broadcast against `second`.
        second: `(..., 4)`; for all pairs give `(N, 1, 4)` and `(1, M, 4)`.

    Returns:
        Both `(...)`. The generalised one is below 0 for boxes apart, down to -1.
    """
    a, b = corners(first), corners(second)
    shared = _area(
        torch.cat((torch.max(a[..., :2], b[..., :2]), torch.min(a[..., 2:], b[..., 2:])), -1)
    )
    hull = _area(
        torch.cat((torch.min(a[..., :2], b[..., :2]), torch.max(a[..., 2:], b[..., 2:])), -1)
    )
    union = _area(a) + _area(b) - shared
    tiny = torch.finfo(union.dtype).tiny
    iou = shared / union.clamp(min=tiny)
    return iou, iou - (hull - union) / hull.clamp(min=tiny)


def _area(xyxy: Tensor) -> Tensor:
    return (xyxy[..., 2:] - xyxy[..., :2]).clamp(min=0).prod(-1)
