"""Picture, transport and the verdict fit one screen; a clip drops anywhere (issue 15, point 7)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import EXAMPLE_MS, passes
from tests.e2e.test_app import ANALYSIS_MS, EXAMPLE, upload

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 720), (390, 844)])
def test_picture_transport_and_verdict_fit_one_screen(visit, width, height):
    page = visit(viewport={"width": width, "height": height})
    page.wait_for_selector("#verdict-label", timeout=EXAMPLE_MS)
    page.wait_for_selector("#player .rp[data-state=done]", timeout=EXAMPLE_MS)
    page.wait_for_timeout(1000)
    passes(page, lambda: fits(page, width, height))
    passes(page, lambda: is_at_most(page, "#warnings details:not([open]) > summary", 31.9))
    page.click("#warnings summary")
    expect(page.locator("#warnings li").first).to_be_visible()
    page.click("#warnings summary")

    expect(page.locator("#upload input[type=file]")).to_have_count(1)  # beside the example
    upload(page, EXAMPLE / "2Axel.mp4")
    page.click("#analyse")
    page.wait_for_selector("#verdict-label:has-text('2Axel')", timeout=ANALYSIS_MS)
    page.wait_for_selector(".rs-what:not([open])")
    page.wait_for_selector("#examples-fold button.label-wrap:not(.open)")
    page.wait_for_timeout(800)
    passes(page, lambda: fits(page, width, height))


def is_at_most(page, part: str, height: float) -> None:
    box = page.locator(part).bounding_box()
    assert box is not None, part
    assert box["height"] <= height, part


def fits(page, width: int, height: int) -> None:
    assert page.evaluate("window.scrollY") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for part in ("#verdict summary", "#player .rp-stage", "#player .rp-transport", "#upload"):
        box = page.locator(part).bounding_box()
        assert box is not None, part
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= height, part
    assert page.locator("#player .rp-stage").bounding_box()["height"] >= 160
    is_at_most(page, "#verdict summary", 70 if width < 640 else 48)


DROP = """([selector, bytes, name]) => {
  const clip = new File([new Uint8Array(bytes)], name, { type: 'video/mp4' });
  const carried = new DataTransfer();
  carried.items.add(clip);
  const target = document.querySelector(selector);
  for (const kind of ['dragenter', 'dragover', 'drop'])
    target.dispatchEvent(
      new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true })
    );
}"""


@pytest.mark.parametrize("target", ["#hero", "#player .rp-stage"])
def test_a_clip_dropped_anywhere_is_taken(desk, target):
    clip = EXAMPLE / "2Axel.mp4"
    desk.evaluate(DROP, [target, list(clip.read_bytes()), "dropped.mp4"])
    desk.wait_for_selector("#clip:has-text('dropped.mp4')", timeout=120_000)
    desk.wait_for_selector("#verdict:has-text('Not analysed yet')")
