"""Queues by hand."""

from __future__ import annotations

import numpy as np
import pytest

from laboratory.figures.queues import (
    confident_mistakes,
    disagreement,
    label_errors,
    leaks,
    lowest_margin,
)
from tests.laboratory.runs import MISSING, everyone, said, table


def all_of(count: int) -> np.ndarray:
    return np.ones(count, dtype=bool)


def test_the_surest_mistake_comes_first_and_ties_in_order_of_stems() -> None:
    rows = [said(1, 0.6), said(1, 0.9), said(0, 0.99), MISSING, said(2, 0.6), said(2, 0.95)]
    made = table([0, 0, 0, 0, 0, -1], {"net": rows})
    assert confident_mistakes(made, all_of(6), "net").tolist() == [1, 0, 4]
    shown = np.array([True, False, True, True, True, True])
    assert confident_mistakes(made, shown, "net").tolist() == [0, 4]


def test_the_narrowest_answer_comes_first() -> None:
    rows = [said(1, 0.6, second=2), said(1, 0.9, second=2), said(1, 0.51, second=2), MISSING]
    made = table([0, 1, 1, -1], {"net": rows})
    assert lowest_margin(made, all_of(4), "net").tolist() == [2, 0, 1]


def test_clips_that_networks_differ_most_on_come_first() -> None:
    sure, unsure, other = said(0, 0.99), said(0, 0.4), said(1, 0.99)
    made = table(
        [0] * 4,
        {
            "umt": [sure, sure, unsure, sure],
            "uniformerv2": [sure, sure, unsure, MISSING],
            "infogcn": [sure, other, said(1, 0.4), other],
        },
    )
    assert disagreement(made, all_of(4)).tolist() == [1, 2]


def test_likely_label_errors_by_hand() -> None:
    """Own clips get 0.8 of class 0 and 0.7 of class 1 on average: what it takes to be sure."""
    rows = [
        said(0, 0.9, second=1),
        said(0, 0.9, second=1),
        said(1, 0.8, second=0),  # label 0, but 0.8 of class 1: suspect
        said(1, 0.9, second=0),
        said(1, 0.8, second=0),
        said(0, 0.65, second=1),  # label 1, but 0.65 of class 0 is not enough
        said(1, 0.95, second=0),  # label 0: suspect, even likelier
        MISSING,
    ]
    labels = [0, 0, 0, 1, 1, 1, 0, 0]
    made = table(labels, {"net": rows})
    own_0 = np.mean([0.9, 0.9, 0.2, 0.05])
    assert own_0 < 0.65  # so clip 5 is suspect, too: 0.65 passes what class 0 usually gets
    assert label_errors(made, all_of(8), "net").tolist() == [6, 2, 5]
    fewer = np.array([True, True, False, True, True, True, False, True])
    assert label_errors(made, fewer, "net").tolist() == []  # now 0.9 is what it takes


def test_label_errors_need_labels() -> None:
    made = table([-1], {"net": [said(1)]})
    assert label_errors(made, all_of(1), "net").tolist() == []


def test_leaks_are_found_across_splits_only() -> None:
    made = table(
        [0] * 6,
        everyone([said(0)] * 6),
        {
            "split": ["train", "test", "train", "train", "test", ""],
            "sha256": ["x", "x", "y", "y", "", "x"],
            "source": ["s", "t", "u", "v", "u", "s"],
        },
    )
    found = [(leak.reason, leak.rows.tolist()) for leak in leaks(made, all_of(6))]
    assert found == [("file", [0, 1]), ("source", [2, 4])]
    assert leaks(made, np.arange(6) == 0) == []
    assert leaks(table([0], {"net": [said(0)]}), all_of(1)) == []


@pytest.mark.parametrize("queue", [confident_mistakes, lowest_margin, label_errors])
def test_no_clip_is_in_no_queue(queue: object) -> None:
    made = table([0], {"net": [said(0)]})
    assert queue(made, np.zeros(1, dtype=bool), "net").tolist() == []  # type: ignore[operator]
