"""How fast the player is: first picture, steps, restyling, in headless Chromium.

`python -m benchmarks.player [--steps 500]`; the last lines are what `docs/review.md` quotes.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from models.command_line import Parser
from tests.e2e.conftest import CHROMIUM, FLAGS, free_port
from tests.e2e.players import PlayerPage, serving
from tests.videos import Recipe, write_video

CLIP = Recipe(frames=300, width=1280, height=720, sound=True)
"""10 s of 720p at 30 frames a second."""
OPENED = 8
RESTYLED = 120
TARGETS = {"first picture": (500, 500), "step": (33, 50), "restyle": (16, 16)}
"""Milliseconds: p50 and p95."""

MEASURE_STEPS = """async ([count, key]) => {
  const player = window.rinkside();
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0); // after this frame was painted
  }));
  const times = [];
  for (let i = 0; i < count; i++) {
    const target = player.clock.clamp(player.wanted + (key === 'ArrowRight' ? 1 : -1));
    const began = performance.now();
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    while (player.shown !== target) await new Promise((go) => setTimeout(go, 0));
    await painted();
    times.push(performance.now() - began);
  }
  return times;
}"""

MEASURE_STYLE = """async (count) => {
  const player = window.rinkside();
  const times = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    player.settings.set('width', 0.5 + (i % 10) / 4);
    player.stage.overlayContext.getImageData(0, 0, 1, 1); // wait for the drawing itself
    times.push(performance.now() - began);
    await new Promise((go) => requestAnimationFrame(go));
  }
  return times;
}"""


def main(arguments: list[str]) -> int:
    """Make clips, open them in a browser, step through one; 1 when a target is missed."""
    parser = Parser(description=__doc__)
    parser.add_argument("--steps", type=int, default=500)
    steps = parser.parse_args(arguments).steps
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        paths = [write_video(folder / "0.mp4", CLIP)]
        # Other bytes, so that nothing is known of a clip when it is opened.
        paths += [
            write_video(folder / f"{i}.mp4", replace(CLIP, output=("-metadata", f"title={i}")))
            for i in range(1, OPENED)
        ]
        with serving(free_port(), paths, folder) as url:
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            page.goto(url)
            results = _measure(PlayerPage(page), steps)
            chromium.close()
    return _report(results)


def _measure(player: PlayerPage, steps: int) -> dict[str, Any]:
    player.ready()
    first = []
    for number in range(OPENED):
        player.open(number)
        first.append(player.page.evaluate("() => window.rinkside().firstPictureMs"))
    player.page.wait_for_timeout(3000)
    forward = player.page.evaluate(MEASURE_STEPS, [steps // 2, "ArrowRight"])
    back = player.page.evaluate(MEASURE_STEPS, [steps - steps // 2, "ArrowLeft"])
    player.page.wait_for_timeout(1500)  # until the full picture is there
    requests: list[str] = []
    player.page.on("request", lambda request: requests.append(request.url))
    style = player.page.evaluate(MEASURE_STYLE, RESTYLED)
    return {
        "first picture": first[1:],  # the first one also loads the scripts' caches
        "step": forward + back,
        "restyle": style,
        "requests while restyling": len(requests),
    }


def _report(results: dict[str, Any]) -> int:
    missed = results["requests while restyling"] > 0
    for name, (most_p50, most_p95) in TARGETS.items():
        times = np.array(results[name])
        p50, p95 = np.percentile(times, [50, 95])
        missed |= bool(p50 > most_p50 or p95 > most_p95)
        print(
            f"{name}: p50 {p50:.1f} ms (target {most_p50}), p95 {p95:.1f} ms (target {most_p95}), "
            f"most {times.max():.0f} ms, n={len(times)}"
        )
    print(f"requests while restyling: {results['requests while restyling']} (target 0)")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
