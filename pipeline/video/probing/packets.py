"""What a video stream's packets say of its frames, read without decoding any.

A packet is known by its number in the file. Time stamps may be absent, doubled, or guessed anew
after a seek; where a packet lies and how long it is stays the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

import av.error
import numpy as np
from av.container import InputContainer
from av.format import Flags
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from pipeline.types import IntArray
from pipeline.video.probing.claims import MAX_PACKETS
from pipeline.video.probing.container import packets_of

BoolArray = NDArray[np.bool_]

NO_STAMP = np.iinfo(np.int64).min
"""In place of a stamp that is absent."""

_MOST_REORDERED = 64
"""Places that a frame is decoded before or after its turn; the deepest pyramids need 16."""

_UNTIL_IN_STEP = 3
"""Positions to go back for a seek by bytes, after which a packet may lack its beginning."""

_A_NEW_CLOCK_S = 10.0
"""Of difference between two packets: recordings were joined; as the program `ffmpeg` has it."""

_GIVE_UP_AFTER = 200
"""Packets read without meeting a known one."""


@dataclass(frozen=True)
class Packets:
    """The P packets of a video stream, in file order; stamps are ticks of the stream's clock."""

    pts: IntArray
    """`(P,)` when each frame is shown, or NO_STAMP."""
    dts: IntArray
    """`(P,)` when each is decoded, or NO_STAMP."""
    duration: IntArray
    """`(P,)` how long each frame is shown; 0 where that is unknown."""
    position: IntArray
    """`(P,)` bytes into the file, -1 where unknown; several packets may share one."""
    size: IntArray
    """`(P,)` bytes."""
    key: BoolArray
    """`(P,)` whether the container calls it a key frame."""
    shown: BoolArray
    """`(P,)` whether its frame is to be shown; an edit list may hide it."""
    damaged: bool
    """Whether a packet was cut off or marked as bad."""
    ends_s: float
    """When the last packet of any stream ends, seconds."""
    from_a_stream: bool = False
    """Whether the container is made for sending: its clock may begin anywhere, and anew."""

    def __len__(self) -> int:
        return len(self.size)

    @property
    def stamped(self) -> bool:
        """Whether every frame has a stamp of its own."""
        pts = self.pts[self.shown]
        return bool(np.all(pts != NO_STAMP)) and len(np.unique(pts)) == len(pts)

    @property
    def in_order(self) -> bool:
        """Whether frames are shown about when they are decoded; else stamps are mistaken."""
        decoded = self.dts[self.dts != NO_STAMP]
        moved = np.argsort(self.pts, kind="stable") - np.arange(len(self))
        return bool(np.all(np.diff(decoded) >= 0) and np.all(np.abs(moved) <= _MOST_REORDERED))

    @property
    def reordered(self) -> bool:
        """Whether frames are shown in another order than they are decoded in."""
        return bool(np.any(np.diff(self.pts) < 0))

    @property
    def starts_with_key(self) -> bool:
        """Whether nothing is shown before the first frame that can be decoded by itself."""
        first_key = self.pts[self.key][:1]
        return len(first_key) > 0 and bool(np.all(first_key <= self.pts[self.shown]))

    def number_of(self, packet: Packet[VideoStream]) -> int | None:
        """Which one a packet is; None when that cannot be said for certain."""
        if packet.pos is None:
            return None
        here = np.flatnonzero((self.position == packet.pos) & (self.size == packet.size))
        return int(here[0]) if len(here) == 1 else None

    def is_number(self, number: int, packet: Packet[VideoStream]) -> bool:
        """Whether a packet can be the one with this number."""
        return number < len(self) and packet.size == self.size[number]


class TooManyPackets(Exception):
    """A file of more frames and pieces of sound than `MAX_PACKETS`."""


def read_packets(container: InputContainer, stream: VideoStream) -> Packets:
    """Read the whole file's packets; one that is broken ends sooner and counts as damaged.

    Raises:
        TooManyPackets: No video has as many.
    """
    rows = array("q")
    stamped = not has_flag(container, Flags.no_timestamps)  # else FFmpeg makes them up
    damaged = False
    ends_s = 0.0
    try:
        for count, packet in enumerate(container.demux()):
            if count == MAX_PACKETS:
                raise TooManyPackets
            if packet.pts is not None:
                until_s = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                ends_s = max(ends_s, until_s)
            if packet.stream_index == stream.index and packet.size:
                damaged |= packet.is_corrupt
                rows.extend(_row(packet, stamped=stamped))
    except av.error.FFmpegError:
        damaged = True
    table = np.array(rows, np.int64).reshape(-1, 7).T
    pts, dts, duration, position, size, key, shown = np.ascontiguousarray(table)
    from_a_stream = _is_from_a_stream(container)
    if from_a_stream and _begins_anew(dts, float(stream.time_base or 0)):
        pts = np.full_like(pts, NO_STAMP)
    return Packets(
        *(pts, dts, duration, position, size),
        key=key.astype(np.bool_),
        shown=shown.astype(np.bool_),
        damaged=damaged,
        ends_s=ends_s,
        from_a_stream=from_a_stream,
    )


def packets_from(
    container: InputContainer, stream: VideoStream, known: Packets, start: int
) -> Iterator[Packet[VideoStream]]:
    """The packets from number `start` on, each stamped (`pts`) with its number, then the flush.

    None, or fewer, when the file does not lead there or other packets come than the known ones:
    who needs the others must notice their absence.
    """
    number = None if start else 0
    if start:
        _seek(container, stream, known, start)
    for count, packet in enumerate(packets_of(container, stream)):
        if packet.size == 0:
            if number is not None:
                yield packet
            continue
        if number is None:
            number = known.number_of(packet)
            if number is None and count < _GIVE_UP_AFTER:
                continue
            if number is None or number > start:
                return
        elif not known.is_number(number, packet):
            return
        if number >= start:
            packet.pts = number
            yield packet
        number += 1


def has_flag(container: InputContainer, flag: Flags) -> bool:
    """Whether FFmpeg says this of a container's format."""
    return bool(container.format.flags & cast(int, flag.value))


def _is_from_a_stream(container: InputContainer) -> bool:
    """Whether it is a program or transport stream; Ogg, which says so too, keeps one clock."""
    return has_flag(container, Flags.ts_discont) and container.format.name != "ogg"


def _begins_anew(dts: IntArray, tick_s: float) -> bool:
    """Whether the clock of a stream jumps, so that its stamps tell no time."""
    known = dts[dts != NO_STAMP]
    return bool(np.any(np.abs(np.diff(known)) * tick_s > _A_NEW_CLOCK_S))


def _row(packet: Packet[Stream], *, stamped: bool) -> tuple[int, ...]:
    return (
        packet.pts if stamped and packet.pts is not None else NO_STAMP,
        packet.dts if stamped and packet.dts is not None else NO_STAMP,
        packet.duration or 0,
        -1 if packet.pos is None else packet.pos,
        packet.size,
        packet.is_keyframe,
        not packet.is_discard,
    )


def _seek(container: InputContainer, stream: VideoStream, known: Packets, number: int) -> None:
    """Jump to a packet or some way before it; stay at the file's start where that cannot be."""
    with suppress(av.error.FFmpegError):  # a file without an index is read from its start
        if known.from_a_stream or has_flag(container, Flags.no_timestamps):
            before = known.position[:number]
            places = before[before >= 0]
            target = int(places[-_UNTIL_IN_STEP]) if len(places) >= _UNTIL_IN_STEP else 0
            container.seek(target, stream=stream, unsupported_byte_offset=True)
            return
        stamps = (known.dts[number], known.pts[number])
        stamp = next((int(stamp) for stamp in stamps if stamp != NO_STAMP), None)
        if stamp is not None:
            container.seek(stamp, stream=stream)
