"""Lanes: what becomes of an analysis, and what goes to the browser."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.types import PoseSequence
from tests.factories import make_analysis, make_scores
from ui.player.lane_sources import Clock, lanes_of, model_lanes_of, pose_lane_of
from ui.player.lanes import Mark, Span, SpanLane, ValueLane, lane_json


def clock_of(num_frames: int = 12) -> Clock:
    return Clock.of(make_analysis(num_frames=num_frames))


def test_an_analysis_has_its_verdict_every_network_and_the_pose():
    keys = [lane.key for lane in lanes_of(make_analysis(infogcn="3Flip"))]
    networks = ["umt_16x224", "umt_16x448", "umt_32x224", "uniformerv2", "infogcn"]
    assert keys == ["element", *(f"model-{name}" for name in networks), "pose"]


def test_networks_without_known_views_speak_for_the_whole_clip():
    (lane,) = model_lanes_of({"infogcn": make_scores("infogcn")}, clock_of(), profile="")
    (span,) = lane.spans
    assert (span.start_s, span.end_s) == (0, pytest.approx(12 / 25))
    assert span.label.startswith("3Lutz")


def test_time_views_that_disagree_have_rows_of_their_own():
    # The demo profile asks UniFormerV2 about five time views with one crop each.
    one, other = (
        make_scores("uniformerv2", views=2),
        make_scores("uniformerv2", label="3Flip", views=3),
    )
    both = replace(one, logits=np.concatenate([one.logits, other.logits]))
    (lane,) = model_lanes_of({"uniformerv2": both}, clock_of(60), profile="demo")
    assert [(span.row, span.label.split()[0]) for span in lane.spans] == [
        (0, "3Lutz"),
        (1, "3Lutz"),
        (2, "3Flip"),
        (3, "3Flip"),
        (4, "3Flip"),
    ]
    assert all(span.start_s <= tick <= span.end_s for span in lane.spans for tick in span.ticks_s)


def test_time_views_that_agree_are_one_stretch():
    scores = make_scores("uniformerv2", views=5)
    (lane,) = model_lanes_of({"uniformerv2": scores}, clock_of(60), profile="demo")
    assert len(lane.spans) == 1


def test_frames_without_a_skeleton_are_gaps():
    keypoints, scores = np.zeros((12, 17, 2), np.float32), np.full((12, 17), 0.5, np.float32)
    for t in (0, 1, 7):
        keypoints[t], scores[t] = np.nan, 0
    lane = pose_lane_of(PoseSequence(keypoints, scores), clock_of())
    gaps = [(span.start_s, span.end_s) for span in lane.spans]
    assert gaps == [(0, pytest.approx(2 / 25)), (pytest.approx(7 / 25), pytest.approx(8 / 25))]
    assert np.isnan(lane.values).tolist() == [t in (0, 1, 7) for t in range(12)]


def test_json_has_no_nan_and_keeps_every_field():
    times = np.array([0.0, 0.04])
    values = np.array([1.0, np.nan])
    lane = ValueLane(
        "hip", "Hip height", "cm", times, values, low=values - 1, high=values + 1,
        marks=(Mark(0.01, "take-off", 0.0, 0.02),), spans=(Span(0, 0.04, "gap", "gap"),),
    )  # fmt: skip
    got = json.loads(json.dumps(lane_json(lane), allow_nan=False))
    assert (got["values"], got["low"], got["high"]) == ([1.0, None], [0.0, None], [2.0, None])
    assert got["marks"] == [{"time": 0.01, "label": "take-off", "early": 0.0, "late": 0.02}]
    assert got["spans"][0]["tone"] == "gap"
    assert lane_json(SpanLane("a", "A", ()))["kind"] == "spans"


@pytest.mark.parametrize("end_s", [1.0, 0.5, float("nan")])
def test_a_stretch_takes_time(end_s):
    with pytest.raises(ValueError, match="is not a time"):
        Span(1.0, end_s, "x")


def test_values_belong_to_times():
    with pytest.raises(ValueError, match="lane hip: values has shape"):
        ValueLane("hip", "Hip", "", np.zeros(3), np.zeros(2))
