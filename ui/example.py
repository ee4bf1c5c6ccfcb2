"""The example that a new visitor finds analysed: made once, in the background, at the start."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from models.checkpoint_files import WeightsError
from pipeline.analyser import Analyser
from pipeline.errors import InputError
from pipeline.progress import Progress
from pipeline.storage.analysis_files import load
from pipeline.types import Analysis
from ui import callbacks
from ui.language.messages import in_words
from ui.language.tables import say
from ui.runs import Run, RunStore
from ui.server.gpu import is_zero_gpu
from ui.views.cards import message_card, progress_card

_log = logging.getLogger(__name__)
POLL_S = 0.2
STORED = Path(__file__).resolve().parent.parent / "assets" / "analyses"


def take_stored(analyser: Analyser, clips: Path) -> list[str]:
    """Make the analyses that ship beside the example clips known; the names of those that fit.

    `python -m benchmarks.examples` writes them. Those of other weights or settings than the ones at
    hand are passed over: then the examples are analysed here.
    """
    taken: list[str] = []
    made_with = STORED / "profile.sha256"
    if not made_with.is_file() or made_with.read_text().strip() != analyser.profile.fingerprint():
        return taken
    for clip in sorted(clips.glob("*.mp4")):
        try:
            if analyser.adopt(clip, load(STORED / clip.stem)):
                taken.append(clip.stem)
        except InputError:  # none is stored, or it is damaged: as good as none
            continue
    return taken


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
        self.problem: Exception | str | None = None
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
            analyser = callbacks.analyser(self.profile)
            stored = take_stored(analyser, self.path.parent)
            self.analysis = analyser.analyse(self.path, listener=self._hear)
            if self.path.stem in stored and not is_zero_gpu():
                # Networks are loaded, and slow the first time: now, while nobody waits for them.
                analyser.analyse(self.path, fresh=True)
        except (InputError, WeightsError) as error:
            self.problem = error.with_traceback(None)  # told to each in their language
        except Exception as error:
            _log.exception("the example could not be analysed")
            self.problem = type(error).__name__

    def _hear(self, progress: Progress) -> None:
        self.progress = progress

    def show(self, runs: RunStore, visitor: str) -> Iterator[callbacks.News]:
        """Bring the example to a visitor.

        Waits until it is there, telling how far it is; what the visitor has begun meanwhile stays.
        """
        self.prepare()
        while self.analysis is None and self.problem is None and not runs.has_begun(visitor):
            yield self._waiting(), "", 0
            time.sleep(POLL_S)
        if self.analysis is None and not runs.has_begun(visitor):
            failed = say("example_failed", reason=self._reason())
            yield message_card(failed, kind="error"), "", 0
            return
        run = self._welcome(runs, visitor)
        if run is None:
            own = runs.on_screen(visitor)
            yield "" if own is None else own.card, "", 0  # the page keeps what comes last
            return
        run.card = message_card(say("example_ready", name=self.path.name), kind="done")
        yield run.card, run.run_id, 1

    def _welcome(self, runs: RunStore, visitor: str) -> Run | None:
        """The example as a run of a visitor who has begun nothing yet."""
        if self.analysis is None:
            return None
        asked = callbacks.request_of(str(self.path), self.profile, start="", end="", skater="")
        return runs.welcome(visitor, self.analysis, self.path.name, asked)

    def _reason(self) -> str:
        return in_words(self.problem) if isinstance(self.problem, Exception) else str(self.problem)

    def _waiting(self) -> str:
        if self.progress is None:
            return message_card(say("example_waiting", name=self.path.name))
        return progress_card(self.progress)
