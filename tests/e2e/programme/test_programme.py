"""A programme is reviewed like a panel reviews it (issue 17, section 2), in a real browser.

The engine is made: what the page does with what it finds is tested here, not the finding.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT
from tests.e2e.conftest import (
    PATIENCE_MS,
    START_S,
    becomes,
    free_port,
    new_context,
    on_screen,
)
from tests.e2e.players import end_process
from tests.e2e.test_accessibility import PHONE, WIDER, violations
from tests.videos import Recipe, write_video

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
FPS = 10
ARRIVED_MS = PATIENCE_MS
OPTIONS = "#programme-list [role=option]"
CHOSEN = "#programme-list [aria-selected=true]"
NOTE = "#programme-note"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """Where a programme of one minute was read."""
    with reading(tmp_path_factory.mktemp("programme")) as address:
        yield address


@contextmanager
def reading(folder: Path, *more: str) -> Iterator[str]:
    """Where a programme of one minute is being read, with options of the app."""
    video = write_video(folder / "skate.mp4", Recipe(frames=60 * FPS, fps=Fraction(FPS)))
    command = [sys.executable, "-m", "tests.e2e.programme.app", "--port", str(free_port())]
    process = subprocess.Popen(
        [*command, "--video", str(video), "--pause", "0", *more],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=(folder / "log").open("w"), text=True,
    )  # fmt: skip
    try:
        yield first_line(process, folder / "log")
    finally:
        end_process(process)


def first_line(process: subprocess.Popen, log: Path) -> str:
    """The address that the app prints once it answers."""
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        if (line := process.stdout.readline()).startswith("http"):
            return line.strip()
    pytest.fail(f"the app did not start:\n{log.read_text()[-2000:]}")


def visit(browser, address: str, **options):
    size = {"viewport": {"width": 1440, "height": 900}}
    tab = new_context(browser, **{**size, **options}).new_page()
    tab.errors = []
    tab.on("pageerror", lambda error: tab.errors.append(str(error)))
    tab.goto(address)
    tab.wait_for_selector(OPTIONS, timeout=ARRIVED_MS)
    return tab


@pytest.fixture
def tab(browser, address: str):
    """A page on the programme once all of it is read."""
    tab = visit(browser, address)
    tab.wait_for_selector("#programme-state:has-text('elements found: 5')", timeout=ARRIVED_MS)
    expect(tab.locator(OPTIONS)).to_have_count(5)
    yield tab
    assert tab.errors == []
    tab.context.close()


def test_elements_arrive_while_the_video_is_read_and_a_reload_finds_them(browser, tmp_path):
    """It is read on when the page has shown what was found so far: no sooner, however slow."""
    gate = tmp_path / "gate"
    with reading(tmp_path, "--gate", str(gate)) as address:
        tab = visit(browser, address)
        expect(tab.locator(OPTIONS)).to_have_count(2)
        expect(tab.locator("#programme-line .pg-line-unread")).to_be_visible()
        tab.reload()
        expect(tab.locator(OPTIONS)).to_have_count(2)
        tab.locator(OPTIONS).first.click()  # and what is drawn anew meanwhile takes no form away
        code = tab.locator("#programme-editor [name=code]")
        expect(code).to_have_value("3Lz")
        gate.touch()
        tab.wait_for_selector("#programme-state:has-text('elements found: 5')", timeout=ARRIVED_MS)
        expect(tab.locator(OPTIONS)).to_have_count(5)
        expect(code).to_have_value("3Lz")
        expect(tab.locator("#programme-line .pg-line-unread")).to_have_count(0)
        assert tab.errors == []
        tab.context.close()


def test_keys_choose_play_open_on_the_desk_and_come_back(tab):
    labels = tab.locator("#programme-line .pg-line-inner")
    for width, seconds in ((PHONE, "15"), (1440, "5")):  # a window may become narrow
        tab.set_viewport_size({"width": width, "height": 900})
        expect(labels).to_have_attribute("data-step", seconds)
    tab.focus("#programme-list [role=listbox]")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    expect(tab.locator(CHOSEN)).to_have_attribute("data-key", "2")
    expect(tab.locator("#programme-editor h2")).to_contain_text("Element 2: 3Lz+3T")
    tab.keyboard.press("ArrowLeft")  # to its start, at 4.8 s
    expect(tab.locator("#programme-editor h2")).to_contain_text("Element 1: 3Lz")
    air = tab.locator(f"{CHOSEN} .pg-air")
    expect(air).to_have_text("0.62 s")
    tab.keyboard.press("t")
    expect(air).to_have_text("1.02 s")
    tab.keyboard.press("Control+z")
    expect(air).to_have_text("0.62 s")
    tab.wait_for_selector("#programme-player .rp[data-playback=ready]", timeout=ARRIVED_MS)
    tab.keyboard.press(" ")  # 4.8 to 6.3 s: frames 48 to 62
    tab.wait_for_selector("#programme-player .rp[data-frame='62']", timeout=120_000)
    tab.wait_for_timeout(600)
    assert tab.locator("#programme-player .rp").get_attribute("data-frame") == "62"
    expect(tab.locator("#programme-player .pg-caption")).to_have_text("3Lz", use_inner_text=True)
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#opened-element:has-text('Element 1, 3Lz, of skate.mp4')")
    tab.wait_for_selector("#verdict-label")
    tab.keyboard.press("Escape")
    tab.wait_for_selector(CHOSEN)
    expect(tab.locator("#programme-list [role=listbox]")).to_be_focused()
    expect(tab.locator(CHOSEN)).to_have_attribute("data-key", "1")
    expect(tab.locator("#programme-player .rp")).to_have_attribute("data-frame", "62")


def test_elements_are_corrected_undone_and_redone(tab):
    tab.click(f"{OPTIONS}[data-key='1']")
    code = tab.locator("#programme-editor [name=code]")
    code.fill("3f")
    expect(tab.locator("#codes-code [data-code='3F']")).to_be_visible()
    code.press("Enter")
    row = tab.locator(f"{OPTIONS}[data-key='1']")
    expect(row.locator("s")).to_have_text("3Lz")
    expect(row.locator(".pg-by")).to_have_text("person")
    tab.keyboard.press("Control+z")
    expect(row.locator("s")).to_have_count(0)
    tab.keyboard.press("Control+Shift+z")
    expect(row.locator("s")).to_have_text("3Lz")
    tab.keyboard.press("Control+z")
    expect(row.locator("s")).to_have_count(0)

    landing = tab.locator("#programme-editor [name=landing1]")
    landing.fill("5.9")
    landing.press("Enter")
    expect(row.locator(".pg-air")).to_have_text("0.70 s")
    landing.fill("5.1")
    landing.press("Enter")
    expect(tab.locator(NOTE)).to_contain_text("is not after the take-off")
    expect(row.locator(".pg-air")).to_have_text("0.70 s")

    code.fill("banana")
    code.press("Enter")
    expect(tab.locator(NOTE)).to_contain_text("banana: is not an element code")
    tab.focus("#programme-list [role=listbox]")
    tab.keyboard.press("r")
    expect(row.locator(".pg-flag")).to_be_visible()

    edge = on_screen(tab.locator("#programme-line [aria-selected=true] [data-edge=end]"))
    tab.mouse.move(edge["x"] + 7, edge["y"] + 10)
    tab.mouse.down()
    tab.mouse.move(edge["x"] + 40, edge["y"] + 10, steps=5)
    tab.mouse.up()
    end = tab.locator("#programme-editor [name=end]")
    expect(end).not_to_have_value("0:06.300")
    becomes(tab, lambda: 6.8 < float(end.input_value().removeprefix("0:")) < 9.0, True)

    tab.fill("#programme-bar [name=insert]", "ChSq")
    line = on_screen(tab.locator(".pg-line-shots"))
    tab.mouse.click(line["x"] + line["width"] * 46 / 60, line["y"] + 5)
    tab.click("#programme-bar [data-act=insert]")
    expect(tab.locator(OPTIONS)).to_have_count(6)
    expect(tab.locator(CHOSEN)).to_contain_text("ChSq")
    tab.focus("#programme-list [role=listbox]")
    tab.keyboard.press("Delete")
    expect(tab.locator(OPTIONS)).to_have_count(5)


def test_a_plan_is_compared_and_what_was_exported_opens_again(tab, tmp_path):
    tab.click("#programme-plan button.label-wrap")
    tab.fill("#plan-text textarea", "3Lz\n3F+3T\nbanana\nStSq3\n3A")
    tab.click("#plan-compare")
    result = tab.locator("#plan-result")
    expect(result).to_contain_text("Line 3: banana is not an element")
    expect(result.locator("[data-relation=different]").first).to_contain_text("3F+3T")

    tab.click("#programme-take button.label-wrap")
    tab.click("#programme-make")
    tab.wait_for_selector("#programme-take-note:has-text('files: 4')", timeout=180_000)
    with tab.expect_download(timeout=PATIENCE_MS) as told:
        tab.locator("#programme-files a[download$='.zip']").first.click()
    packed = tmp_path / told.value.suggested_filename
    told.value.save_as(packed)
    assert packed.suffix == ".zip"

    before = tab.url
    tab.click("#programme-fold button.label-wrap")
    tab.set_input_files("#programme-upload input[type=file]", packed)
    tab.wait_for_function("before => location.href !== before", arg=before, timeout=120_000)
    expect(tab.locator(OPTIONS)).to_have_count(5)
    expect(tab.locator("#plan-text textarea")).to_have_value(re.compile("banana"))


def test_the_page_suits_a_phone_a_screen_reader_and_three_languages(browser, address):
    for locale, word in (("zh-CN", "跳跃"), ("ja-JP", "ジャンプ"), ("en-GB", "Jumps")):
        tab = visit(
            browser, address, viewport={"width": PHONE, "height": 844}, locale=locale,
            has_touch=True, is_mobile=True,
        )  # fmt: skip
        tab.wait_for_selector("#programme-player .rp[data-frame]", timeout=ARRIVED_MS)
        tab.locator(OPTIONS).first.tap()
        tab.wait_for_selector("#programme-editor form")
        expect(tab.locator("#programme-line")).to_contain_text(word)
        becomes(tab, lambda tab=tab: tab.evaluate(WIDER, PHONE), [])
        if locale == "en-GB":
            becomes(tab, lambda tab=tab: violations(tab), [])
            tab.emulate_media(color_scheme="dark")
            tab.goto(f"{address}&__theme=dark")
            tab.wait_for_selector(OPTIONS, timeout=ARRIVED_MS)
            tab.locator(OPTIONS).first.wait_for()
            becomes(tab, lambda tab=tab: violations(tab), [])
        tab.context.close()
