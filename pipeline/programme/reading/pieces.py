"""A video cut into pieces whose frames fit into memory, while it is decoded once from end to end.

A piece ends where a shot does, or where the memory is full; then the next one goes on with the same
shot. Large frames are kept smaller, and of fast videos only as many as a skeleton is wanted for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np

from pipeline.programme.reading.boundaries import (
    BoundaryFinder,
    Thumb,
    difference,
    thumb_of,
)
from pipeline.types import FloatArray, IntArray
from pipeline.video import Frame, Video

MAX_AREA = 1920 * 1088
"""Pixels of a frame that is kept; larger ones are made smaller."""
MAX_BYTES = 384 * 2**20
"""Frames that are held at a time."""
MAX_PIECE_S = 8.0
"""So much of a shot at a time, however small the frames."""

PieceEnd = Literal["goes_on", "cut", "fade", "end"]
"""What follows a piece: the same shot, another one, or nothing."""
PIECE_ENDS: tuple[PieceEnd, ...] = ("goes_on", "cut", "fade", "end")

SIGNALS = ("light", "spread", "step")
"""What is kept of every frame: mean and spread of its grey levels, mean difference from the one
before."""


@dataclass(frozen=True)
class Piece:
    """Consecutive frames of one shot."""

    first: int
    """Position of the first frame."""
    stop: int
    """Position after the last."""
    ends: PieceEnd
    """How the shot gives way to the next; `goes_on` where it does not."""
    frames: tuple[Frame, ...]
    """Those at `positions`, maybe made smaller."""
    positions: IntArray
    """Of the frames that were kept: every `stride`-th of the piece."""
    scale: float
    """Pixels of a kept frame for one of the video's, at most 1."""
    signals: FloatArray
    """`(stop - first, 3)` of every frame: `SIGNALS`."""

    def frame(self, position: int) -> Frame:
        """The kept frame at a position."""
        at = int(np.searchsorted(self.positions, position))
        if self.positions[at] != position:
            raise ValueError(f"frame {position} was not kept")
        return self.frames[at]


@dataclass
class _Held:
    """What is in memory."""

    first: int
    frames: dict[int, Frame] = field(default_factory=dict)
    signals: list[tuple[float, float, float]] = field(default_factory=list)
    last: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def taken(self, stop: int, ends: PieceEnd, scale: float) -> Piece:
        """Everything before a position, which is held no longer."""
        count = stop - self.first
        positions = [p for p in self.frames if p < stop]
        piece = Piece(
            self.first,
            stop,
            ends,
            tuple(self.frames.pop(p) for p in positions),
            np.array(positions, np.int64),
            scale,
            np.array(self.signals[:count], np.float32).reshape(count, len(SIGNALS)),
        )
        del self.signals[:count]
        self.first = stop
        return piece


def pose_step(fps: float, pose_hz: float) -> int:
    """Every how many frames a skeleton is wanted."""
    return max(1, round(fps / pose_hz))


class PieceReader:
    """Cuts a video into pieces.

    Args:
        video: The span that is read.
        stride: Every how many frames one is kept; shots begin on such a frame.
        first: Position to begin at: 0, or where a piece ended.
        max_bytes: Frames that are held at a time.
    """

    def __init__(
        self,
        video: Video,
        stride: int,
        *,
        first: int = 0,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        info = video.info
        self._video, self._stride = video, stride
        self.scale = min(1.0, (MAX_AREA / (info.width * info.height)) ** 0.5)
        """Pixels of a kept frame for one of the video's."""
        fps = info.fps / stride  # of the frames that are looked at
        known = first // stride
        start = max(0, known - BoundaryFinder(fps).reach - 1)
        self.starts_at = start * stride
        """Position from which frames are needed: those before a cut decide on it too."""
        self._finder = BoundaryFinder(fps, first=start, known=known)
        frame_bytes = max(1, int(info.width * info.height * 3 * self.scale**2))
        fit = max_bytes // frame_bytes * stride
        # The frames of which nothing is known yet are in memory too.
        most = min(fit, round(MAX_PIECE_S * info.fps))
        self._most = max(most, (self._finder.reach + 4) * stride)
        self._held = _Held(first)
        self._before: Thumb | None = None

    def pieces(self, frames: Iterable[tuple[int, Frame]] | None = None) -> Iterator[Piece]:
        """All pieces in order.

        Args:
            frames: The video's from `starts_at` on; by default it is decoded here.

        Raises:
            FramesLost: A frame does not decode; the frames before it are lost with it unless
                `rest` is asked for.
        """
        wanted = range(self.starts_at, len(self._video))
        for position, frame in frames or self._video.frames(wanted):
            if position % self._stride == 0:
                yield from self._seen(position, frame)
            elif position >= self._held.first:
                self._held.signals.append(self._held.last)
            if position - self._held.first + 1 >= self._most:
                stop = (self._finder.decided - 1) * self._stride
                if stop > self._held.first:
                    yield self._held.taken(stop, "goes_on", self.scale)
        yield from self.rest()

    def _seen(self, position: int, frame: Frame) -> Iterator[Piece]:
        """Look at a frame, hold it, and give the pieces that it ends."""
        thumb = thumb_of(frame)
        step = 0.0 if self._before is None else difference(self._before, thumb)
        grey = thumb.mean(axis=2)
        self._before = thumb
        self._held.last = (float(grey.mean()), float(grey.std()), step)
        if position >= self._held.first:
            self._held.signals.append(self._held.last)
            self._held.frames[position] = self._small(frame)
        for boundary in self._finder.add(thumb):
            yield from self._cut(boundary.position * self._stride, boundary.begins)

    def rest(self) -> Iterator[Piece]:
        """What is held when no more frames come."""
        for boundary in self._finder.finish():
            yield from self._cut(boundary.position * self._stride, boundary.begins)
        stop = self._held.first + len(self._held.signals)
        if stop > self._held.first:
            yield self._held.taken(stop, "end", self.scale)

    def _cut(self, stop: int, begins: Literal["cut", "fade"]) -> Iterator[Piece]:
        if stop > self._held.first:
            yield self._held.taken(stop, begins, self.scale)

    def _small(self, frame: Frame) -> Frame:
        if self.scale == 1.0:
            return frame
        height, width = frame.shape[:2]
        size = (round(width * self.scale), round(height * self.scale))
        return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))
