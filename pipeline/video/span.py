"""In and out points: seconds after the file's first frame, as players show them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipeline.messages import Message
from pipeline.types import IntArray, Timeline
from pipeline.video.probing.index import FrameIndex
from pipeline.video.probing.source import SourceFile

_SLACK_S = 0.0005
"""A time printed with three digits still finds its frame."""


@dataclass(frozen=True)
class Span:
    """Frames from an in point up to, not including, an out point."""

    places: IntArray
    """`(T,)` consecutive places in the file's index."""
    start_s: float
    """In point."""
    end_s: float
    """Out point, no later than the video's end."""
    asked: tuple[float | None, float | None]
    """The points as they were given."""
    warnings: tuple[Message, ...]
    """Each has the file's `name` among its values."""


def find_span(
    source: SourceFile, index: FrameIndex, start_s: float | None, end_s: float | None
) -> Span:
    """The frames that begin between two points; None stands for the video's start or end.

    Raises:
        VideoError: when the points make no span of this video.
    """
    lasts_s = index.duration_s
    asked = (start_s, end_s)
    start_s = _checked(source, "in", start_s, 0.0)
    out_s = _checked(source, "out", end_s, lasts_s)
    if end_s is not None and out_s <= start_s:  # wrong whatever the video's length
        raise source.error("span_order", start=f"{start_s:g}", end=f"{out_s:g}")
    if start_s >= lasts_s:
        raise source.error("span_beyond", start=f"{start_s:g}", lasts=f"{lasts_s:.3f}")
    end_s = min(out_s, lasts_s)
    places = _frames_between(index, start_s, end_s)
    if len(places) == 0:
        raise source.error("span_empty", start=f"{start_s:g}", end=f"{end_s:g}")
    late = out_s > lasts_s + _SLACK_S
    ends = Message.of("ends_before", name=source.name, lasts=f"{lasts_s:.3f}", end=f"{out_s:g}")
    return Span(places, start_s, end_s, asked, (ends,) if late else ())


def _checked(source: SourceFile, which: str, value_s: float | None, default_s: float) -> float:
    if value_s is None:
        return default_s
    if not math.isfinite(value_s):
        raise source.error(f"{which}_no_number", point=value_s)
    if value_s < 0:
        raise source.error(f"{which}_negative", point=f"{value_s:g}")
    return value_s


def frames_between(timeline: Timeline, start_s: float | None, end_s: float | None) -> slice:
    """Positions of the frames that begin between two points of a whole file's time line."""
    since_first_s = timeline.pts_s - timeline.origin_s + _SLACK_S
    first = 0 if start_s is None else int(np.searchsorted(since_first_s, start_s))
    stop = len(timeline) if end_s is None else int(np.searchsorted(since_first_s, end_s))
    return slice(first, max(first, stop))


def _frames_between(index: FrameIndex, start_s: float, end_s: float) -> IntArray:
    timeline = Timeline(np.arange(len(index)), index.pts_s, float(index.pts_s[0]))
    found = frames_between(timeline, start_s, None if end_s >= index.duration_s else end_s)
    return np.arange(found.start, found.stop, dtype=np.int64)
