"""What happens while a page loads, and when it is loaded again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import EXAMPLE_MS, Server, new_context
from tests.e2e.test_app import ANALYSIS_MS, EXAMPLE, looped, upload, with_other_bytes
from tests.videos import Recipe, write_video

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
FAR_AWAY = {"offline": False, "latency": 300, "downloadThroughput": -1, "uploadThroughput": -1}


@pytest.mark.parametrize("latency", [0, 300])
def test_the_file_that_comes_while_the_page_loads_wins(browser, app_url, tmp_path, latency) -> None:
    """Issue 15, point 19: the example replaced it, or both lay in the box and the server failed."""
    mine = write_video(tmp_path / "mine.mp4", Recipe(frames=6, width=160, height=96))
    context = new_context(browser, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    failed: list[str] = []
    page.on("response", lambda r: failed.append(r.url) if r.status >= 500 else None)
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions", {**FAR_AWAY, "latency": latency}
    )
    page.goto(app_url, wait_until="commit")
    field = page.wait_for_selector("#upload input[type=file]", state="attached")
    field.set_input_files(str(mine))
    page.wait_for_selector("#clip:has-text('mine.mp4')", timeout=120_000)
    page.wait_for_timeout(4_000)  # until everything that was under way has arrived
    expect(page.locator("#clip")).to_contain_text("mine.mp4")
    expect(page.locator("#status")).not_to_contain_text("example")
    expect(page.locator("#verdict-label")).to_have_count(0)  # and no verdict on another clip
    page.click("#analyse")
    page.wait_for_selector("#status :is(progress, .rs-message:has-text('mine.mp4'))")
    assert failed == []
    context.close()


def test_a_page_that_is_loaded_again_finds_the_analysis_at_work(desk, visit, tmp_path) -> None:
    """Issue 15, point 12."""
    page, clip = desk, looped(sorted(EXAMPLE.glob("*.mp4"))[0], tmp_path / "long.mp4")
    upload(page, with_other_bytes(clip, tmp_path / "mine.mp4"))
    page.click("#analyse")
    page.wait_for_selector("#status progress", timeout=ANALYSIS_MS)
    page.reload()
    page.wait_for_selector("#status progress", timeout=120_000)
    other = visit()
    other.wait_for_selector("#verdict-label", timeout=EXAMPLE_MS)
    assert "mine.mp4" not in other.inner_text("#history-list")
    page.wait_for_selector("#history-list label:has-text('mine.mp4: ')", timeout=ANALYSIS_MS)
    expect(page.locator("#history-list label")).to_have_count(2)
    page.wait_for_selector("#clip:has-text('mine.mp4')")
    page.reload()  # and one that is over
    page.wait_for_selector("#history-list label:has-text('mine.mp4: ')", timeout=120_000)


def test_a_page_whose_visit_is_over_says_so(desk) -> None:
    """Issue 15, point 12: the server was started anew, or the visitor came back too late."""
    desk.evaluate("sessionStorage.setItem('rinkside-ticket', 'of a server before')")
    desk.reload()
    desk.wait_for_selector("#status:has-text('has ended')", timeout=EXAMPLE_MS)
    desk.wait_for_selector("#verdict-label")  # the example is there all the same
    desk.wait_for_function(
        "() => sessionStorage.getItem('rinkside-ticket') !== 'of a server before'"
    )
    desk.reload()
    desk.wait_for_selector("#verdict-label", timeout=EXAMPLE_MS)
    expect(desk.locator("#status")).not_to_contain_text("has ended")


def test_examples_and_uploads_outlive_the_temporary_files(
    visit, server: Server, tmp_path: Path
) -> None:
    """Issue 15, point 11: "2Axel.mp4: there is no such file", an hour after the start."""
    if server.scratch is None:
        pytest.skip("this app was not started here")
    page = visit()
    page.wait_for_selector("#verdict-label", timeout=EXAMPLE_MS)
    mine = write_video(tmp_path / "mine.mp4", Recipe(frames=6, width=160, height=96))
    upload(page, mine)
    (temporary,) = server.scratch.glob("rinkside-app-*")
    while list(temporary.rglob("mine.mp4")):  # the app may write beside it at this very moment
        shutil.rmtree(temporary, ignore_errors=True)
    page.click("#analyse")
    expect(page.locator("#status .rs-error")).to_have_text(
        "mine.mp4: the file is no longer there; upload it again"
    )
    page.get_by_role("button", name="2Axel").first.click()
    page.wait_for_selector("#history-list label:has-text('2Axel')", timeout=ANALYSIS_MS)
    upload(page, mine)
    page.wait_for_selector("#clip:has-text('mine.mp4')")
