"""Figures of classifiers, against cases by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom
from sklearn import metrics as reference

from laboratory.figures.metrics import (
    MISSED,
    Bootstrap,
    accuracy,
    calibration_error,
    class_accuracies,
    confusion_matrix,
    macro_f1,
    mcnemar,
    mean_class_accuracy,
    top1,
)

LABELS = np.array([0, 0, 0, 0, 5, 5, 27])
PREDICTED = np.array([0, 0, 0, 5, 5, 0, 27])


def test_by_hand() -> None:
    assert accuracy(PREDICTED, LABELS) == pytest.approx(5 / 7)
    shares = class_accuracies(PREDICTED, LABELS)
    assert shares[[0, 5, 27]] == pytest.approx([0.75, 0.5, 1.0])
    assert np.isnan(shares).sum() == 25
    logits = np.eye(28, dtype=np.float32)[PREDICTED]
    assert top1(logits, LABELS) == pytest.approx(5 / 7)
    assert mean_class_accuracy(logits, LABELS) == pytest.approx(0.75)
    # precision 3/4, 1/2, 1; recall 3/4, 1/2, 1
    assert macro_f1(PREDICTED, LABELS) == pytest.approx((0.75 + 0.5 + 1) / 3)


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 20, 500)  # eight classes do not occur
    predicted = np.where(rng.random(500) < 0.6, labels, rng.integers(0, 28, 500))
    return predicted, labels


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_agrees_with_scikit_learn(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    predicted, labels = drawn
    logits = np.eye(28, dtype=np.float32)[predicted]
    assert mean_class_accuracy(logits, labels) == pytest.approx(
        reference.balanced_accuracy_score(labels, predicted)
    )
    occurring = np.unique(labels)
    assert macro_f1(predicted, labels) == pytest.approx(
        reference.f1_score(labels, predicted, labels=occurring, average="macro")
    )
    expected = reference.confusion_matrix(labels, predicted, labels=range(28))
    np.testing.assert_array_equal(confusion_matrix(predicted, labels), expected)


def test_a_missed_clip_is_wrong_and_claims_no_class() -> None:
    predicted = np.array([MISSED, 0])
    labels = np.array([0, 0])
    assert accuracy(predicted, labels) == 0.5
    assert class_accuracies(predicted, labels)[0] == 0.5
    assert macro_f1(predicted, labels) == pytest.approx(2 / 3)  # precision 1, recall 1/2
    assert confusion_matrix(predicted, labels).sum() == 1


def probabilities(confidence: list[float]) -> np.ndarray:
    """Rows whose class 0 has a given probability."""
    rows = np.empty((len(confidence), 28))
    rows[:] = (1 - np.array(confidence)[:, None]) / 27
    rows[:, 0] = confidence
    return rows


def test_calibration_error_by_hand() -> None:
    # two bins of ten: 0.9 with accuracy 1/2 (half of the clips), 0.6 with accuracy 1
    rows = probabilities([0.9, 0.9, 0.6, 0.6])
    labels = np.array([0, 1, 0, 0])
    expected = 0.5 * abs(0.5 - 0.9) + 0.5 * abs(1 - 0.6)
    assert calibration_error(rows, labels, bins=10) == pytest.approx(expected)


def test_calibration_error_of_the_certain_and_of_the_missed() -> None:
    rows = np.vstack([np.eye(28)[[3, 4]], np.full((1, 28), np.nan)])
    assert calibration_error(rows, np.array([3, 4, 5])) == 0
    assert np.isnan(calibration_error(rows[2:], np.array([5])))


def test_interval_holds_the_figure_and_shrinks_with_more_sources(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    predicted, labels = drawn
    each = [str(i) for i in range(500)]
    wide = Bootstrap(each[:100]).interval(predicted[:100], labels[:100])
    narrow = Bootstrap(each).interval(predicted, labels)
    figure = float(np.nanmean(class_accuracies(predicted, labels)))
    assert narrow.low < figure < narrow.high
    assert narrow.high - narrow.low < 0.6 * (wide.high - wide.low)


def test_interval_of_one_class_is_the_binomial_one() -> None:
    labels = np.zeros(200, dtype=np.int64)
    predicted = np.where(np.arange(200) < 150, 0, 1)
    found = Bootstrap([str(i) for i in range(200)], draws=4000).interval(predicted, labels)
    low, high = binom.ppf([0.025, 0.975], 200, 0.75) / 200
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.01)


def test_clips_of_one_source_are_drawn_together() -> None:
    labels = np.zeros(200, dtype=np.int64)
    predicted = np.where(np.arange(200) < 100, 0, 1)  # right in ten sources, wrong in ten
    together = Bootstrap([str(i // 10) for i in range(200)]).interval(predicted, labels)
    apart = Bootstrap([str(i) for i in range(200)]).interval(predicted, labels)
    assert together.high - together.low > 2.5 * (apart.high - apart.low)


def test_mcnemar_by_hand() -> None:
    labels = np.zeros(20, dtype=np.int64)
    first = np.array([0] * 15 + [1] * 5)
    second = np.array([0] * 5 + [1] * 10 + [0] * 1 + [1] * 4)
    found = mcnemar(first, second, labels)
    assert (found.only_first, found.only_second) == (10, 1)
    assert found.p_value == pytest.approx(2 * (1 + 11) / 2**11)
    assert mcnemar(first, first, labels).p_value == 1
