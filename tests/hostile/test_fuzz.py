"""Damaged videos of six kinds end in frames or in a sentence; `make fuzz` reads 100,000."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.fuzz import KINDS, damaged, fuzz, make_originals, read_batch

FIRST = 1_000_000
"""Other files than those of `make fuzz`."""


def test_some_of_every_kind(tmp_path: Path) -> None:
    make_originals(tmp_path)
    outcomes, faults = read_batch(str(tmp_path), range(FIRST, FIRST + 5 * len(KINDS)))
    assert not faults
    assert outcomes.total() == 5 * len(KINDS)
    assert outcomes["frames"] > 0
    assert len(outcomes) > 1


def test_a_number_makes_the_same_file_again() -> None:
    original = bytes(range(256)) * 8
    assert damaged(original, 7) == damaged(original, 7)
    assert len({damaged(original, number) for number in range(50)}) == 50


@pytest.mark.slow
def test_two_thousand() -> None:
    report = fuzz(FIRST, 2000, workers=2)
    assert not report.faults
    assert report.outcomes.total() == 2000
