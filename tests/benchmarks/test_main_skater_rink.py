"""The simulated boxes: whose they are, and that the rules hold on most of them."""

from __future__ import annotations

import numpy as np

from benchmarks.main_skater_rink import ClipResult, detected, judge, simulate, table, true_boxes
from pipeline.config import load_profile
from pipeline.tracking.people import follow
from training.rink.scene import draw_scene


def test_the_first_box_is_the_skaters_and_lies_in_the_picture() -> None:
    scene = draw_scene("SitSpin", (230_001, 0, 1, 9))
    boxes = true_boxes(scene)
    assert boxes.shape[:2] == (
        scene.num_frames,
        len(scene.actors) + len(scene.bystanders),
    )
    assert np.nanmin(boxes) >= 0
    size = scene.camera.width, scene.camera.height
    assert (np.nanmax(boxes[..., 2:], axis=(0, 1)) <= size).all()
    xy, _ = scene.camera.at(scene.times_s).project(scene.performance.at(scene.times_s))
    pelvis = xy.mean(axis=1)
    there = ~np.isnan(boxes[:, 0, 0])
    assert there.any()
    assert (pelvis[there] > boxes[there, 0, :2]).all()
    assert (pelvis[there] < boxes[there, 0, 2:]).all()


def test_small_people_are_missed_more_often() -> None:
    rng = np.random.default_rng(0)
    boxes = np.zeros((400, 2, 4), np.float32)
    boxes[:, 0], boxes[:, 1] = (100, 100, 150, 280), (400, 100, 408, 118)
    found = detected(boxes, 720, 4, rng)
    large = found.boxes_xyxy[:, 0] < 300
    assert large.sum() > 0.95 * len(found.key_frames)
    assert (~large).sum() < 0.2 * len(found.key_frames)


def test_the_skater_of_a_spin_is_followed_and_chosen() -> None:
    profile = load_profile("demo")
    clips = simulate(6, 230_001, profile.detector.every, labels=("CamelSpin",))
    results = [judge(c, follow(c.detections, c.timeline, c.frame_size, profile)) for c in clips]
    known = [r for r in results if r is not None and r.height >= 0.15]
    assert len(known) >= 3
    assert np.mean([r.found for r in known]) > 0.9


def test_the_table_keeps_small_skaters_apart() -> None:
    rows = [
        ClipResult("3Lutz", 0.5, 1.0, 1.0, 1),
        ClipResult("3Lutz", 0.5, 0.0, 1.0, 2),
        ClipResult("1Axel", 0.1, 0.25, 0.75, 1),
    ]
    assert table(rows).splitlines()[2:] == [
        "| 15% of the height or more | 2 | 0.500 | 1.000 | 0.500 | 0.500 |",
        "| smaller | 1 | 0.250 | 0.750 | 0.000 | 0.000 |",
    ]
    assert "smaller" not in table(rows[:2])
