"""Issue 15, point 10: a skater whom the detector misses is marked by a box drawn in one frame.

A painted person moves over a textured background, another one passes behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from pipeline.annotations.marked import SkaterBox
from pipeline.detection.boxes import iou
from pipeline.errors import InputError
from pipeline.messages import Message
from pipeline.tracking import drawn_box
from pipeline.tracking.drawn_box import with_drawn
from pipeline.types import Detections, IntArray, People, Timeline, Track
from tests.factories import make_track

SIZE = (480, 270)
T = 50
TIMELINE = Timeline(np.arange(100, 100 + T), np.arange(T) / 25)  # a span of a longer file
NOBODY = Detections(
    num_frames=T,
    key_frames=np.arange(0, T, 4),
    frame=np.empty(0, np.int64),
    boxes_xyxy=np.empty((0, 4), np.float32),
    scores=np.empty(0, np.float32),
)


class Film:
    """Frames, and where the two people are in them."""

    def __init__(self, start: float = 100, speed: float = 4.0, *, pan: float = 0.0) -> None:
        x = start + speed * np.arange(T)
        height = 110 + 0.4 * np.arange(T)
        self.truth = _boxes(x, 150 + 6 * np.sin(np.arange(T) / 6), height)
        self.other = _boxes(400 - 3.0 * np.arange(T), np.full(T, 120.0), np.full(T, 80.0))
        self.pan = pan
        self.asked: list[int] = []

    def frames(self, positions: IntArray) -> Iterator[np.ndarray]:
        self.asked.append(len(positions))
        for position in positions.tolist():
            frame = _background(round(self.pan * position)).copy()
            _paint(frame, self.other[position], position, (40, 90, 170))
            _paint(frame, self.truth[position], position, (190, 40, 60))
            yield frame

    def box(self, position: int) -> SkaterBox:
        x1, y1, x2, y2 = self.truth[position].tolist()
        return SkaterBox(100 + position, (x1, y1, x2, y2))

    def marked(
        self, position: int, people: People | None = None, detections: Detections = NOBODY
    ) -> People:
        people = people or People((), None, Message("nobody was found"))
        box = self.box(position)
        return with_drawn(people, box, self.frames, TIMELINE, SIZE, detections=detections)

    def share_found(self, track: Track) -> float:
        return float((iou(track.boxes_xyxy, self.truth) >= 0.5).mean())


def _boxes(x: np.ndarray, y: np.ndarray, height: np.ndarray) -> np.ndarray:
    half = np.stack([0.22 * height, 0.5 * height], axis=1)
    centre = np.stack([x, y], axis=1)
    return np.concatenate([centre - half, centre + half], axis=1)  # (T, 4)


@cache
def _background(shift: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (SIZE[1] // 6, SIZE[0] // 3, 3), dtype=np.uint8)
    wide = cv2.resize(noise, (2 * SIZE[0], SIZE[1]), interpolation=cv2.INTER_CUBIC)
    return 140 + wide[:, shift : shift + SIZE[0]] // 3


def _paint(frame: np.ndarray, box: np.ndarray, step: int, colour: tuple[int, int, int]) -> None:
    """Head, striped trunk, and legs that open and close, all inside a box."""
    x1, y1, x2, y2 = box.tolist()
    height, x = y2 - y1, (x1 + x2) / 2
    hip = (round(x), round(y1 + 0.55 * height))
    spread = (0.5 + 0.5 * np.sin(step / 3)) * (x2 - x1) / 2
    for side in (-1, 1):
        foot = (round(x + side * spread), round(y2))
        cv2.line(frame, hip, foot, (30, 30, 40), max(round(0.08 * height), 1))
    low, high = round(y1 + 0.18 * height), hip[1]
    half = round(0.7 * (x2 - x1) / 2)
    cv2.rectangle(frame, (round(x) - half, low), (round(x) + half, high), colour, -1)
    for stripe in range(low, high, max(round(0.08 * height), 1)):
        cv2.line(frame, (round(x) - half, stripe), (round(x) + half, stripe + 4), (240, 230, 90), 2)
    radius = round(0.09 * height)
    cv2.circle(frame, (round(x), round(y1) + radius), radius, (225, 180, 150), -1)


@pytest.mark.parametrize(("position", "pan"), [(0, 0.0), (20, 3.0), (T - 1, 0.0)])
def test_a_drawn_person_is_followed_forward_and_backward(position, pan):
    film = Film(pan=pan)
    people = film.marked(position)
    assert people.main_id == 0
    assert people.main is not None
    assert film.share_found(people.main) >= 0.8
    assert np.flatnonzero(people.main.detected).tolist() == [position]
    np.testing.assert_allclose(people.main.boxes_xyxy[position], film.truth[position], atol=0.01)
    assert str(people.rule) == (
        f"person 0 was marked by hand, with a box in frame {101 + position}"
    )


def test_the_drawn_person_is_one_more_and_takes_no_box_from_others():
    film = Film()
    others = tuple(make_track(T, person_id=number, start=(300, 40)) for number in (0, 2))
    people = film.marked(20, People(others, 2, Message("most points"), {0: 0.1, 2: 0.5}))
    assert [track.person_id for track in people.tracks] == [0, 2, 3]
    assert people.tracks[:2] == others
    assert people.main_id == 3
    assert not people.points


def _detected(film: Film, frames: list[int], *, off: float, score: float = 0.25) -> Detections:
    """The other person everywhere, the marked one in some frames."""
    looked = NOBODY.key_frames.tolist()
    rows = [(frame, film.other[frame], 0.9) for frame in looked]
    rows += [(frame, film.truth[frame] + off, score) for frame in frames]
    return replace(
        NOBODY,
        frame=np.array([row[0] for row in rows]),
        boxes_xyxy=np.array([row[1] for row in rows], dtype=np.float32),
        scores=np.array([row[2] for row in rows], dtype=np.float32),
    )


def test_boxes_of_the_detector_are_taken_also_of_low_score_and_never_somebody_else_s():
    film = Film()
    main = film.marked(20, detections=_detected(film, [4, 8, 32, 44], off=2.0)).main
    assert main is not None
    assert np.flatnonzero(main.detected).tolist() == [4, 8, 20, 32, 44]
    assert main.scores[[4, 32]].tolist() == [0.25, 0.25]
    np.testing.assert_allclose(main.boxes_xyxy[32], film.truth[32] + 2, atol=0.01)
    assert film.share_found(main) >= 0.95


def test_a_box_of_who_is_elsewhere_in_the_drawn_frame_is_not_taken():
    """Even where it lies on the marked person, dressed alike: it is known to be somebody else's."""
    film = Film()
    detections = _detected(film, [32], off=5.0)
    boxes = film.other.astype(np.float32)
    boxes[32] = film.truth[32] + 5
    other = Track(0, boxes, np.full(T, 0.9, np.float32), np.isin(np.arange(T), NOBODY.key_frames))
    alone = film.marked(20, detections=detections).main
    beside = film.marked(20, People((other,), 0, Message("the other")), detections).main
    assert alone is not None
    assert beside is not None
    assert np.flatnonzero(alone.detected).tolist() == [20, 32]
    assert np.flatnonzero(beside.detected).tolist() == [20]


def test_who_leaves_the_picture_has_no_box_from_there_on():
    film = Film(start=380, speed=5.0)  # past the right border at frame 20
    main = film.marked(3).main
    assert main is not None
    seen = ~np.isnan(main.boxes_xyxy[:, 0])
    assert seen[:15].all()
    assert not seen[25:].any()
    assert np.isnan(main.scores[25:]).all()
    assert (main.boxes_xyxy[seen] <= np.array([*SIZE, *SIZE])).all()


def test_who_vanishes_is_lost_and_not_followed_over_the_background():
    film = Film(speed=0.0)
    film.truth[30:] += 5000  # a cut to another picture
    main = film.marked(10).main
    assert main is not None
    seen = ~np.isnan(main.boxes_xyxy[:, 0])
    assert seen[:30].all()
    assert not seen[34:].any()


def test_memory_is_bounded_on_the_way_back(monkeypatch):
    monkeypatch.setattr(drawn_box, "_KEPT_BYTES", 10 * 3 * SIZE[0] * SIZE[1])
    film = Film()
    main = film.marked(T - 1).main
    assert main is not None
    assert film.asked == [1, 10, 10, 10, 10, 10]
    assert film.share_found(main) >= 0.8


@pytest.mark.parametrize(
    ("box", "words"),
    [
        (SkaterBox(99, (10, 10, 60, 90)), "frame 100, outside the analysed span"),
        (SkaterBox(150, (10, 10, 60, 90)), "frame 151, outside the analysed span"),
        (SkaterBox(120, (490, 10, 560, 90)), "490,10,560,90 lies outside the picture of 480x270"),
        (SkaterBox(120, (478, 10, 560, 90)), "lies outside"),
    ],
)
def test_a_box_of_another_span_or_outside_the_picture_is_refused(box, words):
    film = Film()
    nobody = People((), None, Message(""))
    with pytest.raises(InputError, match=words):
        with_drawn(nobody, box, film.frames, TIMELINE, SIZE, detections=NOBODY)
