"""An engine that reads no pictures, for tests of what the page does with a real one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import Cancelled, StoreError, VideoError
from pipeline.progress import Listener, Progress, StopAsked
from pipeline.types.programme import Programme
from tests.programmes import make_programme
from ui.programme.job import ProgrammeRequest


class StepByStep:
    """Finds one element a step; tests say when a step is made.

    Args:
        steps: Elements in all.
        gate: Steps are made while it is set.
        failing: Called before the last step; it may raise.
    """

    def __init__(self, steps: int = 3, failing: Callable[[], object] | None = None) -> None:
        self.steps = steps
        self.gate = threading.Event()
        self.gate.set()
        self.failing = failing
        self.at_work = 0
        self.most_at_work = 0
        self.order: list[str] = []

    def check(self, request: ProgrammeRequest) -> str:
        if not Path(request.path).is_file():
            raise VideoError.of("file_missing", name=request.path, folder=".")
        return Path(request.path).name

    def find(
        self, request: ProgrammeRequest, folder: Path, listener: Listener, stop_asked: StopAsked
    ) -> Programme:
        self.order.append(Path(request.path).name)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            return self._find(request, folder, listener, stop_asked)
        finally:
            self.at_work -= 1

    def _find(
        self, request: ProgrammeRequest, folder: Path, listener: Listener, stop_asked: StopAsked
    ) -> Programme:
        for step in range(1, self.steps + 1):
            while not self.gate.wait(0.01):
                if stop_asked():
                    raise Cancelled
            if stop_asked():
                raise Cancelled
            if step == self.steps and self.failing is not None:
                self.failing()
            until_s = 60 * step / self.steps
            found = make_programme(path=request.path, elements=step, until_s=until_s)
            listener(Progress("detect", step / self.steps, 1.0, found))
        folder.mkdir()
        (folder / "programme.json").write_text(str(self.steps))
        return found

    def load(self, folder: Path) -> Programme:
        try:
            return make_programme(elements=int((folder / "programme.json").read_text()))
        except (OSError, ValueError):
            raise StoreError("there is no programme in it") from None
