"""Reliability, risk and coverage by hand."""

from __future__ import annotations

import numpy as np
import pytest

from laboratory.figures.metrics import calibration_error
from laboratory.figures.sureness import reliability, risk_coverage
from tests.laboratory.runs import MISSING, drawn, said, table


def test_risk_and_coverage_by_hand() -> None:
    rows = [said(0, 0.9), said(1, 0.8), said(0, 0.8), said(0, 0.7), MISSING, said(1, 0.95)]
    made = table([0, 0, 0, 0, 0, -1], {"net": rows})
    found = risk_coverage(made, np.ones(6, dtype=bool), "net")
    # The two of 0.8 cannot be told apart: one step of both.
    assert found.coverage == pytest.approx([0.25, 0.75, 1.0])
    assert found.risk == pytest.approx([0.0, 1 / 3, 1 / 4])
    assert found.area == pytest.approx((0 + 2 / 3 + 1 / 4) / 4)


def test_all_clips_are_the_plain_error() -> None:
    made = drawn(200, missing=0.1)
    rows = np.ones(200, dtype=bool)
    found = risk_coverage(made, rows, "infogcn")
    voter = made.voters["infogcn"]
    answered = voter.said >= 0
    assert found.coverage[-1] == 1.0
    assert found.risk[-1] == pytest.approx(1 - made.right("infogcn")[answered].mean())
    bins = reliability(made, rows, "infogcn")
    error = (bins.clips * np.abs(bins.confidence - bins.accuracy)).sum() / bins.clips.sum()
    expected = calibration_error(voter.probabilities.astype("f8"), made.labels)
    assert error == pytest.approx(expected, abs=1e-6)


def test_no_answer_tells_nothing() -> None:
    made = table([0], {"net": [MISSING]})
    found = risk_coverage(made, np.ones(1, dtype=bool), "net")
    assert len(found.coverage) == len(found.risk) == 0
    assert np.isnan(found.area)
    assert len(reliability(made, np.ones(1, dtype=bool), "net").clips) == 0
