"""An app in a process of its own, asked as programs and attackers ask."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import ROOT
from tests.ui.server.test_startup import free

PATIENCE_S = 120


@dataclass(frozen=True)
class Started:
    """A running app."""

    client: httpx.Client
    folder: Path
    """For its temporary files and its cache."""

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """All events of the page."""
        return self.client.get("/config").json()["dependencies"]

    def event(self, name: str) -> dict[str, Any]:
        """An event by its name for programs."""
        return next(event for event in self.events if event["api_name"] == name)

    def join(self, name: str, visitor: str) -> httpx.Response:
        """Ask for an event in a visitor's name, with empty fields."""
        event = self.event(name)
        data = [None] * len(event["inputs"])
        asked = {"fn_index": event["id"], "data": data, "session_hash": visitor}
        return self.client.post("/gradio_api/queue/join", json=asked)

    def answer(self, visitor: str) -> str:
        """What a visitor is told, until the first of their events is over."""
        told = []
        asked = {"params": {"session_hash": visitor}}
        with self.client.stream("GET", "/gradio_api/queue/data", **asked) as answers:
            for line in answers.iter_lines():
                told.append(line)
                if "process_completed" in line:
                    break
        return "\n".join(told)

    @contextmanager
    def page(self, visitor: str) -> Iterator[None]:
        """A visitor whose page is open."""
        with self.client.stream("GET", f"/gradio_api/heartbeat/{visitor}") as beats:
            next(beats.iter_lines())
            yield


@contextmanager
def started(folder: Path, *command: str, **variables: str) -> Iterator[Started]:
    """Start an app, and end it.

    Args:
        folder: Empty.
        command: For Python, without the port.
        variables: Of its environment.
    """
    port = free()
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GRADIO_")}
    environment = {**plain, "TMPDIR": str(folder), "RINKSIDE_CACHE": str(folder / "cache")}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *command, port], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT,
            env={**environment, **variables},
        )  # fmt: skip
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
            _wait_until_it_answers(client, process, folder / "log")
            yield Started(client, folder)
    finally:
        process.kill()
        process.wait()


def _wait_until_it_answers(client: httpx.Client, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            if client.get("/config").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"it does not answer: {log.read_text()}")
