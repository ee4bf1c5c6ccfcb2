"""Codes of protocols, and a plan against what was seen."""

from __future__ import annotations

import csv
from itertools import product

import pytest

from pipeline.elements import LABELS
from pipeline.programme.element_code import CodeError, ElementCode, JumpCode, parse_code
from pipeline.programme.planned import compare, difference, read_plan
from tests.conftest import SHARED


@pytest.mark.parametrize(
    ("text", "element"),
    [
        ("3Lz", ElementCode("jump", (JumpCode("Lz", 3),))),
        (" 3Lz + 3T< ", ElementCode("jump", (JumpCode("Lz", 3), JumpCode("T", 3, "<")))),
        (
            "2A+1Eu+3Se",
            ElementCode("jump", (JumpCode("A", 2), JumpCode("Eu", 1), JumpCode("S", 3, "e"))),
        ),
        (
            "FCCoSp4V",
            ElementCode("spin", position="combination", flying=True, change=True, level="4"),
        ),
        ("CSp", ElementCode("spin", position="camel")),
        ("CCSp3", ElementCode("spin", position="camel", change=True, level="3")),
        ("LSpB", ElementCode("spin", position="layback", level="B")),
        ("StSq3", ElementCode("sequence", sequence="StSq", level="3")),
        ("ChSq1", ElementCode("sequence", sequence="ChSq", level="1")),
    ],
)
def test_a_code_is_read(text: str, element: ElementCode) -> None:
    assert parse_code(text) == element


@pytest.mark.parametrize(
    "text", ["", "3", "5T", "3lz", "Lz3", "3Lz+", "3Lz+CSp", "CoS", "StSq9", "Zayak"]
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(CodeError, match="is not an element code"):
        parse_code(text)


def test_every_jump_class_has_a_code_that_leads_back_to_it() -> None:
    jumps = [label for label in LABELS if label[0].isdigit()]
    letters = dict(Toeloop="T", Salchow="S", Loop="Lo", Flip="F", Lutz="Lz", Axel="A")
    for label in jumps:
        (jump,) = parse_code(label[0] + letters[label[1:]]).jumps
        assert jump.class_index == LABELS.index(label)
    assert parse_code("1Eu").jumps[0].class_index is None
    assert parse_code("4A").jumps[0].class_index is None


def test_every_element_of_real_protocols_is_read() -> None:
    lists = SHARED / "data" / "real_programmes" / "element_lists_2016_17_singles.csv"
    if not lists.exists():
        pytest.skip("the protocols of real programmes are not here")
    with lists.open(encoding="utf-8", newline="") as file:
        codes = {row["element"] for row in csv.DictReader(file)}
    assert len(codes) > 400
    assert {parse_code(code).family for code in codes} == {"jump", "spin", "sequence"}


def test_a_pasted_protocol_and_a_list_are_read_and_other_lines_are_told() -> None:
    protocol = """1 3Lz+3T 10.10 x 1.20 11.30
    2. 2A   3.30 0.5
    FCSp4, CCoSp4; StSq3

    she was great"""
    plan = read_plan(protocol)
    assert [str(element) for element in plan.elements] == [
        "3Lz+3T",
        "2A",
        "FCSp4",
        "CCoSp4",
        "StSq3",
    ]
    assert plan.unread == ((5, "she was great"),)


def codes(text: str) -> list[ElementCode]:
    return [parse_code(word) for word in text.split()]


def test_planned_and_seen_are_aligned() -> None:
    rows = compare(codes("3Lz+3T FCSp4 2A 3F StSq3"), codes("3Lz FCSp 3F 2T StSq"))
    assert [(row.planned, row.seen, row.relation) for row in rows] == [
        (0, 0, "different"),
        (1, 1, "as planned"),
        (2, None, "missing"),
        (3, 2, "as planned"),
        (None, 3, "extra"),
        (4, 4, "as planned"),
    ]


def test_an_alignment_keeps_every_element_once_and_in_order() -> None:
    words = ["3Lz+3T", "2A", "CCoSp4", "StSq3"]
    for plan, show in product(
        product(words, repeat=3), [(), ("2A",), ("StSq3", "2A", "3T", "LSp")]
    ):
        rows = compare(codes(" ".join(plan)), codes(" ".join(show)))
        assert [row.planned for row in rows if row.planned is not None] == [0, 1, 2]
        assert [row.seen for row in rows if row.seen is not None] == list(range(len(show)))
        for row in rows:
            if row.planned is not None and row.seen is not None:
                one, other = parse_code(plan[row.planned]), parse_code(show[row.seen])
                assert one.family == other.family
                assert (row.relation == "as planned") == (difference(one, other) == 0)
