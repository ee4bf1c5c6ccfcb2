"""Canvases of the detector's trainer: boxes stay on what they belong to."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.errors import ConfigError
from training.people.dataset import Group, Person, Picture
from training.people.detection.compose import Scene, ice, pasted, side_by_side, zoomed, zoomed_out
from training.people.detection.data import Canvases, Mixture

SIZE = (96, 160)
EMPTY = np.empty((0, 4), np.float32)
ALL_HEIGHTS = (0.2, 0.8)


def green_person() -> Scene:
    """A pure green block, boxed, on dark ground."""
    pixels = np.full((120, 100, 3), 30, np.uint8)
    pixels[30:90, 40:60] = (0, 255, 0)
    return Scene(pixels, np.array([[40, 30, 60, 90]], np.float32), EMPTY)


def green_box(pixels: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero((pixels[..., 1] > 140) & (pixels[..., 0] < 110))
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


@pytest.mark.parametrize("make", [zoomed, zoomed_out])
@pytest.mark.parametrize("seed", range(8))
def test_boxes_follow_the_zoom(make, seed):
    scene = make(green_person(), SIZE, np.random.default_rng(seed), heights=ALL_HEIGHTS)
    assert scene.pixels.shape == (*SIZE, 3)
    boxes = np.concatenate((scene.boxes, scene.ignored))
    assert len(boxes) == 1
    np.testing.assert_allclose(boxes[0], green_box(scene.pixels), atol=2.5)


def test_a_zoomed_out_person_has_a_height_within_the_limits():
    rng = np.random.default_rng(0)
    scenes = [zoomed_out(green_person(), SIZE, rng, heights=(0.1, 0.3)) for _ in range(40)]
    heights = [s.boxes[0, 3] - s.boxes[0, 1] for s in scenes if len(s.boxes)]
    assert len(heights) > 30
    assert 0.9 * 0.04 * SIZE[0] < min(heights) < 0.15 * SIZE[0]
    assert 0.25 * SIZE[0] < max(heights) <= 0.31 * SIZE[0]


def test_a_pasted_person_lies_in_its_box_whichever_way_it_fades():
    for seed in range(12):
        rng = np.random.default_rng(seed)
        base = Scene(np.full((*SIZE, 3), 90, np.uint8), EMPTY, EMPTY)
        scene = pasted(base, green_person(), rng, height=40)
        boxes = np.concatenate((scene.boxes, scene.ignored))
        np.testing.assert_allclose(boxes[0], green_box(scene.pixels), atol=3)


def test_whoever_is_covered_is_not_to_be_found():
    base = Scene(np.full((*SIZE, 3), 90, np.uint8), np.array([[70, 40, 80, 60]], np.float32), EMPTY)
    big = [pasted(base, green_person(), np.random.default_rng(s), height=300) for s in range(5)]
    for scene in big:  # a person larger than the canvas covers nearly all of it
        own = [box.tolist() for box in scene.boxes if box[2] - box[0] < 15]
        covered = green_box(scene.pixels)
        hidden = covered[0] <= 70 and covered[2] >= 80 and covered[1] <= 40 and covered[3] >= 60
        assert not (hidden and own)


def test_cells_keep_their_people():
    cell = green_person().window(np.zeros(2), 0.5, (48, 80))
    both = side_by_side([cell, cell, cell, cell], SIZE, 2)
    assert both.pixels.shape == (*SIZE, 3)
    np.testing.assert_allclose(both.boxes[3], cell.boxes[0] + [80, 48, 80, 48])
    for box in both.boxes:
        x1, y1, x2, y2 = box.round().astype(int)
        assert both.pixels[y1 + 3 : y2 - 3, x1 + 3 : x2 - 3, 1].min() > 200


@pytest.mark.parametrize(
    ("start", "to_find", "ignored"),
    [((0, 0), 1, 0), ((0, 50), 1, 0), ((0, 60), 0, 1), ((0, 88), 0, 0)],
)
def test_people_cut_off_become_ignored_and_then_vanish(start, to_find, ignored):
    scene = green_person().window(np.array(start), 1.0, (120, 100))
    assert (len(scene.boxes), len(scene.ignored)) == (to_find, ignored)


def test_flipped_boxes_fit():
    scene = green_person().flipped()
    np.testing.assert_array_equal(scene.boxes[0], green_box(scene.pixels))
    np.testing.assert_array_equal(scene.flipped().boxes, green_person().boxes)


def test_ice_is_empty_and_new_every_time():
    rng = np.random.default_rng(0)
    one, other = ice(SIZE, rng), ice(SIZE, rng)
    assert one.pixels.shape == (*SIZE, 3)
    assert len(one.boxes) == len(one.ignored) == 0
    assert (one.pixels != other.pixels).any()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"zoomed": -1.0}, "^zoomed: must"), ({"heights": (0.0, 0.5)}, "heights: must")],
)
def test_impossible_mixtures_are_refused(wrong, words):
    with pytest.raises(ConfigError, match=words):
        Mixture(**wrong)


@pytest.fixture
def groups(tmp_path):
    """One picture with a person, one without."""
    cv2.imwrite(str(tmp_path / "someone.png"), green_person().pixels[..., ::-1])
    cv2.imwrite(str(tmp_path / "nobody.png"), np.full((80, 80, 3), 30, np.uint8))
    unknown = np.zeros((17, 2), np.float32), np.zeros(17, np.bool_)
    person = Person(green_person().boxes[0], 1.0, *unknown)
    pictures = [Picture(tmp_path / "someone.png", (person,)), Picture(tmp_path / "nobody.png", ())]
    return [Group(pictures, 1.0)]


@pytest.mark.parametrize("size_hw", [(96, 160), (160, 96)])
@pytest.mark.parametrize("nobody", [0.0, 1.0])
def test_canvases_have_the_size_asked_for_and_people_or_none(groups, size_hw, nobody):
    others = dict.fromkeys(("zoomed_out", "side_by_side", "pasted"), 0.0)
    mixture = Mixture(zoomed=1 - nobody, nobody=nobody, degraded=0.0, **others)
    canvases = Canvases(groups, mixture)
    scenes = [canvases.draw(np.random.default_rng(seed), size_hw) for seed in range(6)]
    assert {scene.pixels.shape for scene in scenes} == {(*size_hw, 3)}
    people = [len(scene.boxes) + len(scene.ignored) for scene in scenes]
    assert all(people) if nobody == 0 else not any(people)
