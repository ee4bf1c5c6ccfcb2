"""Looks a video file through with as little decoding as possible.

Normally the container's packets tell which frames there are: they are read, not decoded, and one
frame is decoded for its size and turn. Where packets cannot be trusted (damage, missing stamps,
codecs with hidden frames) every frame is decoded once.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av.error
from av.container import InputContainer
from av.format import Flags
from av.video.stream import VideoStream

from pipeline.messages import Message
from pipeline.video.probing.claims import too_many
from pipeline.video.probing.container import codec_of, open_stream, video_streams
from pipeline.video.probing.index import (
    FrameIndex,
    decodes_reordered,
    index_of_frames,
    index_of_packets,
    without_lost_head,
)
from pipeline.video.probing.look import first_look
from pipeline.video.probing.packets import Packets, TooManyPackets, has_flag, read_packets
from pipeline.video.probing.picture import Picture
from pipeline.video.probing.source import SourceFile

_ONE_PACKET_ONE_FRAME = frozenset(
    {"av1", "dnxhd", "ffv1", "h263", "h264", "hevc", "mjpeg", "mpeg1video", "mpeg2video"}
    | {"mpeg4", "prores", "vp9", "vvc"}
)
_STAMPED_BADLY = ("asf", "avi")
"""Containers whose stamps are those of decoding; what FFmpeg makes up is off with B-frames."""

_NOTICEABLE_S = 0.5


@dataclass(frozen=True)
class Probe:
    """What was found out about a file."""

    index: FrameIndex
    picture: Picture
    codec: str
    """FFmpeg's short name."""
    warnings: tuple[Message, ...]
    """Each has the file's `name` among its values."""
    stream: int | None = None
    """Number of the video stream that was taken, where the file holds several."""


def probe(source: SourceFile, *, decode: bool = False) -> Probe:
    """Find a file's frames; `decode` asks for the index of those that really decode."""
    with open_stream(source, threads=1) as (container, stream):
        packets = _packets(source, container, stream)
        if not packets.shown.any():
            raise source.error("video_no_frames")
        codec = stream.codec_context.codec.canonical_name
        rate, assumed = _rate(container, stream, source)
        missing = _missing(container, stream, packets, rate)
        time_base = stream.time_base
        kind = container.format.name
        taken, several = _taken(container, stream, source)
        may_reorder = bool(stream.codec_context.has_b_frames) and not packets.key.all()
    trusted = (
        packets.stamped
        and packets.in_order
        and kind not in _STAMPED_BADLY
        and packets.key.any()
        and not packets.damaged
        and codec in _ONE_PACKET_ONE_FRAME
        and not missing
        and (packets.reordered or not may_reorder or not decodes_reordered(source, packets))
    )
    picture, unusual = first_look(source)
    warnings = (*several, *assumed, *unusual)
    index: FrameIndex | None
    if time_base is not None and trusted and not decode:
        index = index_of_packets(without_lost_head(source, packets), time_base, rate)
    else:
        index = index_of_frames(source, packets, rate)
    if index is None:
        raise source.error("video_all_damaged")
    found = int(packets.shown.sum()) if codec in _ONE_PACKET_ONE_FRAME else len(index)
    promised = found + missing
    if len(index) < promised:
        lost = Message.of("damaged", name=source.name, read=len(index), promised=promised)
        warnings = (lost, *warnings)
    return Probe(index, picture, codec, warnings, taken)


def _packets(source: SourceFile, container: InputContainer, stream: VideoStream) -> Packets:
    try:
        return read_packets(container, stream)
    except TooManyPackets as error:
        raise too_many(source) from error


def _taken(
    container: InputContainer, stream: VideoStream, source: SourceFile
) -> tuple[int | None, tuple[Message, ...]]:
    """Which of several video streams was taken, and the words for it."""
    streams = video_streams(container)
    if len(streams) == 1:
        return None, ()
    sizes = ", ".join(f"{s.index}: {_size(s)}" for s in streams)
    told = Message.of("several", name=source.name, streams=sizes, stream=stream.index)
    return stream.index, (told,)


def _size(stream: VideoStream) -> str:
    codec = codec_of(stream)
    return "?" if codec is None else f"{codec.width}x{codec.height}"


def _missing(
    container: InputContainer, stream: VideoStream, packets: Packets, rate: Fraction
) -> int:
    """Frames that the file should hold by its own account beyond those it has packets for."""
    found = int(packets.shown.sum())
    kind = container.format.name
    if kind.startswith("mov"):  # its index names every frame, also those beyond the file's end
        entries = sum(not entry.is_discard for entry in stream.index_entries)
        return max(0, entries - found)
    if kind.startswith("matroska") and container.duration is not None:  # counted from stamp 0
        missing_s = container.duration / av.time_base - packets.ends_s
        return round(missing_s * rate) if missing_s > _NOTICEABLE_S else 0
    return max(0, stream.frames - found) if packets.damaged else 0


def _rate(
    container: InputContainer, stream: VideoStream, source: SourceFile
) -> tuple[Fraction, tuple[Message, ...]]:
    """Frames a second, and the words for it where FFmpeg merely assumes them."""
    rates = [stream.average_rate, stream.guessed_rate]
    unclocked = has_flag(container, Flags.no_timestamps)
    if unclocked:  # the average is an assumption then, the guess the stream's own word
        rates.reverse()
    rate = next((rate for rate in rates if rate), None)
    if rate is None:
        raise source.error("video_no_rate")
    told: object = stream.codec_context.framerate  # None where the stream is silent
    assumed = Message.of("assumed_rate", name=source.name, rate=f"{float(rate):g}")
    return rate, (assumed,) if unclocked and not told else ()
