"""A video file, its time line, its frames."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.types.basic import (
    OMITTED_AT_DEFAULT,
    IntArray,
    ReaderName,
    check_shape,
)


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a video file and of the span that was asked for."""

    path: str
    """As the user gave it."""
    sha256: str
    """Of the file's bytes, hex."""
    width: int
    """Pixels, after rotation."""
    height: int
    """Pixels, after rotation."""
    rotation: int
    """Degrees clockwise that the frames were turned for showing: 0, 90, 180 or 270."""
    frames: int
    """Frames in the span."""
    fps: float
    """Mean frame rate of the file (29.97 stays 29.97)."""
    variable_frame_rate: bool
    """Whether the frame durations differ by more than the rounding of the time base."""
    duration_s: float
    """Of the whole file."""
    codec: str
    """FFmpeg's short name, e.g. `"h264"`."""
    start_s: float
    """Start of the span."""
    end_s: float
    """End of the span (exclusive)."""
    stream: int | None = None
    """FFmpeg's number of the video stream that was taken, where the file holds several."""
    stored_width: int | None = None
    """Of the stored picture after rotation, where its pixels are not square and `width` is that of
    its true shape: a stored x is `x * stored_width / width`."""
    stored_height: int | None = None
    """The same of its height."""
    deinterlaced: bool | None = None
    """True where frames were interlaced and have been made whole."""
    reader: ReaderName | None = field(default=None, metadata=OMITTED_AT_DEFAULT)
    """Which library decoded the frames, where it is not PyAV."""


@dataclass(frozen=True)
class Timeline:
    """Which frames of the file were analysed, and when they are shown."""

    frame_index: IntArray
    """`(T,)` position in the file, in display order; of a damaged file that had to be decoded, the
    place among the frames that decode."""
    pts_s: NDArray[np.float64]
    """`(T,)` presentation time of each, seconds, increasing."""
    origin_s: float = 0.0
    """Stamp of the file's first frame, from which players and in and out points count."""

    def __post_init__(self) -> None:
        check_shape("frame_index", self.frame_index, None)
        check_shape("pts_s", self.pts_s, len(self.frame_index))
        if len(self.pts_s) > 1 and not bool(np.all(np.diff(self.pts_s) > 0)):
            raise ValueError("pts_s: time stamps must increase")

    def __len__(self) -> int:
        return len(self.frame_index)

    def seconds(self, position: int) -> float:
        """When a frame 0..T-1 is shown, seconds since the file's first frame, as players say."""
        return float(self.pts_s[position]) - self.origin_s

    def number(self, position: int) -> int:
        """A frame 0..T-1 as people count it: its place in the whole file, from 1."""
        return int(self.frame_index[position]) + 1
