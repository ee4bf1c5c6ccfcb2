"""Issue 17, bad input, as a visitor of the page meets it: each its own sentence.

What every sentence says in every language: `tests/ui/programme/test_bad_input.py`. Lines of
nonsense in a plan: `test_programme.py`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT
from tests.e2e.conftest import free_port, new_context
from tests.e2e.players import end_process
from tests.e2e.programme.joined import EXAMPLES
from tests.e2e.programme.test_programme import OPTIONS, first_line
from tests.videos import Frame, Recipe, cut, write_video

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
PATIENT_MS = 180_000
STATE = "#programme-state"


@pytest.fixture(scope="module")
def skating() -> list[Frame]:
    """Thirty frames of an example."""
    with av.open(str(EXAMPLES / "CamelSpin.mp4")) as clip:
        frames = (frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0))
        return [frame for frame, _ in zip(frames, range(30), strict=False)]


def film(folder: Path, name: str, shown: list[Frame], fps: int) -> Path:
    height, width, _ = shown[0].shape
    recipe = Recipe(
        frames=len(shown), width=width, height=height, fps=Fraction(fps),
        draw=lambda number, _width, _height: shown[number],
        output=("-g", "6", "-movflags", "+faststart"),
    )  # fmt: skip
    return write_video(folder / name, recipe)


def videos(folder: Path, skating: list[Frame]) -> Iterator[tuple[Path, str, str]]:
    """Files, where what is said of them stands, and what."""
    hours = Recipe(frames=360, width=64, height=48, fps=Fraction(1, 100))
    yield write_video(folder / "hours.mp4", hours), "#programme-note", "at most 15 min"
    nobody = Recipe(frames=12, width=160, height=96)
    yield write_video(folder / "nobody.mp4", nobody), STATE, "nobody.mp4: no person detected"
    fast = [frame for frame in skating[:20] for _ in range(4)]
    yield film(folder, "fast.mp4", fast, 120), STATE, "done; elements found"
    yield film(folder, "one.mp4", skating[:1], 25), STATE, "one.mp4 lasts 0.04 s"
    yield film(folder, "slow.mp4", skating[:15], 15), STATE, "slow.mp4 has 15 frames per second"
    part = cut(film(folder, "whole.mp4", skating, 25), folder / "part.mp4", 0.7)
    yield part, STATE, "part.mp4 is damaged"


def test_every_odd_video_gets_its_sentence_on_the_page(desk, skating, tmp_path) -> None:
    desk.get_by_role("tab", name="Programme").click()
    upload = desk.locator("#programme-upload input[type=file]")
    for path, place, sentence in videos(tmp_path, skating):
        upload.set_input_files(str(path))
        expect(desk.locator(place)).to_contain_text(sentence, timeout=PATIENT_MS)


@contextmanager
def serving(video: Path, folder: Path, *, pause_s: float) -> Iterator[tuple[subprocess.Popen, str]]:
    """An app that keeps its jobs in a folder; its process and the address of a job of its own."""
    command = [sys.executable, "-m", "tests.e2e.programme.app", "--port", str(free_port())]
    more = ["--video", str(video), "--pause", str(pause_s), "--jobs", str(folder / "jobs")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, *more], cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        yield process, first_line(process, folder / "log")
    finally:
        end_process(process)


def test_after_a_server_was_killed_in_mid_run_the_page_says_so_and_reads_on(browser, tmp_path):
    video = write_video(tmp_path / "skate.mp4", Recipe(frames=600, fps=Fraction(10)))
    tab = new_context(browser).new_page()
    with serving(video, tmp_path, pause_s=3600) as (process, address):
        tab.goto(address)
        expect(tab.locator(f"{STATE} progress")).to_be_visible(timeout=PATIENT_MS)
        process.kill()
        process.wait()
    job = re.search("programme=.*", address)[0]
    with serving(video, tmp_path, pause_s=0) as (_, other):
        tab.goto(re.sub("programme=.*", job, other))
        expect(tab.locator(STATE)).to_contain_text("the server was restarted", timeout=PATIENT_MS)
        tab.click("#programme-continue")
        expect(tab.locator(STATE)).to_contain_text("elements found: 5", timeout=PATIENT_MS)
        expect(tab.locator(OPTIONS)).to_have_count(5, timeout=PATIENT_MS)
    tab.context.close()
