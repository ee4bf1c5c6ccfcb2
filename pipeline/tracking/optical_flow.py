"""How a box moves from one frame to the next, told by the picture alone.

Points inside the box are followed by pyramidal Lucas-Kanade optical flow, there and back; those
that do not come back to where they began are left out (Kalal, Mikolajczyk and Matas 2010,
"Forward-backward error"). The box shifts by the median of the rest and grows as their distances do.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.detection.boxes import Numbers, centres, extents

Grey = NDArray[np.uint8]
"""`(H, W)`."""

_WIDE, _HIGH = 0.6, 0.85
"""Shares of the box, about its middle, in which points are followed: its border is background."""
_GRID = (10, 16)
"""Points across and down."""
_LEAST_POINTS = 8
_MAX_RETURN = 0.02
"""Distance from its beginning at which a point may come back, in lengths of the box."""
_MAX_GROWTH = 0.03
"""Of the box from one frame to the next."""
_OWN_MOTION = 0.006
"""Difference from the background's shift that makes a point the person's, in lengths of the box."""
_OWN_SHARE = 0.25
"""The person's own points decide where they are at least this share of all."""
_SEARCH = 0.35
"""How far around a box its picture is looked for, in lengths of the box."""
_LK: dict[str, Any] = {"winSize": (15, 15), "maxLevel": 3}


def moved(before: Grey, after: Grey, box: Numbers) -> Numbers | None:
    """Where a box of one frame is in the next.

    Args:
        before: The frame of the box.
        after: The next one, of the same size.
        box: `(4,)` xyxy in pixels.

    Returns:
        The box `(4,)`, which may reach out of the picture; None where too few points are found.
    """
    inside, around = _inside(box, before.shape), _around(box, before.shape)
    start = np.concatenate([inside, around])
    if len(inside) < _LEAST_POINTS:
        return None
    end, kept = _followed(before, after, start, _MAX_RETURN * float(extents(box).max()))
    own = np.arange(len(start)) < len(inside)
    background = (end - start)[kept & ~own]
    first, last = start[kept & own], end[kept & own]
    if len(first) < _LEAST_POINTS:
        return None
    if len(background) >= _LEAST_POINTS:
        apart = np.linalg.norm(last - first - np.median(background, axis=0), axis=1)
        mine = apart > max(0.3, _OWN_MOTION * float(extents(box).max()))
        if mine.sum() >= max(_LEAST_POINTS, _OWN_SHARE * len(first)):
            first, last = first[mine], last[mine]
    growth = _growth(first, last)
    centre = centres(box) + np.median(last - first, axis=0)
    half = growth * extents(box) / 2
    return np.concatenate([centre - half, centre + half])


def matched(picture: Grey, after: Grey, box: Numbers) -> tuple[Numbers, float]:
    """Where what a box showed is seen again near it, as it stands.

    Args:
        picture: What the box showed; smaller than the frame.
        after: The frame to look at.
        box: `(4,)` where it is expected.

    Returns:
        The box `(4,)` and how like it is, -1 to 1 (normalised correlation); -1 where the place
        expected is too near the frame's border to look.
    """
    reach = _SEARCH * float(extents(box).max())
    h, w = picture.shape
    x1, y1 = np.maximum(np.floor(centres(box) - np.array([w, h]) / 2 - reach), 0).astype(int)
    x2, y2 = np.ceil(centres(box) + np.array([w, h]) / 2 + reach).astype(int)
    part = after[y1 : max(y2, 0), x1 : max(x2, 0)]
    if part.shape[0] < h or part.shape[1] < w or min(h, w) < 4:
        return box, -1.0
    likeness = cv2.matchTemplate(part, picture, cv2.TM_CCOEFF_NORMED)
    _, best, _, (dx, dy) = cv2.minMaxLoc(likeness)
    centre = np.array([x1 + dx + w / 2, y1 + dy + h / 2])
    half = extents(box) / 2
    return np.concatenate([centre - half, centre + half]), float(best)


def _followed(
    before: Grey, after: Grey, start: Numbers, most: float
) -> tuple[Numbers, NDArray[np.bool_]]:
    """Where points `(N, 2)` go, and which `(N,)` came back to within `most` pixels."""
    points = start.astype(np.float32)[:, None]
    there, found, _ = cv2.calcOpticalFlowPyrLK(before, after, points, None, **_LK)  # type: ignore[call-overload]
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(after, before, there, None, **_LK)  # type: ignore[call-overload]
    off = np.linalg.norm((back - points)[:, 0], axis=1)
    kept = (found[:, 0] == 1) & (found_back[:, 0] == 1) & (off <= max(most, 0.5))
    return there[:, 0].astype(np.float64), kept


def _growth(first: Numbers, last: Numbers) -> float:
    """Median ratio of the distances between points, after and before."""
    half = len(first) // 2
    # Every point with one far from it in the list, which runs through the box row by row.
    before = np.linalg.norm(first[:half] - first[half : 2 * half], axis=1)
    after = np.linalg.norm(last[:half] - last[half : 2 * half], axis=1)
    far = before > 1
    ratio = float(np.median(after[far] / before[far])) if far.any() else 1.0
    return float(np.clip(ratio, 1 - _MAX_GROWTH, 1 + _MAX_GROWTH))


def _inside(box: Numbers, shape: tuple[int, ...]) -> Numbers:
    half = extents(box) * np.array([_WIDE, _HIGH]) / 2
    low, high = centres(box) - half, centres(box) + half
    return _in_frame(_grid(low, high), shape)


def _around(box: Numbers, shape: tuple[int, ...]) -> Numbers:
    """Points outside the box, within half its size of it."""
    half = extents(box)
    points = _grid(centres(box) - half, centres(box) + half)
    outside = (np.abs(points - centres(box)) > 0.6 * extents(box)).any(axis=1)
    return _in_frame(points[outside], shape)


def _grid(low: Numbers, high: Numbers) -> Numbers:
    xs, ys = (np.linspace(a, b, n) for a, b, n in zip(low, high, _GRID, strict=True))
    return np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)


def _in_frame(points: Numbers, shape: tuple[int, ...]) -> Numbers:
    height, width = shape[:2]
    return points[((points >= 0) & (points < np.array([width, height]))).all(axis=1)]
