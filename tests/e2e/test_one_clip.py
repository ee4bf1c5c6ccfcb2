"""What is on screen belongs to one clip (issue 15, point 2)."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pipeline.moments import read_moment
from pipeline.storage.analysis_files import load
from pipeline.storage.export import pack
from pipeline.video import open_video
from tests.conftest import ROOT
from tests.e2e.conftest import PATIENCE_MS
from tests.e2e.test_app import ANALYSIS_MS, EXAMPLE, open_tab, upload
from tests.videos import Recipe, write_video

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
TRIM_IN = "#trim-in :is(input, textarea)"
TABS = (
    "Scores by network", "Why this verdict", "What the networks saw", "Measurements", "Export",
    "Details",
)  # fmt: skip
STEMS = re.compile(r"\b(1Salchow|2Axel|3Lutz|CamelSpin)\b")


def named_on_screen(page) -> set[str]:
    """The examples that any visible part of the desk speaks of; the lists of them apart."""
    parts = ("#clip", "#status", "#verdict", "#warnings", "#results")
    text = page.evaluate(VISIBLE_TEXT, list(parts))
    chosen = page.locator("#history-list label:has(input:checked)")
    return set(STEMS.findall(text + " ".join(chosen.all_inner_texts())))


VISIBLE_TEXT = """(parts) => parts.map((part) => document.querySelector(part))
  .filter((node) => node?.checkVisibility()).map((node) => node.innerText).join(' ')"""


def settles_on(page, *stems: str) -> None:
    """Wait until the desk speaks of these examples only; what is drawn comes in several answers."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while named_on_screen(page) != set(stems) and time.monotonic() < end:
        page.wait_for_timeout(100)
    assert named_on_screen(page) == set(stems)


def test_nothing_of_the_clip_before_stays_beside_one_that_is_not_analysed(desk, tmp_path):
    """After an upload "1Salchow 85%" stayed, even above a file that cannot be read."""
    page = desk
    for name in TABS:  # all of them have drawn the example
        open_tab(page, name)
        page.wait_for_selector("#results [role=tabpanel]:visible .rs-veil:not(:has(.rs-message))",
                               state="attached")  # fmt: skip
    page.wait_for_timeout(1500)
    settles_on(page, "1Salchow")
    broken = tmp_path / "broken.mp4"
    broken.write_text("no video at all\n" * 99)
    fresh = write_video(tmp_path / "fresh.mp4", Recipe(frames=6, width=160, height=96))
    for clip, words in ((broken, "cannot be read"), (fresh, "Not analysed yet")):
        open_tab(page, "Picture")
        upload(page, clip)
        page.wait_for_selector(f"#verdict:has-text('{words}')", timeout=120_000)
        settles_on(page)
        expect(page.locator("#status")).to_have_text(re.compile(r"^\s*$"))
        for name in TABS:
            open_tab(page, name)
            page.wait_for_selector("#results .rs-veil .rs-message:visible")
            settles_on(page)
    open_tab(page, "Picture")
    expect(page.locator("#upload input[type=file]")).to_have_count(1)  # and the next one can come
    page.wait_for_selector("#player .rp[data-frame='0']")
    expect(page.locator("#player .rp-lane:not(.rp-scrub-lane)")).to_have_count(0)


def test_choosing_from_the_visit_brings_back_file_status_and_settings(desk, tmp_path):
    """The other clip's file and status stayed at the left."""
    page, clip = desk, sorted(EXAMPLE.glob("2Axel.mp4"))[0]
    upload(page, clip)
    page.fill(TRIM_IN, "0.2")
    page.click("#analyse")
    page.wait_for_selector("#history-list label:nth-child(2)", timeout=ANALYSIS_MS)
    page.wait_for_selector("#status .rs-done", timeout=ANALYSIS_MS)
    done = page.inner_text("#status")
    upload(page, write_video(tmp_path / "fresh.mp4", Recipe(frames=6, width=160, height=96)))
    page.wait_for_selector("#verdict:has-text('Not analysed yet')")
    settles_on(page)
    expect(page.locator(TRIM_IN)).to_have_value("")

    page.locator("#history-list label", has_text="2Axel.mp4").click()
    page.wait_for_selector("#clip:has-text('2Axel.mp4')")
    page.wait_for_selector("#verdict-label")
    expect(page.locator(TRIM_IN)).to_have_value(re.compile("2"))
    assert read_moment(page.input_value(TRIM_IN)) == 0.2
    expect(page.locator("#status")).to_have_text(done, use_inner_text=True)
    page.locator("#history-list label", has_text="1Salchow.mp4").click()
    page.wait_for_selector("#clip:has-text('1Salchow.mp4')")
    page.wait_for_selector("#status:has-text('1Salchow.mp4')")
    expect(page.locator(TRIM_IN)).to_have_value("")
    page.click("#analyse")  # and this is what would be analysed
    page.wait_for_timeout(1500)
    settles_on(page, "1Salchow")
    expect(page.locator("#history-list label")).to_have_count(2)  # it is known: no new entry


def test_an_opened_analysis_brings_its_own_clip_or_none(desk, tmp_path):
    page = desk
    known = load(ROOT / "assets" / "analyses" / "3Lutz")
    video = open_video(EXAMPLE / "3Lutz.mp4").info
    for clip, facts in ((False, "3Lutz.mp4"), (True, "3Lutz.mp4: 640 x 360")):
        packed = tmp_path / f"saved_{clip}.zip"
        packed.write_bytes(pack(replace(known, video=video), clip=clip))
        if not page.locator("#open-saved").is_visible():
            page.locator("#open button").first.click()
        elif page.locator("#open-saved button[aria-label='Clear']").count():
            page.locator("#open-saved button[aria-label='Clear']").first.click()
        page.set_input_files("#open-saved input[type=file]", str(packed))
        page.wait_for_selector(f"#clip:has-text('{facts}')", timeout=120_000)
        page.wait_for_selector("#verdict-label:has-text('3Lutz')")
        page.wait_for_timeout(500)
        settles_on(page, "3Lutz")
        if not clip:
            page.click("#analyse")  # not the clip that was there before
            page.wait_for_selector("#status:has-text('choose a video first')")


def test_an_analysis_that_ends_while_another_clip_is_on_screen_stays_off_it(desk, tmp_path):
    page = desk
    upload(page, long_clip(tmp_path))
    page.click("#analyse")
    page.wait_for_selector("#history-list:has-text('being analysed')", timeout=120_000)
    page.locator("#history-list label", has_text="1Salchow.mp4").click()
    page.wait_for_selector("#verdict-label:has-text('1Salchow')")
    expect(page.locator("#clip")).to_contain_text("1Salchow.mp4")
    for _ in range(20):
        page.wait_for_timeout(250)
        settles_on(page, "1Salchow")
        assert "long.mp4" not in page.inner_text("#status") + page.inner_text("#clip")
    page.wait_for_selector("#history-list:not(:has-text('being analysed'))", timeout=ANALYSIS_MS)
    page.wait_for_timeout(1000)
    settles_on(page, "1Salchow")
    expect(page.locator("#clip")).to_have_text(re.compile(r"^\s*1Salchow\.mp4"))


def long_clip(folder: Path) -> Path:
    """More than a moment's work, with somebody in it."""
    clip = folder / "long.mp4"
    clip.write_bytes((EXAMPLE / "CamelSpin.mp4").read_bytes() + str(folder).encode())
    return clip
