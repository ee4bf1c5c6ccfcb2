from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from pipeline.classification.sampling import (
    View,
    ViewPlan,
    crop_offsets,
    plan_views,
    temporal_indices,
    training_indices,
    validation_indices,
)

LENGTHS = [1, 2, 3, 5, 8, 16, 31, 32, 77, 96, 150, 193, 1000]
COUNTS = list(itertools.product(LENGTHS, [1, 4, 8, 16, 32]))


def test_published_indices(goldens):
    rows = json.loads((goldens / "umt" / "test_frame_indices.json").read_text())
    for row in rows:
        size, num_sampled = row["video_size"], row["num_frames"]
        if "mode" in row:
            got = validation_indices(size, num_sampled)
        else:
            got = temporal_indices(size, num_sampled, row["num_segments"])[row["clip"]]
        assert got.tolist() == row["indices"]


@pytest.mark.parametrize(("num_frames", "num_sampled"), COUNTS)
@pytest.mark.parametrize("num_clips", [1, 2, 5])
def test_any_length_gives_ordered_frames_of_the_clip(num_frames, num_sampled, num_clips):
    indices = temporal_indices(num_frames, num_sampled, num_clips)
    assert indices.shape == (num_clips, num_sampled)
    assert indices.min() >= 0
    assert indices.max() < num_frames
    assert (np.diff(indices, axis=1) >= 0).all()
    assert (np.diff(indices, axis=0) >= 0).all()  # a later view never looks earlier


def test_validation_is_the_only_clip_of_one():
    assert np.array_equal(validation_indices(77, 16), temporal_indices(77, 16, 1)[0])


@pytest.mark.parametrize(("num_frames", "num_sampled"), COUNTS)
def test_training_takes_a_frame_of_each_segment(num_frames, num_sampled):
    segment = (num_frames - 1) / num_sampled
    drawn = training_indices(num_frames, num_sampled, np.random.default_rng(0))
    edges = np.round(segment * np.arange(num_sampled + 1))
    assert drawn.shape == (num_sampled,)
    assert (edges[:-1] <= drawn).all()
    assert (drawn <= edges[1:]).all()


def test_training_reaches_every_frame_and_repeats_with_its_seed():
    generator = np.random.default_rng(0)
    drawn = {int(i) for _ in range(200) for i in training_indices(20, 4, generator)}
    assert drawn == set(range(20))
    first, second = (training_indices(300, 16, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("margin", "num_crops", "rule", "expected"),
    [
        (0, 3, "umt", [0, 0, 0]),
        (10, 3, "umt", [0, 5, 10]),
        (11, 3, "umt", [0, 5, 11]),
        (11, 3, "uniformerv2", [0, 6, 11]),
        (10, 3, "uniformerv2", [0, 5, 10]),
        (11, 1, "umt", [5]),
        (11, 1, "uniformerv2", [6]),
        (9, 4, "umt", [0, 3, 6, 9]),
    ],
)
def test_crop_offsets(margin, num_crops, rule, expected):
    assert crop_offsets(margin, num_crops, rule).tolist() == expected


@pytest.mark.parametrize(
    ("num_frames", "num_sampled", "distinct"),
    [
        (50, 32, 2), (75, 32, 2), (100, 32, 3), (125, 32, 4), (150, 32, 4), (193, 32, 5),
        (50, 16, 3), (75, 16, 4), (96, 16, 5), (1, 16, 1),
    ],
)  # fmt: skip
def test_short_clips_have_fewer_distinct_views(num_frames, num_sampled, distinct):
    wide = plan_views(num_frames, (224, 398), num_sampled=num_sampled)
    square = plan_views(num_frames, (224, 224), num_sampled=num_sampled)
    assert (wide.num_views, len(wide.views)) == (15, 3 * distinct)
    assert (square.num_views, len(square.views)) == (15, distinct)


@pytest.mark.parametrize("size", [(224, 398), (398, 224), (224, 225), (224, 224)])
@pytest.mark.parametrize("num_frames", [1, 20, 50, 300])
def test_the_mean_over_distinct_views_is_the_mean_over_all(size, num_frames):
    plan = plan_views(num_frames, size, num_sampled=32, crop_rule="uniformerv2")
    scores = np.random.default_rng(0).random((len(plan.views), 28)).astype(np.float32)
    plain = np.mean([scores[index] for index in plan.view_of], axis=0, dtype=np.float64)
    np.testing.assert_allclose(plan.mean(scores), plain, atol=1e-6)
    np.testing.assert_allclose(plan.repeat(scores).mean(axis=0), plain, atol=1e-6)
    assert plan.multiplicity.sum() == plan.num_views == 15


def test_views_are_the_protocols_in_order():
    plan = plan_views(400, (300, 112), num_sampled=8, num_clips=2, num_crops=3)
    frames = temporal_indices(400, 8, 2)
    assert plan.side == 112
    for place, (clip, top) in enumerate(itertools.product(range(2), (0, 94, 188))):
        view = plan.views[plan.view_of[place]]
        assert np.array_equal(view.frame_indices, frames[clip])
        assert (view.top, view.left) == (top, 0)
    assert repr(plan) == "ViewPlan(6 views, 6 distinct, side 112)"


def test_every_second_view_in_time_is_flipped_where_asked():
    long = plan_views(400, (112, 300), num_sampled=8, num_clips=5, flipped=True)
    assert [view.flipped for view in long.views] == [False] * 3 + ([True] * 3 + [False] * 3) * 2
    still = plan_views(1, (112, 112), num_sampled=8, num_clips=5, num_crops=1, flipped=True)
    assert [view.flipped for view in still.views] == [False, True]
    assert still.view_of.tolist() == [0, 1, 0, 1, 0]


def test_crops_lie_along_the_longer_side():
    wide = plan_views(400, (112, 300), num_sampled=8, num_clips=1)
    assert [(view.top, view.left) for view in wide.views] == [(0, 0), (0, 94), (0, 188)]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: temporal_indices(0, 16, 5), "at least one frame to sample from, got 0"),
        (lambda: training_indices(0, 16, np.random.default_rng()), "at least one frame"),
        (lambda: temporal_indices(10, 0, 5), "num_sampled must be at least 1, got 0"),
        (lambda: temporal_indices(10, 16, 0), "num_clips must be at least 1, got 0"),
        (lambda: crop_offsets(-1, 3, "umt"), "margin must not be negative, got -1"),
        (lambda: crop_offsets(10, 0, "umt"), "num_crops must be at least 1, got 0"),
        (lambda: crop_offsets(10, 2, "uniformerv2"), "knows 1 and 3 crops, got 2"),
        (lambda: plan_views(10, (0, 10), num_sampled=4), "height must be at least 1"),
        (lambda: plan_views(9, (8, 8), num_sampled=4).repeat(np.zeros((9, 2))), "a row for each"),
    ],
)
def test_what_makes_no_sense_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_plan_checks_itself():
    view = View(np.zeros(4, dtype=np.int64), top=0, left=3)
    with pytest.raises(ValueError, match=r"\(0, 3\) of side 8 leaves the frame of 8x10"):
        ViewPlan((8, 10), (view,), np.array([0]))
    with pytest.raises(ValueError, match="view_of"):
        ViewPlan((8, 12), (view,), np.array([0, 1]))
