from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.tracking.association_cost import AssociationCost, AssociationSettings
from pipeline.tracking.people import refined_tracks
from pipeline.tracking.refinement import Refinement
from pipeline.tracking.reid import Descriptors
from pipeline.tracking.tracklet import FrameDetections, Tracklet
from pipeline.tracking.tracks import Tracker, TrackSettings
from pipeline.types import Detections, Timeline, Track
from tests.factories import build_tracks
from tests.pipeline.tracking.scenes import FRAME_SIZE, at, audience, film, moving, skater, swinging

RED, BLUE = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)


class TwoSkaters:
    """Two people who pass each other; row 2 k is the first one's box in key frame k."""

    def __init__(self, *, frames: int = 40, step_s: float = 0.1) -> None:
        times = np.arange(frames) * step_s
        x = np.stack([100 + 200 * times, 900 - 200 * times], axis=1)  # (T, 2)
        low = np.stack([x, np.full_like(x, 300)], axis=-1)
        self.boxes = np.concatenate([low, low + np.array([80, 200])], axis=-1).reshape(-1, 4)
        self.boxes = self.boxes.astype(np.float32)
        self.frames = [
            FrameDetections(float(time), (2 * k, 2 * k + 1)) for k, time in enumerate(times)
        ]
        self.people = [list(range(person, 2 * frames, 2)) for person in range(2)]
        self.looks = np.tile(np.stack([RED, BLUE]), (frames, 1))

    def exchanged(self, place: int) -> list[list[int]]:
        """The boxes of the two, gone over into each other at a key frame."""
        first, second = self.people
        return [first[:place] + second[place:], second[:place] + first[place:]]

    def refined(self, rows, people, looks) -> list[int]:
        return refined(rows, people, self.boxes, self.frames, looks)


def tracklet(rows, frames) -> Tracklet:
    number = {row: k for k, frame in enumerate(frames) for row in frame.rows}
    numbers = [number[row] for row in rows]
    return Tracklet(list(rows), [frames[k].time_s for k in numbers], numbers)


def refined(rows, people, boxes, frames, looks) -> list[int]:
    """Boxes of one person after the refinement."""
    chosen = AssociationSettings()
    known = None if looks is None else Descriptors.of(boxes, frames, looks, chosen)
    everybody = [tracklet(person, frames) for person in people]
    found = Refinement(AssociationCost(boxes, chosen), everybody, frames, known)
    return found.of(tracklet(rows, frames)).rows


@pytest.mark.parametrize("place", [27, 30, 34])
def test_a_tracklet_that_went_over_to_somebody_else_is_set_right_by_the_clothes(place):
    """As long as most of it is the person's own."""
    scene = TwoSkaters()
    people = scene.exchanged(place)
    assert scene.refined(people[0], people, scene.looks) == scene.people[0]
    assert scene.refined(people[1], people, scene.looks) == scene.people[1]


def test_a_broken_tracklet_is_mended_without_appearance_too():
    scene = TwoSkaters()
    first, second = scene.people
    people = [first[:15], second, first[15:]]
    assert scene.refined(first[:15], people, None) == first


def test_who_is_dressed_alike_but_too_far_away_is_somebody_else():
    scene = TwoSkaters()
    first, second = scene.people
    only = first[:10] + second[30:]  # never in view together, and 400 pixels apart
    frames = [
        FrameDetections(f.time_s, tuple(r for r in f.rows if r in only)) for f in scene.frames
    ]
    kept = sorted(only)
    place = {row: number for number, row in enumerate(kept)}
    renamed = [FrameDetections(f.time_s, tuple(place[r] for r in f.rows)) for f in frames]
    people = [list(range(10)), list(range(10, 20))]
    looks = np.tile(RED, (20, 1))
    assert refined(people[0], people, scene.boxes[kept], renamed, looks) == people[0]


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), every=st.sampled_from([1, 4]))
def test_refining_leaves_every_box_to_one_person_at_most(seed, every):
    people = [
        *audience(5),
        skater(moving(200, 220), swinging(420, 30, 3), 220),
        skater(moving(1080, -220), at(440), 200, phase=0.4),
    ]
    scene = film(people, seconds=2, every=every, miss=0.15, seed=seed)
    plain = build_tracks(scene.detections, scene.timeline, FRAME_SIZE)
    tracker = Tracker(scene.detections, scene.timeline, FRAME_SIZE)
    chosen = refined_tracks(
        tracker,
        tracker.people(),
        lambda tracks: {track.person_id: track.detected.mean() for track in tracks},
    )
    assert [track.person_id for track in chosen] == list(range(len(chosen)))
    boxes = [tuple(b) for t in chosen for b in t.boxes_xyxy[t.detected].tolist()]
    assert len(boxes) == len(set(boxes))
    assert max(t.detected.sum() for t in chosen) >= plain[0].detected.sum()


def test_nobody_is_sought_where_nobody_has_points():
    scene = film([skater(moving(200, 220), at(420), 220)], seconds=2)
    plain = build_tracks(scene.detections, scene.timeline, FRAME_SIZE)
    tracker = Tracker(scene.detections, scene.timeline, FRAME_SIZE)
    none = refined_tracks(tracker, tracker.people(), lambda tracks: {})
    assert len(plain) == len(none)
    np.testing.assert_array_equal(plain[0].boxes_xyxy, none[0].boxes_xyxy)


def test_points_are_not_counted_again_where_refining_changes_nothing():
    """Issue 16: the choice took most of the tracker's time."""
    scene = film([skater(moving(200, 220), at(420), 220)], seconds=2)
    tracker = Tracker(scene.detections, scene.timeline, FRAME_SIZE)
    asked = []

    def points(tracks: tuple[Track, ...]) -> dict[int, float]:
        asked.append(tracks)
        return {track.person_id: 1.0 for track in tracks}

    assert refined_tracks(tracker, tracker.people(), points) is asked[0]
    assert len(asked) == 1


def test_rivals_are_refined_too():
    """She who has most points once her tracklet is refined did not have most of them before."""
    scene = TwoSkaters()
    exchanged = scene.exchanged(27)
    blue = scene.boxes[scene.people[1]]

    def points(tracks: tuple[Track, ...]) -> dict[int, float]:
        shares = {
            track.person_id: float((track.boxes_xyxy == blue).all(axis=1).mean())
            for track in tracks
        }
        return {number: share**4 + 0.9 * (1 - share) for number, share in shares.items()}

    T = len(scene.frames)
    detections = Detections(
        num_frames=T,
        key_frames=np.arange(T),
        frame=np.repeat(np.arange(T), 2),
        boxes_xyxy=scene.boxes,
        scores=np.tile(np.array([0.95, 0.9], np.float32), T),  # keeps the order of the rows
        appearance=scene.looks,
    )
    timeline = Timeline(np.arange(T), np.array([frame.time_s for frame in scene.frames]))
    behind = TrackSettings(max_iou=1)  # they pass right behind each other
    tracker = Tracker(detections, timeline, FRAME_SIZE, behind)
    people = [tracklet(rows, scene.frames) for rows in exchanged]
    plain = tracker.tracks(tracker.ranked(people))
    worth = points(plain)
    assert (plain[max(worth, key=worth.__getitem__)].boxes_xyxy[0] != blue[0]).any()
    tracks = refined_tracks(tracker, people, points)
    assert any((track.boxes_xyxy == blue).all() for track in tracks)
    assert sum(track.detected.sum() for track in tracks) == 2 * T  # nobody's boxes are lost
