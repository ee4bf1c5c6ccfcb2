"""One person who is led from frame to frame by how the picture moves and what they look like."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.detection.appearance import reid_descriptors
from pipeline.detection.boxes import Numbers, centres, extents, pairwise_iou
from pipeline.detection.detector import Frame
from pipeline.tracking.optical_flow import matched, moved

_MIN_IOU = 0.6
"""Overlap with where the person is expected that makes a detector's box that person's."""
_MAX_SIZE = 1.7
"""How many times higher or lower such a box may be."""
_MAX_DIFFERENCE, _LOST_DIFFERENCE = 0.45, 0.6
"""Of the colours, from what the person looked like: of a detector's box, and of a followed one."""
_ALIKE = 0.6
"""Correlation at which a picture counts as seen again."""
_NEWS = 0.2
"""What a detector's box adds to what the person is known to look like."""


class FollowedPerson:
    """One person from frame to frame, in pixels of scaled frames.

    Args:
        picture: The first frame, RGB.
        box: `(4,)` the person's in it.
    """

    def __init__(self, picture: Frame, box: Numbers) -> None:
        self._box, self._speed = box, np.zeros(2)
        self._before = _grey(picture)
        self._descriptor = reid_descriptors(picture, box[None])[0]
        self._shown = _cut(self._before, box)
        self._found = True

    def next(self, picture: Frame, boxes: Numbers) -> tuple[Numbers | None, int | None]:
        """Where the person is in the next frame, and which of the boxes `(N, 4)` says so.

        Returns:
            The box by optical flow or template matching, None if lost; and the detector's.
        """
        after = _grey(picture)
        shifted = self._from_picture(after)
        found = shifted is not None and self._difference(picture, shifted) <= _LOST_DIFFERENCE
        expected = shifted if shifted is not None and found else self._box + np.tile(self._speed, 2)
        row = self._among(picture, boxes, expected)
        box = expected if row is None else boxes[row]
        if found or row is not None:
            if self._found:
                self._speed = 0.5 * self._speed + 0.5 * (centres(box) - centres(self._box))
            self._shown = _cut(after, box)
        self._found = found or row is not None
        self._box, self._before = box, after
        if row is not None:
            self._descriptor = (1 - _NEWS) * self._descriptor + _NEWS * reid_descriptors(
                picture, box[None]
            )[0]
        return (expected if self._found else None), row

    def _from_picture(self, after: Frame) -> Numbers | None:
        """The box by optical flow, or by template matching."""
        box = moved(self._before, after, self._box) if self._found else None
        if box is not None:
            return box
        likely = self._box + np.tile(self._speed, 2)
        box, likeness = matched(self._shown, after, likely)
        return box if likeness >= _ALIKE else None

    def _among(self, picture: Frame, boxes: Numbers, expected: Numbers) -> int | None:
        """Which of the detector's boxes is the person's."""
        overlap = pairwise_iou(boxes, expected[None])[:, 0]
        height = extents(boxes)[:, 1] / max(float(extents(expected)[1]), 1e-6)
        overlap[(height > _MAX_SIZE) | (height < 1 / _MAX_SIZE)] = 0
        for row in np.argsort(-overlap, kind="stable").tolist():
            if overlap[row] < _MIN_IOU:
                return None
            if self._difference(picture, boxes[row]) <= _MAX_DIFFERENCE:
                return row
        return None

    def _difference(self, picture: Frame, box: Numbers) -> float:
        return 1 - float(reid_descriptors(picture, box[None])[0] @ self._descriptor)


def _grey(picture: Frame) -> Frame:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


def _cut(grey: Frame, box: Numbers) -> Frame:
    """What a box shows, at least one pixel."""
    height, width = grey.shape
    x1, y1 = np.clip(np.floor(box[:2]), 0, [width - 1, height - 1]).astype(int)
    x2, y2 = np.ceil(box[2:]).astype(int)
    return grey[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)]
