"""What names the skater: nothing, a number, or a drawn box; everything else is refused by name."""

from __future__ import annotations

import pytest

from pipeline.annotations.marked import SkaterBox, read_chosen
from pipeline.errors import InputError

BOX = SkaterBox(41, (100.0, 20.5, 180.0, 300.0))


@pytest.mark.parametrize(
    ("typed", "chosen"),
    [
        ("", None),
        ("  ", None),
        ("0", 0),
        (" 12 ", 12),
        ("42:100,20.5,180,300", BOX),
        (" 42 : 100, 20.5, 180, 300 ", BOX),
    ],
)
def test_what_is_typed_is_understood(typed, chosen):
    assert read_chosen(typed) == chosen
    assert chosen is not BOX or read_chosen(str(BOX)) == BOX


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("-1", "is not a skater"),
        ("1.5", "is not a skater"),
        ("²", "is not a skater"),
        ("the left one", "is not a skater"),
        ("42:1,2,3", "is not a skater"),
        ("x:1,2,3,4", "is not a skater"),
        ("42:10,10,11,90", "at least 4 pixels"),
        ("42:90,10,10,90", "at least 4 pixels"),
        ("42:nan,10,20,90", "at least 4 pixels"),
        ("0:10,10,90,90", "frame 0"),
    ],
)
def test_what_names_nobody_is_refused(typed, words):
    with pytest.raises(InputError, match=words):
        read_chosen(typed)
