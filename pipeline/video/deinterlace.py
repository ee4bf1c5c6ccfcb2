"""Interlaced frames made whole: FFmpeg's `bwdif`, one frame out for every frame in.

A frame of two fields, shot one after the other, shows combs where something moves. The filter keeps
the lines of the field that is shown first and fills in the others from around them, also from the
frames before and after. What comes out depends on these three frames only, wherever a pass begins.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from av.filter import Graph
from av.video.frame import VideoFrame

from pipeline.video.probing.picture import Fields

SETTINGS = "mode=send_frame:parity=auto:deint=interlaced"
"""Frames that are not marked as interlaced pass as they are."""

_SMALLEST = (3, 4)
"""Columns and lines that the filter needs."""


def whole_frames(
    frames: Iterable[tuple[int, VideoFrame]], fields: Fields
) -> Iterator[tuple[int, VideoFrame]]:
    """Deinterlace frames, each known by its place; they keep their order and places.

    Args:
        frames: Without gaps. The first is right only if it begins the video, the last only if it
            ends it: whoever begins or stops midway gives one more at either end.
        fields: Which come first, or that each frame is marked.
    """
    filter_: _Filter | None = None
    for place, frame in frames:
        if filter_ is None or filter_.kind != _kind(frame):  # a stream may change its size midway
            if filter_ is not None:
                yield from filter_.rest()
            filter_ = _Filter(frame, fields)
        yield from filter_.push(place, frame)
    if filter_ is not None:
        yield from filter_.rest()


class _Filter:
    """The filter for frames of one kind, which come out once their successor is in."""

    def __init__(self, frame: VideoFrame, fields: Fields) -> None:
        self.kind = _kind(frame)
        self._places: deque[int] = deque()
        self._graph = Graph()
        source = self._graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
        fits = frame.width >= _SMALLEST[0] and frame.height >= _SMALLEST[1]
        marks = [self._graph.add("setfield", fields)] if fields in ("tff", "bff") else []
        middle = [*marks, self._graph.add("bwdif", SETTINGS)] if fits else []
        self._graph.link_nodes(source, *middle, self._graph.add("buffersink")).configure()

    def push(self, place: int, frame: VideoFrame) -> Iterator[tuple[int, VideoFrame]]:
        self._places.append(place)
        self._graph.vpush(frame)
        return self._ready()

    def rest(self) -> Iterator[tuple[int, VideoFrame]]:
        self._graph.vpush(None)
        return self._ready()

    def _ready(self) -> Iterator[tuple[int, VideoFrame]]:
        while self._places:
            try:
                frame = self._graph.vpull()
            except (BlockingIOError, EOFError):  # av's errors of these kinds
                return
            yield self._places.popleft(), frame


def _kind(frame: VideoFrame) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name
