from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError, NoPersonFound
from pipeline.messages import Message
from pipeline.tracking.region import RegionSettings, consolidate, whole_frame
from pipeline.types import People, RegionOfInterest, Track
from tests.factories import make_track

SIZE = (640, 480)


def people_of(*boxes: list[list[float]], main: int = 0) -> People:
    """One track for every list of boxes; NaN where absent."""
    tracks = []
    for number, course in enumerate(boxes):
        xyxy = np.array(course, dtype=np.float32)
        scores = np.where(np.isnan(xyxy[:, 0]), np.nan, 0.9).astype(np.float32)
        tracks.append(Track(number, xyxy, scores, ~np.isnan(xyxy[:, 0])))
    return People(tuple(tracks), main, Message("test"))


def region_of(people: People, size=SIZE, **settings) -> RegionOfInterest:
    return consolidate(people, size, RegionSettings(**settings), name="clip.mp4", num_frames=3)


ABSENT = [np.nan] * 4


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"margin": 0}, [100, 60, 200, 200]),
        ({"margin": 0.1}, [90, 50, 210, 210]),
        ({"rule": "union_of_all", "margin": 0}, [10, 60, 600, 300]),
        ({"rule": "whole_frame"}, [0, 0, 640, 480]),
    ],
)
def test_rules(settings, expected):
    skater = [[100, 100, 160, 200], ABSENT, [150, 60, 200, 160]]
    judge = [[10, 200, 60, 300], [10, 200, 60, 300], [550, 200, 600, 300]]
    region = region_of(people_of(skater, judge), **settings)
    assert region.xyxy.tolist() == expected
    assert region.rule == settings.get("rule", "union")


def test_a_single_wrong_box_does_not_spoil_the_robust_union():
    course = [[300, 200, 340, 280]] * 99 + [[0, 0, 600, 400]]
    people = people_of(course)
    assert region_of(people, margin=0).xyxy.tolist() == [0, 0, 600, 400]
    robust = region_of(people, margin=0, rule="robust_union")
    assert robust.xyxy.tolist() == [300, 200, 340, 280]
    assert robust.rule == "robust_union"


@st.composite
def clips(draw):
    """A frame size, and the boxes of one person inside it."""
    width, height = draw(st.integers(16, 2000)), draw(st.integers(16, 2000))
    count = draw(st.integers(1, 6))
    unit = st.floats(0, 1, width=32)
    corners = draw(st.lists(st.tuples(unit, unit, unit, unit), min_size=count, max_size=count))
    a = np.array(corners, np.float32) * np.array([width, height, width, height], np.float32)
    low, high = np.minimum(a[:, :2], a[:, 2:]), np.maximum(a[:, :2], a[:, 2:])
    high = np.minimum(np.maximum(high, low + 1), [width, height])
    low = np.minimum(low, high - 1)
    return (width, height), np.concatenate([low, high], axis=1).tolist()


@given(
    clip=clips(),
    margin=st.floats(0, 2),
    even=st.booleans(),
    rule=st.sampled_from(["union", "union_of_all", "robust_union", "whole_frame"]),
)
def test_every_region_is_whole_even_and_inside_and_holds_the_skater(clip, margin, even, rule):
    size, course = clip
    region = region_of(people_of(course), size, margin=margin, even=even, rule=rule)
    x1, y1, x2, y2 = region.xyxy.tolist()
    assert region.xyxy.dtype == np.float32
    assert all(value == int(value) for value in (x1, y1, x2, y2))
    assert 0 <= x1 < x2 <= size[0]
    assert 0 <= y1 < y2 <= size[1]
    if even:
        assert (x2 - x1) % 2 == 0
        assert (y2 - y1) % 2 == 0
    if rule != "robust_union":
        # An odd frame has no even region that holds its last pixel as well.
        lost = np.array(size) % 2 if even else np.zeros(2)
        boxes = np.array(course, np.float32)
        assert (boxes[:, :2] >= [x1, y1]).all()
        assert (boxes[:, 2:] <= np.array([x2, y2]) + lost).all()


@given(clip=clips(), small=st.floats(0, 0.5), more=st.floats(0, 0.5))
def test_a_wider_margin_never_shrinks_the_region(clip, small, more):
    size, course = clip
    narrow = region_of(people_of(course), size, margin=small, even=False).xyxy
    wide = region_of(people_of(course), size, margin=small + more, even=False).xyxy
    assert (wide[:2] <= narrow[:2]).all()
    assert (wide[2:] >= narrow[2:]).all()


@pytest.mark.parametrize(
    ("size", "even", "expected"),
    [
        ((1920, 1080), True, [0, 0, 1920, 1080]),
        ((641, 361), True, [0, 0, 640, 360]),
        ((641, 361), False, [0, 0, 641, 361]),
        ((1, 1), True, [0, 0, 1, 1]),
    ],
)
def test_whole_frame(size, even, expected):
    region = whole_frame(size, even=even)
    assert region.xyxy.tolist() == expected
    assert region.rule == "whole_frame"


@pytest.mark.parametrize("rule", ["union", "robust_union", "union_of_all"])
def test_nobody_is_an_error_with_a_remedy(rule):
    with pytest.raises(NoPersonFound, match=r"^clip\.mp4: no person detected in 3 frames; give"):
        region_of(People((), None, Message("no person in view")), rule=rule)


def test_somebody_who_passes_by_is_named_in_the_error():
    passing = People((make_track(3),), None, Message("nobody stays in view; person 0 passes"))
    words = r"3 frames \(nobody stays in view; person 0 passes\); .*name the skater"
    with pytest.raises(NoPersonFound, match=words):
        region_of(passing, rule="union")


def test_the_whole_frame_needs_nobody():
    region = region_of(People((), None, Message("no person in view")), rule="whole_frame")
    assert region.xyxy.tolist() == [0, 0, 640, 480]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rule": "unoin"}, "rule: must be 'union', .*, got 'unoin'"),
        ({"margin": -0.1}, "margin: must be at least 0, got -0.1"),
        ({"trim": 0.5}, "trim: must be below 0.5, got 0.5"),
    ],
)
def test_settings_that_make_no_sense(settings, words):
    with pytest.raises(ConfigError, match=words):
        RegionSettings(**settings)
