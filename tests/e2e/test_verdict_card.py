"""Issue 18, 1: what a judge sees at a glance of a rink clip, and of one without any skating."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import EXAMPLE_MS
from tests.e2e.test_app import ANALYSIS_MS, SCREENSHOTS, upload

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


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
    for one in words:
        expect(page.locator("#verdict .rs-known").first).to_contain_text(one)
    paper = page.locator("#verdict .rs-of-paper").first
    expect(paper).not_to_be_visible()
    calibrated = page.inner_text("#verdict .rs-of-calibrated")

    page.locator("#verdict .rs-calibrated").uncheck()
    expect(paper).to_be_visible()
    expect(page.locator("#verdict .rs-of-calibrated").first).not_to_be_visible()
    expect(paper).not_to_have_text(calibrated, use_inner_text=True)


def test_a_clip_of_people_who_walk_is_called_unlike_in_place_of_a_bold_verdict(desk, shared_videos):
    upload(desk, shared_videos / "sports2d_demo.mp4")
    desk.click("#analyse")
    desk.wait_for_selector("#verdict h2.rs-unlike", timeout=ANALYSIS_MS)
    desk.wait_for_selector("#history-list:has-text('unlike the clips learnt from')")
    summary = desk.locator("#verdict summary")
    expect(summary).to_contain_text("Unlike the clips these weights learnt from")
    assert not re.search("certain|likely", summary.inner_text().replace("Unlike", ""))
    expect(desk.locator("#verdict .rs-levels").first).not_to_be_visible()
    desk.screenshot(path=str(SCREENSHOTS / "unlike.png"))
