"""A pasted plan beside the list as it stands (issue 17, section 2: planned content)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.programme.planned import read_plan
from pipeline.sheet.corrected import apply
from pipeline.sheet.corrections import Delete, Relabel
from pipeline.sheet.plan import compare_plan
from tests.pipeline.sheet.programmes import make_elements, make_programme

PROTOCOL = """#\tExecuted\tInfo\tBase\tGOE\tJ1 J2 J3\tScores
1\t3Lz+3T\t\t10.10\t\t1.69\t3 3 2 3 - 3 3 2 3\t11.79
2   FCSp4      3.20   0.96   3   3   3   4   3   3   3   3   3   4.16
3 3F! ! 5,30 \u22120,45 -1 -1 0 -1 -1 4,85
4) CCoSp4V 3.00 0.5 3.5
5 3Lo< < 4.31 x -1.2 3.11
1:52 2A 3.63 X 0.9 4.53
7 2A+1Eu+3S 7.70 x 0.86 F 8.56
StSq3, ChSq1; 3Lz|LSp4
58.20 61.77"""


def test_a_pasted_protocol_is_read_with_levels_marks_and_columns() -> None:
    plan = read_plan(PROTOCOL)
    assert [str(element) for element in plan.elements] == [
        "3Lz+3T", "FCSp4", "3F!", "CCoSp4", "3Lo<", "2A", "2A+1Eu+3S", "StSq3", "ChSq1", "3Lz",
        "LSp4",
    ]  # fmt: skip
    assert [line for line, _ in plan.unread] == [1, 10]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("3lz + 3t", "3Lz+3T"),
        ("12. stsq3", "StSq3"),
        ("3Lz,2A", "3Lz"),
        ("4T 9.50 n/S 0.00", "4T"),
        ("\u20033A\u3000", "3A"),
    ],
)
def test_lines_as_people_write_them(line: str, code: str) -> None:
    assert str(read_plan(line).elements[0]) == code
    assert read_plan(line).unread == ()


@pytest.mark.parametrize("line", ["she was great", "3Lz was great", "10.30", "<b>3Lz</b>", "x x x"])
def test_a_line_of_nonsense_is_named_and_taken_for_nothing(line: str) -> None:
    assert read_plan(f"2A\n{line}").unread == ((2, line),)
    assert len(read_plan(f"2A\n{line}").elements) == 1


def test_a_hostile_plan_is_read_in_no_time() -> None:
    for text in ("1 " * 5000, "3Lz" + " 1" * 4000 + "!", "x " * 4000, "\n" * 9000, "," * 9000):
        assert read_plan(text).elements == ()


def test_planned_seen_missing_extra_and_different_are_rows_of_the_list_as_it_stands() -> None:
    corrected = apply(make_programme(), [Relabel("3", "3A"), Delete("4")])
    found = compare_plan(corrected, "3Lz+3T\nnonsense\n3F\n3A\nStSq3")
    assert [(one.planned, one.row and one.row.code, one.relation) for one in found.rows] == [
        ("3Lz+3T", "3Lz+3T", "as planned"),
        ("3F", None, "missing"),
        ("", "FCoSp", "extra"),
        ("3A", "3A", "as planned"),
        ("StSq3", None, "missing"),
    ]
    assert found.unread == ((2, "nonsense"),)
    assert found.of(corrected.rows[1]) == found.rows[2]


def test_an_element_that_the_machine_could_not_name_is_different_from_what_was_planned() -> None:
    elements = make_elements()
    programme = make_programme((*elements[:2], replace(elements[2], code=""), elements[3]))
    found = compare_plan(apply(programme, []), "3Lz+3T\nFCoSp4\n2A\nStSq4")
    assert [one.relation for one in found.rows] == [
        "as planned", "as planned", "different", "as planned",
    ]  # fmt: skip


def test_without_a_plan_nothing_is_missing_or_extra() -> None:
    assert compare_plan(apply(make_programme(), []), " \n").rows == ()
