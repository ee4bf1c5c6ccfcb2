"""Opens a video with PyAV and says in one sentence what is wrong when that fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from io import BufferedReader
from typing import BinaryIO, cast

import av
import av.error
from av.codec import Codec, codecs_available
from av.codec.codec import UnknownCodecError
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pipeline.errors import VideoError
from pipeline.video.probing.claims import check_claims
from pipeline.video.probing.formats import CODECS, DEMUXERS, FORMATS, carries_sound
from pipeline.video.probing.mp4 import top_level_boxes
from pipeline.video.probing.refused import HEAD_BYTES, is_text, refused
from pipeline.video.probing.source import SourceFile

MAX_PIXELS = 8192 * 8192
"""Of one picture; more is a mistake or an attack on the memory."""

FRAME_THREADS_UP_TO = 4096 * 2304
"""Pixels up to which several frames are decoded at once, each thread holding frames of its own."""

_ROUNDED_UP = 128
"""Pixels a side by which decoders make pictures larger, so that blocks of any size fit."""

_DEFAULT_COUNTS_AS = 5_000_000
"""Pixels that a stream marked as the default may be smaller."""


@contextmanager
def open_container(source: SourceFile) -> Iterator[InputContainer]:
    """A file opened by FFmpeg; VideoError says why it is no video."""
    with source.open() as file:
        try:
            _refuse_by_name(source, file)
            check_claims(source)
            # Without its name: an ending that is wrong would mislead FFmpeg.
            content = cast(BinaryIO, _Nameless(file))
            container = av.open(content, "r", options=_options(), metadata_errors="replace")
        except av.error.FFmpegError as error:
            raise _why_not_a_video(source, error) from error
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
        _bound_pictures(stream)
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


def good_frames(packets: Iterable[Packet[VideoStream]]) -> Iterator[VideoFrame]:
    """The frames that decode without an error; who needs the others must notice their absence."""
    for packet in packets:
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue
        for frame in frames:
            if isinstance(frame, VideoFrame) and not frame.is_corrupt:
                yield frame


def video_streams(container: InputContainer) -> list[VideoStream]:
    """All video streams but cover pictures."""
    return [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]


def _video_stream(container: InputContainer, source: SourceFile) -> VideoStream:
    """The stream that is meant; by default the one that the program `ffmpeg` takes."""
    streams = video_streams(container)
    if not streams:
        raise source.error("video_sound_only" if container.streams.audio else "video_no_streams")
    meant = [stream for stream in streams if source.stream in (None, stream.index)]
    if not meant:
        known = ", ".join(str(stream.index) for stream in streams)
        raise source.error("stream_unknown", stream=source.stream, known=known)
    stream = max(meant, key=_rank)
    _check_decodable(stream, source)
    return stream


def _rank(stream: VideoStream) -> tuple[bool, int]:
    """As `map_auto_video` of FFmpeg: the default one, or else the largest; of equals the first."""
    codec = codec_of(stream)
    if codec is None:
        return False, 0
    default = bool(stream.disposition & Disposition.default)
    return True, codec.width * codec.height + _DEFAULT_COUNTS_AS * default


def codec_of(stream: VideoStream) -> VideoCodecContext | None:
    """A stream's decoder; None where FFmpeg has none, whatever the stubs say."""
    return cast("VideoCodecContext | None", stream.codec_context)


def _check_decodable(stream: VideoStream, source: SourceFile) -> None:
    codec = codec_of(stream)
    if codec is None:
        raise source.error("video_codec")
    if codec.codec.canonical_name not in CODECS:
        raise source.error("video_codec_other", codec=codec.codec.canonical_name)
    if codec.width * codec.height > MAX_PIXELS:
        size = f"{codec.width}x{codec.height}"
        raise source.error("video_too_large", size=size, most=f"{MAX_PIXELS / 1e6:.0f}")


def _set_threads(stream: VideoStream, threads: int) -> None:
    codec = stream.codec_context
    codec.thread_count = threads
    large = codec.width * codec.height > FRAME_THREADS_UP_TO
    codec.thread_type = "SLICE" if large else "AUTO"


def _bound_pictures(stream: VideoStream) -> None:
    """A picture midway may be as large as the first, or as is usual; then decoding it fails.

    Told to the decoder, since looking at a picture comes too late: by then it is in memory.
    """
    codec = stream.codec_context
    stated = (codec.width + _ROUNDED_UP) * (codec.height + _ROUNDED_UP)
    codec.options = {"max_pixels": str(max(stated, FRAME_THREADS_UP_TO))}


def _refuse_by_name(source: SourceFile, file: BufferedReader) -> None:
    found = refused(file.read(HEAD_BYTES))
    file.seek(0)
    if found is not None:
        raise source.error(found.code, kind=found.kind)


@cache
def _options() -> dict[str, str]:
    """What FFmpeg may do with a file: only read it, as one of our formats."""
    decoders = sorted(name for name in codecs_available if _is_read(name))
    return {
        "format_whitelist": ",".join(sorted(DEMUXERS)),
        "codec_whitelist": ",".join(decoders),
        "protocol_whitelist": "none",  # there is no such protocol
        "max_pixels": str(2 * MAX_PIXELS),  # of what is decoded to learn about the streams
    }


def _is_read(decoder: str) -> bool:
    try:
        kind = Codec(decoder, "r").canonical_name
    except UnknownCodecError:  # it only encodes
        return False
    return kind in CODECS or carries_sound(kind)


class _Nameless:
    """An open file without its name."""

    def __init__(self, file: BufferedReader) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell
        self.seekable = file.seekable


def _why_not_a_video(source: SourceFile, error: av.error.FFmpegError) -> VideoError:
    boxes = top_level_boxes(source)
    if "moov" in boxes:
        return source.error("video_index_damaged")
    if "ftyp" in boxes:
        return source.error("video_cut_off")
    with source.open() as file:
        if is_text(file.read(HEAD_BYTES)):
            return source.error("video_text")
    if isinstance(error, av.error.EOFError | av.error.OSError):  # it ended within a header
        return source.error("video_cut_early")
    return source.error("video_unknown", known=", ".join(kind.name for kind in FORMATS))
