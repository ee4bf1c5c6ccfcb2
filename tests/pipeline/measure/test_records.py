import json

import numpy as np
import pytest

from pipeline.measure.files import MEASUREMENT_COLUMNS, measurement_rows, measurements_as_dict
from pipeline.measure.measure import Wishes, measure
from pipeline.measure.records import (
    JUMP,
    REASONS,
    SPIN,
    UNITS,
    Estimate,
    Measurement,
    Reason,
    TimeSeries,
)
from tests.pipeline.measure.takes import element, swapped, take


def test_an_estimate_or_a_reason_and_not_both():
    with pytest.raises(ValueError, match="an estimate or a reason"):
        Measurement("air_time", None)
    with pytest.raises(ValueError, match="an estimate or a reason"):
        Measurement("air_time", Estimate(1, 0, 2), Reason("short"))
    with pytest.raises(ValueError, match="outside"):
        Estimate(3.0, 0.0, 2.0)


def test_time_series_are_as_long_as_their_times():
    with pytest.raises(ValueError, match=r"turns: expected shape \(3,\), got \(2,\)"):
        TimeSeries(np.zeros(3), np.zeros(3), np.zeros(2), np.zeros(3), (), ())


def test_what_one_camera_cannot_give_is_not_among_the_quantities():
    assert {*JUMP, *SPIN} == set(UNITS)
    words = " ".join(UNITS).lower()
    for call in ("under", "edge", "level", "goe", "quarter"):
        assert call not in words


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_is_a_sentence(code):
    values = {"fps": 10.0, "pixels": 12.0, "before": 0.2, "after": 0.25}
    assert len(Reason(code, values).sentence.split()) > 4


def test_the_file_is_plain_json():
    one = take("3Flip", clean=True)
    middle = int(np.searchsorted(one.times_s, 0.5 * (one.takeoff_s + one.landing_s)))
    pose = swapped(one.pose, slice(middle - 2, middle + 2))
    found = measure(pose, one.times_s, element("3Flip"))
    text = json.dumps(measurements_as_dict(found), allow_nan=False)
    content = json.loads(text)
    assert set(content["measurements"]) == set(JUMP)
    assert content["measured_as"] == {
        "label": "3Flip", "code": "3F", "family": "jump", "kind": "jump", "decided_by": "verdict",
    }  # fmt: skip
    assert {span["name"] for span in content["seen"]} <= {"flight", "turning"}
    assert None in content["lanes"]["turns"]
    for one_ in content["measurements"].values():
        assert (one_["value"] is None) == (one_["cannot_be_told"] is not None)
        if one_["value"] is not None:
            assert one_["interval"][0] <= one_["value"] <= one_["interval"][1]


def test_a_clock_that_begins_later_moves_moments_and_nothing_else():
    one = take("3Flip", clean=True)
    found = measure(one.pose, one.times_s, element("3Flip"))
    late = measure(one.pose, one.times_s + 5.0, element("3Flip")).counted_from(5.0)
    for before, after in zip(found.measured, late.measured, strict=True):
        assert after.estimate.value == pytest.approx(before.estimate.value, rel=2e-3)
    spans = (found.look_here, found.time_series.phases, found.time_series.gaps)
    moved = (late.look_here, late.time_series.phases, late.time_series.gaps)
    for before, after in zip(sum(spans, ()), sum(moved, ()), strict=True):
        assert (after.start_s, after.end_s) == pytest.approx(
            (before.start_s, before.end_s), abs=2e-3
        )
    np.testing.assert_allclose(late.time_series.times_s, found.time_series.times_s)


@pytest.mark.parametrize(
    ("label", "flight_s", "set_by"),
    [("3Flip", None, "Rinkside"), ("3Flip", (1.0, 1.5), "person"), ("CamelSpin", None, "")],
)
def test_files_say_who_set_the_flight(label, flight_s, set_by):
    one = take(label, clean=True)
    found = measure(one.pose, one.times_s, element(label), Wishes(flight_s=flight_s))
    assert measurements_as_dict(found)["flight_set_by_person"] == (set_by == "person")
    rows = measurement_rows(found)
    assert [row["quantity"] for row in rows] == list(JUMP if label == "3Flip" else SPIN)
    assert {row["flight_set_by"] for row in rows} == {set_by}
    for row in rows:
        assert tuple(row) == MEASUREMENT_COLUMNS
        assert (row["value"] is None) == (row["cannot_be_told"] is not None)
