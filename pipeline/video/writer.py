"""Encodes frames into an MP4 that browsers play, with the source's own time stamps and sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream

from models.atomic_files import written
from pipeline.errors import StoreError, write_error
from pipeline.types.basic import check_shape
from pipeline.video.clip import Video
from pipeline.video.probing.source import display_name
from pipeline.video.readers import Frame
from pipeline.video.sound import Sound, sound_of

_BT709 = 1
_LIMITED_RANGE = 1
_KEY_FRAME_EVERY = 30


class VideoWriter:
    """Takes the frames of a source video, changed by the caller; see `video_writer`."""

    def __init__(
        self,
        file: OutputContainer,
        source: Video,
        sound: Sound | None,
        *,
        crf: int,
        size: tuple[int, int] | None = None,
    ) -> None:
        self._file = file
        self._sound = sound
        self._time_base = source.time_base
        width, height = size or (source.info.width, source.info.height)
        self._shape = (height, width, 3)
        self._until_s = source.until_s
        self._stream = self._add_stream(source.info.fps, crf)
        self._last_pts: int | None = None

    def write(self, frame: Frame, pts_s: float) -> None:
        """Append one RGB frame `(H, W, 3)` of the video's size, shown from `pts_s` on."""
        check_shape("frame", frame, *self._shape)
        pts = round(pts_s / self._time_base)
        if self._last_pts is not None and pts <= self._last_pts:
            raise ValueError(f"pts_s: {pts_s} is not after the frame before")
        self._last_pts = pts
        picture = VideoFrame.from_ndarray(_even(frame), format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709
        )
        picture.pts, picture.time_base = pts, self._time_base
        for packet in self._stream.encode(picture):
            self._file.mux(packet)
        if self._sound is not None:
            self._sound.advance(pts_s)

    def finish(self) -> None:
        """Write what the encoder still holds, and the rest of the sound."""
        if self._last_pts is None:
            raise ValueError("no frame was written")
        for packet in self._stream.encode(None):
            if packet.pts == self._last_pts:  # else it would last as long as an average frame
                packet.duration = max(1, round(self._until_s / self._time_base) - packet.pts)
            self._file.mux(packet)
        if self._sound is not None:
            self._sound.advance(float("inf"))

    def _add_stream(self, fps: float, crf: int) -> VideoStream:
        options = {"crf": str(crf), "preset": "veryfast"}
        stream = self._file.add_stream(
            "libx264", rate=Fraction(fps).limit_denominator(1001), options=options
        )
        height, width, _ = self._shape
        codec = stream.codec_context
        codec.width, codec.height = width + width % 2, height + height % 2
        codec.pix_fmt = "yuv420p"
        codec.time_base = self._time_base
        codec.gop_size, codec.max_b_frames = _KEY_FRAME_EVERY, 0
        codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
        codec.color_range = _LIMITED_RANGE
        return stream


@contextmanager
def video_writer(
    target: Path,
    source: Video,
    *,
    sound: bool = True,
    crf: int = 20,
    size: tuple[int, int] | None = None,
) -> Iterator[VideoWriter]:
    """Write frames of `source` to an MP4 that appears at `target` when the block ends well.

    H.264, yuv420p, BT.709, index first (faststart); no B-frames and a key frame at least every 30
    frames, so that a browser steps and seeks quickly. The sound within the span goes along.

    Args:
        target: where the file will be; one that is there is replaced.
        source: gives size, time base and sound.
        sound: whether to carry the sound over.
        crf: quality of x264, 0 (lossless) to 51.
        size: width and height of the frames that will be written; the source's by default.

    Raises:
        StoreError: when the disk is full, the place cannot be written, or FFmpeg refuses to.
    """
    with (
        replaced_when_done(target) as scratch,
        _refusals_told(target),
        _mp4(scratch, source.time_base) as file,
        sound_of(source, file) if sound else nullcontext() as tone,
    ):
        writer = VideoWriter(file, source, tone, crf=crf, size=size)
        yield writer
        writer.finish()


@contextmanager
def _refusals_told(target: Path) -> Iterator[None]:
    try:
        yield
    except av.error.FFmpegError as error:
        if isinstance(error, OSError):  # the disk's own, which `replaced_when_done` tells
            raise
        detail = error.strerror
        raise StoreError.of("film_refused", name=display_name(target), detail=detail) from error


@contextmanager
def replaced_when_done(target: Path) -> Iterator[Path]:
    """`models.atomic_files.written`, whose errors are for the user.

    Raises:
        StoreError: when the disk is full or the place cannot be written.
    """
    try:
        with written(target) as scratch:
            yield scratch
    except OSError as error:
        raise write_error(display_name(target), error) from error


@contextmanager
def _mp4(path: Path, time_base: Fraction) -> Iterator[OutputContainer]:
    # The start is kept in ticks of the movie, milliseconds by default: too coarse for exact stamps.
    options = {"movflags": "+faststart", "movie_timescale": str(time_base.denominator)}
    file = av.open(str(path.absolute()), "w", format="mp4", options=options)
    try:
        yield file
    except BaseException:
        with suppress(av.error.FFmpegError):
            file.close()
        raise
    file.close()


def _even(frame: Frame) -> Frame:
    """The frame with even sides, which yuv420p needs; the last row or column is repeated."""
    height, width, _ = frame.shape
    if height % 2 == 0 and width % 2 == 0:
        return np.ascontiguousarray(frame)
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
