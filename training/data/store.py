"""Clips decoded once: the skater's surroundings, scaled down, as JPEG pictures in one small file.

A clip of 100 frames takes half a megabyte, so a data set fits the memory that the system has to
spare, and 16 frames are back in 10 ms; decoding the video takes fifty times that.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.atomic_files import written
from pipeline.types import FloatArray, IntArray
from training.data.challenge import DataError


@dataclass(frozen=True)
class FrameTargets:
    """What is true of the skater in N frames, where the rink tells it."""

    joints_xy: FloatArray
    """`(N, 17, 2)` COCO joints in pixels of the pictures, outside them too."""
    heading: FloatArray
    """`(N,)` which way the body faces, radians counter-clockwise from the line of sight, unwrapped:
    its changes are turns, however fast."""
    support: NDArray[np.uint8]
    """`(N,)` which skate bears the skater, one of `training.rink.performance`'s."""


@dataclass(frozen=True)
class StoredClip:
    """Some frames of one clip; what is cut and scaled is the same in all of them."""

    data: NDArray[np.uint8]
    """The JPEG files, one behind the other."""
    ends: IntArray
    """`(N,)` where each of them ends."""
    frame_index: IntArray
    """`(N,)` which frames of the clip they are, increasing."""
    num_frames: int
    """Of the whole clip."""
    region: FloatArray
    """`(4,)` the region that the networks see in tests, in pixels of the pictures."""
    targets: FrameTargets | None = None
    """Truth of the stored frames."""

    def __len__(self) -> int:
        return len(self.ends)

    def nearest(self, frames: IntArray) -> IntArray:
        """The stored picture nearest in time to each frame of the clip."""
        middles = (self.frame_index[1:] + self.frame_index[:-1]) / 2
        return np.searchsorted(middles, frames).astype(np.int64)

    def pictures(self, positions: Iterable[int]) -> list[NDArray[np.uint8]]:
        """Decoded RGB pictures `(H, W, 3)` by position; repeated positions are decoded once."""
        decoded: dict[int, NDArray[np.uint8]] = {}
        wanted = [int(position) for position in positions]
        for position in wanted:
            if position not in decoded:
                start = int(self.ends[position - 1]) if position else 0
                jpeg = self.data[start : int(self.ends[position])]
                decoded[position] = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR_RGB), np.uint8)
        return [decoded[position] for position in wanted]


class ClipWriter:
    """Collects the pictures of one clip.

    Args:
        quality: Of the JPEG files; colour is kept in full resolution.
    """

    def __init__(self, *, quality: int = 95) -> None:
        self._options = [
            cv2.IMWRITE_JPEG_QUALITY,
            quality,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
        ]
        self._files: list[NDArray[np.uint8]] = []
        self._frames: list[int] = []

    def add(self, frame: int, picture: NDArray[np.uint8]) -> None:
        """Add frame number `frame`, RGB `(H, W, 3)`."""
        bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)  # what cv2.imencode takes
        self._files.append(cv2.imencode(".jpg", bgr, self._options)[1])
        self._frames.append(frame)

    def clip(
        self, *, num_frames: int, region: FloatArray, targets: FrameTargets | None = None
    ) -> StoredClip:
        """What was collected."""
        return StoredClip(
            data=np.concatenate(self._files),
            ends=np.cumsum([len(file) for file in self._files], dtype=np.int64),
            frame_index=np.array(self._frames, dtype=np.int64),
            num_frames=num_frames,
            region=region,
            targets=targets,
        )


_OWN = [field.name for field in fields(StoredClip) if field.name != "targets"]
_TRUE = [field.name for field in fields(FrameTargets)]


def _arrays(clip: StoredClip) -> dict[str, Any]:
    arrays = {name: np.asarray(getattr(clip, name)) for name in _OWN}
    if clip.targets is not None:
        arrays |= {name: getattr(clip.targets, name) for name in _TRUE}
    return arrays


def write_clip(clip: StoredClip, path: Path) -> None:
    """Write a clip, whole or not at all; OSError when the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written(path) as scratch, scratch.open("wb") as file:
        np.savez(file, **_arrays(clip))


def is_whole(path: Path) -> bool:
    """Whether an archive of arrays is there, and not cut off; its numbers are not looked at."""
    return zipfile.is_zipfile(path)


def read_clip(path: Path) -> StoredClip:
    """Read a clip.

    Raises:
        DataError: The file is damaged.
    """
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            values = {name: arrays[name] for name in _OWN}
            truth = {name: arrays[name] for name in _TRUE if name in arrays}
            targets = FrameTargets(**truth) if truth else None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path}: is damaged ({error}); delete it, it will be made again"
        ) from error
    return StoredClip(**{**values, "num_frames": int(values["num_frames"])}, targets=targets)
