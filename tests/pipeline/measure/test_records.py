import json

import numpy as np
import pytest

from pipeline.measure.files import measurements_as_dict
from pipeline.measure.measure import measure
from pipeline.measure.records import (
    JUMP,
    REASONS,
    SPIN,
    UNITS,
    Estimate,
    Lanes,
    Measurement,
    Reason,
)
from tests.pipeline.measure.takes import element, swapped, take


def test_an_estimate_or_a_reason_and_not_both():
    with pytest.raises(ValueError, match="an estimate or a reason"):
        Measurement("air_time", None)
    with pytest.raises(ValueError, match="an estimate or a reason"):
        Measurement("air_time", Estimate(1, 0, 2), Reason("short"))
    with pytest.raises(ValueError, match="outside"):
        Estimate(3.0, 0.0, 2.0)


def test_lanes_are_as_long_as_their_times():
    with pytest.raises(ValueError, match=r"turns: expected shape \(3,\), got \(2,\)"):
        Lanes(np.zeros(3), np.zeros(3), np.zeros(2), np.zeros(3), (), ())


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
    assert content["measured_as"] == {"label": "3Flip", "code": "3F", "family": "jump"}
    assert None in content["lanes"]["turns"]
    for one_ in content["measurements"].values():
        assert (one_["value"] is None) == (one_["cannot_be_told"] is not None)
        if one_["value"] is not None:
            assert one_["interval"][0] <= one_["value"] <= one_["interval"][1]
