"""An engine that reads no pictures, for tests of what the page does with a real one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pipeline.errors import Cancelled, VideoError
from pipeline.progress import Listener, Progress, StopAsked
from pipeline.storage.programme_files import load_programme, save_programme
from pipeline.types.programme import Programme
from tests.factories import make_programme
from ui.programme.job import Checked, ProgrammeRequest


class StepByStep:
    """Finds the three elements of `make_programme`, one a step, while `gate` is set.

    Args:
        failing: Called before the last step; it may raise.
    """

    def __init__(self, failing: Callable[[], object] | None = None) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.failing = failing
        self.at_work = 0
        self.most_at_work = 0
        self.order: list[str] = []

    def check(self, request: ProgrammeRequest) -> Checked:
        if not Path(request.path).is_file():
            raise VideoError.of("file_missing", name=request.path, folder=".")
        return Checked(Path(request.path).name, 10.0)

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
        whole = make_programme()
        video = replace(whole.video, path=Path(request.path).name, sha256=sha256(request.path))
        for step in range(1, len(whole.elements) + 1):
            while not self.gate.wait(0.01):
                if stop_asked():
                    raise Cancelled
            if stop_asked():
                raise Cancelled
            if step == len(whole.elements) and self.failing is not None:
                self.failing()
            found = replace(
                whole, video=video, elements=whole.elements[:step], read_until_s=10 * step / 3
            )
            listener(Progress("detect", step / 3, 1.0, found))
        save_programme(found, folder)
        return found

    def load(self, folder: Path) -> Programme:
        return load_programme(folder)


def sha256(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
