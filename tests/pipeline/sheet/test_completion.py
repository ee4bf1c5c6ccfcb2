"""Codes as they are typed."""

from __future__ import annotations

import pytest

from pipeline.errors import InputError
from pipeline.programme.element_code import parse_code
from pipeline.sheet.completion import complete, read_code


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("3Lz", ("3Lz",)),
        ("3l", ("3Lz", "3Lo")),
        ("3Lz+", ("3Lz+3T", "3Lz+2T")),
        ("3lz+3", ("3Lz+3T", "3Lz+3Lo")),
        ("2A+1eu+", ("2A+1Eu+3T",)),
        ("FCSp", ("FCSp", "FCSp4")),
        ("fcs", ("FCSp", "FCSSp")),
        ("ccosp", ("CCoSp", "CCoSp4")),
        ("StSq", ("StSq", "StSq4")),
        ("cho", ()),
        ("FCSp+", ()),
        ("nonsense+", ()),
        ("<script>", ()),
    ],
)
def test_codes_are_completed(typed: str, first: tuple[str, ...]) -> None:
    assert complete(typed)[: len(first)] == first
    if not first:
        assert complete(typed) == ()


@pytest.mark.parametrize("typed", ["", "3", "3Lz+", "F", "C", "s", "3F+1Eu+"])
def test_whatever_is_offered_is_a_code_and_not_too_much(typed: str) -> None:
    offered = complete(typed)
    assert 0 < len(offered) <= 12
    assert len(set(offered)) == len(offered)
    for code in offered:
        parse_code(code)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("3lz + 3t", "3Lz+3T"),
        ("3LZ<+3TQ", "3Lz<+3Tq"),
        ("3se", "3Se"),
        ("fccosp4v", "FCCoSp4V"),
        ("STSQ3", "StSq3"),
        ("2a+2a+seq", "2A+2A+SEQ"),
        ("3Lz!", "3Lz!"),
    ],
)
def test_capitals_do_not_matter_when_typing(typed: str, code: str) -> None:
    assert read_code(typed) == (code, parse_code(code))


@pytest.mark.parametrize("typed", ["", "Axel", "5T", "3Lz+CSp", "9" * 10_000, "'; DROP"])
def test_what_is_no_code_is_refused_in_a_sentence(typed: str) -> None:
    with pytest.raises(InputError, match="is not an element code") as error:
        read_code(typed)
    assert len(str(error.value)) < 150
