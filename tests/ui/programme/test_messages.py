"""Issue 17, section 2, corrections: what the page's scripts send is checked, and becomes one."""

from __future__ import annotations

import pytest

from pipeline.errors import InputError
from pipeline.sheet.corrected import apply
from pipeline.sheet.corrections import (
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
from tests.ui.programme.samples import make_programme
from ui.player.messages import Nonsense
from ui.programme.messages import read_correction, read_message


@pytest.fixture(scope="module")
def sheet():
    return apply(make_programme(), ())


@pytest.mark.parametrize(
    ("message", "correction"),
    [
        ({"act": "relabel", "key": "1", "code": "3f"}, Relabel("1", "3f")),
        ({"act": "span", "key": "1", "start": 4.5, "end": 6}, MoveSpan("1", 4.5, 6.0)),
        ({"act": "span", "key": "1", "start": "0:04.5", "end": "6"}, MoveSpan("1", 4.5, 6.0)),
        (
            {"act": "flight", "key": "2", "jump": 2, "takeoff": "0:15.2", "landing": 15.8},
            MoveFlight("2", 2, 15.2, 15.8),
        ),
        ({"act": "delete", "key": "2"}, Delete("2")),
        ({"act": "split", "key": "2", "at": 15.0}, Split("2", 15.0)),
        ({"act": "split", "key": "2", "at": 40.0}, Split("2", None)),  # the cursor is elsewhere
        ({"act": "merge", "key": "1"}, Merge(("1", "2"))),
        ({"act": "merge", "key": "5"}, Merge(("5",))),  # which the sheet refuses in a sentence
        ({"act": "mark", "key": "1", "review": True}, Mark("1", True)),
        ({"act": "note", "key": "1", "text": "lands on two"}, Annotate("1", "lands on two")),
        ({"act": "confirm", "name": "Anna"}, Confirm("Anna")),
        # As long as such elements last, but no further than the element after it, at 14 s.
        ({"act": "insert", "code": "2a", "at": 10.0}, Insert("2A", 9.4, 11.4)),
        ({"act": "insert", "code": "StSq3", "at": 10.0}, Insert("StSq3", 9.5, 14.0)),
    ],
)
def test_a_message_becomes_a_correction(sheet, message, correction):
    assert read_correction(read_message(message), sheet) == correction


@pytest.mark.parametrize(
    "message",
    [
        None, [], {"act": 3}, {"act": "fly", "key": "1"},
        {"act": "relabel", "key": 1, "code": "3F"},
        {"act": "relabel", "key": "1"}, {"act": "relabel", "key": "1", "code": "3" * 1000},
        {"act": "flight", "key": "1", "jump": "1", "takeoff": 5.2, "landing": 5.8},
        {"act": "flight", "key": "1", "jump": True, "takeoff": 5.2, "landing": 5.8},
        {"act": "span", "key": "1", "start": True, "end": 6},
        {"act": "span", "key": "1", "start": float("inf"), "end": 6},
        {"act": "span", "key": "1", "start": None, "end": 6},
    ],
)  # fmt: skip
def test_what_no_page_of_ours_sends_is_nonsense(sheet, message):
    with pytest.raises(Nonsense):
        read_correction(read_message(message), sheet)


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ({"act": "insert", "code": "xyz", "at": 3.0}, "xyz: is not an element code"),
        ({"act": "span", "key": "1", "start": "soon", "end": "6"}, "soon"),
    ],
)
def test_what_was_mistyped_gets_a_sentence(sheet, message, sentence):
    with pytest.raises(InputError, match=sentence):
        read_correction(read_message(message), sheet)
