import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.types import Analysis
from pipeline.verdict.calibrated import calibrated_verdict
from pipeline.verdict.calibration import read_calibration, write_calibration
from pipeline.verdict.files import calibrated_as_dict
from tests.factories import make_analysis
from tests.pipeline.verdict.numbers import made_numbers, manifest_with, weighed


def test_numbers_come_back_as_they_were_written(tmp_path: Path) -> None:
    numbers = made_numbers(weighed())
    write_calibration(numbers, tmp_path / "a.safetensors")
    back = read_calibration(tmp_path / "a.safetensors")
    assert back.meant_for == numbers.meant_for
    assert back.temperatures == numbers.temperatures
    for coverage, thresholds in numbers.set_thresholds.items():
        np.testing.assert_array_equal(back.set_thresholds[coverage], thresholds)
    assert back.novelty.usual_spread == numbers.novelty.usual_spread
    assert back.novelty.threshold == numbers.novelty.threshold
    assert set(back.novelty.known) == set(numbers.novelty.known)
    for network, rows in numbers.novelty.references.items():
        np.testing.assert_allclose(back.novelty.references[network], rows, atol=1e-3)
    write_calibration(back, tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_a_verdict_is_told_with_its_numbers(tmp_path: Path) -> None:
    analysis = weighed()
    manifest = manifest_with(made_numbers(analysis), tmp_path)
    told = calibrated_verdict(analysis, manifest=manifest)
    assert told is not None
    expected = analysis.verdict.weighted ** (1 / 0.6)
    np.testing.assert_allclose(told.probabilities, expected / expected.sum(), atol=1e-9)
    assert told.probabilities.argmax() == analysis.verdict.class_index
    assert [found.coverage for found in told.sets] == [0.9, 0.99]
    assert set(told.sets[0].class_indices) <= set(told.sets[1].class_indices)
    assert told.class_set.class_indices[0] == analysis.verdict.class_index
    assert told.novelty is not None
    assert set(told.models) == set(analysis.scores)


@pytest.mark.parametrize(
    "other",
    [
        weighed(uniformerv2="b"),
        weighed(pose="b"),
        make_analysis(),
        replace(weighed(), profile="fast"),
        replace(weighed(), verdict=replace(weighed().verdict, strategy="another")),
        replace(
            weighed(),
            verdict=replace(
                weighed().verdict, weights={"umt": 0.2, "uniformerv2": 0.3, "infogcn": 0.5}
            ),
        ),
    ],
    ids=["weights", "weights of the pose", "random weights", "profile", "strategy", "ensemble"],
)
def test_numbers_of_something_else_are_never_used(tmp_path: Path, other: Analysis) -> None:
    manifest = manifest_with(made_numbers(weighed()), tmp_path)
    assert calibrated_verdict(weighed(), manifest=manifest) is not None
    assert calibrated_verdict(other, manifest=manifest) is None


def test_a_vote_is_told_by_its_own_temperature(tmp_path: Path) -> None:
    voted = weighed()
    shares = np.zeros(28)
    shares[voted.verdict.class_index] = 1.0
    voted = replace(voted, verdict=replace(voted.verdict, probabilities=shares, strategy="vote"))
    told = calibrated_verdict(voted, manifest=manifest_with(made_numbers(voted), tmp_path))
    assert told is not None
    np.testing.assert_array_equal(told.probabilities, told.ensembles["vote"])
    assert 0.7 < told.probabilities.max() < 1.0


def test_another_file_than_the_manifest_names_is_refused(tmp_path: Path) -> None:
    manifest = manifest_with(made_numbers(weighed()), tmp_path)
    write_calibration(made_numbers(weighed(), fitted_on="others"), tmp_path / "made.safetensors")
    with pytest.raises(ConfigError, match="is not the file that"):
        calibrated_verdict(weighed(), manifest=manifest)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    manifest = manifest_with(made_numbers(weighed()), tmp_path)
    (tmp_path / "made.safetensors").unlink()
    with pytest.raises(ConfigError, match=r"made\.safetensors: is missing"):
        calibrated_verdict(weighed(), manifest=manifest)


def test_what_is_no_calibration_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.safetensors"
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(ConfigError, match="cannot be read as a calibration"):
        read_calibration(file)


def test_the_file_says_what_the_record_says(tmp_path: Path) -> None:
    analysis = weighed()
    told = calibrated_verdict(analysis, manifest=manifest_with(made_numbers(analysis), tmp_path))
    assert told is not None
    content = json.loads(json.dumps(calibrated_as_dict(told)))
    assert content["sets"][0] == {"coverage": 0.9, "labels": list(told.class_set.labels)}
    assert content["calibration"] == "made"
    assert content["ensembles"]["weighted"]["label"] == analysis.verdict.label
    assert content["novelty"]["unlike"] is told.novelty.unlike if told.novelty else False
    assert sum(content["probabilities"]) == pytest.approx(1.0)
