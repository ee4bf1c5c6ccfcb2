from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detection.appearance import LENGTH, reid_descriptors
from pipeline.types import FloatArray
from tests.factories import build_tracks
from tests.pipeline.tracking.scenes import FRAME_SIZE, Path, Scene, film, skater, swinging

RED, BLUE, BLACK = (190, 40, 40), (40, 60, 190), (25, 25, 30)
ICE = (205, 210, 220)


def ice(width: int = FRAME_SIZE[0], height: int = FRAME_SIZE[1]) -> np.ndarray:
    grain = np.random.default_rng(0).normal(0, 6, (height, width, 1))
    return np.clip(np.array(ICE) + grain, 0, 255).astype(np.uint8)


def dress(frame: np.ndarray, box: np.ndarray, top: tuple, trousers: tuple, light: float = 1.0):
    """Somebody in two colours in the middle of a box."""
    x1, y1, x2, y2 = box
    left, right = (int(x1 + share * (x2 - x1)) for share in (0.3, 0.7))
    for start, end, colour in ((0.0, 0.5, top), (0.5, 1.0, trousers)):
        rows = slice(int(y1 + start * (y2 - y1)), int(y1 + end * (y2 - y1)))
        frame[rows, left:right] = np.clip(np.array(colour) * light, 0, 255)


def looks(box: tuple, *colours: tuple, light: float = 1.0) -> np.ndarray:
    frame = ice()
    dress(frame, np.array(box), *colours, light=light)
    return reid_descriptors(frame, np.array([box], np.float32))[0]


def test_the_same_clothes_look_alike_near_and_far_and_others_do_not():
    near, far = (300, 100, 420, 500), (800, 300, 830, 400)
    here = looks(near, RED, BLACK)
    same = float(here @ looks(far, RED, BLACK))
    assert same > 0.8
    assert float(here @ looks(near, RED, BLACK, light=1.05)) > 0.8
    assert float(here @ looks(far, BLUE, BLACK)) < same - 0.2
    assert float(here @ looks(far, BLACK, RED)) < same - 0.2  # what is worn where counts


@given(x=st.floats(-200, 1400), y=st.floats(-200, 900), w=st.floats(-5, 900), h=st.floats(-5, 900))
def test_every_description_is_of_length_one_or_nothing(x, y, w, h):
    rows = reid_descriptors(
        ice(320, 180), np.array([[x, y, x + w, y + h], [10, 10, 40, 90]], np.float32)
    )
    assert rows.shape == (2, LENGTH)
    length = np.linalg.norm(rows, axis=1)
    assert length[1] == pytest.approx(1, abs=1e-5)
    assert length[0] == 0 or length[0] == pytest.approx(1, abs=1e-5)


def test_a_box_without_numbers_or_outside_shows_nothing():
    boxes = np.array([[np.nan] * 4, [2000, 10, 2100, 90], [10, 900, 90, 990]], np.float32)
    assert not reid_descriptors(ice(), boxes).any()


def towards(middle: float, side: float) -> Path:
    """Comes to the middle of the picture, stays for a while and goes back."""
    return lambda times: middle + side * np.clip(np.abs(times - 2) - 0.5, 0, None) * 200


def described(scene: Scene, colours: list[tuple]) -> FloatArray:
    """What the boxes of a scene show, with later people in front."""
    found = scene.detections
    rows = np.zeros((len(found.frame), LENGTH), np.float32)
    for frame in np.unique(found.frame):
        picture = ice()
        for person, worn in enumerate(colours):
            dress(picture, scene.truth[person, frame], *worn)
        there = found.frame == frame
        rows[there] = reid_descriptors(picture, found.boxes_xyxy[there])
    return rows


@pytest.mark.parametrize("every", [1, 4])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("go_back", [True, False])
def test_people_who_meet_are_told_apart_by_their_clothes(every, seed, go_back):
    """They stand before each other for a second, then go back, or on as they came."""
    trajectory = (
        (towards(600, -1), towards(640, 1))
        if go_back
        else (swinging(620, 300, 8), swinging(620, -300, 8))
    )
    people = [
        skater(trajectory[0], swinging(420, 10, 3), 220),
        skater(trajectory[1], swinging(425, 10, 4), 220, phase=0.3),
    ]
    scene = film(people, every=every, miss=0.05, seed=seed, seconds=4)
    clothes = [(RED, BLACK), (BLUE, BLACK)]
    seen = replace(scene.detections, appearance=described(scene, clothes))
    tracks = build_tracks(seen, scene.timeline, FRAME_SIZE)
    for person in range(2):
        assert scene.agreement(person, scene.track_of(person, tracks)) >= 0.8


def test_people_dressed_alike_are_followed_by_their_trajectories():
    """What says nothing changes nothing."""
    people = [
        skater(swinging(620, 500, 4), swinging(420, 20, 3), 220),
        skater(swinging(620, -500, 4), swinging(440, 20, 3), 210, phase=0.4),
    ]
    scene = film(people, every=4, seed=1)
    alike = replace(scene.detections, appearance=described(scene, [(RED, BLACK)] * 2))
    with_looks = build_tracks(alike, scene.timeline, FRAME_SIZE)
    for person in range(2):
        assert scene.agreement(person, scene.track_of(person, with_looks)) >= 0.8
