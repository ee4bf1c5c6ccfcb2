"""Labels of hands and of a teacher, merged."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from pipeline.errors import ConfigError
from training.people.dataset import (
    PeoplePictures,
    PicturesSettings,
    merge_labels,
    mixed_order,
    read_pictures,
)


def keypoints(value: float, x: float, joints: range = range(17)) -> list[float]:
    return [v for j in range(17) for v in ((x, x, value) if j in joints else (0, 0, 0))]


HAND = {"id": 7, "image_id": 1, "bbox": [1, 2, 10, 20], "keypoints": keypoints(2, 5, range(5, 17))}
SEEN = {
    "id": 1, "image_id": 1, "bbox": [0, 0, 12, 24], "score": 0.8,
    "keypoints": keypoints(0.6, 9), "matches_annotation": 7,
}  # fmt: skip


def test_the_hand_wins_and_the_teacher_adds_the_face():
    (person,) = merge_labels([HAND], [SEEN])
    assert person.labelled.all()
    np.testing.assert_array_equal(person.joints[:5], 9)
    np.testing.assert_array_equal(person.joints[5:], 5)
    np.testing.assert_array_equal(person.box_xyxy, [0, 0, 12, 24])
    assert person.score == 1


def test_uncertain_teacher_joints_are_left_out():
    (person,) = merge_labels([HAND], [{**SEEN, "keypoints": keypoints(0.39, 9)}])
    assert person.labelled.tolist() == [False] * 5 + [True] * 12


def test_a_second_box_on_the_same_person_is_left_out():
    (person,) = merge_labels([HAND], [{**SEEN, "score": 0.5, "bbox": [9, 9, 9, 9]}, SEEN])
    np.testing.assert_array_equal(person.box_xyxy, [0, 0, 12, 24])


def test_bystanders_and_people_the_teacher_missed_are_there():
    people = merge_labels([HAND], [{**SEEN, "matches_annotation": None}])
    assert [person.score for person in people] == [0.8, 1]
    np.testing.assert_array_equal(people[1].box_xyxy, [1, 2, 11, 22])


def test_sets_are_read_and_divided(tmp_path):
    write_set(tmp_path, count=40)
    people = PeoplePictures(PicturesSettings(str(tmp_path), ("some",)))
    (training,), (validation,) = people.training, people.validation
    assert (len(training.pictures), len(validation.pictures)) == (38, 2)
    paths = [picture.path for picture in training.pictures + validation.pictures]
    assert len(set(paths)) == 40
    assert validation.pictures[0].people[0].joints[16, 0] == 5
    assert training.share == 1


def test_the_rink_has_its_share(tmp_path):
    write_set(tmp_path, count=40)
    folder = str(tmp_path)
    people = PeoplePictures(
        PicturesSettings(
            folder, ("some",), rink_folder=folder, rink_sets=("some",), rink_share=0.25
        )
    )
    assert [group.share for group in people.training] == [0.75, 0.25]


def test_an_epoch_keeps_to_the_shares_and_repeats_nobody_early():
    order = mixed_order([40, 10], [0.5, 0.5], np.random.default_rng(0))
    assert len(order) == 50
    counts = np.bincount(order, minlength=50)
    assert counts[:40].sum() == 25
    assert counts[:40].max() == 1
    assert counts[40:].min() >= 2


def test_an_epoch_of_one_group_is_everybody_once():
    assert sorted(mixed_order([7], [1.0], np.random.default_rng(0))) == list(range(7))


@pytest.mark.parametrize("what", ["absent", "no json", "no annotations"])
def test_a_broken_set_is_named(tmp_path, what):
    write_set(tmp_path, count=1)
    if what == "absent":
        (tmp_path / "some_teacher.json").unlink()
    else:
        (tmp_path / "some_teacher.json").write_text("{" if what == "no json" else "{}")
    with pytest.raises(ConfigError, match="some"):
        read_pictures(tmp_path, "some")


def test_the_folder_must_be_given():
    with pytest.raises(ConfigError, match=r"data\.folder"):
        PeoplePictures(PicturesSettings(""))


@pytest.mark.parametrize("extra", [{"rink_folder": "a"}, {"rink_share": 1.0}])
def test_half_a_rink_is_refused(extra):
    with pytest.raises(ConfigError, match="rink"):
        PicturesSettings("folder", **extra)


def write_set(folder, count):
    """`count` pictures of one person each."""
    (folder / "some").mkdir()
    images = [{"id": i, "file_name": f"some/{i}.png"} for i in range(count)]
    for image in images:
        cv2.imwrite(str(folder / image["file_name"]), np.full((30, 20, 3), 99, np.uint8))
    hand = [{**HAND, "id": 100 + i, "image_id": i} for i in range(count)]
    seen = [{**SEEN, "image_id": i, "matches_annotation": 100 + i} for i in range(count)]
    (folder / "some.json").write_text(json.dumps({"images": images, "annotations": hand}))
    (folder / "some_teacher.json").write_text(json.dumps({"annotations": seen}))
