"""A running app and a real browser."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT
from tests.e2e.players import end_process
from tests.ui.evaluations.folders import write_evaluation

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
START_S = 300
PATIENCE_MS = 120_000
"""A wait is for a state; how long it may take says nothing, as the machine may be busy."""
EXAMPLE_MS = 300_000
"""The first visitor may have to wait for the example, which later ones find."""
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test in a browser that fails is run once more: CONTRIBUTING.md says why."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


def becomes(page: Any, read: Callable[[], Any], wanted: Any) -> None:
    """Wait until what is read of a page is what is wanted."""

    def check() -> None:
        assert read() == wanted

    passes(page, check)


def passes(page: Any, check: Callable[[], None]) -> None:
    """Repeat assertions about a page until they hold."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > end:
                raise
        page.wait_for_timeout(50)


def drawn(page: Any) -> None:
    """Wait until the browser has drawn what it was told before."""
    page.evaluate("() => new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)))")


def on_screen(part: Any) -> dict[str, float]:
    """Scroll to a part of a page and tell its box: the mouse reaches nothing that is off screen."""
    part.scroll_into_view_if_needed()
    box: dict[str, float] = part.bounding_box()
    return box


def new_context(browser: Any, **options: Any) -> Any:
    """A visitor's browser, patient in everything that it waits for."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    return context


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A running app."""

    url: str
    pid: int | None = None
    """Of its process; None when it was not started here."""
    scratch: Path | None = None
    """Its folder for temporary files."""

    def memory_mib(self) -> float:
        """What its process holds in memory, MiB (VmRSS)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024

    def cpu_s(self) -> float:
        """What its process has taken of the processors, seconds; a busy machine adds nothing."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app in a process of its own, with a cache of its own; or one that runs already."""
    if running := os.environ.get("RINKSIDE_E2E_URL"):
        yield Server(running)
        return
    folder = tmp_path_factory.mktemp("app")
    port = free_port()
    write_evaluation(folder / "runs" / "rink_run")
    environment = {
        **os.environ,
        "RINKSIDE_CACHE": str(folder / "cache"),
        "RINKSIDE_RUNS": str(folder / "runs"),
        "HF_HUB_OFFLINE": "1",
        "TMPDIR": str(folder),
    }
    environment.pop("GRADIO_TEMP_DIR", None)  # a folder of its own
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(port)],
            cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_it_answers(url, process, folder / "log")
            yield Server(url, process.pid, folder)
        finally:
            end_process(process)


@pytest.fixture(scope="session")
def app_url(server: Server) -> str:
    """Where the app answers."""
    return server.url


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.5)
    pytest.fail(f"the app did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, driven by Playwright."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, app_url: str):
    """Opens the app's page for another visitor; requests beyond the loopback are recorded."""
    contexts = []

    def visitor(**options):
        context = new_context(browser, **{"viewport": {"width": 1400, "height": 1000}, **options})
        contexts.append(context)
        tab = context.new_page()
        tab.outside = []
        tab.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((app_url, "data:", "blob:"))
                else tab.outside.append(request.url)
            ),
        )
        tab.goto(app_url)
        tab.wait_for_selector("#upload")
        return tab

    yield visitor
    for context in contexts:
        context.close()


@pytest.fixture
def page(visit):
    """A fresh visitor on the app's page."""
    return visit()


@pytest.fixture
def desk(page):
    """A fresh visitor, who finds the example analysed."""
    page.wait_for_selector("#verdict-label", timeout=EXAMPLE_MS)
    return page
