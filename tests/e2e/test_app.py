"""The app as a visitor uses it: a video in; boxes, skeleton, scores and verdict on the page."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.draw import DrawStyle
from pipeline.elements import LABELS
from tests.conftest import ROOT, SHARED
from tests.videos import Recipe, write_video

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
ANALYSIS_MS = 300_000
SCREENSHOTS = ROOT / "out" / "screenshots"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real clip of people where one is at hand, else a made one."""
    real = SHARED / "videos" / "sports2d_demo.mp4"
    return real if real.exists() else write_video(tmp_path_factory.mktemp("clip") / "made.mp4")


def analyse(page, path: Path) -> None:
    page.set_input_files("#upload input[type=file]", str(path))
    page.wait_for_selector(f"#status:has-text('{path.name}')")
    page.click("#analyse")
    page.wait_for_selector("#status .rs-done", timeout=ANALYSIS_MS)


def picture(page) -> np.ndarray:
    """The frame viewer's picture as the browser shows it, RGB."""
    page.wait_for_function(
        "() => { const i = document.querySelector('#frame-picture img');"
        " return i && i.complete && i.naturalWidth > 0 }"
    )
    png = page.locator("#frame-picture img").screenshot()
    return cv2.cvtColor(
        cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB
    )


def pixels_like(image: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((np.abs(image.astype(int) - colour).max(axis=2) <= 24).sum())


def test_a_video_becomes_boxes_skeleton_scores_and_a_verdict(page, clip):
    analyse(page, clip)
    label = page.inner_text("#verdict-label").split()[0]
    assert label in LABELS
    assert re.search(r"\d+(\.\d+)?%", page.inner_text("#verdict"))
    assert "Vote" in page.inner_text("#verdict")

    style = DrawStyle()
    drawn = picture(page)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SCREENSHOTS / "picture.png"), full_page=True)
    for layer in ("skater", "others", "region", "skeleton"):
        page.locator("#layers label", has_text=layer).click()
    page.wait_for_timeout(3000)
    plain = picture(page)
    boxes = max(pixels_like(drawn, c) - pixels_like(plain, c) for c in (style.region, style.skater))
    limbs = min(pixels_like(drawn, c) - pixels_like(plain, c) for c in (style.left, style.right))
    assert boxes > 100
    assert limbs > 50

    video = page.locator("#overlay video")
    assert video.evaluate("v => v.videoWidth") > 0

    page.get_by_role("tab", name="Scores").click()
    table = page.locator("#score-table")
    table.wait_for()
    text = table.inner_text()
    assert [name for name in LABELS if not re.search(rf"(?m)^{name}$", text)] == []
    page.wait_for_selector("#score-chart .plotly")
    traces = page.evaluate(
        "() => document.querySelector('#score-chart .js-plotly-plot').data"
        ".map(t => [t.name, Array.from(t.x._inputArray || t.x).filter(v => v > 0).length])"
    )
    assert [name for name, _ in traces] == ["Unmasked Teacher", "UniFormerV2", "InfoGCN"]
    assert all(count > 0 for _, count in traces)
    page.screenshot(path=str(SCREENSHOTS / "scores.png"), full_page=True)

    page.get_by_role("tab", name="Ensemble").click()
    page.wait_for_selector("#ensemble-table :text('0.604')")
    page.screenshot(path=str(SCREENSHOTS / "ensemble.png"), full_page=True)
    page.get_by_role("tab", name="Details").click()
    page.wait_for_selector("#files:has-text('scores')")
    page.screenshot(path=str(SCREENSHOTS / "details.png"), full_page=True)
    assert page.outside == []


def test_a_second_look_is_known_already(page, clip):
    analyse(page, clip)
    assert "known already" in page.inner_text("#status")


def test_stop_ends_a_run_within_a_second(page, tmp_path):
    long = write_video(tmp_path / "long.mp4", Recipe(frames=900, width=640, height=360))
    page.set_input_files("#upload input[type=file]", str(long))
    page.wait_for_selector("#status:has-text('long.mp4')")
    page.click("#analyse")
    page.wait_for_selector("#status progress", timeout=60_000)
    page.click("#stop")
    page.wait_for_selector("#status:has-text('stop')", timeout=1000)
    page.wait_for_selector("#status:has-text('stopped')", timeout=5000)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"this is no video at all\n" * 50, "text.mp4"),
    ],
)
def test_a_bad_file_gets_a_sentence(page, tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    page.set_input_files("#upload input[type=file]", str(path))
    message = page.wait_for_selector("#status .rs-error", timeout=20_000)
    assert words in message.inner_text()
    assert "Traceback" not in page.content()


def test_a_long_video_asks_for_in_and_out_points(page, tmp_path):
    path = write_video(tmp_path / "programme.mp4", Recipe(frames=700, width=160, height=90, fps=10))
    page.set_input_files("#upload input[type=file]", str(path))
    page.wait_for_selector("#status:has-text('programme.mp4')")
    page.click("#analyse")
    message = page.wait_for_selector("#status .rs-error", timeout=30_000)
    assert "in and an out point" in message.inner_text()


def test_without_a_video_the_app_says_what_to_do(page):
    page.click("#analyse")
    message = page.wait_for_selector("#status .rs-error")
    assert "choose a video first" in message.inner_text()


def test_the_page_asks_nothing_of_the_network(page):
    page.wait_for_timeout(1500)
    assert page.outside == []
    assert page.title() == "Rinkside"
