"""Logits and relative boxes to scored boxes in pixels, as published: no non-maximum suppression."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from models.dino.outputs import Prediction


@dataclass(frozen=True)
class ScoredBoxes:
    """The best pairs of query and class of each image, best first."""

    scores: Tensor
    """`(B, S)` in 0..1."""
    labels: Tensor
    """`(B, S)` class of each."""
    boxes_xyxy: Tensor
    """`(B, S, 4)`, pixels."""


def to_xyxy(boxes: Tensor, sizes_hw: Tensor, *, clamp: bool) -> Tensor:
    """Boxes cxcywh in [0, 1] to corners in pixels.

    Args:
        boxes: `(B, N, 4)`.
        sizes_hw: `(B, 2)` heights and widths of the images to measure in.
        clamp: Cut the boxes off at the image's border, as mmdetection does.
    """
    centre, size = boxes.float().split(2, dim=-1)
    corners = torch.cat([centre - size / 2, centre + size / 2], dim=-1)
    if clamp:
        corners = corners.clamp(0, 1)
    return corners * sizes_hw.flip(-1).repeat(1, 2)[:, None]  # (B, 1, 4) as w, h, w, h


def best_pairs(
    prediction: Prediction, sizes_hw: Tensor, *, num_select: int = 300, clamp: bool = False
) -> ScoredBoxes:
    """The published post-processing: the best pairs of query and class, whatever their class.

    A query can come back with several classes; a person detector takes one class and every query
    once instead.

    Args:
        prediction: Of the last decoder layer.
        sizes_hw: `(B, 2)` heights and widths of the images to measure in.
        num_select: Pairs to keep (300 published); all of them where there are fewer.
        clamp: Cut the boxes off at the image's border, as mmdetection does.
    """
    scores = prediction.logits.float().sigmoid().flatten(1)  # (B, Q * K)
    K = prediction.logits.shape[-1]
    best, pairs = scores.topk(min(num_select, scores.shape[1]), dim=1)
    corners = to_xyxy(prediction.boxes, sizes_hw, clamp=clamp)
    boxes = corners.take_along_dim((pairs // K)[..., None], 1)
    return ScoredBoxes(best, pairs % K, boxes)
