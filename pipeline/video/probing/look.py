"""A look at the first frame: its size, shape and turn, and what is unusual about the video."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, islice

from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pipeline.messages import Message
from pipeline.video.probing.container import MAX_PIXELS, good_frames, open_stream, packets_of
from pipeline.video.probing.dolby import dolby_profile
from pipeline.video.probing.picture import UPRIGHT, Fields, Picture, turn_of
from pipeline.video.probing.source import SourceFile

_SQUARE_WITHIN = 0.01
"""Encoders note 1377:1376 after rounding a size; nobody can see it."""
_WIDEST = 10
"""Of a pixel, in heights, or of its height in widths; more is a mistake."""

_UNTAGGED = 2
_HDR_CURVES = {16: "PQ", 18: "HLG"}
_DOLBY_ALONE = 5
"""The profile whose pictures have colours of Dolby's own, which no tag tells."""
_ORDERS: dict[int, Fields] = {2: "tff", 3: "bff", 4: "tff", 5: "bff"}
"""FFmpeg's field orders by the field that comes first; others are progressive or unknown."""
_UNMARKED = frozenset(
    {"ffvhuff", "huffyuv", "jpeg2000", "lagarith", "magicyuv", "png", "qtrle", "utvideo", "v308"}
    | {"v408", "v410", "r210"}
)
"""Codecs whose frames cannot tell that they are interlaced."""
_FRAMES_LOOKED_AT = 25
"""Where the stream as a whole is called interlaced, but its first frame is not."""


def first_look(source: SourceFile) -> tuple[Picture, tuple[Message, ...]]:
    """The picture's size, shape and turn; what is unusual.

    Raises:
        VideoError: Not one frame decodes, or the picture is too large.
    """
    with open_stream(source, threads=1) as (container, stream):
        frames = good_frames(packets_of(container, stream))
        frame = next(frames, None)
        if frame is None:
            raise source.error("video_all_damaged")
        aspect = stream.sample_aspect_ratio or Fraction(1)
        fields = _fields(stream.codec_context, chain([frame], frames))
        dolby = _dolby(source, stream, frame)
    turn = turn_of(frame)
    strange = not 1 / _WIDEST <= aspect <= _WIDEST
    square = strange or abs(aspect - 1) <= _SQUARE_WITHIN
    picture = Picture(
        frame.width,
        frame.height,
        turn or UPRIGHT,
        fields,
        Fraction(1) if square else aspect,
    )
    _check_size(source, picture)
    told = [
        (Message.of("odd_turn", name=source.name), turn is None),
        (Message.of("interlaced", name=source.name), picture.interlaced),
        (Message.of("odd_aspect", name=source.name, aspect=aspect), strange),
        (_about_shape(source, picture), not square),
        (Message.of("dolby", name=source.name, profile=dolby), dolby is not None),
        (_about_hdr(source, frame), frame.color_trc in _HDR_CURVES and dolby is None),
    ]
    return picture, tuple(message for message, applies in told if applies)


def _fields(codec: VideoCodecContext, frames: Iterator[VideoFrame]) -> Fields:
    order = _ORDERS.get(codec.field_order, "none")
    if order != "none" and codec.codec.canonical_name in _UNMARKED:
        return order
    looked_at = islice(frames, 1 if order == "none" else _FRAMES_LOOKED_AT)
    return "marked" if any(frame.interlaced_frame for frame in looked_at) else "none"


def _check_size(source: SourceFile, picture: Picture) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        size = f"{picture.width}x{picture.height}"
        raise source.error("video_too_large", size=size, most=f"{MAX_PIXELS / 1e6:.0f}")


def _dolby(source: SourceFile, stream: VideoStream, frame: VideoFrame) -> int | None:
    """The Dolby Vision profile of a video whose colours only a Dolby decoder shows."""
    if stream.codec_context.codec.canonical_name not in ("av1", "h264", "hevc"):
        return None
    profile = dolby_profile(source)
    if profile is None and frame.side_data.get("DOVI_RPU_BUFFER") is not None:
        profile = _DOLBY_ALONE  # every other one is tagged, for decoders that know nothing of Dolby
    untold = profile == _DOLBY_ALONE or frame.color_trc == _UNTAGGED
    return profile if untold else None


def _about_shape(source: SourceFile, picture: Picture) -> Message:
    stored, size = (f"{w}x{h}" for w, h in (picture.stored_upright, picture.size))
    return Message.of("aspect", name=source.name, aspect=picture.aspect, stored=stored, size=size)


def _about_hdr(source: SourceFile, frame: VideoFrame) -> Message:
    curve = _HDR_CURVES.get(frame.color_trc, "")
    return Message.of("hdr", name=source.name, curve=curve)
