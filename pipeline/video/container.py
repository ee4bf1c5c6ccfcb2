"""Opens a video with PyAV and says in one sentence what is wrong when that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pipeline.video.source import SourceFile

FORMATS = "mov,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg"
"""Containers that are read; a play list, which could name other files or hosts, is none of them."""

MAX_PIXELS = 8192 * 8192
"""Of one picture; more is a mistake or an attack on the memory."""

FRAME_THREADS_UP_TO = 4096 * 2304
"""Pixels up to which several frames are decoded at once, each thread holding frames of its own."""


_MOST_BOXES = 1000


@contextmanager
def open_container(source: SourceFile) -> Iterator[InputContainer]:
    """A file opened by FFmpeg; VideoError says why it is no video."""
    with source.open() as file:
        try:
            options = {"format_whitelist": FORMATS}
            container = av.open(file, "r", options=options, metadata_errors="replace")
        except av.error.FFmpegError as error:
            raise source.error(_why_not_a_video(source, error)) from error
        except OSError as error:  # from the file itself
            raise source.unreadable(error) from error
        with container:
            yield container


@contextmanager
def open_stream(
    source: SourceFile, *, threads: int = 0
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The open container and its video stream; `threads` 0 lets FFmpeg choose."""
    with open_container(source) as container:
        stream = _video_stream(container, source)
        _set_threads(stream, threads)
        try:
            yield container, stream
        except av.error.FFmpegError:
            raise
        except OSError as error:  # from the file itself, midway
            raise source.unreadable(error) from error


def packets_of(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """All packets, then an empty one that flushes the decoder; a broken file merely ends sooner."""
    try:
        yield from container.demux(stream)
    except av.error.FFmpegError:
        flush = cast("Packet[VideoStream]", Packet())
        flush.stream = stream
        yield flush


def good_frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames that decode without an error; who needs the others must notice their absence."""
    for packet in packets_of(container, stream):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue
        for frame in frames:
            if isinstance(frame, VideoFrame) and not frame.is_corrupt:
                yield frame


def _video_stream(container: InputContainer, source: SourceFile) -> VideoStream:
    """The first video stream that is not a cover picture."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            _check_decodable(stream, source)
            return stream
    raise source.error("video_sound_only" if container.streams.audio else "video_no_streams")


def _check_decodable(stream: VideoStream, source: SourceFile) -> None:
    # None where FFmpeg has no decoder, whatever the stubs say.
    codec: object = stream.codec_context
    if codec is None:
        raise source.error("video_codec")
    pixels = stream.codec_context.width * stream.codec_context.height
    if pixels > MAX_PIXELS:
        size = f"{stream.codec_context.width}x{stream.codec_context.height}"
        raise source.error("video_too_large", size=size, most=f"{MAX_PIXELS / 1e6:.0f}")


def _set_threads(stream: VideoStream, threads: int) -> None:
    codec = stream.codec_context
    codec.thread_count = threads
    large = codec.width * codec.height > FRAME_THREADS_UP_TO
    codec.thread_type = "SLICE" if large else "AUTO"


def _why_not_a_video(source: SourceFile, error: av.error.FFmpegError) -> str:
    boxes = _top_level_boxes(source)
    if "moov" in boxes:
        return "video_index_damaged"
    if "ftyp" in boxes:
        return "video_cut_off"
    if isinstance(error, av.error.EOFError | av.error.OSError):  # it ended within a header
        return "video_cut_early"
    return "video_unknown"


def _top_level_boxes(source: SourceFile) -> set[str]:
    """Types of an MP4 file's outermost boxes, as far as they begin within the file."""
    boxes: set[str] = set()
    offset = 0
    with source.open() as file:
        for _ in range(_MOST_BOXES):
            try:
                file.seek(offset)
                header = file.read(16)
            except OSError as error:
                raise source.unreadable(error) from error
            kind = header[4:8].decode("latin-1")
            size = int.from_bytes(header[:4], "big")
            if size == 1:  # 64 bits follow
                size = int.from_bytes(header[8:16], "big")
            if len(header) < 8 or not kind.isprintable() or size < 8:
                break
            boxes.add(kind)
            offset += size
            if offset >= source.size:  # a size may be any number, also one that is no place
                break
    return boxes
