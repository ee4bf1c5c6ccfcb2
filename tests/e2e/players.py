"""A browser on a page with nothing but the player, and what a screenshot of it tells."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipeline.drawing.annotate import DrawStyle
from tests.conftest import ROOT
from tests.e2e.player_page import BOTTOM, TOP
from tests.videos import BITS, read_number

LOAD_MS = 120_000


@contextmanager
def serving(port: int, paths: list[Path], folder: Path) -> Iterator[str]:
    """The page in a process of its own."""
    command = [sys.executable, "-m", "tests.e2e.player_page", "--port", str(port)]
    environment = {**os.environ, "RINKSIDE_CACHE": str(folder / "cache")}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, *map(str, paths)],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process, folder / "log")
            yield url
        finally:
            end_process(process)


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Ask an app to end, and see to it: what comes after the tests is not what they are about."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()  # else Python warns of it at the end of all tests


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 300
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"the page did not start:\n{log.read_text()[-2000:]}")


class PlayerPage:
    """Drives the player of one page."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self._devtools = page.context.new_cdp_session(page)
        self._clip: dict[str, float] = {}

    def open(self, number: int, *, playable: bool = True) -> None:
        """Show a video, and wait for its first picture and until it can be played."""
        before = self.data("token")
        self.page.fill("#which input", str(number))
        self.page.press("#which input", "Enter")
        self._until(
            "([token, playable]) => { const p = window.rinkside(); return p.scene && "
            "p.scene.token !== token && p.shown !== null && "
            "(!playable || p.root.dataset.playback === 'ready') }",
            [before, playable],
        )
        self.page.evaluate("() => document.activeElement.blur()")
        self._clip = {}
        while self._clip != (now := self.page.evaluate(PICTURE_BOX)):  # until it lies still
            self._clip = now
            self.page.wait_for_timeout(150)

    def open_again(self, number: int) -> None:
        """Show a video at its first frame, whatever is on show."""
        self.page.evaluate("() => window.rinkside().follow('{}')")
        # With nothing on show there is nothing to wait for.
        if self.page.evaluate("() => window.rinkside().scene !== null"):
            self.page.fill("#which input", "-1")
            self.page.press("#which input", "Enter")
            self._until("() => window.rinkside().scene === null")
        self.open(number)

    def ready(self) -> None:
        """Wait for the component, and make its state easy to reach."""
        self.page.wait_for_selector("#player .rp")
        self.page.evaluate(
            "() => { window.rinkside = () => "
            "document.querySelector('#player .rp').parentElement.rinksidePlayer }"
        )
        self._until("() => Boolean(window.rinkside())")

    def bare(self) -> None:
        """Thick boxes and nothing else over the picture, so that a screenshot is easy to read."""
        hidden = ".rp-hud, .rp-message { display: none !important }"
        self.page.add_style_tag(content=hidden).evaluate("style => (style.id = 'bare')")
        self.page.evaluate(
            "() => { const s = window.rinkside().settings; s.set('labels', false);"
            " s.set('region', false); s.set('width', 3) }"
        )

    def data(self, name: str) -> Any:
        return self.page.evaluate(f"() => window.rinkside().scene?.{name} ?? null")

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def wait_for_frame(self, n: int, timeout_ms: int = 120_000) -> None:
        self._until("n => window.rinkside().shown === n", n, timeout_ms)

    def screenshot(self) -> np.ndarray:
        """The picture as it is on the screen, RGB."""
        taken = self._devtools.send(
            "Page.captureScreenshot",
            {
                "format": "png",
                "optimizeForSpeed": True,
                "clip": {**self._clip, "scale": 1},
            },
        )
        data = np.frombuffer(base64.b64decode(taken["data"]), np.uint8)
        return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)

    def _until(self, condition: str, argument: Any = None, timeout_ms: int = LOAD_MS) -> None:
        self.page.wait_for_function(condition, arg=argument, timeout=timeout_ms, polling=10)


PICTURE_BOX = """() => {
  const player = window.rinkside();
  const stage = player.stage.root.getBoundingClientRect();
  const { width, height } = player.scene;
  const scale = Math.min(stage.width / width, stage.height / height);
  return {
    x: stage.x + window.scrollX + (stage.width - width * scale) / 2,
    y: stage.y + window.scrollY + (stage.height - height * scale) / 2,
    width: width * scale,
    height: height * scale,
  };
}"""


def picture_number(shot: np.ndarray) -> int:
    """The frame number that is burnt into the picture."""
    return read_number(shot)


def overlay_number(shot: np.ndarray) -> int:
    """The frame number that the boxes spell."""
    height, width, _ = shot.shape
    rows = slice(round((TOP + 0.05) * height), round((BOTTOM - 0.05) * height))
    near = np.abs(shot[rows].astype(int) - DrawStyle().others).max(axis=2) <= 20
    number = 0
    for bit in range(BITS):
        edge = round(width * (bit + 0.2) / BITS)
        columns = near[:, max(0, edge - 4) : edge + 5].mean(axis=0)
        number |= int(columns.max() > 0.8) << bit
    return number
