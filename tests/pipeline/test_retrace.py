from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.associate import AssociationSettings, Sighting
from pipeline.retrace import Ways
from pipeline.track import TrackSettings, build_tracks
from pipeline.types import Detections, Timeline, Track
from tests.pipeline.scenes import FRAME_SIZE, at, audience, film, moving, skater, swinging

RED, BLUE = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)


class TwoSkaters:
    """Two people who pass each other; row 2 k is the first one's box in key frame k."""

    def __init__(self, *, frames: int = 40, step_s: float = 0.1) -> None:
        times = np.arange(frames) * step_s
        x = np.stack([100 + 200 * times, 900 - 200 * times], axis=1)  # (T, 2)
        low = np.stack([x, np.full_like(x, 300)], axis=-1)
        self.boxes = np.concatenate([low, low + np.array([80, 200])], axis=-1).reshape(-1, 4)
        self.boxes = self.boxes.astype(np.float32)
        self.sightings = [
            Sighting(float(time), (2 * k, 2 * k + 1)) for k, time in enumerate(times.tolist())
        ]
        self.ways = [list(range(person, 2 * frames, 2)) for person in range(2)]
        self.looks = np.tile(np.stack([RED, BLUE]), (frames, 1))

    def exchanged(self, place: int) -> list[list[int]]:
        """The two ways, gone over into each other at a key frame."""
        first, second = self.ways
        return [first[:place] + second[place:], second[:place] + first[place:]]

    def retrace(self, rows, people, looks) -> list[int]:
        ways = Ways(people, self.boxes, self.sightings, AssociationSettings(), looks)
        return ways.of(rows)


@pytest.mark.parametrize("place", [27, 30, 34])
def test_a_way_that_went_over_to_somebody_else_is_set_right_by_the_clothes(place):
    """As long as most of it is the person's own."""
    scene = TwoSkaters()
    people = scene.exchanged(place)
    assert scene.retrace(people[0], people, scene.looks) == scene.ways[0]
    assert scene.retrace(people[1], people, scene.looks) == scene.ways[1]


def test_a_broken_way_is_mended_without_looks_too():
    scene = TwoSkaters()
    first, second = scene.ways
    people = [first[:15], second, first[15:]]
    assert scene.retrace(first[:15], people, None) == first


def test_who_is_dressed_alike_but_too_far_away_is_somebody_else():
    scene = TwoSkaters()
    first, second = scene.ways
    only = first[:10] + second[30:]  # never in view together, and 400 pixels apart
    sightings = [Sighting(s.time_s, tuple(r for r in s.rows if r in only)) for s in scene.sightings]
    kept = sorted(only)
    place = {row: number for number, row in enumerate(kept)}
    renamed = [Sighting(s.time_s, tuple(place[r] for r in s.rows)) for s in sightings]
    people = [list(range(10)), list(range(10, 20))]
    looks = np.tile(RED, (20, 1))
    ways = Ways(people, scene.boxes[kept], renamed, AssociationSettings(), looks)
    assert ways.of(people[0]) == people[0]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), every=st.sampled_from([1, 4]))
def test_seeking_ways_leaves_every_box_to_one_person_at_most(seed, every):
    people = [
        *audience(5),
        skater(moving(200, 220), swinging(420, 30, 3), 220),
        skater(moving(1080, -220), at(440), 200, phase=0.4),
    ]
    scene = film(people, seconds=2, every=every, miss=0.15, seed=seed)
    plain = build_tracks(scene.detections, scene.timeline, FRAME_SIZE)
    chosen = build_tracks(
        scene.detections,
        scene.timeline,
        FRAME_SIZE,
        points=lambda tracks: {track.person_id: track.detected.mean() for track in tracks},
    )
    assert [track.person_id for track in chosen] == list(range(len(chosen)))
    boxes = [tuple(b) for t in chosen for b in t.boxes_xyxy[t.detected].tolist()]
    assert len(boxes) == len(set(boxes))
    assert max(t.detected.sum() for t in chosen) >= plain[0].detected.sum()


def test_nobody_is_sought_where_nobody_has_points():
    scene = film([skater(moving(200, 220), at(420), 220)], seconds=2)
    plain = build_tracks(scene.detections, scene.timeline, FRAME_SIZE)
    none = build_tracks(scene.detections, scene.timeline, FRAME_SIZE, points=lambda tracks: {})
    assert len(plain) == len(none)
    np.testing.assert_array_equal(plain[0].boxes_xyxy, none[0].boxes_xyxy)


def test_the_ways_of_rivals_are_sought_too(monkeypatch):
    """She who has most points once her way is mended did not have most of them before."""
    scene = TwoSkaters()
    exchanged = scene.exchanged(27)
    monkeypatch.setattr("pipeline.track.associate", lambda *_: exchanged)
    blue = scene.boxes[scene.ways[1]]

    def points(tracks: tuple[Track, ...]) -> dict[int, float]:
        shares = {
            track.person_id: float((track.boxes_xyxy == blue).all(axis=1).mean())
            for track in tracks
        }
        return {number: share**4 + 0.9 * (1 - share) for number, share in shares.items()}

    T = len(scene.sightings)
    detections = Detections(
        num_frames=T,
        key_frames=np.arange(T),
        frame=np.repeat(np.arange(T), 2),
        boxes_xyxy=scene.boxes,
        scores=np.tile(np.array([0.95, 0.9], np.float32), T),  # keeps the order of the rows
        appearance=scene.looks,
    )
    timeline = Timeline(np.arange(T), np.array([s.time_s for s in scene.sightings]))
    behind = TrackSettings(max_iou=1)  # they pass right behind each other
    plain = build_tracks(detections, timeline, FRAME_SIZE, behind)
    worth = points(plain)
    assert (plain[max(worth, key=worth.__getitem__)].boxes_xyxy[0] != blue[0]).any()
    tracks = build_tracks(detections, timeline, FRAME_SIZE, behind, points=points)
    assert any((track.boxes_xyxy == blue).all() for track in tracks)
    assert sum(track.detected.sum() for track in tracks) == 2 * T  # nobody's boxes are lost
