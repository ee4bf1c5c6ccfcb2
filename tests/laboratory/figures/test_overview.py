"""Figures of all voters at once: as the metrics of one, and intervals as plain drawing gives."""

from __future__ import annotations

import numpy as np
import pytest

from laboratory.figures.intervals import wilson
from laboratory.figures.metrics import (
    accuracy,
    calibration_error,
    class_accuracies,
    macro_f1,
)
from laboratory.figures.overview import overview
from tests.laboratory.runs import INDEX, MISSING, drawn, everyone, said, table


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_figures_are_the_metrics(missing: float) -> None:
    made = drawn(300, missing=missing)
    rows = np.random.default_rng(1).random(300) < 0.7
    for name, found in overview(made, rows, draws=5).items():
        labels, voter = made.labels[rows], made.voters[name]
        predicted, probabilities = voter.said[rows], voter.probabilities[rows].astype("f8")
        by_class = class_accuracies(predicted, labels)
        assert found.accuracy == pytest.approx(by_class, nan_ok=True)
        assert found.mean_class_accuracy.value == pytest.approx(np.nanmean(by_class))
        assert found.top1.value == pytest.approx(accuracy(predicted, labels))
        assert found.macro_f1.value == pytest.approx(macro_f1(predicted, labels))
        if name != "vote":  # whose most votes need not be its answer's where all differ
            error = calibration_error(probabilities, labels)
            assert found.ece.value == pytest.approx(error, abs=1e-5)
        assert found.clips.tolist() == np.bincount(labels, minlength=28).tolist()


def test_intervals_are_those_of_drawn_sources() -> None:
    made = drawn(240, per_source=6)
    rows = np.ones(240, dtype=bool)
    found = overview(made, rows, draws=3000)["umt"]
    rng = np.random.default_rng(7)
    right, of_source = made.right("umt"), np.arange(240) // 6
    top1, mean = [], []
    for _ in range(3000):
        clips = np.concatenate([np.flatnonzero(of_source == s) for s in rng.integers(40, size=40)])
        top1.append(right[clips].mean())
        counts = np.bincount(made.labels[clips], minlength=28)
        hits = np.bincount(made.labels[clips][right[clips]], minlength=28)
        mean.append((hits[counts > 0] / counts[counts > 0]).mean())
    for estimate, values in ((found.top1, top1), (found.mean_class_accuracy, mean)):
        expected = np.percentile(values, (2.5, 97.5))
        assert (estimate.low, estimate.high) == pytest.approx(expected, abs=0.006)


def test_clips_alike_widen_the_interval() -> None:
    """The same answers, cut from 10 broadcasts or from 200."""
    lutz, flip = INDEX["3Lutz"], INDEX["3Flip"]
    answers = [said(lutz)] * 100 + [said(flip)] * 100
    widths = []
    for per_source in (1, 20):
        stems = [f"{n // per_source:05d}_{n % per_source:03d}" for n in range(200)]
        made = table([lutz] * 200, everyone(answers), stems=stems)
        found = overview(made, np.ones(200, dtype=bool))["vote"]
        widths.append(found.high[lutz] - found.low[lutz])
    assert widths[1] > 2 * widths[0]


def test_five_of_five_are_not_certain() -> None:
    lutz = INDEX["3Lutz"]
    made = table([lutz] * 5, everyone([said(lutz)] * 5))
    found = overview(made, np.ones(5, dtype=bool))["vote"]
    assert found.accuracy[lutz] == found.high[lutz] == 1.0
    assert found.low[lutz] == pytest.approx(1 / (1 + 1.959964**2 / 5), abs=1e-4)  # 0.566


@pytest.mark.parametrize("labels", [[], [-1, -1]])
def test_no_clip_tells_nothing(labels: list[int]) -> None:
    made = table([*labels, 3], everyone([said(1)] * len(labels) + [said(3)]))
    rows = np.arange(len(labels) + 1) < len(labels)
    for found in overview(made, rows).values():
        assert np.isnan(
            [found.top1.value, found.top1.low, found.macro_f1.value, found.ece.high]
        ).all()
        assert np.isnan(found.accuracy).all()


def test_a_network_without_an_answer_is_wrong() -> None:
    made = table([3, 3], {"net": [said(3), MISSING]})
    found = overview(made, np.ones(2, dtype=bool))["net"]
    assert (found.top1.value, found.mean_class_accuracy.value) == (0.5, 0.5)
    assert found.ece.value == pytest.approx(1 - 0.73, abs=1e-6)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),
    ],
)  # the last one as in Newcombe, Statistics in Medicine, 1998, table I, method 3
def test_wilson(hits: int, trials: int, low: float, high: float) -> None:
    assert wilson(hits, trials) == pytest.approx((low, high), abs=1e-4)
    assert np.isnan(wilson(0, 0)).all()
