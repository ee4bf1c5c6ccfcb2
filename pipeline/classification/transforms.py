"""From frames to what the video networks see: crop, resize, three crops along the long side.

The two networks were published with different test transforms, and both are kept: Unmasked Teacher
resizes uint8 pictures with OpenCV and rounds crop offsets down, UniFormerV2 resizes floats with
torch's bilinear interpolation (no antialias) and rounds the centre offset up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pipeline.classification.sampling import CropRule
from pipeline.types import FloatArray, RegionOfInterest

ResizeMethod = Literal["opencv", "torch"]
Picture = NDArray[np.uint8] | NDArray[np.float32]


def crop_region(image: NDArray[np.uint8], region: RegionOfInterest) -> NDArray[np.uint8]:
    """The region's pixels of one frame `(H, W, 3)`, as a view."""
    x1, y1, x2, y2 = (int(v) for v in region.xyxy)
    return image[y1:y2, x1:x2]


def resized_size(height: int, width: int, short_side: int) -> tuple[int, int]:
    """Height and width once the short side is `short_side`; the long side is rounded down."""
    if height <= width:
        return short_side, max(short_side, int(width * short_side / height))
    return max(short_side, int(height * short_side / width)), short_side


def resize_short_side(image: NDArray[np.uint8], short_side: int, method: ResizeMethod) -> Picture:
    """Resize `(H, W, 3)` so that its short side is `short_side`.

    Returns:
        uint8 for `opencv`, float32 of the same range for `torch`, as each reference does.
    """
    height, width = resized_size(image.shape[0], image.shape[1], short_side)
    if method == "opencv":
        resized = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(resized, dtype=np.uint8)
    pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float()
    resized_tensor = F.interpolate(pixels, (height, width), mode="bilinear", align_corners=False)
    result: FloatArray = resized_tensor[0].permute(1, 2, 0).numpy()
    return result


def normalise(frames: Picture, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """RGB `(T, H, W, 3)` in 0..255 to float32 `(3, T, H, W)`; mean and std refer to 0..1."""
    pixels = torch.from_numpy(np.ascontiguousarray(frames)).float().permute(3, 0, 1, 2)
    shift = torch.tensor(mean).view(3, 1, 1, 1) * 255
    scale = torch.tensor(std).view(3, 1, 1, 1) * 255
    return (pixels - shift) / scale  # (T, H, W, 3) -> (3, T, H, W)


@dataclass(frozen=True)
class InputTransform:
    """How a family of networks wants its frames."""

    resize: ResizeMethod
    """Which bilinear interpolation."""
    crop_rule: CropRule
    """Whose rounding of the crop offsets."""
    mean: tuple[float, float, float]
    """Subtracted, RGB in 0..1."""
    std: tuple[float, float, float]
    """Divided by."""


INPUT_TRANSFORMS: dict[str, InputTransform] = {
    "umt": InputTransform("opencv", "umt", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "uniformerv2": InputTransform(
        "torch", "uniformerv2", (0.45, 0.45, 0.45), (0.225, 0.225, 0.225)
    ),
}
"""The published test transforms of the two families."""
