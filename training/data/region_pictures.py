"""The pictures of a clip that are stored: its region and what lies around it, scaled down."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.types import FloatArray, IntArray, RegionOfInterest
from training.data.store import ClipWriter, StoredClip


def kept_frames(num_frames: int, max_frames: int) -> IntArray:
    """Every n-th frame, such that at most `max_frames` remain."""
    return np.arange(0, num_frames, -(-num_frames // max_frames), dtype=np.int64)


class RegionPictures:
    """Collects the pictures of one clip while it streams by.

    Args:
        num_frames: Of the clip.
        size: Width and height of its frames.
        region: What the networks see.
        short_side: Of the region in the pictures; a smaller region is not enlarged.
        max_frames: Longer clips keep every n-th frame.
        surroundings: Kept on every side of the region, as a share of its sides.
        quality: Of the JPEG files.
    """

    def __init__(
        self,
        num_frames: int,
        size: tuple[int, int],
        region: RegionOfInterest,
        *,
        short_side: int,
        max_frames: int,
        surroundings: float,
        quality: int,
    ) -> None:
        self._num_frames, self._region = num_frames, region.xyxy
        self._wanted = frozenset(kept_frames(num_frames, max_frames).tolist())
        self._window = _window(self._region, size, surroundings)
        x1, y1, x2, y2 = self._window.tolist()
        scale = min(short_side / float(min(self._region[2:] - self._region[:2])), 1.0)
        self._shape = (max(round((x2 - x1) * scale), 1), max(round((y2 - y1) * scale), 1))
        self._writer = ClipWriter(quality=quality)

    @property
    def wanted(self) -> frozenset[int]:
        """Positions of the frames that are kept."""
        return self._wanted

    def add(self, frame: int, image: NDArray[np.uint8]) -> None:
        """Keep a frame `(H, W, 3)`, if it is wanted; frames come in order."""
        if frame not in self._wanted:
            return
        x1, y1, x2, y2 = (int(v) for v in self._window)
        # As the published test transforms resize; a smoother picture would be another one.
        picture = cv2.resize(image[y1:y2, x1:x2], self._shape, interpolation=cv2.INTER_LINEAR)
        self._writer.add(frame, np.asarray(picture, np.uint8))

    def clip(self) -> StoredClip:
        """What was collected."""
        x1, y1, x2, y2 = self._window.tolist()
        scale = np.tile(np.array(self._shape) / (x2 - x1, y2 - y1), 2)
        region = (self._region - np.tile((x1, y1), 2)) * scale
        return self._writer.clip(num_frames=self._num_frames, region=region.astype(np.float32))


def _window(region: FloatArray, size: tuple[int, int], surroundings: float) -> FloatArray:
    """The region and what lies around it, whole pixels inside the frame."""
    spare = np.tile(surroundings * (region[2:] - region[:2]), 2) * (-1, -1, 1, 1)
    grown = np.round(region + spare)
    return np.clip(grown, 0, np.tile(size, 2)).astype(np.float32)
