"""The figures of docs/verdicts.md that follow from what ships."""

from __future__ import annotations

import pytest

from benchmarks.verdicts.figures import calibration_errors, judge, set_metrics
from pipeline.config import load_profile
from pipeline.verdict.calibrated import known_calibrations
from tests.conftest import ROOT
from training.evaluation.predictions import FILE, read_predictions


@pytest.mark.slow
def test_numbers_hold_on_clips_that_had_no_part_in_them() -> None:
    (known,) = known_calibrations()
    predictions = read_predictions(ROOT / "assets" / "evaluations" / "simulated_rink" / FILE)
    judged = judge(predictions, known.numbers, load_profile("demo").ensemble)
    errors = calibration_errors(judged)
    assert errors["weighted"][1] <= 0.05 < errors["weighted"][0]
    assert errors["vote"][1] <= 0.05 < errors["vote"][0]
    for coverage in judged.sets:
        found = set_metrics(judged, coverage)["all"]
        assert found.covered >= coverage - 0.02
        assert found.size < (3 if coverage < 0.99 else 5)
