"""Measures of found segments and moments: hand cases, and second implementations."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from training.programme.metrics import (
    Counts,
    Segment,
    average_precision,
    edit_score,
    matched,
    overlap,
)

TRUE = [Segment(0, 10, "a"), Segment(20, 30, "b"), Segment(40, 50, "a")]


def test_a_hand_case() -> None:
    found = [Segment(1, 11, "a"), Segment(20, 26, "b"), Segment(27, 30, "b"), Segment(60, 70, "a")]
    assert overlap(TRUE[0], found[0]) == pytest.approx(9 / 11)
    assert matched(found, TRUE, 0.5) == Counts(hits=2, false=2, missed=1)
    assert matched(found, TRUE, 0.75) == Counts(hits=1, false=3, missed=2)
    assert matched(found, TRUE, 0.5).f1 == pytest.approx(2 * (0.5 * 2 / 3) / (0.5 + 2 / 3))


def test_classes_count_unless_they_are_not_to() -> None:
    renamed = [Segment(s.start, s.end, "c") for s in TRUE]
    assert matched(renamed, TRUE, 0.5) == Counts(hits=0, false=3, missed=3)
    assert matched(renamed, TRUE, 0.9, labels=False).f1 == 1.0


def test_a_true_segment_is_found_once() -> None:
    halves = [Segment(0, 10, "a"), Segment(0, 10, "a")]
    assert matched(halves, TRUE[:1], 0.5) == Counts(hits=1, false=1, missed=0)


def test_nothing_to_find_and_nothing_said_is_right() -> None:
    assert matched([], [], 0.5).f1 == 1.0
    assert matched([], TRUE, 0.5).f1 == 0.0
    assert edit_score([], []) == 100.0
    assert edit_score(["a"], []) == 0.0


def test_the_edit_score_is_that_of_a_plain_recursion() -> None:
    rng = np.random.default_rng(7)
    for _ in range(50):
        one, other = ("".join(rng.choice(list("abc"), rng.integers(1, 7))) for _ in range(2))

        @cache
        def distance(i: int, j: int, one: str = one, other: str = other) -> int:
            if not i or not j:
                return i + j
            return min(
                distance(i - 1, j) + 1,
                distance(i, j - 1) + 1,
                distance(i - 1, j - 1) + (one[i - 1] != other[j - 1]),
            )

        share = distance(len(one), len(other)) / max(len(one), len(other))
        assert edit_score(one, other) == pytest.approx(100 * (1 - share))


def test_average_precision_is_that_of_scikit_learn_where_every_moment_is_found() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        right = rng.random(12) < 0.5
        right[0] = True
        confidence = rng.permutation(12) / 12.0
        true = [(int(i % 3), 100.0 * i) for i in np.flatnonzero(right)]
        spots = [(i % 3, 100.0 * i + 2.0, float(confidence[i])) for i in range(12)]
        expected = average_precision_score(right, confidence)
        # scikit-learn does not take the best precision beyond a recall, so it is a lower bound.
        assert average_precision(spots, true, 2.0) >= expected - 1e-9
        assert average_precision(spots, true, 1.0) == 0.0


def test_average_precision_by_hand() -> None:
    true = [(0, 10.0), (0, 20.0), (1, 10.0)]
    spots = [(0, 11.0, 0.9), (0, 11.5, 0.8), (1, 10.0, 0.7), (1, 40.0, 0.6)]
    # Right, wrong (10 is taken), right, wrong: best precisions at the two hits are 1 and 2/3.
    assert average_precision(spots, true, 2.0) == pytest.approx((1 + 2 / 3) / 3)
    assert np.isnan(average_precision(spots, [], 2.0))
    assert average_precision([], true, 2.0) == 0.0
