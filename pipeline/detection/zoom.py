"""A closer look at a small skater: the detector sees the skater's surroundings enlarged.

A detector is shown whole frames at one size. Who skates far off takes a few pixels of it and is
missed, or put into one box with somebody near; a person of middling size is what the detector knows
best. So where the skater turns out small, or nobody was found, the key frames are looked at once
more through a window that moves with the skater and shows them larger (as Unel et al., 2019,
and Akyon et al., 2022, do with a fixed grid of windows).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipeline.detection.boxes import Numbers, centres, extents, pairwise_iou
from pipeline.detection.detector import Frame
from pipeline.settings import ShareBelow1, ShareBetween, settings
from pipeline.types import Detections, FloatArray, IntArray, Track

Flags = NDArray[np.bool_]


@settings()
class ZoomSettings:
    """When and how closely."""

    below: ShareBelow1 = 0.0
    """A skater lower than this share of the picture's height is looked at again; 0: nobody."""
    wanted: ShareBetween = 0.35
    """Share of the window's height that the skater is to have."""
    max_zoom: Annotated[float, Field(ge=1)] = 3.0
    """A window is no smaller than the picture divided by this."""
    unknown_zoom: Annotated[float, Field(ge=1)] = 2.0
    """Of the window in the picture's middle where nobody was found."""


def windows(
    skater: Track | None,
    key_frames: IntArray,
    frame_size: tuple[int, int],
    settings: ZoomSettings,
) -> IntArray | None:
    """The part of every key frame that is worth a closer look; None: there is no need.

    Args:
        skater: As found in whole frames; None: nobody was found.
        key_frames: `(F,)` frames that the detector looks at.
        frame_size: `(width, height)` in pixels.
        settings: See `ZoomSettings`.

    Returns:
        `(F, 4)` xyxy in whole pixels inside the frame, all of one size.
    """
    if not settings.below:
        return None
    size = np.array(frame_size, dtype=np.float64)
    if skater is None:
        zoom, middles = settings.unknown_zoom, np.repeat(size[None] / 2, len(key_frames), axis=0)
    else:
        seen = np.flatnonzero(~np.isnan(skater.boxes_xyxy[:, 0]))
        height = float(np.median(extents(skater.boxes_xyxy[seen])[:, 1])) / frame_size[1]
        if height >= settings.below:
            return None
        zoom = float(np.clip(settings.wanted / height, 1.0, settings.max_zoom))
        middles = _followed(centres(skater.boxes_xyxy[seen]), seen, key_frames)
    extent = np.maximum(np.round(size / zoom), 1)
    start = np.clip(np.round(middles - extent / 2), 0, size - extent)
    return np.concatenate((start, start + extent), axis=1).astype(np.int64)


def parts(frames: Iterator[Frame], where: IntArray) -> Iterator[Frame]:
    """The windows `(F, 4)` of F frames."""
    for frame, (x1, y1, x2, y2) in zip(frames, where.tolist(), strict=True):
        yield frame[y1:y2, x1:x2]


def combined(
    whole: Detections, closer: Detections, where: IntArray, frame_size: tuple[int, int]
) -> Detections:
    """The people of both passes: inside the window those of the zoomed one.

    Args:
        whole: Boxes found in whole frames.
        closer: Boxes found in the windows, in their pixels.
        where: `(F, 4)` the windows.
        frame_size: `(width, height)` in pixels.
    """
    boxes: list[FloatArray] = []
    scores: list[FloatArray] = []
    appearance: list[FloatArray] = []
    counts: list[int] = []
    for frame, window in zip(whole.key_frames.tolist(), where, strict=True):
        far, near = whole.frame == frame, closer.frame == frame
        moved = closer.boxes_xyxy[near] + np.tile(window[:2], 2).astype(np.float32)
        kept = ~_cut_off(moved, window, frame_size)
        moved, moved_scores = moved[kept], closer.scores[near][kept]
        stays = _stays(whole.boxes_xyxy[far], moved, window, frame_size)
        boxes += [moved, whole.boxes_xyxy[far][stays]]
        scores += [moved_scores, whole.scores[far][stays]]
        if closer.appearance is not None and whole.appearance is not None:
            appearance += [closer.appearance[near][kept], whole.appearance[far][stays]]
        counts.append(len(moved) + int(stays.sum()))
    return Detections(
        num_frames=whole.num_frames,
        key_frames=whole.key_frames,
        frame=np.repeat(whole.key_frames, counts),
        boxes_xyxy=np.concatenate([np.empty((0, 4), np.float32), *boxes]),
        scores=np.concatenate([np.empty(0, np.float32), *scores]),
        appearance=np.concatenate(appearance) if appearance else None,
    )


def _followed(middles: Numbers, seen: Sequence[int] | IntArray, frames: IntArray) -> Numbers:
    """Where the skater is in some frames, `(F, 2)`; between detections interpolated linearly."""
    return np.column_stack([np.interp(frames, seen, middles[:, axis]) for axis in (0, 1)])


def _cut_off(boxes: FloatArray, window: IntArray, frame_size: tuple[int, int]) -> Flags:
    """Which boxes `(N, 4)` end at a side of the window that is not a side of the frame."""
    slack = 0.02 * (window[2:] - window[:2]).max()
    limits = np.array([0, 0, *frame_size])
    inner = np.abs(window - limits) > 0
    return np.asarray((inner & (np.abs(boxes - window) < slack)).any(axis=1))


def _stays(
    boxes: FloatArray, closer: FloatArray, window: IntArray, frame_size: tuple[int, int]
) -> Flags:
    """Which boxes `(N, 4)` of the whole frame still count.

    Those that reach out of the window, or to its rim, and are nobody whom the closer look found.
    """
    low, high = np.maximum(boxes[:, :2], window[:2]), np.minimum(boxes[:, 2:], window[2:])
    inside = (high - low).clip(0).prod(axis=1) / np.maximum(extents(boxes).prod(axis=1), 1e-6)
    known = (
        pairwise_iou(boxes, closer).max(axis=1) > 0.5 if len(closer) else np.zeros(len(boxes), bool)
    )
    at_rim = _cut_off(boxes, window, frame_size)
    return np.asarray(((inside < 0.9) | at_rim) & ~known)
