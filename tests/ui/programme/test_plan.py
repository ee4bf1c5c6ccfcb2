"""Issue 17, section 2, planned content: aligned with what was seen, nonsense lines each named."""

from __future__ import annotations

import re

import pytest

from pipeline.errors import InputError
from ui.programme.plan import put_plan, segments, told_of
from ui.programme.reviewing import Reviews

PLAN = "3Lz\n3F+3T\nFCSp4\nbanana <b>\nStSq3\n3A\n2A"


def test_a_plan_is_told_as_planned_different_missing_and_extra(job):
    reviews = Reviews()
    put_plan(reviews, job, PLAN, "", "")
    html = told_of(reviews, job)
    assert re.findall(r'data-relation="(\w+)"', html) == [
        "as_planned", "different", "different", "as_planned", "missing", "as_planned",
    ]  # fmt: skip
    assert "Line 4: banana &lt;b&gt; is not an element" in html
    assert "As planned: 3; different: 2; missing: 1; extra: 0." in html
    assert told_of(Reviews(), job) == html  # it was saved


def test_the_rules_of_a_season_and_their_source_are_told(job):
    reviews = Reviews()
    put_plan(reviews, job, "3Lz", "2024-25", "women_short")
    html = told_of(reviews, job)
    assert "pg-rules" in html
    assert "Source: " in html
    names = [name for _, name in segments("2024-25").choices]
    assert "women_short" in names
    assert segments("").choices == []


def test_a_season_without_a_segment_takes_its_first(job):
    reviews = Reviews()
    put_plan(reviews, job, "", "2024-25", "")
    assert reviews.of(job).segment


def test_a_plan_far_too_long_is_a_sentence(job):
    with pytest.raises(InputError, match="at most"):
        put_plan(Reviews(), job, "3Lz\n" * 5000, "", "")


def test_without_a_plan_the_page_says_what_it_is_for(job):
    assert "Paste the planned elements" in told_of(Reviews(), job)
