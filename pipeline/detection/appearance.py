"""What a person looks like: the colours of clothes and hair, which tell apart people who meet.

Boxes alone cannot say who came out of an encounter where. DeepSORT (Wojke et al., 2017) asks a
network; within one clip, under one light, a histogram answers as surely and costs next to nothing.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.detection.boxes import Array
from pipeline.types import FloatArray

_PARTS = ((0.0, 0.5), (0.5, 1.0))
"""Shares of the height: what is worn above and what below."""
_WIDTH = 0.5
"""Share of the width that counts, about the middle: at the sides is more ice than person."""
_SIZE = (12, 24)
"""Pixels that a part is brought to: near and far people are described alike."""
_BINS = 6
_CHROMA = (88, 168)
"""Of Lab's two colour channels in 8 bits, 128 being grey; what lies beyond goes to the ends."""

LENGTH = len(_PARTS) * _BINS**3
"""Of one description."""


def reid_descriptors(frame: NDArray[np.uint8], boxes: Array) -> FloatArray:
    """The colours within boxes, as roots of histograms.

    Args:
        frame: RGB `(H, W, 3)`.
        boxes: `(N, 4)` xyxy in pixels.

    Returns:
        `(N, LENGTH)`, rows of Euclidean length 1, so that the product of two is the Bhattacharyya
        coefficient; zeros where a box shows nothing.
    """
    result = np.zeros((len(boxes), LENGTH), np.float32)
    for row, box in enumerate(boxes.tolist()):
        parts = [_part(frame, box, *share) for share in _PARTS]
        if all(part.size for part in parts):
            histogram = np.concatenate([_histogram(part) for part in parts])
            result[row] = np.sqrt(histogram / histogram.sum())
    return result


def _part(
    frame: NDArray[np.uint8], box: list[float], start: float, end: float
) -> NDArray[np.uint8]:
    """The middle of a box between two shares of its height; empty outside the frame."""
    x1, y1, x2, y2 = box
    if not np.isfinite(box).all():
        return frame[:0]
    middle, half, height = (x1 + x2) / 2, (x2 - x1) * _WIDTH / 2, y2 - y1
    left, right = np.clip([middle - half, middle + half], 0, frame.shape[1])
    top, bottom = np.clip([y1 + start * height, y1 + end * height], 0, frame.shape[0])
    return frame[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))]


def _histogram(part: NDArray[np.uint8]) -> FloatArray:
    """Counts `(_BINS**3,)` of lightness and both colours at once."""
    lab = cv2.cvtColor(cv2.resize(part, _SIZE, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)
    lab[..., 1:] = np.clip(lab[..., 1:], _CHROMA[0], _CHROMA[1] - 1)
    ranges = [0, 256, *_CHROMA, *_CHROMA]
    counts = cv2.calcHist([lab], [0, 1, 2], None, [_BINS] * 3, [float(r) for r in ranges])
    return np.asarray(counts, np.float32).ravel()
