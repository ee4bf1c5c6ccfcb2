"""Two runs compared, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from laboratory.figures.two_runs import compare
from tests.laboratory.runs import drawn, said, table


def test_what_got_right_and_what_got_wrong() -> None:
    before = table([0, 0, 1, 1, 2], {"net": [said(n) for n in (0, 1, 1, 1, 2)]},
                   stems=["a", "b", "c", "d", "z"])  # fmt: skip
    after = table([0, 0, 1, 2, 3], {"other": [said(n) for n in (0, 0, 0, 1, 3)]},
                  stems=["a", "b", "c", "d", "y"])  # fmt: skip
    found = compare(before, after, "net", "other")
    assert before.stems[found.first].tolist() == after.stems[found.second].tolist() == [*"abc"]
    assert (found.only_first, found.only_second, found.differing) == (1, 1, 1)
    assert before.stems[found.fixed].tolist() == ["b"]
    assert before.stems[found.broken].tolist() == ["c"]
    assert (found.test.only_first, found.test.only_second, found.test.p_value) == (1, 1, 1.0)
    # Class 0: from 1/2 to 2/2; class 1: from 1/1 to 0/1.
    assert found.by_class[:2] == pytest.approx([0.5, -1.0])
    assert np.isnan(found.by_class[2:]).all()
    assert found.gain.value == pytest.approx(-0.25)


def test_a_run_beside_itself() -> None:
    made = drawn(90)
    found = compare(made, made, "vote", "vote", draws=50)
    assert len(found.fixed) == len(found.broken) == 0
    assert (found.gain.low, found.gain.value, found.gain.high) == (0, 0, 0)


def test_the_interval_holds_the_pairs_together() -> None:
    """Both runs answer the same clips: that they are right together must not widen the interval."""
    made, stems = drawn(600, seed=1, per_source=1), None
    labels = made.labels.copy()
    rows = made.voters["umt"].probabilities.astype("f8")
    better = rows.copy()
    mistakes = np.flatnonzero(~made.right("umt"))[:30]
    better[mistakes] = [said(int(labels[row])) for row in mistakes]
    stems = made.stems.tolist()
    one, two = (table(labels.tolist(), {"net": r}, stems=stems) for r in (rows, better))
    found = compare(one, two, "net", "net")
    assert len(found.fixed) == 30
    assert found.gain.low > 0.02
    assert found.gain.high < 0.08
    assert found.test.p_value < 1e-8


def test_nothing_in_common() -> None:
    one = table([0], {"net": [said(0)]}, stems=["a"])
    two = table([0], {"net": [said(0)]}, stems=["b"])
    found = compare(one, two, "net", "net", draws=10)
    assert len(found.first) == 0
    assert np.isnan(found.gain.value)
    assert found.test.p_value == 1.0
