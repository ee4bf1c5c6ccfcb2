"""One box for the whole clip, and what it is made of (paper, Sec. II-A).

The paper crops every clip to "the ultimate detection box", consolidated from the boxes of its
frames, and says no more. Assumption: it is the union of the main skater's boxes with a margin
(`rule = "union"`); the union of everybody's boxes, which is the paper read literally, is
`"union_of_all"`. A skater who crosses the picture makes any union nearly the whole frame, and so
does a single wrong box: `"robust_union"` leaves out the farthest boxes on every side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from pipeline.detection.boxes import lengths
from pipeline.errors import NoPersonFound
from pipeline.settings import NotNegative, settings
from pipeline.types import FloatArray, People, RegionOfInterest, Track

RegionRule = Literal["union", "robust_union", "union_of_all", "whole_frame"]
"""Main skater's boxes; the same without outliers; everybody's boxes; no crop at all."""


@settings()
class RegionSettings:
    """How the boxes of a clip become one."""

    rule: RegionRule = "union"
    """Whose boxes count. Assumption: the main skater's, see above."""
    margin: NotNegative = 0.1
    """Added on every side, in lengths of a person (median of the boxes' longer sides). Assumption:
    the paper names none; boxes cut off fingers, blades and blurred limbs."""
    trim: Annotated[float, Field(ge=0, lt=0.5)] = 0.02
    """Share of the boxes that `robust_union` leaves out on every side."""
    even: bool = True
    """Make width and height even, as video encoders with half the colour resolution need it."""


def consolidate(
    people: People,
    frame_size: tuple[int, int],
    settings: RegionSettings | None = None,
    *,
    name: str,
    num_frames: int,
) -> RegionOfInterest:
    """The region of one clip.

    Args:
        people: Everybody in view, with the main skater named.
        frame_size: `(width, height)` of the frames in pixels.
        settings: See `RegionSettings`.
        name: Of the video file, for the error.
        num_frames: Of the clip, for the error.

    Returns:
        Whole pixels inside the frame. Every box that the rule counts lies inside, but for the last
        column or row of a frame of odd size.

    Raises:
        NoPersonFound: There is nobody to crop to; a crop at random would be worse than none.
    """
    settings = settings or RegionSettings()
    if settings.rule == "whole_frame":
        return whole_frame(frame_size, even=settings.even)
    if people.main is None:
        if not people.tracks:
            raise NoPersonFound.of("nobody", name=name, frames=num_frames)
        raise NoPersonFound.of("nobody_stays", name=name, frames=num_frames, reason=people.rule)
    boxes = _counted_boxes(people.tracks, people.main, settings.rule)
    trim = settings.trim if settings.rule == "robust_union" else 0.0
    margin = settings.margin * float(np.median(lengths(boxes)))
    low = np.quantile(boxes[:, :2], trim, axis=0) - margin
    high = np.quantile(boxes[:, 2:], 1 - trim, axis=0) + margin
    spans = zip(low.tolist(), high.tolist(), frame_size, strict=True)
    (x1, x2), (y1, y2) = (_whole_pixels(*span, even=settings.even) for span in spans)
    return RegionOfInterest(np.array([x1, y1, x2, y2], dtype=np.float32), settings.rule)


def whole_frame(frame_size: tuple[int, int], *, even: bool = True) -> RegionOfInterest:
    """No crop: the region where no detector was asked, or none is wanted."""
    x2, y2 = (_whole_pixels(0, size, size, even=even)[1] for size in frame_size)
    return RegionOfInterest(np.array([0, 0, x2, y2], dtype=np.float32), "whole_frame")


def _counted_boxes(tracks: Sequence[Track], main: Track, rule: RegionRule) -> FloatArray:
    counted = tracks if rule == "union_of_all" else [main]
    boxes = np.concatenate([track.boxes_xyxy for track in counted])
    return boxes[~np.isnan(boxes[:, 0])]


def _whole_pixels(low: float, high: float, size: int, *, even: bool) -> tuple[int, int]:
    """The least span of whole pixels in 0..size that holds low..high, of even length if asked."""
    start, end = max(math.floor(low), 0), min(math.ceil(high), size)
    if even and (end - start) % 2:
        if end < size:
            end += 1
        elif start > 0:
            start -= 1
        elif size > 1:  # the whole of an odd frame: its last pixel goes
            end -= 1
    return start, end
