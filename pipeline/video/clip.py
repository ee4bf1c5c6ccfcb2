"""A span of a video: which frames it has, when they are shown, and a pass through them.

Two clocks: `Timeline.pts_s` holds the container's own stamps; in and out points count from the
file's first frame, as players show them. In most files that frame's stamp is 0 and both agree.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import closing
from copy import copy
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np

from pipeline.errors import VideoError
from pipeline.messages import Message
from pipeline.types import IntArray, ReaderName, Timeline, VideoInfo
from pipeline.video.probing.probe import Probe, probe
from pipeline.video.probing.source import SourceFile
from pipeline.video.readers import READERS, Film, Frames, check_reader
from pipeline.video.span import Span, find_span

MAX_SPAN_S = 60.0
"""Longer spans are refused: the networks name one element a clip (the longest, a step sequence,
takes about 15 s), so a programme needs in and out points."""

MAX_SPAN_FRAMES = 20_000
"""A minute at 333 frames a second; more take hours, however short the file says that it is."""

# Said once a file, however often it is opened.
_warn = lru_cache(maxsize=1024)(logging.getLogger(__name__).warning)


class Video:
    """A span of a video file; `open_video` makes one, and holds no file open."""

    def __init__(self, film: Film, facts: Probe, span: Span, reader: ReaderName) -> None:
        self.source: SourceFile = film.source
        """The file."""
        self._film = film
        self._span = span
        self._reader = reader
        self.info: VideoInfo = _describe(film, facts, span, reader)
        """What an analysis records of the file and the span."""
        self.timeline = Timeline(
            span.places, film.index.pts_s[span.places], float(film.index.pts_s[0])
        )
        """Exact places in the file and stamps of the span's T frames."""
        self.warnings: list[Message] = [*facts.warnings, *span.warnings]
        """What the user should read; each has the file's `name` among its values."""

    def __len__(self) -> int:
        return len(self.timeline)

    def __repr__(self) -> str:
        size = f"{self.info.width}x{self.info.height}"
        return f"Video({self.info.path!r}, {len(self)} frames, {size})"

    @property
    def name(self) -> str:
        """The file's name, fit to be printed."""
        return self.source.name

    @property
    def time_base(self) -> Fraction:
        """Seconds a tick; every stamp is a whole number of ticks."""
        return self._film.index.time_base

    @property
    def stamped(self) -> bool:
        """Whether the stamps are the file's own; else frames were counted from 0 (see `probe`)."""
        return self._film.index.stamped

    @property
    def origin_s(self) -> float:
        """Stamp of the file's first frame, from which in and out points count."""
        return self.timeline.origin_s

    @property
    def until_s(self) -> float:
        """Stamp at which the span's last frame gives way to the next."""
        return self._film.index.until_s(int(self.timeline.frame_index[-1]))

    @property
    def nbytes(self) -> int:
        """Memory that all T frames take."""
        return len(self) * self.info.height * self.info.width * 3

    def frames(self, positions: Sequence[int] | IntArray | None = None) -> Frames:
        """Decode the span once, in order, and yield `(position, frame)`; frames are RGB, upright.

        Args:
            positions: wanted ones of 0..T-1, all by default. Each is yielded once, in increasing
                order; the frames between are decoded but not converted.

        Raises:
            FramesLost: when a promised frame does not decode; `rescan` tells which ones do.
            VideoError: when the file changed meanwhile, or the chosen reader cannot read it.
        """
        wanted = checked_positions(positions, len(self))
        if len(wanted) == 0:
            return
        first = int(self.timeline.frame_index[0])
        with closing(READERS[self._reader](self._film, wanted + first)) as frames:
            for place, frame in frames:
                yield place - first, frame

    def part(self, first: int, stop: int) -> Video:
        """The frames at positions `first` to `stop`, exclusive, as a span of their own.

        Nothing is probed or hashed again; what is wrong with the file stays this span's to say.
        """
        if not 0 <= first < stop <= len(self):
            raise ValueError(f"part: expected positions within 0..{len(self)}, got {first}..{stop}")
        start_s = self.timeline.seconds(first) if first else self.info.start_s
        end_s = self.timeline.seconds(stop) if stop < len(self) else self.info.end_s
        places = self._span.places[first:stop]
        part = copy(self)
        part._span = Span(places, start_s, end_s, (start_s, end_s), ())
        part.info = replace(self.info, frames=stop - first, start_s=start_s, end_s=end_s)
        part.timeline = Timeline(
            places, self.timeline.pts_s[first:stop], origin_s=self.timeline.origin_s
        )
        part.warnings = []
        return part

    def rescan(self) -> Video:
        """The same span with only those frames that decode, found by decoding the file once."""
        return _open(self.source, self._span.asked, self._reader, decode=True)

    def error(self, code: str, **values: object) -> VideoError:
        """A VideoError of `pipeline.messages` whose sentence begins with the file's name."""
        return self.source.error(code, **values)


def open_video(
    path: str | os.PathLike[str],
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    stream: int | None = None,
    reader: ReaderName = "pyav",
) -> Video:
    """Look a video through without decoding it, and choose a span.

    Args:
        path: a file on disk.
        start_s: in point, seconds after the file's first frame; its start by default.
        end_s: out point, exclusive; the video's end by default.
        stream: number of the video stream, as FFmpeg counts; the one that FFmpeg takes by default.
        reader: the library that decodes; never replaced by another.

    Raises:
        VideoError: when the file cannot be read, the points make no span, or there is no such
            reader or its library.
    """
    check_reader(reader)
    return _open(SourceFile.of(path, stream), (start_s, end_s), reader)


def check_span(video: Video, max_span_s: float = MAX_SPAN_S) -> None:
    """Refuse a span too long to be one element, or with too many frames to be looked at.

    Raises:
        VideoError: saying why, and to choose in and out points.
    """
    span_s = video.info.end_s - video.info.start_s
    if span_s > max_span_s:
        raise video.error("span_long", span=f"{span_s:.1f}", most=f"{max_span_s:g}")
    if len(video) > MAX_SPAN_FRAMES:
        raise video.error("span_frames", frames=len(video), most=MAX_SPAN_FRAMES)


def checked_positions(positions: Sequence[int] | IntArray | None, T: int) -> IntArray:
    """Increasing, distinct positions of 0..T-1; None stands for all."""
    if positions is None:
        return np.arange(T, dtype=np.int64)
    wanted = np.unique(np.asarray(positions, np.int64))
    if len(wanted) and not 0 <= wanted[0] <= wanted[-1] < T:
        raise ValueError(f"positions: expected 0..{T - 1}, got {wanted[0]}..{wanted[-1]}")
    return wanted


def _open(
    source: SourceFile,
    asked: tuple[float | None, float | None],
    reader: ReaderName,
    *,
    decode: bool = False,
) -> Video:
    facts = probe(source, decode=decode)
    film = Film(source, facts.index, facts.picture, alone=facts.stream is None)
    video = Video(film, facts, find_span(source, facts.index, *asked), reader)
    for warning in video.warnings:
        _warn(str(warning))
    return video


def _describe(film: Film, facts: Probe, span: Span, reader: ReaderName) -> VideoInfo:
    picture = film.picture
    reshaped = picture.stored_upright != picture.size
    return VideoInfo(
        path=film.source.path,
        sha256=film.source.sha256(),
        width=picture.width,
        height=picture.height,
        rotation=picture.turn.degrees,
        frames=len(span.places),
        fps=film.index.fps,
        variable_frame_rate=film.index.variable_frame_rate,
        duration_s=film.index.duration_s,
        codec=facts.codec,
        start_s=span.start_s,
        end_s=span.end_s,
        stream=facts.stream,
        stored_width=picture.stored_upright[0] if reshaped else None,
        stored_height=picture.stored_upright[1] if reshaped else None,
        deinterlaced=picture.interlaced or None,
        reader=None if reader == "pyav" else reader,
    )
