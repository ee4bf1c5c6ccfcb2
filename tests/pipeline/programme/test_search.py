"""Segments while a video is being read: what is settled stays, whatever comes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.programme import search as search_module
from pipeline.programme.search import SETTLED_S, Search
from pipeline.types import FrameScores, Timeline
from tests.pipeline.programme.shots import read_shot
from tests.pipeline.programme.test_segments import JUMP, course

WHOLE = course(
    ("other", 5.0), *JUMP, ("other", 20.0), *JUMP, ("other", 4.0), *JUMP, ("other", 25.0)
)
TIMELINE = Timeline(np.arange(len(WHOLE.times_s)), WHOLE.times_s, 0.0)
T = len(TIMELINE)


@pytest.fixture
def search(monkeypatch):
    """What the network says is known; everything after it is real."""

    def scored(_network, body, origin_s) -> FrameScores:
        kept = np.isin(WHOLE.times_s, body.times_s - origin_s)
        return replace(
            WHOLE,
            times_s=WHOLE.times_s[kept],
            probabilities=WHOLE.probabilities[kept],
            moments=WHOLE.moments[kept],
            hip_height=WHOLE.hip_height[kept],
        )

    monkeypatch.setattr(search_module, "score_frames", scored)
    return Search(None, TIMELINE)


def test_elements_are_settled_while_the_shot_still_grows(search):
    """Issue 17, section 2: elements appear while the video is still being read."""
    seen = []
    for stop in range(125, T, 125):
        search.add(read_shot(0, stop, complete=False))
        segments, settled = search.segments()
        assert all(s.end_s < search.read_until_s - SETTLED_S for s in segments[:settled])
        assert [s.jumps for s in segments[: len(seen)]] == seen  # none of them changed
        seen = [s.jumps for s in segments[:settled]]
    assert len(seen) == 3
    search.add(read_shot(0, T))
    whole, count = search.segments(complete=True)
    assert count == 3
    np.testing.assert_allclose([s.jumps for s in whole], seen, atol=0.04)
    np.testing.assert_allclose(search.scores().times_s, WHOLE.times_s)


def test_an_element_over_a_cut_is_one(search):
    takeoff = int(5.3 * 25)
    search.add(read_shot(0, takeoff))
    search.add(read_shot(takeoff, T))
    assert len(search.segments(complete=True)[0]) == 3


def test_nothing_is_looked_for_outside_skating(search):
    """Issue 17, section 1: skating time is what remains."""
    replay = read_shot(0, 300)
    search.add(replace(replay, shot=replace(replay.shot, kind="replay")))
    search.add(read_shot(300, T))
    assert len(search.segments(complete=True)[0]) == 2
    assert search.scores().times_s[0] == pytest.approx(12.0)
    assert search.shots[0].shot.kind == "replay"


def test_a_video_without_skating_has_no_scores(search):
    search.add(replace(read_shot(0, 30), shot=replace(read_shot(0, 30).shot, kind="nobody")))
    assert search.segments(complete=True) == ((), 0)
    assert search.segments() == ((), 0)
    assert len(search.scores().times_s) == 0
