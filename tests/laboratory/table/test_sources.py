"""Which recording a clip was cut from."""

from __future__ import annotations

import pytest

from laboratory.table.sources import source_of


@pytest.mark.parametrize(
    ("stem", "source"),
    [
        ("000012_4", "000012"),
        ("jump/000012_4", "000012"),
        ("12/a", "12"),
        ("jump/a", "jump/a"),
        ("jump/000007_500300", "000007_500300"),
    ],
)
def test_the_source_of_a_stem(stem: str, source: str) -> None:
    assert source_of(stem) == source
