"""Figures of fitted numbers, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.verdicts.figures import Judged, auroc, calibration_errors, reliability, set_metrics
from pipeline.elements import LABELS


def row(**told: float) -> np.ndarray:
    probabilities = np.zeros(28)
    for label, probability in told.items():
        probabilities[LABELS.index(label.removeprefix("c"))] = probability
    return probabilities


LUTZ, FLIP, SIT = (LABELS.index(label) for label in ("3Lutz", "3Flip", "SitSpin"))


def judged() -> Judged:
    """Four clips: told with 0.6, three right."""
    timid = np.stack([row(c3Lutz=0.6, c3Flip=0.4)] * 3 + [row(SitSpin=0.6, CamelSpin=0.4)])
    sure = np.stack([row(c3Lutz=0.75, c3Flip=0.25)] * 3 + [row(SitSpin=0.75, CamelSpin=0.25)])
    return Judged(
        labels=np.array([LUTZ, LUTZ, FLIP, SIT]),
        before={"weighted": timid},
        after={"weighted": sure},
        sets={0.9: [(LUTZ, FLIP), (LUTZ,), (LUTZ,), (SIT,)]},
    )


def test_calibration_errors_before_and_after() -> None:
    before, after = calibration_errors(judged())["weighted"]
    assert before == pytest.approx(0.15)
    assert after == pytest.approx(0.0)


def test_sets_by_family() -> None:
    found = set_metrics(judged(), 0.9)
    assert set(found) == {"all", "jump", "spin"}
    assert (found["all"].clips, found["all"].covered, found["all"].size) == (4, 0.75, 1.25)
    assert found["jump"].covered == pytest.approx(2 / 3)
    assert found["spin"].covered == 1.0


def test_reliability_of_every_bin() -> None:
    probabilities = np.stack([row(c3Lutz=1.0), row(c3Lutz=0.55), row(c3Lutz=0.51)])
    found = reliability(probabilities, np.array([LUTZ, LUTZ, FLIP]))
    assert found == [(pytest.approx(0.53), 0.5, 2), (1.0, 1.0, 1)]


def test_auroc_counts_pairs() -> None:
    assert auroc(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1.0
    assert auroc(np.array([0.0, 2.0]), np.array([1.0, 2.0])) == pytest.approx(2.5 / 4)
