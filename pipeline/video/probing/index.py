"""Which frames a file can show, and when: read from the packets, or from the decoded frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from pipeline.types import IntArray
from pipeline.video.probing.container import good_frames, open_stream
from pipeline.video.probing.packets import Packets, packets_from
from pipeline.video.probing.source import SourceFile

_STRETCHES = 5
_FRAMES_A_STRETCH = 24
"""Seen of a file in order to tell whether its frames are reordered; an encoder that makes B-frames
makes some in nearly every second."""


@dataclass(frozen=True)
class FrameIndex:
    """Every frame that can be shown, in the order of showing."""

    pts: IntArray
    """`(N,)` presentation time stamps, ticks of `time_base`, increasing."""
    end: int
    """When the last frame's showing ends, ticks."""
    time_base: Fraction
    """Seconds a tick."""
    rate: Fraction
    """Frames a second as the container says."""
    packets: Packets
    """The stream's packets, from which frames are decoded."""
    places: IntArray
    """`(P,)` place of the frame that each packet begins, -1 where it begins none; all -1 where
    packets and frames are no pairs, so that frames can only be counted from the file's start."""
    decoded: bool = False
    """Whether every frame was decoded, so that nothing can be promised in vain."""
    stamped: bool = True
    """Whether the stamps are the file's own; otherwise frames are spaced by the frame rate."""

    def __post_init__(self) -> None:
        if len(self.pts) == 0 or not bool(np.all(np.diff(self.pts, append=self.end) > 0)):
            raise ValueError("pts: expected increasing time stamps and an end beyond them")

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def counted(self) -> bool:
        """Whether a frame is known only by its turn in the file."""
        return bool(np.all(self.places < 0))

    @property
    def complete(self) -> bool:
        """Whether every packet to be shown begins a frame."""
        return not self.packets.damaged and bool(np.all(self.places[self.packets.shown] >= 0))

    def place_of(self, number: int | None) -> int:
        """Place of the frame that packet `number` begins, -1 if there is none."""
        return -1 if number is None else int(self.places[number])

    def starts(self, place: int) -> Iterator[int]:
        """Packets to begin decoding with in order to reach a frame, the nearest first.

        Key frames shown no later than the frame, each time twice as far back, since some only begin
        to renew the picture bit by bit; at last the file's start.
        """
        keys = np.flatnonzero(self.packets.key & (self.places >= 0) & (self.places <= place))
        back = 1
        while back <= len(keys) and keys[-back] > 0:
            yield int(keys[-back])
            back *= 2
        yield 0

    @property
    def pts_s(self) -> NDArray[np.float64]:
        """`(N,)` stamps in seconds."""
        return self.pts * self.time_base.numerator / self.time_base.denominator

    def until_s(self, place: int) -> float:
        """Stamp at which a frame gives way to the next, seconds."""
        ticks = self.pts[place + 1] if place + 1 < len(self) else self.end
        return float(int(ticks) * self.time_base)

    @property
    def duration_s(self) -> float:
        """From the first frame's showing to the end of the last one's."""
        return float((self.end - int(self.pts[0])) * self.time_base)

    @property
    def variable_frame_rate(self) -> bool:
        """Whether the gaps between stamps differ by more than the rounding to ticks."""
        gaps = np.diff(self.pts)
        return len(gaps) > 1 and int(np.ptp(gaps)) > 1

    @property
    def fps(self) -> float:
        """Mean frame rate; the container's exact one (30000/1001) where the stamps bear it out."""
        if len(self) == 1:
            return float(self.rate)
        span = float(int(self.pts[-1] - self.pts[0]) * self.time_base)
        measured = (len(self) - 1) / span
        borne_out = not self.variable_frame_rate and abs(float(self.rate) / measured - 1) < 2e-3
        return float(self.rate) if borne_out else measured


def index_of_packets(packets: Packets, time_base: Fraction, rate: Fraction) -> FrameIndex:
    """The index that the container promises; its packets must be stamped."""
    shown = np.flatnonzero(packets.shown)
    shown = shown[np.argsort(packets.pts[shown])]
    return _index(packets, shown, time_base, rate)


def index_of_frames(source: SourceFile, packets: Packets, rate: Fraction) -> FrameIndex | None:
    """The index of the frames that really decode; None when not one of them does.

    One thread decodes: with several, which frames a damaged stream loses may differ from run to
    run. Without stamps to go by, frames are spaced by the frame rate.
    """
    with open_stream(source, threads=1) as (container, stream):
        frames = good_frames(packets_from(container, stream, packets, 0))
        numbers = [-1 if frame.pts is None else frame.pts for frame in frames]
        time_base = stream.time_base
    if not numbers:
        return None
    begun = np.array(numbers, np.int64)
    paired = len(np.unique(begun)) == len(begun) and begun.min() >= 0
    if paired and time_base and packets.stamped and bool(np.all(np.diff(packets.pts[begun]) > 0)):
        return _index(packets, begun, time_base, rate, decoded=True)
    places = _places(packets, begun) if paired else np.full(len(packets), -1, np.int64)
    turns = np.arange(len(begun), dtype=np.int64)
    return FrameIndex(
        turns, len(turns), 1 / rate, rate, packets, places, decoded=True, stamped=False
    )


def decodes_reordered(source: SourceFile, packets: Packets) -> bool:
    """Whether frames leave the decoder in another order than their packets lie in.

    Seen in stretches all over the file: a decoder may allow for B-frames that an encoder never
    made, and decoding the whole file to be sure of it takes as long as watching it.
    """
    keys = np.flatnonzero(packets.key)
    starts = keys[np.linspace(0, len(keys) - 1, _STRETCHES).round().astype(int)]
    for start in np.unique(starts):
        with open_stream(source, threads=1) as (container, stream):
            frames = good_frames(packets_from(container, stream, packets, int(start)))
            seen = [frame.pts for frame in islice(frames, _FRAMES_A_STRETCH)]
        numbers = [-1 if number is None else number for number in seen]
        if not numbers or numbers != sorted(numbers):
            return True
    return False


def without_lost_head(source: SourceFile, packets: Packets) -> Packets:
    """Hide frames before the first key frame that do not decode, in stamped packets.

    A recording that begins in the middle of a group has lost what they need.
    """
    keys = np.flatnonzero(packets.key & packets.shown)
    if packets.starts_with_key or len(keys) == 0:
        return packets
    lost = packets.shown & (packets.pts < packets.pts[keys[0]])
    with open_stream(source, threads=1) as (container, stream):
        for frame in good_frames(packets_from(container, stream, packets, 0)):
            if frame.pts is None or not lost[frame.pts]:
                break
            lost[frame.pts] = False
    return replace(packets, shown=packets.shown & ~lost)


def _index(
    packets: Packets,
    begun: IntArray,
    time_base: Fraction,
    rate: Fraction,
    *,
    decoded: bool = False,
) -> FrameIndex:
    """The index of the frames that these packets begin, in the order of showing."""
    pts, last = packets.pts[begun], packets.duration[begun[-1]]
    end = int(pts[-1]) + (int(last) or _ticks_a_frame(time_base, rate))
    return FrameIndex(pts, end, time_base, rate, packets, _places(packets, begun), decoded)


def _places(packets: Packets, begun: IntArray) -> IntArray:
    places = np.full(len(packets), -1, np.int64)
    places[begun] = np.arange(len(begun))
    return places


def _ticks_a_frame(time_base: Fraction, rate: Fraction) -> int:
    return max(1, round(1 / (rate * time_base)))
