"""Pools of rink pictures on disk."""

from __future__ import annotations

import json

import numpy as np
import pytest

from training.people import rink_pictures as rink_people
from training.people.dataset import read_pictures
from training.people.rink_pictures import PoolRecipe, coco_entries, draw_part, main
from training.rink.pictures import RinkPicture

SMALL = ["--name", "some", "--seed", "11", "--size", "96x96", "--share", "0.4,0.8"]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(rink_people, "PART", 2)


def test_a_pool_holds_what_was_drawn_and_grows(tmp_path, capsys):
    assert main(["--out", str(tmp_path), *SMALL, "--pictures", "2"]) == 0
    first = (tmp_path / "some/000000.jpg").read_bytes()
    (tmp_path / "some/000000.jpg").write_bytes(b"kept")  # a complete part is not drawn again
    assert main(["--out", str(tmp_path), *SMALL, "--pictures", "3"]) == 0
    assert (tmp_path / "some/000000.jpg").read_bytes() == b"kept"
    pictures = read_pictures(tmp_path, "some")
    assert len(pictures) == 4

    recipe = PoolRecipe(seed=11, pictures=4, size=(96, 96), share=(0.4, 0.8))
    drawn = [picture for part in range(2) for picture in draw_part(recipe, part)]
    for picture, truth in zip(pictures, drawn, strict=True):
        boxes = np.array([person.box_xyxy for person in picture.people])
        assert len(boxes) == len(truth.boxes_xyxy)
        if truth.has_skater:
            nearest = np.abs(boxes - truth.boxes_xyxy[0]).max(1).argmin()
            np.testing.assert_allclose(boxes[nearest], truth.boxes_xyxy[0], atol=0.02)
            known = truth.visibility[0] > 0
            joints = picture.people[nearest].joints[known]
            np.testing.assert_allclose(joints, truth.keypoints_xy[0][known], atol=0.02)

    again = tmp_path / "again"
    assert main(["--out", str(again), *SMALL, "--pictures", "2"]) == 0
    assert (again / "some/000000.jpg").read_bytes() == first
    capsys.readouterr()


def test_people_of_whom_little_is_seen_are_ignored():
    visibility = np.full((2, 17), 2, np.uint8)
    visibility[1, 4:] = 1
    boxes = np.array([[0, 0, 10, 20], [5, 5, 15, 25]], np.float32)
    keypoints = np.ones((2, 17, 2), np.float32)
    picture = RinkPicture(np.zeros((32, 32, 3), np.uint8), boxes, keypoints, visibility, True)
    certain, ignored = coco_entries(picture)
    assert [entry["bbox"] for entry in certain] == [[0, 0, 10, 20]]
    assert [entry["score"] for entry in ignored] == [0.2]
    assert json.loads(json.dumps(ignored))[0]["matches_annotation"] is None


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (["--seed", "100000"], "below 100000"),
        (["--seed", "99999", "--pictures", "3"], "below 100000"),
        (["--pictures", "0"], "there must be a picture"),
        (["--size", "95x96"], "must be even"),
        (["--size", "large"], "expected two numbers"),
        (["--share", "0.9,0.2"], "LOW <= HIGH"),
    ],
)
def test_bad_requests_are_named(tmp_path, setting, words, capsys):
    arguments = ["--out", str(tmp_path / "new"), *SMALL, "--pictures", "2", *setting]
    assert main(arguments) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_another_pool_of_the_same_name_is_refused(tmp_path, capsys):
    assert main(["--out", str(tmp_path), *SMALL, "--pictures", "2"]) == 0
    assert main(["--out", str(tmp_path), *SMALL, "--pictures", "2", "--seed", "12"]) == 2
    assert "seed" in capsys.readouterr().err
