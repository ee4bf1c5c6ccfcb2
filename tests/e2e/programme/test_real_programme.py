"""Issue 17, "Done when": an uncut clip and a programme of three minutes, read by the real engine.

The programme is made of example clips with graphics and black between them, so it is quick to read.
`RINKSIDE_E2E_PROGRAMME=FILE` takes a video of yours instead, such as one of `python -m
training.rink program`, which takes minutes to read. Nothing here waits for a time: an element is
seen before the end when it stands in the list while a part of the time line is not read yet.
"""

from __future__ import annotations

import json
import os
import re
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT
from tests.e2e.programme.joined import join_programme

pytestmark = [
    pytest.mark.slow, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(3600),
]  # fmt: skip
SCREENSHOTS = ROOT / "out" / "screenshots"
READ_MS = 3_600_000
"""A programme of one's own on a busy machine; the one that is made here takes a minute or two."""
OPTIONS = "#programme-list [role=option]"
ARRIVED_BEFORE_THE_END = f"""() => document.querySelector('{OPTIONS}')
  && document.querySelector('#programme-line .pg-line-unread')"""
"""List and time line are drawn from one record, in one answer."""


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if own := os.environ.get("RINKSIDE_E2E_PROGRAMME"):
        return Path(own)
    return join_programme(tmp_path_factory.mktemp("programme") / "free skating.mp4")


def upload(page, path: Path) -> None:
    page.set_input_files("#upload input[type=file]", str(path))


def result_of(app_url: str, address: str) -> dict[str, object]:
    """What the server has found of the programme at the page's address."""
    job = re.search(r"programme=([\w-]{20,})", address)[1]
    with urllib.request.urlopen(f"{app_url}/rinkside/programmes/{job}/result") as answer:
        return json.load(answer)


def test_an_uncut_clip_is_answered_by_its_element(desk, shared_videos) -> None:
    uncut = shared_videos / "skate_choreo_axel.mp4"  # five seconds, the jump near their end
    upload(desk, uncut)
    desk.wait_for_selector(f"#clip:has-text('{uncut.name}')")
    desk.click("#analyse")
    desk.wait_for_selector("#verdict .rs-cut[data-act=whole]", timeout=READ_MS)
    expect(desk.locator("#verdict-label")).to_be_visible()
    expect(desk.locator("#verdict-label")).not_to_contain_text("Sequence")


def test_a_programme_is_uploaded_reviewed_taken_away_and_opened_again(
    desk, app_url, programme, tmp_path
) -> None:
    page = desk
    upload(page, programme)
    page.wait_for_function(ARRIVED_BEFORE_THE_END, timeout=READ_MS)
    expect(page.locator(".pg-later")).to_be_visible()
    address = page.url
    page.reload()
    page.wait_for_function(ARRIVED_BEFORE_THE_END)
    assert page.url == address

    page.wait_for_selector("#programme-state:has-text('done; elements found')", timeout=READ_MS)
    expect(page.locator(".pg-later")).to_have_count(0)
    found = result_of(app_url, address)["elements"]
    expect(page.locator(OPTIONS)).to_have_count(len(found))
    photograph(page, "programme_real")

    corrected(page)
    planned(page)
    packed = taken_away(page, tmp_path)
    upload_again(page, packed)
    expect(page.locator(OPTIONS)).to_have_count(len(found))
    expect(page.locator(f"{OPTIONS} [data-by=person]")).to_have_count(1)
    expect(page.locator("#plan-text textarea")).to_have_value(re.compile("banana"))
    assert page.url != address


def corrected(page) -> None:
    """The first element becomes another one, beside what the machine said."""
    first = page.locator(OPTIONS).first
    first.click()
    form = f"#programme-editor form[data-key='{first.get_attribute('data-key')}']"
    code = page.locator(f"{form} [name=code]")
    expect(code).to_be_visible()
    machine = code.input_value()
    other = "2Lz" if machine != "2Lz" else "2F"
    code.fill(other)
    code.press("Enter")
    expect(first.locator("s")).to_have_text(machine)
    expect(first.locator(".pg-code")).to_contain_text(other)


def planned(page) -> None:
    page.click("#programme-plan button.label-wrap")
    page.fill("#plan-text textarea", "3Lz\nCSp4\nbanana\nStSq3")
    page.click("#plan-compare")
    result = page.locator("#plan-result")
    expect(result).to_contain_text("Line 3: banana is not an element")
    expect(result.locator("tbody tr").first).to_be_visible()


def taken_away(page, folder: Path) -> Path:
    page.click("#programme-take button.label-wrap")
    page.click("#programme-make")
    page.wait_for_selector("#programme-take-note:has-text('files: 4')", timeout=READ_MS)
    with page.expect_download() as told:
        page.locator("#programme-files a[download$='.zip']").first.click()
    packed = folder / told.value.suggested_filename
    told.value.save_as(packed)
    assert packed.suffix == ".zip"
    return packed


def upload_again(page, packed: Path) -> None:
    before = page.url
    page.click("#programme-fold button.label-wrap")
    page.set_input_files("#programme-upload input[type=file]", packed)
    page.wait_for_function("before => location.href !== before", arg=before)


def photograph(page, name: str) -> None:
    """At desktop and phone width, to be looked at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size
    for told, width, height in (("", 1440, 900), ("_phone", 390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=str(SCREENSHOTS / f"{name}{told}.png"))
    page.set_viewport_size(size)
