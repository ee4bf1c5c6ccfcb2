"""Strokes, dots and words on an RGB picture, smooth-edged and as opaque as asked.

cv2 draws each shape into a small mask, and the mask is blended in: cv2 itself knows no opacity. The
order of the colour channels never reaches cv2.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""RGB `(H, W, 3)`; the functions here paint into it."""

Colour = tuple[int, int, int]
"""RGB, 0 to 255."""

Point = tuple[float, float]
"""x, y in pixels; 0, 0 is the corner of the first pixel."""

_FONT = cv2.FONT_HERSHEY_DUPLEX
_SHIFT = 4  # cv2 takes whole numbers; these are sixteenths of a pixel
_FARTHEST = 2.0**20  # pixels; cv2 holds sixteenths in 32 bits
_FONT_HEIGHT = 22  # pixels of a capital letter at scale 1


class TextSize(NamedTuple):
    """What a line of text takes up, pixels."""

    width: int
    height: int  # of a capital letter
    below: int  # of what hangs below the line


def stroke(
    picture: Picture, start: Point, end: Point, *, colour: Colour, width: int, opacity: float = 1.0
) -> None:
    """Draw a straight line with round ends."""
    window = _window(picture, [start, end], width)
    if window is None:
        return
    mask, (left, top) = window
    ends = (_fixed(start, left, top), _fixed(end, left, top))
    cv2.line(mask, *ends, 255, width, cv2.LINE_AA, _SHIFT)
    _blend(picture, mask, (left, top), colour, opacity)


def dashes(
    picture: Picture, start: Point, end: Point, *, colour: Colour, width: int, dash: float
) -> None:
    """Draw a dashed line; dashes and the gaps between them are `dash` pixels long."""
    ends = np.array([start, end], dtype=np.float64)
    count = max(1, round(float(np.linalg.norm(ends[1] - ends[0])) / dash / 2))
    for number in range(count):
        first, last = (ends[0] + (ends[1] - ends[0]) * (number + part) / count for part in (0, 0.5))
        stroke(picture, tuple(first), tuple(last), colour=colour, width=width)


def dot(
    picture: Picture, centre: Point, radius: float, *, colour: Colour, opacity: float = 1.0
) -> None:
    """Draw a filled disc."""
    window = _window(picture, [centre], 2 * round(radius) + 2)
    if window is None:
        return
    mask, (left, top) = window
    where = _fixed(centre, left, top)
    cv2.circle(mask, where, round(radius * 2**_SHIFT), 255, cv2.FILLED, cv2.LINE_AA, _SHIFT)
    _blend(picture, mask, (left, top), colour, opacity)


def panel(
    picture: Picture, x: int, y: int, width: int, height: int, *, colour: Colour, opacity: float
) -> None:
    """Fill a rectangle, as far as it lies in the picture."""
    left, top = max(x, 0), max(y, 0)
    size = (max(y + height - top, 0), max(x + width - left, 0))
    _blend(picture, np.full(size, 255, np.uint8), (left, top), colour, opacity)


def text_size(words: str, height: int) -> TextSize:
    """Room that `words` need in letters `height` pixels high."""
    scale, thickness = _letters(height)
    (width, _), below = cv2.getTextSize(words, _FONT, scale, thickness)
    return TextSize(width, height, below)


def text(
    picture: Picture, words: str, x: int, baseline: int, *, height: int, colour: Colour
) -> None:
    """Write a line of ASCII text (cv2's letters know no other) from `x` on `baseline`."""
    scale, thickness = _letters(height)
    size = text_size(words, height)
    left, top = x - thickness, baseline - 2 * height
    mask = np.zeros((2 * height + size.below + thickness, size.width + 2 * thickness), np.uint8)
    cv2.putText(mask, words, (thickness, 2 * height), _FONT, scale, 255, thickness, cv2.LINE_AA)
    mask = mask[max(-top, 0) :, max(-left, 0) :]
    _blend(picture, mask, (max(left, 0), max(top, 0)), colour, 1.0)


def _letters(height: int) -> tuple[float, int]:
    return height / _FONT_HEIGHT, max(1, round(height / 12))


def _fixed(point: Point, left: int, top: int) -> tuple[int, int]:
    """cv2 counts from the middle of the first pixel, we from its corner."""
    x, y = np.clip(np.array(point) - (left + 0.5, top + 0.5), -_FARTHEST, _FARTHEST)
    return round(x * 2**_SHIFT), round(y * 2**_SHIFT)


def _window(
    picture: Picture, points: list[Point], width: int
) -> tuple[NDArray[np.uint8], tuple[int, int]] | None:
    """An empty mask over the part of the picture around the points, and where it begins."""
    corners = np.array(points)
    low = np.floor(corners.min(axis=0)) - width
    high = np.ceil(corners.max(axis=0)) + width
    H, W = picture.shape[:2]
    left, top = np.clip(low, 0, [W, H]).astype(int).tolist()
    right, bottom = np.clip(high, 0, [W, H]).astype(int).tolist()
    if right <= left or bottom <= top:
        return None
    return np.zeros((bottom - top, right - left), np.uint8), (left, top)


def _blend(
    picture: Picture,
    mask: NDArray[np.uint8],
    corner: tuple[int, int],
    colour: Colour,
    opacity: float,
) -> None:
    left, top = corner
    part = picture[top : top + mask.shape[0], left : left + mask.shape[1]]
    alpha = mask[: part.shape[0], : part.shape[1], None] * np.float32(opacity / 255)
    part[:] = np.rint(part + alpha * (np.array(colour, np.float32) - part))
