"""Writes frames to an MP4 as cameras and web sites do: several codecs and rates."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import av.error
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How a clip is compressed."""

    codec: str
    """FFmpeg's name of the encoder."""
    options: dict[str, str]
    """Its options."""
    key_frame_every: int
    """Frames from one key frame to the next, at most."""
    b_frames: int
    """Bidirectional frames in a row, at most."""


def draw_encoding(rng: np.random.Generator) -> Encoding:
    """H.264 mostly, at rates from clean to blocky; now and then another codec."""
    key_frame_every = int(rng.choice([12, 25, 50, 250]))
    codec = ("libx264", "mpeg4", "libx265")[rng.choice(3, p=(0.86, 0.1, 0.04))]
    if codec == "mpeg4":
        scale = str(int(rng.integers(2, 10)))
        options, b_frames = {"qmin": scale, "qmax": scale}, 0
    elif codec == "libx265":
        options = {"crf": str(int(rng.integers(22, 34))), "preset": "ultrafast"}
        options["x265-params"] = "log-level=none:pools=none:frame-threads=1"
        b_frames = 0
    else:
        preset = str(rng.choice(["ultrafast", "superfast", "veryfast"], p=[0.2, 0.4, 0.4]))
        options = {"crf": str(int(rng.integers(17, 35))), "preset": preset}
        b_frames = int(rng.choice([0, 2]))
    return Encoding(
        codec=codec, options=options, key_frame_every=key_frame_every, b_frames=b_frames
    )


class Writer:
    """Takes frames in order; see `mp4_writer`."""

    def __init__(self, file: OutputContainer, stream: VideoStream, fps: Fraction) -> None:
        self._file, self._stream, self._time_base = file, stream, 1 / fps
        self._count = 0

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append one RGB frame `(H, W, 3)`."""
        planes = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420), np.uint8)
        picture = VideoFrame.from_ndarray(planes, format="yuv420p")
        picture.pts, picture.time_base = self._count, self._time_base
        self._count += 1
        self._file.mux(self._stream.encode(picture))

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._file.mux(self._stream.encode(None))


@contextmanager
def mp4_writer(
    path: Path, encoding: Encoding, *, size: tuple[int, int], fps: Fraction
) -> Iterator[Writer]:
    """An MP4 of a given size (width, height, both even) and rate; whole when the block ends well.

    Raises:
        OSError: The disk is full, or the file cannot be written.
    """
    try:
        with av.open(str(path.absolute()), "w", format="mp4", options=_MP4) as file:
            writer = Writer(file, _stream(file, encoding, size, fps), fps)
            try:
                yield writer
                writer.finish()
            except BaseException:
                with suppress(av.error.FFmpegError):
                    file.close()
                raise
    except av.error.FFmpegError as error:
        code = error.errno or errno.EIO
        raise OSError(code if 0 < code < 200 else errno.EIO, error.strerror) from error


_MP4 = {"movflags": "+faststart"}
_BT601, _LIMITED_RANGE = 6, 1  # what OpenCV converts to, and what players assume unasked


def _stream(
    file: OutputContainer, encoding: Encoding, size: tuple[int, int], fps: Fraction
) -> VideoStream:
    stream = cast(VideoStream, file.add_stream(encoding.codec, rate=fps, options=encoding.options))
    codec = stream.codec_context
    codec.width, codec.height = size
    codec.pix_fmt = "yuv420p"
    codec.time_base = 1 / fps
    codec.thread_count = 1  # the clips are what runs in parallel; and bytes stay the same
    codec.gop_size, codec.max_b_frames = encoding.key_frame_every, encoding.b_frames
    codec.colorspace = codec.color_primaries = codec.color_trc = _BT601
    codec.color_range = _LIMITED_RANGE
    return stream
