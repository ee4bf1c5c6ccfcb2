"""Issue 18, 1: what a judge sees at a glance of a rink clip, and of one without any skating."""

from __future__ import annotations

import re

import pytest

from tests.e2e.conftest import EXAMPLE_MS
from tests.e2e.test_app import ANALYSIS_MS, SCREENSHOTS, upload

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
READY_MS = 60_000


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["a jump", "single", "Salchow", "90 % set: 1S"]),
        ("zh-CN", ["跳跃", "一周", "后内结环跳", "1S"]),
        ("ja", ["ジャンプ", "1回転", "サルコウ", "1S"]),
    ],
)
def test_a_rink_clip_shows_levels_and_the_set_it_is_in(visit, language, words):
    page = visit(locale=language)
    page.wait_for_selector("#verdict-label", timeout=EXAMPLE_MS)
    line = page.wait_for_selector("#verdict .rs-known", timeout=READY_MS)
    assert [one for one in words if one not in line.inner_text()] == []
    assert not page.locator("#verdict .rs-of-paper").is_visible()
    calibrated = page.inner_text("#verdict .rs-of-calibrated")

    page.locator("#verdict .rs-calibrated").uncheck()
    page.wait_for_selector("#verdict .rs-of-paper", timeout=READY_MS)
    assert not page.locator("#verdict .rs-of-calibrated").is_visible()
    assert page.inner_text("#verdict .rs-of-paper") != calibrated


def test_a_clip_of_people_who_walk_is_called_unlike_in_place_of_a_bold_verdict(desk, shared_videos):
    upload(desk, shared_videos / "sports2d_demo.mp4")
    desk.click("#analyse")
    desk.wait_for_selector("#verdict h2.rs-unlike", timeout=ANALYSIS_MS)
    desk.wait_for_selector("#history-list:has-text('unlike the clips learnt from')")
    summary = desk.inner_text("#verdict summary")
    assert "Unlike the clips these weights learnt from" in summary
    assert not re.search("certain|likely", summary.replace("Unlike", ""))
    assert not desk.locator("#verdict .rs-levels").first.is_visible()
    desk.screenshot(path=str(SCREENSHOTS / "unlike.png"))
