"""Filters: what they show, by hand, and that an address brings the same one back."""

from __future__ import annotations

import math
from dataclasses import replace
from urllib.parse import urlencode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laboratory.table.filters import CHOICES, RANGES, Filter, Range
from tests.laboratory.runs import INDEX, MISSING, drawn, everyone, said, table

LUTZ, FLIP, AXEL = INDEX["3Lutz"], INDEX["3Flip"], INDEX["2Axel"]

TABLE = table(
    [LUTZ, LUTZ, FLIP, -1],
    everyone([said(LUTZ, 0.9), said(FLIP, 0.6), MISSING, said(AXEL, 0.5)]),
    {"fps": [25.0, 30.0, np.nan, 60.0], "split": ["test", "", "val", "test"]},
    ["Anna/0001_Lutz", "anna/0002", "bea/0003", "çelik/0001"],
)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("", [0, 1, 2, 3]),
        ("true=3Lutz", [0, 1]),
        ("true=3Lutz&true=none", [0, 1, 3]),
        ("said=3Flip", [1]),
        ("said=none", [2]),
        ("right=yes", [0]),
        ("right=no", [1, 2]),
        ("true=3Lutz&said=3Flip", [1]),
        ("voter=weighted&confidence=0.6..", [0, 1]),
        ("fps=..30.0", [0, 1]),
        ("fps=25..25", [0]),
        ("blur=0..1", []),
        ("split==test", [0, 3]),
        ("split=%3D&split==val", [1, 2]),
        ("box_source==drawn", []),
        ("text=ANNA", [0, 1]),
        ("text=0001+anna", [0]),
        ("text=%C3%87elik", [3]),
        ("voter=nobody", []),
        ("voter=umt&said=2Axel", [3]),
    ],
)
def test_what_a_filter_shows(query: str, rows: list[int]) -> None:
    found, strange = Filter.of_query(query)
    assert strange == ()
    assert np.flatnonzero(found.rows(TABLE)).tolist() == rows


classes = st.frozensets(st.integers(-1, 27))
edges = st.floats(allow_nan=False)
ranges = st.tuples(edges, edges).map(lambda two: Range(min(two), max(two)))
text = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
filters = st.builds(
    Filter,
    voter=text,
    true=classes,
    said=classes,
    right=st.sampled_from((None, True, False)),
    ranges=st.dictionaries(st.sampled_from(RANGES), ranges),
    words=st.dictionaries(st.sampled_from(CHOICES), st.frozensets(text, min_size=1)),
    text=text,
)


@given(filters)
def test_an_address_brings_the_same_filter_back(made: Filter) -> None:
    found, strange = Filter.of_query(made.query)
    assert (found, strange) == (made, ())
    assert found.query == made.query


@given(st.text(max_size=200))
def test_any_address_is_understood_as_far_as_it_goes(query: str) -> None:
    found, _ = Filter.of_query(query)
    again, strange = Filter.of_query(found.query)
    assert (again, strange) == (found, ())


@pytest.mark.parametrize(
    "pair", [("true", "5Lutz"), ("right", "maybe"), ("fps", "fast..slow"), ("fps", "3"),
             ("fps", "9..1"), ("fps", "nan..1"), ("split", "test"), ("colour", "red"),
             ("text", "x" * 201)]
)  # fmt: skip
def test_what_means_nothing_is_told_and_the_rest_holds(pair: tuple[str, str]) -> None:
    found, strange = Filter.of_query(urlencode([pair, ("true", "3Lutz")]))
    assert strange == (f"{pair[0]}={pair[1]}",)
    assert found == Filter(true=frozenset({LUTZ}))


@given(st.data(), filters)
def test_every_condition_only_narrows(data: st.DataObject, made: Filter) -> None:
    full = drawn(40, missing=0.1)
    made = replace(made, voter="vote")
    names = ["true", "said", "right", "text", *made.ranges, *made.words]
    looser = made.without(data.draw(st.sampled_from(names)))
    assert not (made.rows(full) & ~looser.rows(full)).any()


@given(filters, filters)
def test_narrowed_shows_only_what_both_show(one: Filter, other: Filter) -> None:
    full = drawn(40, missing=0.1)
    one = replace(one, voter="vote", right=None, ranges={}, words={}, text="")
    other = replace(other, voter="vote", text="")
    both = one.rows(full) & other.rows(full)
    shown = one.narrowed(other).rows(full)
    if (one.true & other.true or not (one.true and other.true)) and (
        one.said & other.said or not (one.said and other.said)
    ):
        assert (shown == both).all()


def test_a_range_is_in_order() -> None:
    with pytest.raises(ValueError, match="low <= high"):
        Range(2.0, 1.0)
    assert Range() == Range(-math.inf, math.inf)
