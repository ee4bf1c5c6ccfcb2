"""Random changes to a picture's pixels that leave everybody in it where they are."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

PictureArray = NDArray[np.uint8]
"""RGB `(H, W, 3)`."""
Rng = np.random.Generator


def recoloured(picture: PictureArray, rng: Rng) -> PictureArray:
    """Other brightness, contrast, saturation and tint; now and then grey."""
    pixels = picture.astype(np.float32)
    grey = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    saturation = np.float32(0 if rng.random() < 0.1 else rng.uniform(0.4, 1.5))
    pixels = grey[..., None] + saturation * (pixels - grey[..., None])
    gain = rng.uniform(0.7, 1.3) * rng.uniform(0.9, 1.1, 3)
    offset = grey.mean() * rng.uniform(-0.25, 0.25)
    pixels = pixels * gain.astype(np.float32) + np.float32(offset)
    return pixels.clip(0, 255).astype(np.uint8)


def degraded(picture: PictureArray, rng: Rng) -> PictureArray:
    """Out of focus, moved during the exposure, or enlarged from fewer pixels."""
    height, width = picture.shape[:2]
    kind = rng.integers(3)
    if kind == 0:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 1.8)), np.uint8)
    if kind == 1:
        length = int(rng.integers(3, 8))
        line = np.zeros((length, length), np.float32)
        angle = rng.uniform(0, np.pi)
        reach = (length - 1) / 2 * np.array([np.cos(angle), np.sin(angle)])
        ends = ((length - 1) / 2 + np.array([-reach, reach])).round().astype(int)
        cv2.line(line, ends[0].tolist(), ends[1].tolist(), 1.0)
        return np.asarray(cv2.filter2D(picture, -1, line / line.sum()), np.uint8)
    share = rng.uniform(0.35, 0.8)
    small = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height)), np.uint8)
