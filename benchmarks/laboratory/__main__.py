"""`python -m benchmarks.laboratory`: what the laboratory takes for 10,000 clips of eight networks.

Makes a run (its answers are drawn, its figures mean nothing), opens it as the page does, and times
each step, best of three, and its static page in headless Chromium.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from benchmarks.laboratory.made_run import make_run
from laboratory.figures.confusion import GROUPINGS, clustered, confusion
from laboratory.figures.overview import overview
from laboratory.figures.queues import confident_mistakes, disagreement, label_errors, leaks
from laboratory.figures.slices import worst_slices
from laboratory.figures.sureness import risk_coverage
from laboratory.figures.triangle import triangle
from laboratory.figures.two_runs import compare
from laboratory.table.clips import read_table
from laboratory.table.filters import Filter
from tests.e2e.conftest import CHROMIUM, FLAGS
from training import report


def steps(folder: Path) -> dict[str, Callable[[], Any]]:
    """What is timed, by name."""
    table = read_table(folder)
    every = np.ones(len(table), dtype=bool)
    asked = Filter("vote", right=False).with_pair("skater_px", "..150").with_pair("text", "_1 00")
    return {
        "open": lambda: read_table(folder),
        "overview with intervals": lambda: overview(table, every),
        "filter": lambda: asked.rows(table),
        "matrix": lambda: clustered(confusion(table, every, "vote", GROUPINGS["class"])),
        "queues": lambda: [
            confident_mistakes(table, every, "vote"), disagreement(table, every),
            label_errors(table, every, "weighted"), leaks(table, every),
        ],
        "worst slices": lambda: worst_slices(table, every, "vote"),
        "triangle of weights": lambda: triangle(table, every),
        "risk and coverage": lambda: risk_coverage(table, every, "weighted"),
        "two voters compared": lambda: compare(table, table, "umt", "vote"),
    }  # fmt: skip


DRAWN = """change => new Promise(done => {
  const start = performance.now();
  const tell = () => done(performance.now() - start);
  const painted = () => requestAnimationFrame(() => setTimeout(tell));
  addEventListener('hashchange', painted, {once: true});
  if (change) location.hash = change; else document.querySelector('.matrix .bad').click();
})"""
"""Milliseconds from a click, or from a change of the address, until the page is drawn anew."""


def measure_page(page: Path) -> Iterator[tuple[str, float]]:
    """What the page of a run takes in a browser, in milliseconds."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_page(viewport={"width": 1400, "height": 1000})
        start = time.perf_counter()
        tab.goto(page.as_uri())
        tab.wait_for_selector(".matrix")
        yield "page: first view", 1000 * (time.perf_counter() - start)
        for name, change in (
            ("page: a cell", ""),
            ("page: a filter", "skater_px=..150&right=no"),
            ("page: words of the name", "text=00+_1"),
        ):
            yield name, float(tab.evaluate(DRAWN, change))
        browser.close()


def _best(step: Callable[[], Any]) -> float:
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        step()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main(arguments: list[str] | None = None) -> int:
    """Print a row a step."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.laboratory", description=__doc__)
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--views", type=int, default=5, help="of every network")
    parsed = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        start = time.perf_counter()
        run = make_run(Path(place), clips=parsed.clips, views=parsed.views)
        print(f"made in {time.perf_counter() - start:.1f} s")
        start = time.perf_counter()
        read_table(run)
        print(f"| first opening | {1000 * (time.perf_counter() - start):.0f} ms |")
        for name, step in steps(run).items():
            print(f"| {name} | {1000 * _best(step):.0f} ms |", flush=True)
        report.main([str(run), "--out", str(run / "page")])
        for name, taken in measure_page(run / "page" / report.PAGE):
            print(f"| {name} | {taken:.0f} ms |", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| peak memory, the making of the run included | {peak:.0f} MB |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
