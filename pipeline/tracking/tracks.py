"""From boxes per frame to people through the clip.

The detector looks at some frames only (`Detections.key_frames`) and misses a person here and there.
A track is one person's box in every frame: the detector's own where it gave one, interpolated over
short gaps, NaN over long ones. The paper does not say how the boxes of several people are told
apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.detection.boxes import clamp, extents, nms
from pipeline.settings import NotNegative, Share, settings
from pipeline.tracking.association import associate, associate_low_scores
from pipeline.tracking.association_cost import AssociationCost, AssociationSettings
from pipeline.tracking.interpolation import Interpolation
from pipeline.tracking.refinement import Refinement
from pipeline.tracking.reid import Descriptors
from pipeline.tracking.stitching import stitch
from pipeline.tracking.tracklet import FrameDetections, Tracklet
from pipeline.types import Detections, FloatArray, IntArray, Timeline, Track


@settings()
class TrackSettings:
    """How boxes become tracks."""

    max_iou: Share = 0.7
    """Two boxes of one frame that overlap by more are one person."""
    high_score_threshold: Share = 0.0
    """Boxes with a lower score make nobody a person; they only lead a person's tracklet on."""
    max_gap_s: NotNegative = 0.9
    """A longer gap stays a gap, unless its ends are neighbouring key frames."""
    max_hold_s: NotNegative = 0.2
    """Who is first or last seen this near to an end of the clip is taken to be there up to it."""
    min_share: Share = 0.03
    """Who is seen in a smaller share of the key frames is a false alarm: left out."""
    association: AssociationSettings = field(default_factory=AssociationSettings)
    """How far a person may move and change between two key frames."""


class Tracker:
    """Follows every person through one clip.

    Args:
        detections: The detector's boxes on the key frames; their order does not matter.
        timeline: Of the same clip; gives the time between the frames.
        frame_size: `(width, height)` of the frames in pixels.
        settings: See `TrackSettings`.

    Raises:
        ValueError: The time line is not as long as the clip of the detections.
    """

    def __init__(
        self,
        detections: Detections,
        timeline: Timeline,
        frame_size: tuple[int, int],
        settings: TrackSettings | None = None,
    ) -> None:
        self.settings = settings = settings or TrackSettings()
        if len(timeline) != detections.num_frames:
            expected = detections.num_frames
            raise ValueError(f"timeline: expected {expected} frames, got {len(timeline)}")
        self._key_frames, self._times = detections.key_frames, timeline.pts_s
        boxes = _Boxes.of(detections, frame_size, settings)
        self._low = boxes.of_rows(boxes.scores < settings.high_score_threshold)
        self._boxes = boxes.of_rows(boxes.scores >= settings.high_score_threshold)
        self._frames = self._boxes.by_frame(self._key_frames, self._times)
        self._cost = AssociationCost(self._boxes.xyxy, settings.association)
        appearance = self._boxes.appearance
        self._descriptors = (
            None
            if appearance is None
            else Descriptors.of(self._boxes.xyxy, self._frames, appearance, settings.association)
        )
        self._made: dict[tuple[int, ...], Track] = {}
        self._interpolation = Interpolation(
            self._key_frames, self._times, frame_size, settings.max_gap_s, settings.max_hold_s
        )

    def people(self) -> list[Tracklet]:
        """A tracklet a person, false alarms too."""
        return stitch(self._cost, associate(self._cost, self._frames), self._descriptors)

    def ranked(self, people: Sequence[Tracklet]) -> list[Tracklet]:
        """Those who were followed for long enough, by falling sum of the detector's scores.

        A clip in which nobody was followed for long still shows whom it has.
        """
        enough, scores = self.settings.min_share * len(self._key_frames), self._boxes.scores
        kept = [person for person in people if len(person.rows) >= enough] or list(people)
        return sorted(kept, key=lambda p: (-float(scores[p.rows].sum(dtype=np.float64)), p.rows))

    def tracks(self, ranked: Sequence[Tracklet]) -> tuple[Track, ...]:
        """A box in every frame for each tracklet, numbered from 0 in their order."""
        return tuple(self._known_track(number, person.rows) for number, person in enumerate(ranked))

    def refinement(self, people: Sequence[Tracklet]) -> Refinement:
        """For seeking one of the people once more among everybody's boxes."""
        return Refinement(self._cost, people, self._frames, self._descriptors)

    def extended(self, tracks: Sequence[Track]) -> tuple[Track, ...]:
        """The same people, extended by low-score association (as ByteTrack does).

        Who the skater is should be known by then: a box that may be nobody is no reason to choose.
        """
        if not len(self._low.frame):
            return tuple(tracks)
        boxes, tracklets = self._low.followed_by(tracks), []
        first = len(self._low.frame)
        for track in tracks:
            frames = np.flatnonzero(track.detected)
            rows = list(range(first, first + len(frames)))
            numbers = np.searchsorted(self._key_frames, frames).tolist()
            tracklets.append(Tracklet(rows, self._times[frames].tolist(), numbers))
            first += len(frames)
        low = self._low.by_frame(self._key_frames, self._times)
        led = associate_low_scores(tracklets, boxes.xyxy, low, self.settings.association)
        return tuple(
            track
            if len(tracklet.rows) == track.detected.sum()
            else self._track(track.person_id, boxes, tracklet.rows)
            for track, tracklet in zip(tracks, led, strict=True)
        )

    def _track(self, person_id: int, boxes: _Boxes, rows: list[int]) -> Track:
        return self._interpolation.track(
            person_id, boxes.frame[rows], boxes.xyxy[rows], boxes.scores[rows]
        )

    def _known_track(self, person_id: int, rows: list[int]) -> Track:
        """Made once: refining one person leaves most others as they are."""
        key = tuple(rows)
        if key not in self._made:
            self._made[key] = self._track(person_id, self._boxes, rows)
        return replace(self._made[key], person_id=person_id)


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
        for rows in np.split(np.arange(len(frame)), np.flatnonzero(np.diff(frame)) + 1):
            alone = len(rows) < 2
            chosen = slice(None) if alone else nms(xyxy[rows], scores[rows], settings.max_iou)
            kept += rows[chosen].tolist()
        appearance = detections.appearance
        appearance = None if appearance is None else appearance[order][kept]
        return _Boxes(frame[kept], xyxy[kept], scores[kept], appearance)

    def of_rows(self, chosen: NDArray[np.bool_]) -> _Boxes:
        """Some of them, `(N,)`."""
        appearance = None if self.appearance is None else self.appearance[chosen]
        return _Boxes(self.frame[chosen], self.xyxy[chosen], self.scores[chosen], appearance)

    def followed_by(self, tracks: Sequence[Track]) -> _Boxes:
        """These, then the detected ones of every track in turn."""
        seen = [np.flatnonzero(track.detected) for track in tracks]
        pairs = list(zip(tracks, seen, strict=True))
        return _Boxes(
            np.concatenate([self.frame, *seen]),
            np.concatenate([self.xyxy, *(track.boxes_xyxy[at] for track, at in pairs)]),
            np.concatenate([self.scores, *(track.scores[at] for track, at in pairs)]),
            None,
        )

    def by_frame(self, key_frames: IntArray, times: NDArray[np.float64]) -> list[FrameDetections]:
        """Those of each key frame."""
        starts = np.searchsorted(self.frame, key_frames).tolist()
        ends = np.searchsorted(self.frame, key_frames, side="right").tolist()
        return [
            FrameDetections(float(times[frame]), tuple(range(start, end)))
            for frame, start, end in zip(key_frames.tolist(), starts, ends, strict=True)
        ]


def detections_of(tracks: Sequence[Track], num_frames: int) -> Detections:
    """The detector's boxes that people's tracks are made of."""
    looked = [np.flatnonzero(track.detected) for track in tracks]
    pairs = list(zip(tracks, looked, strict=True))
    frame = np.concatenate([np.empty(0, np.int64), *looked])
    return Detections(
        num_frames=num_frames,
        key_frames=np.unique(frame),
        frame=frame,
        boxes_xyxy=np.concatenate(
            [np.empty((0, 4), np.float32), *(t.boxes_xyxy[f] for t, f in pairs)]
        ),
        scores=np.concatenate([np.empty(0, np.float32), *(t.scores[f] for t, f in pairs)]),
    )
