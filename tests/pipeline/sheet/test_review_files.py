"""`corrections.json`: whatever a person did comes back, and nothing else is believed."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InputError, StoreError
from pipeline.sheet.corrections import (
    KINDS,
    Annotate,
    Confirm,
    Delete,
    Insert,
    Mark,
    Merge,
    MoveFlight,
    MoveSpan,
    Relabel,
    Split,
)
from pipeline.sheet.history import History
from pipeline.sheet.review_files import (
    FILE,
    Review,
    load_review,
    read_review,
    review_as_dict,
    save_review,
)
from tests.pipeline.sheet.programmes import make_elements, make_programme

PROGRAMME = make_programme()
REVIEW = Review(
    History(
        (
            Relabel("3", "3A<"),
            MoveSpan("3", 38.7, 42.1),
            MoveFlight("3", 1, 40.04, 40.6),
            Insert("CSp", 14, 18.123456789),
            Delete("4"),
            Split("1"),
            Merge(("c6.1", "c6.2")),
            Mark("2"),
            Annotate("2", "Fuß gewechselt? 足替え"),
            Confirm("Ä. <b>Richter</b>"),
        ),
        (Split("2", 24.0), Mark("2", False)),  # in this order they were taken back
    ),
    plan="3Lz+3T\nFCSp4",
    season="2016-17",
    segment="women_short",
)


def test_every_correction_comes_back_from_the_file(tmp_path: Path) -> None:
    assert {type(one) for one in REVIEW.history.done} == set(KINDS.values())
    assert load_review(PROGRAMME, tmp_path) == Review()
    save_review(PROGRAMME, REVIEW, tmp_path)
    assert load_review(PROGRAMME, tmp_path) == REVIEW
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_corrections_of_another_list_are_refused() -> None:
    content = review_as_dict(PROGRAMME, REVIEW)
    with pytest.raises(StoreError, match="another list"):
        read_review(content, make_programme(make_elements()[:3]))


def broken(path: str, value: Any) -> dict[str, Any]:
    content = copy.deepcopy(review_as_dict(PROGRAMME, REVIEW))
    *places, last = path.split(".")
    place: Any = content
    for part in places:
        place = place[int(part)] if part.isdecimal() else place[part]
    if value is KeyError:
        del place[last]
    else:
        place[int(last) if last.isdecimal() else last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("schema_version", 2, "schema version 2"),
        ("schema_version", KeyError, "schema version None"),
        ("made_for", None, "another list"),
        ("done", {}, "done: expected a list"),
        ("done.0", "relabel", r"done\.0\.kind: expected one of relabel"),
        ("done.0.kind", "shout", r"done\.0\.kind: expected one of relabel"),
        ("done.0.code", 3, r"done\.0\.code: expected"),
        ("done.0.code", KeyError, r"done\.0\.code: expected a value"),
        ("done.0.colour", "red", r"done\.0\.colour: expected no such field"),
        ("done.1.start_s", "1", r"done\.1\.start_s: expected"),
        ("done.1.start_s", True, r"done\.1\.start_s: expected"),
        ("done.2.jump", 1.5, r"done\.2\.jump: expected"),
        ("done.6.rows", ["1", 2], r"done\.6\.rows\S*: expected"),
        ("done.6.rows", "12", r"done\.6\.rows: expected"),
        ("done.8.text", "\ud800", r"done\.8\.text: expected a text"),
        ("undone.0.at_s", [], r"undone\.0\.at_s\S*: expected"),
        ("plan", "x" * 10_001, "plan: expected a text of at most 10000"),
        ("season", 2016, "season: expected a text"),
        ("done.0.row", "77", "there is no element 77"),
        ("undone.1.row", "78", "there is no element 78"),
        ("done.0.code", "nonsense", "is not an element code"),
        ("done.1.end_s", float("inf"), "the end comes after the start"),
    ],
)
def test_a_wrong_file_is_told_by_its_field(path: str, value: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read_review(broken(path, value), PROGRAMME)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "nul"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match=FILE):
        load_review(PROGRAMME, tmp_path)


def test_the_file_can_be_read_by_people(tmp_path: Path) -> None:
    save_review(PROGRAMME, REVIEW, tmp_path)
    text = (tmp_path / FILE).read_text(encoding="utf-8")
    assert "足替え" in text
    assert json.loads(text)["done"][0] == {"kind": "relabel", "row": "3", "code": "3A<"}
