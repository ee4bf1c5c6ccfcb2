from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detection.boxes import extents, pairwise_iou
from pipeline.errors import ConfigError
from pipeline.tracking.association_cost import AssociationSettings
from pipeline.tracking.tracks import Tracker, TrackSettings
from pipeline.types import Detections, Timeline, Track
from tests.factories import build_tracks
from tests.pipeline.tracking.scenes import (
    FPS,
    FRAME_SIZE,
    Person,
    Scene,
    at,
    audience,
    film,
    moving,
    skater,
    swinging,
)


def tracks_of(scene: Scene, **chosen) -> tuple[Track, ...]:
    return build_tracks(scene.detections, scene.timeline, FRAME_SIZE, TrackSettings(**chosen))


def detections_of(boxes: dict[int, list], *, num_frames: int, key_frames=None) -> Detections:
    """Boxes by frame; all scores 0.9."""
    rows = [(frame, box) for frame, found in boxes.items() for box in found]
    return Detections(
        num_frames=num_frames,
        key_frames=np.arange(num_frames) if key_frames is None else np.array(key_frames),
        frame=np.array([frame for frame, _ in rows], dtype=np.int64),
        boxes_xyxy=np.array([box for _, box in rows], dtype=np.float32).reshape(-1, 4),
        scores=np.full(len(rows), 0.9, np.float32),
    )


def timeline(num_frames: int, fps: float = FPS) -> Timeline:
    return Timeline(np.arange(num_frames), np.arange(num_frames) / fps)


def busy_scene(seed: int, every: int = 1) -> Scene:
    people = [
        *audience(8),
        skater(moving(200, 220), swinging(420, 30, 3), 220),
        skater(moving(1080, -220), at(440), 200, phase=0.4),
    ]
    return film(people, pan=moving(0, 40), seconds=2, every=every, miss=0.1, seed=seed)


def assert_same(first: tuple[Track, ...], second: tuple[Track, ...]) -> None:
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert one.person_id == other.person_id
        np.testing.assert_array_equal(one.boxes_xyxy, other.boxes_xyxy)
        np.testing.assert_array_equal(one.scores, other.scores)
        np.testing.assert_array_equal(one.detected, other.detected)


def scored(boxes: dict[int, list[tuple[list, float]]], num_frames: int) -> Detections:
    """Boxes and their scores by frame."""
    found = detections_of(
        {frame: [box for box, _ in pairs] for frame, pairs in boxes.items()}, num_frames=num_frames
    )
    scores = [score for pairs in boxes.values() for _, score in pairs]
    return dataclasses.replace(found, scores=np.array(scores, np.float32))


def extended(found: Detections, **chosen) -> tuple[Track, ...]:
    settings = TrackSettings(high_score_threshold=0.3, **chosen)
    clip = timeline(found.num_frames), FRAME_SIZE, settings
    return Tracker(found, *clip).extended(build_tracks(found, *clip))


def walker(frame: int, *, x: float = 200, step: float = 4) -> list[float]:
    return [x + step * frame, 200, x + step * frame + 80, 400]


@pytest.mark.parametrize("certain", [range(20, 40), range(20), range(40, 60)])
def test_boxes_of_low_score_extend_the_tracklet_of_who_was_seen(certain):
    """Both ways in time, and a box of low score beside it begins no trajectory."""
    boxes = {
        frame: [
            (walker(frame), 0.8 if frame in certain else 0.2),
            (walker(frame, x=900, step=0), 0.2),
        ]
        for frame in range(60)
    }
    found = scored(boxes, 60)
    (track,) = extended(found, max_hold_s=0.0)
    np.testing.assert_allclose(track.boxes_xyxy, [walker(frame) for frame in range(60)])
    assert track.detected.all()
    expected = [0.8 if frame in certain else 0.2 for frame in range(60)]
    np.testing.assert_allclose(track.scores, expected, atol=1e-6)
    assert len(build_tracks(found, timeline(60), FRAME_SIZE, TrackSettings())) == 2


def test_a_faint_box_elsewhere_is_not_gone_over_to():
    boxes = {frame: [(walker(frame), 0.8)] for frame in range(30)}
    boxes |= {frame: [(walker(frame, x=700), 0.2)] for frame in range(30, 60)}
    (track,) = extended(scored(boxes, 60))
    assert np.isnan(track.boxes_xyxy[30:]).all()


def test_who_was_seen_for_certain_only_once_stays_a_false_alarm():
    """However many boxes of low score extend it."""
    boxes = {frame: [(walker(frame), 0.8)] for frame in range(60)}
    for frame in range(60):
        boxes[frame].append((walker(frame, x=900, step=0), 0.9 if frame == 30 else 0.2))
    tracks = extended(scored(boxes, 60))
    assert [track.boxes_xyxy[0, 0] for track in tracks] == [200]


def test_who_gains_no_box_of_low_score_keeps_the_track():
    """Issue 16: only tracks that change are made anew."""
    boxes = {
        frame: [(walker(frame), 0.8), (walker(frame, x=900, step=0), 0.8 if frame < 40 else 0.2)]
        for frame in range(60)
    }
    found = scored(boxes, 60)
    clip = timeline(60), FRAME_SIZE, TrackSettings(high_score_threshold=0.3)
    before = build_tracks(found, *clip)
    after = Tracker(found, *clip).extended(before)
    assert [track is was for track, was in zip(after, before, strict=True)] == [True, False]


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), every=st.sampled_from([1, 4, 7]))
def test_boxes_of_low_score_change_nothing_between_the_ends_of_a_trajectory(seed, every):
    scene = busy_scene(seed, every)
    rng = np.random.default_rng(seed)
    scores = np.where(rng.random(len(scene.detections.frame)) < 0.3, 0.2, 0.9).astype(np.float32)
    found = dataclasses.replace(scene.detections, scores=scores)
    certain = scores > 0.5
    alone = dataclasses.replace(
        found, frame=found.frame[certain], boxes_xyxy=found.boxes_xyxy[certain],
        scores=scores[certain], appearance=None,
    )  # fmt: skip
    clip = scene.timeline, FRAME_SIZE, TrackSettings(high_score_threshold=0.5)
    before = build_tracks(alone, *clip)
    assert_same(before, build_tracks(found, *clip))
    for was, now in zip(before, Tracker(found, *clip).extended(before), strict=True):
        seen = np.flatnonzero(was.detected)
        within = slice(seen[0], seen[-1] + 1)
        np.testing.assert_array_equal(now.boxes_xyxy[seen], was.boxes_xyxy[seen])
        np.testing.assert_array_equal(now.detected[within], was.detected[within])


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), every=st.sampled_from([1, 4, 7]))
def test_tracks_do_not_depend_on_the_order_of_the_boxes(seed, every):
    scene = busy_scene(seed, every)
    order = np.random.default_rng(seed).permutation(len(scene.detections.frame))
    shuffled = dataclasses.replace(
        scene.detections,
        frame=scene.detections.frame[order],
        boxes_xyxy=scene.detections.boxes_xyxy[order],
        scores=scene.detections.scores[order],
    )
    assert_same(tracks_of(scene), tracks_of(dataclasses.replace(scene, detections=shuffled)))


def test_the_order_does_not_matter_between_people_alike():
    left, right = [100, 50, 200, 300], [700, 50, 800, 300]
    both = {t: [left, right] for t in range(10)}
    swapped = {t: [right, left] for t in range(10)}
    assert_same(
        build_tracks(detections_of(both, num_frames=10), timeline(10), FRAME_SIZE),
        build_tracks(detections_of(swapped, num_frames=10), timeline(10), FRAME_SIZE),
    )


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), every=st.sampled_from([1, 3, 8]))
def test_every_track_is_sound_and_exact_where_the_detector_looked(seed, every):
    scene = busy_scene(seed, every)
    width, height = FRAME_SIZE
    found = np.clip(scene.detections.boxes_xyxy, 0, [width, height, width, height])
    for number, track in enumerate(tracks_of(scene)):
        assert track.person_id == number
        present = ~np.isnan(track.boxes_xyxy).any(axis=1)
        np.testing.assert_array_equal(present, ~np.isnan(track.scores))
        assert (present | ~track.detected).all()
        boxes = track.boxes_xyxy[present]
        assert (extents(boxes) > 0).all()
        assert boxes.min() >= 0
        assert (boxes[:, 2:] <= FRAME_SIZE).all()
        assert ((track.scores[present] > 0) & (track.scores[present] <= 1)).all()
        for frame in np.flatnonzero(track.detected):
            same_frame = scene.detections.frame == frame
            row = same_frame & (found == track.boxes_xyxy[frame]).all(axis=1)
            assert row.sum() == 1
            assert scene.detections.scores[row][0] == track.scores[frame]


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_no_box_belongs_to_two_people(seed):
    scene = busy_scene(seed)
    tracks = tracks_of(scene)
    for frame in range(len(scene.timeline)):
        boxes = [tuple(track.boxes_xyxy[frame]) for track in tracks if track.detected[frame]]
        assert len(set(boxes)) == len(boxes)


def test_numbers_follow_length_and_certainty():
    scene = busy_scene(3)
    sums = [float(track.scores[track.detected].sum()) for track in tracks_of(scene)]
    assert sums == sorted(sums, reverse=True)


@pytest.mark.parametrize("every", [1, 4, 8])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("speed", [120, 220, 400])
def test_two_skaters_who_cross_keep_their_identity(every, seed, speed):
    people = [
        skater(moving(640 - 2 * speed, speed), swinging(420, 20, 3), 220),
        skater(moving(640 + 2 * speed, -speed), at(440), 210, phase=0.4),
    ]
    scene = film(people, every=every, miss=0.05, seed=seed)
    tracks = tracks_of(scene)
    for person in range(2):
        track = scene.track_of(person, tracks)
        assert scene.agreement(person, track) >= 0.8


@pytest.mark.parametrize("seed", range(4))
def test_a_camera_that_pans_moves_everybody_and_nobody_is_lost(seed):
    people = [*audience(10), skater(moving(500, 300), at(430), 240)]
    scene = film(people, pan=moving(0, 300), seconds=3, miss=0.05, seed=seed)
    tracks = tracks_of(scene)
    for person in range(len(people)):
        if (~np.isnan(scene.truth[person, :, 0])).mean() > 0.2:
            assert scene.agreement(person, scene.track_of(person, tracks)) >= 0.9


def test_camera_motion_is_compensated_before_people_are_matched():
    def shake(times):
        return np.where(times < 1, 0.0, 90.0)

    people = [Person(at(150 + 260 * i), at(200 + 40 * i), 100 + 10 * i) for i in range(4)]
    scene = film(people, pan=shake, seconds=2, jitter=0.005)
    narrow = AssociationSettings(max_absence_s=0, max_double_s=0)
    assert len(tracks_of(scene, association=narrow)) == len(people)
    alone = film(people[:1], pan=shake, seconds=2, jitter=0.005)
    assert len(tracks_of(alone, association=narrow)) == 2, "nobody moves the camera alone"


def owners(boxes: dict[int, list], frame: int) -> list[float]:
    """Left edges in the first frame of the people who were detected in a later one."""
    T = max(boxes) + 1
    tracks = build_tracks(detections_of(boxes, num_frames=T), timeline(T), FRAME_SIZE)
    assert len(tracks) == 2
    return [float(track.boxes_xyxy[0, 0]) for track in tracks if track.detected[frame]]


def test_size_tells_two_people_at_one_place_apart():
    """In frame 10 only the tall one is seen, where the small one should be."""
    tall, small = [90, 0, 190, 400], [50, 100, 150, 300]
    boxes = {t: [tall, small] for t in range(20)} | {10: [[50, 0, 150, 400]]}
    assert owners(boxes, 10) == [90]


def test_who_was_seen_just_now_goes_before_who_was_lost():
    """Of two people side by side one is hidden; in frame 21 the other leans towards the hidden."""
    seen, hidden = [100, 50, 150, 150], [110, 50, 160, 150]
    boxes = {t: [seen, hidden] for t in range(11)} | {t: [seen] for t in range(11, 21)}
    boxes |= {21: [[104, 50, 154, 150]]} | {t: [seen, hidden] for t in range(22, 30)}
    assert owners(boxes, 21) == [100]


@pytest.mark.parametrize(
    ("missed", "filled"),
    [(range(10, 12), True), (range(10, 26), True), (range(10, 32), False)],
)
def test_short_gaps_are_filled_and_long_ones_stay(missed, filled):
    boxes = {t: [[100 + 2 * t, 50, 150 + 2 * t, 200]] for t in range(60) if t not in missed}
    (track,) = build_tracks(detections_of(boxes, num_frames=60), timeline(60), FRAME_SIZE)
    gap = track.boxes_xyxy[list(missed)]
    assert not track.detected[list(missed)].any()
    assert np.isnan(gap).all() != filled
    if filled:
        expected = [[100 + 2 * t, 50, 150 + 2 * t, 200] for t in missed]
        np.testing.assert_allclose(gap, expected, atol=1e-3)


def test_neighbouring_key_frames_are_joined_however_far_apart():
    key_frames = [0, 30, 59]
    boxes = {t: [[100 + t, 50, 200 + t, 300]] for t in key_frames}
    detections = detections_of(boxes, num_frames=60, key_frames=key_frames)
    (track,) = build_tracks(detections, timeline(60), FRAME_SIZE)
    expected = [[100 + t, 50, 200 + t, 300] for t in range(60)]
    np.testing.assert_allclose(track.boxes_xyxy, expected, atol=0.5)
    assert np.flatnonzero(track.detected).tolist() == key_frames


@pytest.mark.parametrize(
    ("key_frames", "seen", "expected"),
    [
        ([8, 16, 24], [8, 16, 24], range(40)),  # the detector did not look beyond
        (range(40), range(2, 38), range(40)),  # missed at the ends for a moment
        (range(40), range(8, 30), range(8, 30)),  # came and went
    ],
)
def test_a_box_holds_to_the_end_of_the_clip_only_if_near(key_frames, seen, expected):
    boxes = {t: [[100, 50, 200, 300]] for t in seen}
    detections = detections_of(boxes, num_frames=40, key_frames=list(key_frames))
    (track,) = build_tracks(detections, timeline(40), FRAME_SIZE)
    assert np.flatnonzero(~np.isnan(track.scores)).tolist() == list(expected)


def test_time_stamps_decide_not_frame_numbers():
    """One stream at 25 fps with a pause of 1 s: twenty missing frames are a gap there."""
    boxes = {t: [[100, 50, 200, 300]] for t in (*range(20), *range(22, 40))}
    detections = detections_of(boxes, num_frames=40)
    steady = timeline(40)
    paused = Timeline(steady.frame_index, steady.pts_s + (np.arange(40) > 20))
    (filled,) = build_tracks(detections, steady, FRAME_SIZE)
    (broken,) = build_tracks(detections, paused, FRAME_SIZE)
    assert not np.isnan(filled.scores).any()
    assert np.flatnonzero(np.isnan(broken.scores)).tolist() == [20, 21]


def test_who_was_lost_for_a_second_comes_back_as_the_same_person():
    boxes = {t: [[100 + 4 * t, 50, 180 + 4 * t, 300]] for t in range(100) if not 40 <= t < 65}
    (track,) = build_tracks(detections_of(boxes, num_frames=100), timeline(100), FRAME_SIZE)
    assert np.isnan(track.scores[40:65]).all()
    assert track.detected.sum() == 75


def test_somebody_else_who_comes_later_is_somebody_else():
    boxes = {t: [[100, 50, 180, 300]] for t in range(40)}
    boxes |= {t: [[900, 400, 940, 500]] for t in range(60, 100)}
    tracks = build_tracks(detections_of(boxes, num_frames=100), timeline(100), FRAME_SIZE)
    assert [int(track.detected.sum()) for track in tracks] == [40, 40]


def test_doubled_boxes_of_one_person_make_one_track():
    boxes = {t: [[100, 50, 200, 300], [102, 52, 203, 301]] for t in range(20)}
    (track,) = build_tracks(detections_of(boxes, num_frames=20), timeline(20), FRAME_SIZE)
    assert track.detected.all()


def test_a_second_box_that_takes_over_is_the_same_person():
    """For three frames a person has two boxes that overlap by half; the newer one goes on."""
    boxes = {t: [[100, 50, 300, 250]] for t in range(20)}
    for t in range(17, 40):
        boxes.setdefault(t, []).append([120, 80, 330, 300])
    (track,) = build_tracks(detections_of(boxes, num_frames=40), timeline(40), FRAME_SIZE)
    assert track.detected.all()


def test_a_false_alarm_is_left_out_but_not_the_only_person():
    boxes = {t: [[100, 50, 200, 300]] for t in range(50)}
    boxes[20].append([900, 50, 950, 100])
    assert len(build_tracks(detections_of(boxes, num_frames=50), timeline(50), FRAME_SIZE)) == 1
    only = detections_of({20: [[900, 50, 950, 100]]}, num_frames=50)
    (track,) = build_tracks(only, timeline(50), FRAME_SIZE)
    assert np.flatnonzero(~np.isnan(track.scores)).tolist() == [20]


@pytest.mark.parametrize("box", [[np.nan] * 4, [-90, 5, -20, 60], [10, 10, 10, 60]])
def test_a_box_that_shows_nothing_is_no_person(box):
    assert build_tracks(detections_of({0: [box]}, num_frames=5), timeline(5), FRAME_SIZE) == ()


def test_nobody_and_one_frame():
    assert build_tracks(detections_of({}, num_frames=5), timeline(5), FRAME_SIZE) == ()
    (track,) = build_tracks(
        detections_of({0: [[1, 2, 30, 40]]}, num_frames=1), timeline(1), FRAME_SIZE
    )
    assert track.boxes_xyxy.tolist() == [[1, 2, 30, 40]]


@pytest.mark.parametrize(
    ("kind", "values", "key"),
    [
        (TrackSettings, {"max_iou": 1.5}, "max_iou"),
        (TrackSettings, {"max_gap_s": -1.0}, "max_gap_s"),
        (TrackSettings, {"high_score_threshold": 1.5}, "high_score_threshold"),
        (TrackSettings, {"min_share": float("nan")}, "min_share"),
        (AssociationSettings, {"place_noise": 0.0}, "place_noise"),
        (AssociationSettings, {"width_growth": -1.0}, "width_growth"),
        (AssociationSettings, {"max_cost": float("inf")}, "max_cost"),
        (AssociationSettings, {"max_missed_s": -0.1}, "max_missed_s"),
        (AssociationSettings, {"min_double_iou": 2.0}, "min_double_iou"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_their_key(kind, values, key):
    with pytest.raises(ConfigError, match=rf"^{key}: must be .*, got"):
        kind(**values)


def test_a_clip_of_another_length_is_refused():
    with pytest.raises(ValueError, match="expected 5 frames, got 6"):
        build_tracks(detections_of({}, num_frames=5), timeline(6), FRAME_SIZE)


def test_interpolated_boxes_follow_the_truth():
    person = skater(moving(300, 150), swinging(400, 60, 2), 250)
    scene = film([person], every=5, jitter=0)
    (track,) = tracks_of(scene)
    overlap = [
        pairwise_iou(a[None], b[None])[0, 0]
        for a, b in zip(scene.truth[0, :96], track.boxes_xyxy[:96], strict=True)
    ]
    assert min(overlap) > 0.9
