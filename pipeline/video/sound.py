"""Carries a source's sound over into a written video."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Any, cast

import av.error
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

from pipeline.video.clip import Video
from pipeline.video.probing.container import open_container
from pipeline.video.probing.formats import carries_sound

KEPT_CODECS = frozenset({"aac", "flac", "mp3", "opus"})
"""Sound that browsers play inside MP4 is copied as it is; other sound is encoded anew, as AAC."""

_SAME_START_S = 0.1
"""Sound that begins so near to 0 has the clock of frames that were counted from 0."""

_AAC_RATES = (48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_log = logging.getLogger(__name__)

# av's stubs give a packet the type of the stream it came from, which changes here: hence Any.
_Packets = Iterator[Any]


class Sound:
    """The sound of a source's span, on its way into an output file."""

    def __init__(self, packets: _Packets, file: OutputContainer) -> None:
        self._packets = packets
        self._file = file
        self._next = None
        self._begun = False

    def advance(self, until_s: float) -> None:
        """Write the sound that begins before a time stamp."""
        if not self._begun:
            self._begun, self._next = True, next(self._packets, None)
        while self._next is not None and self._next.pts * self._next.time_base < until_s:
            self._file.mux(self._next)
            self._next = next(self._packets, None)


@contextmanager
def sound_of(source: Video, file: OutputContainer) -> Iterator[Sound]:
    """The sound between the span's first frame and its end, with the stamps it has there."""
    with open_container(source.source) as container:
        streams = container.streams.audio
        packets = _carried(source, container, streams[0], file) if streams else iter(())
        yield Sound(packets, file)


def _carried(
    source: Video, container: InputContainer, stream: AudioStream, file: OutputContainer
) -> _Packets:
    """Packets for the output; its stream is added at once, before anything is written."""
    codec = cast("AudioCodecContext | None", stream.codec_context)  # None: FFmpeg has no decoder
    if codec is None or not carries_sound(codec.codec.canonical_name):
        _log.warning("%s: its sound is of an unknown kind and left out", source.name)
        return iter(())
    if not (source.stamped or _begins_at_zero(stream)):
        _log.warning("%s: its stamps are broken, so its sound is left out", source.name)
        return iter(())
    start_s, until_s = float(source.timeline.pts_s[0]), source.until_s
    if stream.codec_context.codec.canonical_name in KEPT_CODECS:
        copy = file.add_stream_from_template(stream)
        return _copied(_between(container.demux(stream), start_s, until_s), copy)
    rate = max((rate for rate in _AAC_RATES if rate <= stream.rate), default=_AAC_RATES[-1])
    aac = file.add_stream("aac", rate=rate)
    return _encoded(_between(container.decode(stream), start_s, until_s), aac)


def _begins_at_zero(stream: AudioStream) -> bool:
    """Whether sound fits frames without stamps, which were counted from 0 (AVI has no others)."""
    start, time_base = stream.start_time, stream.time_base
    return start is not None and time_base is not None and abs(start * time_base) < _SAME_START_S


def _between(parts: Iterator[Any], start_s: float, until_s: float) -> Iterator[Any]:
    """Packets or frames that begin in the span, one after the other.

    Damaged sound merely ends sooner; what goes back in time (joined files) is left out.
    """
    last_s = -inf
    try:
        for part in parts:
            if part.pts is None or part.pts * part.time_base < start_s:
                continue
            if part.pts * part.time_base >= until_s:
                return
            if part.pts * part.time_base > last_s:
                last_s = part.pts * part.time_base
                yield part
    except av.error.FFmpegError as error:
        _log.warning("sound ends early, it is damaged: %s", error.strerror)


def _copied(packets: Iterator[Any], copy: AudioStream) -> _Packets:
    last: int | None = None
    for packet in packets:
        if packet.dts is None or (last is not None and packet.dts <= last):
            continue  # no file takes it
        last = packet.dts
        packet.stream = copy
        yield packet


def _encoded(frames: Iterator[Any], aac: AudioStream) -> _Packets:
    for frame in frames:
        yield from aac.encode(frame)
    yield from aac.encode(None)
