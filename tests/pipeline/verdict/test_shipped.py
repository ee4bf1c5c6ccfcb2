"""The numbers that ship are for the weights that ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.storage.analysis_files import load
from pipeline.verdict.calibrated import calibrated_verdict, known_calibrations
from tests.conftest import ROOT

ANALYSES = sorted((ROOT / "assets" / "analyses").glob("*/analysis.json"))


@pytest.mark.parametrize("path", ANALYSES, ids=lambda path: path.parent.name)
def test_stored_analyses_are_calibrated(path: Path) -> None:
    analysis = load(path.parent)
    told = calibrated_verdict(analysis)
    assert told is not None
    assert told.calibration == "calibration_demo"
    assert told.novelty is not None
    assert told.class_set.class_indices[0] == analysis.verdict.class_index
    assert not told.unlike  # they are clips of the rink
    assert "movement" in told.novelty.parts  # from features that the analysis holds
    # Too timid before, so that the class named is surer now.
    assert told.probabilities.max() > analysis.verdict.probability


def test_the_file_is_small_and_says_what_it_is_for() -> None:
    (known,) = known_calibrations()
    assert (ROOT / "checkpoints" / "calibration_demo.safetensors").stat().st_size < 100_000
    assert known.numbers.meant_for.profile == "demo"
    assert "seeds 100600 and 100700" in known.numbers.fitted_on
