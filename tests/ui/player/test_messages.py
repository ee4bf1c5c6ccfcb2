"""The browser can send anything: what is not a message of ours is refused, field by field."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.annotations.marked import SkaterBox
from pipeline.types import Timeline
from tests.factories import make_analysis
from ui import callbacks
from ui.player.messages import (
    Nonsense,
    SkaterChoice,
    read_mark,
    read_skater_choice,
    read_token,
    read_whole,
)
from ui.runs import RunStore
from ui.tabs.picture import skater_choice_request

NONSENSE = [
    None, 7, "choose_skater", [], ["token", 1], {}, {"token": "t"}, {"person": 1},
    {"token": 5, "person": 1}, {"token": "", "person": 1}, {"token": "t" * 65, "person": 1},
    {"token": "é", "person": 1}, {"token": "t", "person": "1"}, {"token": "t", "person": None},
    {"token": "t", "person": True}, {"token": "t", "person": 1.5}, {"token": "t", "person": -1},
    {"token": "t", "person": 10**9}, {"token": "t", "person": float("nan")},
    {"token": "t", "person": float("inf")}, {"token": "t", "person": [1]},
    {"token": "t", "person": 2}, {1: 2},
]  # fmt: skip


@pytest.mark.parametrize("data", NONSENSE, ids=repr)
def test_nonsense_is_refused(data):
    with pytest.raises(Nonsense):
        read_skater_choice(data, [0, 1])


@pytest.mark.parametrize("person", [1, 1.0])
def test_a_message_of_ours_is_read(person):
    assert read_skater_choice(
        {"token": "t", "person": person, "more": "x"}, [0, 1]
    ) == SkaterChoice("t", 1)
    assert read_token({"token": "t"}) == "t"


BOX = {"token": "t", "frame": 3, "box": [10, 20.04, 60, 90]}


@pytest.mark.parametrize(
    "change",
    [
        {"token": ""}, {"frame": 10}, {"frame": -1}, {"frame": 1.5}, {"frame": None},
        {"box": None}, {"box": "10,20,60,90"}, {"box": [10, 20, 60]}, {"box": {"x": 1}},
        {"box": [10, 20, 60, "90"]}, {"box": [10, 20, 60, None]}, {"box": [10, 20, 60, True]},
        {"box": [10, 20, float("nan"), 90]}, {"box": [10, 20, float("inf"), 90]},
        {"box": [-1, 20, 60, 90]}, {"box": [10, 20, 330, 90]}, {"box": [10, 20, 60, 241]},
        {"box": [60, 20, 10, 90]}, {"box": [10, 20, 12, 90]}, {"box": [10, 20, 60, 10**400]},
    ],
    ids=repr,
)  # fmt: skip
def test_a_box_that_nobody_can_draw_is_refused(change):
    """Issue 15, point 10."""
    with pytest.raises(Nonsense):
        read_mark({**BOX, **change}, Timeline(np.arange(5, 15), np.arange(10.0)), (320, 240))


def test_a_drawn_box_is_read():
    marked = read_mark(BOX, Timeline(np.arange(5, 15), np.arange(10.0)), (320, 240))
    assert (marked.token, marked.frame) == ("t", 3)
    assert marked.box == SkaterBox(8, (10.0, 20.0, 60.0, 90.0))


@pytest.mark.parametrize("text", ["", "-1", "6", "1.0", "0x1", "\uff11", "9" * 400, "1 ", "../1"])
def test_addresses_hold_small_whole_numbers(text):
    with pytest.raises(Nonsense):
        read_whole(text, 5)


def test_an_address_may_be_read():
    assert [read_whole(text, 5) for text in ("0", "5", "003")] == [0, 5, 3]


@pytest.fixture
def run():
    return RunStore().adopt("visitor", make_analysis(people=2))


def test_choosing_a_skater_asks_for_the_same_clip_with_another_skater(run):
    asked = skater_choice_request(run, {"token": "t", "person": 1})
    video = run.analysis.video
    assert (asked.path, asked.start_s, asked.end_s) == (video.path, video.start_s, video.end_s)
    assert (asked.skater, asked.profile) == (1, "demo")
    assert asked.people is run.analysis.people


def test_choosing_a_skater_keeps_what_was_asked_for(run):
    run.asked = callbacks.Request("other.mp4", "fast", start_s=1.0)
    asked = skater_choice_request(run, {"token": "t", "person": 1})
    assert (asked.path, asked.profile, asked.start_s, asked.end_s) == (
        "other.mp4",
        "fast",
        1.0,
        None,
    )


def test_there_is_nobody_to_choose_before_the_analysis(run):
    run.analysis = None
    with pytest.raises(Nonsense, match="not there yet"):
        skater_choice_request(run, {"token": "t", "person": 1})
