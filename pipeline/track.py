"""From boxes per frame to people through the clip.

The detector looks at some frames only (`Detections.key_frames`) and misses a person here and there.
A track is one person's box in every frame: the detector's own where it gave one, interpolated over
short gaps, NaN over long ones. The paper does not say how the boxes of several people are told
apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from pipeline.associate import AssociationSettings, Sighting, Trace, associate, carry_on
from pipeline.boxes import Numbers, centres, clamp, extents, without_duplicates
from pipeline.errors import ConfigError
from pipeline.retrace import Ways
from pipeline.types import Detections, FloatArray, IntArray, Timeline, Track

_RIVALS = 4
"""People whose ways are sought once more."""


@dataclass(frozen=True)
class TrackSettings:
    """How boxes become tracks."""

    max_iou: float = 0.7
    """Two boxes of one frame that overlap by more are one person."""
    certain_score: float = 0.0
    """Boxes with a lower score make nobody a person; they only carry on a person's way."""
    max_gap_s: float = 0.9
    """A longer gap stays a gap, unless its ends are neighbouring key frames."""
    max_hold_s: float = 0.2
    """Who is first or last seen this near to an end of the clip is taken to be there up to it."""
    min_share: float = 0.03
    """Who is seen in a smaller share of the key frames is a false alarm: left out."""
    association: AssociationSettings = field(default_factory=AssociationSettings)
    """How far a person may move and change between two key frames."""

    def __post_init__(self) -> None:
        for name in ("max_iou", "min_share", "certain_score"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"track.{name}: must be from 0 to 1, got {getattr(self, name)}")
        for name in ("max_gap_s", "max_hold_s"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"track.{name}: must not be negative, got {getattr(self, name)}")


def build_tracks(
    detections: Detections,
    timeline: Timeline,
    frame_size: tuple[int, int],
    settings: TrackSettings | None = None,
    *,
    points: Callable[[tuple[Track, ...]], Mapping[int, float]] | None = None,
) -> tuple[Track, ...]:
    """Follow every person through the clip.

    Args:
        detections: The detector's boxes on the key frames; their order does not matter.
        timeline: Of the same clip; gives the time between the frames.
        frame_size: `(width, height)` of the frames in pixels.
        settings: See `TrackSettings`.
        points: What speaks for each person by number, where one person matters. The ways of those
            with most points are then sought once more among everybody's boxes (`pipeline.retrace`);
            who has most points on such a way keeps it, and others lose the boxes that are on it.

    Returns:
        One track a person, numbered from 0 by falling sum of the detector's scores, that is by
        length and certainty; empty when there is no box.

    Raises:
        ValueError: The time line is not as long as the clip of the detections.
    """
    settings = settings or TrackSettings()
    if len(timeline) != detections.num_frames:
        raise ValueError(f"timeline: expected {detections.num_frames} frames, got {len(timeline)}")
    boxes = _Boxes.of(detections, frame_size, settings)
    boxes = boxes.of_rows(boxes.scores >= settings.certain_score)
    sightings = boxes.sightings(detections.key_frames, timeline)
    people = associate(boxes.xyxy, sightings, settings.association, boxes.appearance)
    filler = _Filler(boxes, detections.key_frames, timeline.pts_s, frame_size, settings)
    ranked, tracks = filler.all(people)
    if points is None:
        return tracks
    ways = Ways(people, boxes.xyxy, sightings, settings.association, boxes.appearance)
    most, best = 0.0, tracks
    before = points(tracks)
    for number in sorted(before, key=lambda number: (-before[number], number))[:_RIVALS]:
        rows = ranked[number]
        way = ways.of(rows)
        taken = set(way)
        left = ([row for row in other if row not in taken] for other in people)
        now, followed = filler.all([way, *(other for other in left if other)])
        worth = points(followed)[now.index(way)] if way in now else 0.0
        if worth > most:
            most, best = worth, followed
    return best


def carried_on(
    tracks: Sequence[Track],
    detections: Detections,
    timeline: Timeline,
    frame_size: tuple[int, int],
    settings: TrackSettings,
) -> tuple[Track, ...]:
    """The same people, led on along the boxes of low score. Arguments as for `build_tracks`.

    Who the skater is should be known by then: a box that may be nobody is no reason to choose.
    """
    boxes = _Boxes.of(detections, frame_size, settings)
    doubtful = boxes.of_rows(boxes.scores < settings.certain_score)
    if not len(doubtful.frame):
        return tuple(tracks)
    seen = [np.flatnonzero(track.detected) for track in tracks]
    boxes = _Boxes(
        np.concatenate([doubtful.frame, *seen]),
        np.concatenate(
            [doubtful.xyxy, *(t.boxes_xyxy[s] for t, s in zip(tracks, seen, strict=True))]
        ),
        np.concatenate(
            [doubtful.scores, *(t.scores[s] for t, s in zip(tracks, seen, strict=True))]
        ),
        None,
    )
    traces, first = [], len(doubtful.frame)
    for frames in seen:
        rows = list(range(first, first + len(frames)))
        numbers = np.searchsorted(detections.key_frames, frames).tolist()
        traces.append(Trace(rows, timeline.pts_s[frames].tolist(), numbers))
        first += len(frames)
    sightings = doubtful.sightings(detections.key_frames, timeline)
    led = carry_on(traces, boxes.xyxy, sightings, settings.association)
    filler = _Filler(boxes, detections.key_frames, timeline.pts_s, frame_size, settings)
    return tuple(
        filler.track(track.person_id, trace.rows) for track, trace in zip(tracks, led, strict=True)
    )


@dataclass(frozen=True)
class _Boxes:
    """The boxes worth following, in an order that depends on nothing but themselves."""

    frame: IntArray
    xyxy: FloatArray
    scores: FloatArray
    appearance: FloatArray | None

    @staticmethod
    def of(detections: Detections, frame_size: tuple[int, int], settings: TrackSettings) -> _Boxes:
        xyxy = clamp(detections.boxes_xyxy, frame_size)
        # A box outside the frame has no size, one with NaN fails every comparison.
        sound = (extents(xyxy) >= 1).all(axis=1) & ~np.isnan(detections.scores)
        order = np.lexsort((*xyxy.T, -detections.scores, detections.frame))
        order = order[sound[order]]
        frame, xyxy, scores = detections.frame[order], xyxy[order], detections.scores[order]
        kept: list[int] = []
        for number in np.unique(frame):
            rows = np.flatnonzero(frame == number)
            kept += rows[without_duplicates(xyxy[rows], scores[rows], settings.max_iou)].tolist()
        looks = detections.appearance
        looks = None if looks is None else looks[order][kept]
        return _Boxes(frame[kept], xyxy[kept], scores[kept], looks)

    def of_rows(self, chosen: NDArray[np.bool_]) -> _Boxes:
        """Some of them, `(N,)`."""
        looks = None if self.appearance is None else self.appearance[chosen]
        return _Boxes(self.frame[chosen], self.xyxy[chosen], self.scores[chosen], looks)

    def sightings(self, key_frames: IntArray, timeline: Timeline) -> list[Sighting]:
        """Those of each key frame."""
        return [
            Sighting(
                float(timeline.pts_s[frame]), tuple(np.flatnonzero(self.frame == frame).tolist())
            )
            for frame in key_frames.tolist()
        ]


@dataclass(frozen=True)
class _Filler:
    """Turns one person's boxes into a box for every frame."""

    boxes: _Boxes
    key_frames: IntArray
    times: Numbers
    frame_size: tuple[int, int]
    settings: TrackSettings

    def all(self, people: list[list[int]]) -> tuple[list[list[int]], tuple[Track, ...]]:
        """Everybody who was followed for long enough, by falling sum of scores, and the tracks."""
        enough = self.settings.min_share * len(self.key_frames)
        # A clip in which nobody was followed for long still shows whom it has.
        kept = [rows for rows in people if len(rows) >= enough] or people
        scores = self.boxes.scores
        ranked = sorted(kept, key=lambda rows: (-float(scores[rows].sum(dtype=np.float64)), rows))
        return ranked, tuple(self.track(number, rows) for number, rows in enumerate(ranked))

    def track(self, person_id: int, rows: Sequence[int]) -> Track:
        frames = self.boxes.frame[list(rows)]
        xyxy, scores = self.boxes.xyxy[list(rows)], self.boxes.scores[list(rows)]
        known = np.column_stack([centres(xyxy), extents(xyxy), scores])  # (F, 5)
        filled = np.full((len(self.times), 5), np.nan)
        breaks = np.flatnonzero(self._is_gap(frames[:-1], frames[1:])) + 1
        for part in np.split(np.arange(len(frames)), breaks):
            span = self._span(frames[part[0]], frames[part[-1]])
            filled[span] = self._interpolate(frames[part], known[part], span)
        centre, half = filled[:, :2], filled[:, 2:4] / 2
        boxes = np.concatenate([centre - half, centre + half], axis=1)  # (T, 4)
        boxes = clamp(boxes, self.frame_size).astype(np.float32)
        boxes[frames] = xyxy
        detected = np.zeros(len(self.times), dtype=np.bool_)
        detected[frames] = True
        return Track(person_id, boxes, filled[:, 4].astype(np.float32), detected)

    def _is_gap(self, before: IntArray, after: IntArray) -> NDArray[np.bool_]:
        steps = np.searchsorted(self.key_frames, after) - np.searchsorted(self.key_frames, before)
        return (steps > 1) & (self.times[after] - self.times[before] > self.settings.max_gap_s)

    def _span(self, first: int, last: int) -> IntArray:
        """All frames from `first` to `last`, and up to the clip's ends where those are near.

        Before the first and after the last key frame the detector did not look; the box holds.
        """
        hold_s, end = self.settings.max_hold_s, len(self.times) - 1
        if first == self.key_frames[0] or self.times[first] - self.times[0] <= hold_s:
            first = 0
        if last == self.key_frames[-1] or self.times[end] - self.times[last] <= hold_s:
            last = end
        return np.arange(first, last + 1)

    def _interpolate(self, frames: IntArray, known: Numbers, span: IntArray) -> Numbers:
        """Values `(S, 5)` at every frame of `span`: monotone cubics in time, held at the ends.

        Monotone, so that no box is thrown beyond its neighbours as an ordinary spline would do.
        """
        if len(frames) == 1:
            return np.repeat(known, len(span), axis=0)
        at = np.clip(self.times[span], self.times[frames[0]], self.times[frames[-1]])
        return np.asarray(PchipInterpolator(self.times[frames], known)(at))
