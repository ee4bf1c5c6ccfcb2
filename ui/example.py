"""The example that a new visitor finds analysed: made once, in the background, at the start."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from models.checkpoint_files import WeightsError
from pipeline.errors import InputError
from pipeline.progress import Progress
from pipeline.types import Analysis
from ui import callbacks
from ui.cards import message_card, progress_card
from ui.language import say
from ui.runs import RunStore

_log = logging.getLogger(__name__)
POLL_S = 0.2


class Example:
    """One clip, analysed once for everybody.

    Args:
        path: The clip.
        profile: Name of the profile.
    """

    def __init__(self, path: Path, profile: str = "demo") -> None:
        self.path = path
        self.profile = profile
        self.analysis: Analysis | None = None
        """When it is there."""
        self.problem: str | None = None
        """Why it never will be."""
        self.progress: Progress | None = None
        """How far it has come."""
        self._started = threading.Lock()

    def prepare(self) -> None:
        """Begin in the background; a second call does nothing."""
        if self._started.acquire(blocking=False):
            threading.Thread(target=self._work, daemon=True, name="example").start()

    def _work(self) -> None:
        try:
            self.analysis = callbacks.analyser(self.profile).analyse(self.path, listener=self._hear)
        except (InputError, WeightsError) as error:
            self.problem = str(error)
        except Exception as error:
            _log.exception("the example could not be analysed")
            self.problem = type(error).__name__

    def _hear(self, progress: Progress) -> None:
        self.progress = progress

    def show(self, runs: RunStore, visitor: str) -> Iterator[tuple[str, str, int]]:
        """Bring the example to a visitor: status card, run id, revision.

        Waits until it is there, telling how far it is; ends quietly when the visitor has begun
        something of their own meanwhile.
        """
        while self.analysis is None and self.problem is None and not runs.busy(visitor):
            yield self._waiting(), "", 0
            time.sleep(POLL_S)
        if runs.busy(visitor):
            return
        if self.analysis is None:
            yield message_card(say("example_failed", reason=self.problem), kind="error"), "", 0
            return
        run = runs.adopt(visitor, self.analysis, self.path.name)
        yield message_card(say("example_ready", name=self.path.name), kind="done"), run.run_id, 1

    def _waiting(self) -> str:
        if self.progress is None:
            return message_card(say("example_waiting", name=self.path.name))
        return progress_card(self.progress)
