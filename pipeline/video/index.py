"""Which frames a file can show, and when: read from the packets, or from the decoded frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pipeline.types import IntArray
from pipeline.video.container import good_frames, open_stream
from pipeline.video.source import SourceFile


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
    keys: IntArray
    """`(K, 2)` presentation and decoding stamps of the key frames, to start decoding from."""
    decoded: bool = False
    """Whether every frame was decoded, so that nothing can be promised in vain."""
    stamped: bool = True
    """Whether a decoded frame is known by its stamp; otherwise by its turn in the file."""

    def __post_init__(self) -> None:
        if len(self.pts) == 0 or not bool(np.all(np.diff(self.pts, append=self.end) > 0)):
            raise ValueError("pts: expected increasing time stamps and an end beyond them")

    def __len__(self) -> int:
        return len(self.pts)

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


@dataclass(frozen=True)
class Packets:
    """What the packets of a video stream say of its frames."""

    shown: list[tuple[int | None, int]]
    """Presentation stamp and duration (0: unknown) of every frame to be shown, in file order."""
    keys: list[tuple[int, int]]
    """Presentation and decoding stamps of the key frames, also of those never shown."""
    damaged: bool
    """Whether a packet was cut off or marked as bad."""
    ends_s: float
    """When the last packet ends, seconds."""

    @property
    def stamped(self) -> bool:
        """Whether every frame has a stamp of its own."""
        stamps = {pts for pts, _ in self.shown}
        return None not in stamps and len(stamps) == len(self.shown)

    @property
    def starts_with_key(self) -> bool:
        """Whether nothing is shown before the first frame that can be decoded by itself."""
        first = min((pts for pts, _ in self.shown if pts is not None), default=0)
        return bool(self.keys) and self.keys[0][0] <= first


def index_of_packets(packets: Packets, time_base: Fraction, rate: Fraction) -> FrameIndex:
    """The index that the container promises; its packets must be stamped."""
    shown = sorted((pts, duration) for pts, duration in packets.shown if pts is not None)
    pts = np.array([pts for pts, _ in shown], np.int64)
    end = int(pts[-1]) + (shown[-1][1] or _ticks_a_frame(time_base, rate))
    keys = np.array(packets.keys, np.int64).reshape(-1, 2)
    return FrameIndex(pts, end, time_base, rate, keys)


def index_of_frames(source: SourceFile, rate: Fraction, *, stamped: bool) -> FrameIndex | None:
    """The index of the frames that really decode; None when not one of them does.

    One thread decodes: with several, which frames a damaged stream loses may differ from run to
    run. Without stamps to go by, frames are numbered and spaced by the frame rate.
    """
    with open_stream(source, threads=1) as (container, stream):
        stamps = [(frame.pts, frame.duration or 0) for frame in good_frames(container, stream)]
        time_base = stream.time_base or 1 / rate
    if not stamps:
        return None
    if stamped and _increasing(pts for pts, _ in stamps):
        pts = np.array([pts for pts, _ in stamps], np.int64)
        end = int(pts[-1]) + (stamps[-1][1] or _ticks_a_frame(time_base, rate))
    else:
        stamped, time_base = False, 1 / rate
        pts = np.arange(len(stamps), dtype=np.int64)
        end = len(stamps)
    keys = np.empty((0, 2), np.int64)
    return FrameIndex(pts, end, time_base, rate, keys, decoded=True, stamped=stamped)


def _increasing(stamps: Iterable[int | None]) -> bool:
    known = [pts for pts in stamps if pts is not None]
    return bool(np.all(np.diff(known) > 0))


def _ticks_a_frame(time_base: Fraction, rate: Fraction) -> int:
    return max(1, round(1 / (rate * time_base)))
