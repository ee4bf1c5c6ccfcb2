"""A person's box -> the crop that ViTPose sees, and heat-map cells -> pixels of the frame.

As ViTPose and mmpose do for a test: the box is grown to the crop's aspect, then by a quarter, and
warped without bias (UDP, Huang et al. 2020: the region ends at the centres of pixels 0 and W-1, so
sizes are counted in steps between pixels), bilinear, black outside the frame.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.types import FloatArray

BOX_PADDING = 1.25
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class CropRegions:
    """Where in their frames N crops lie; NaN where there is none."""

    centers: FloatArray
    """`(N, 2)` x, y in source-frame pixels."""
    sizes: FloatArray
    """`(N, 2)` width, height in source-frame pixels."""

    def __post_init__(self) -> None:
        if self.centers.shape != self.sizes.shape or self.centers.shape[1:] != (2,):
            raise ValueError(
                f"centers, sizes: expected (N, 2) each, got {self.centers.shape} "
                f"and {self.sizes.shape}"
            )

    @property
    def is_gap(self) -> NDArray[np.bool_]:
        """`(N,)` where there is no region."""
        return np.isnan(self.centers[:, 0])

    def at(self, indices: Sequence[int]) -> CropRegions:
        """Some of the regions."""
        return CropRegions(self.centers[indices], self.sizes[indices])

    def to_frame(self, points: FloatArray, heatmap_size: tuple[int, int]) -> FloatArray:
        """Heat-map cells `(N, J, 2)` x, y to pixels of the frame; `heatmap_size` is (H, W)."""
        H, W = heatmap_size
        cells = np.array([W - 1, H - 1], np.float32)
        corners = self.centers - self.sizes / 2
        return (points / cells * self.sizes[:, None] + corners[:, None]).astype(np.float32)


def crop_regions(boxes_xyxy: FloatArray, crop_size: tuple[int, int]) -> CropRegions:
    """The regions for boxes `(N, 4)`: grown to the aspect of `crop_size` (H, W), then padded.

    A box of four NaN gives no region.

    Raises:
        ValueError: Any other box that is empty or not a number.
    """
    top_left, bottom_right = boxes_xyxy[:, :2], boxes_xyxy[:, 2:]
    sides = bottom_right - top_left
    usable = (np.isfinite(sides) & (sides > 0)).all(axis=1) | np.isnan(boxes_xyxy).all(axis=1)
    if not usable.all():
        first = int(usable.argmin())
        raise ValueError(f"box {first}: expected x1 < x2, y1 < y2, got {boxes_xyxy[first]}")
    H, W = crop_size
    aspect = np.float32(W / H)
    width = np.maximum(sides[:, 0], sides[:, 1] * aspect)
    height = np.maximum(sides[:, 1], sides[:, 0] / aspect)
    sizes = np.stack((width, height), axis=1) * np.float32(BOX_PADDING)
    centers = (top_left + bottom_right) / np.float32(2)
    return CropRegions(centers, sizes)


def crop_matrix(
    center: FloatArray,
    size: FloatArray,
    crop_size: tuple[int, int],
    *,
    rotation_degrees: float = 0.0,
) -> FloatArray:
    """The `(2, 3)` map from frame pixels to crop pixels of one region.

    Args:
        center: x, y of the region in the frame.
        size: Its width and height.
        crop_size: (H, W) of the crop.
        rotation_degrees: Turns the picture clockwise about the region's centre (augmentation).
    """
    H, W = crop_size
    scale = np.array([W - 1, H - 1]) / size
    cos, sin = math.cos(math.radians(rotation_degrees)), math.sin(math.radians(rotation_degrees))
    linear = scale[:, None] * np.array([[cos, -sin], [sin, cos]])
    shift = scale * size / 2 - linear @ center
    return np.column_stack((linear, shift)).astype(np.float32)


def crop_frame(
    frame: NDArray[np.uint8], matrix: FloatArray, crop_size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Warp one frame `(H, W, 3)` by `crop_matrix`'s map; black where there is no frame."""
    H, W = crop_size
    crop = cv2.warpAffine(frame, matrix, (W, H), flags=cv2.INTER_LINEAR)
    return np.asarray(crop, np.uint8)


def normalise(crops: NDArray[np.uint8]) -> Tensor:
    """RGB crops `(N, H, W, 3)` to the network's input `(N, 3, H, W)`, as for ImageNet."""
    pixels = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255
    mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
    return (pixels - mean[:, None, None]) / std[:, None, None]
