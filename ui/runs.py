"""The analyses of this server's visitors: one run at a time each, stoppable, bounded in number."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.types import Analysis, ModelScores, People, PoseSequence

MAX_RUNS = 40


@dataclass
class Run:
    """One analysis as far as it has come."""

    run_id: str
    """Unguessable."""
    folder: Path
    """Files made for this run."""
    people: People | None = None
    """As soon as the first pass is over."""
    pose: PoseSequence | None = None
    """As soon as the second pass is over."""
    scores: dict[str, ModelScores] = field(default_factory=dict)
    """Networks that have answered so far."""
    analysis: Analysis | None = None
    """When everything is done."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set to end the run."""

    def take(self, result: object) -> bool:
        """Keep what a stage found; whether it was anything."""
        match result:
            case People():
                self.people = result
            case PoseSequence():
                self.pose = result
            case ModelScores():
                self.scores[result.model] = result
            case _:
                return False
        return True


class RunStore:
    """Runs by id; the oldest go when there are too many, with their files."""

    def __init__(self, max_runs: int = MAX_RUNS) -> None:
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._by_visitor: dict[str, str] = {}
        self._max_runs = max_runs
        self._lock = threading.Lock()

    def start(self, visitor: str) -> Run:
        """A new run of a visitor; a run of theirs that still goes on is stopped."""
        self.stop(visitor)
        run = Run(secrets.token_urlsafe(16), Path(tempfile.mkdtemp(prefix="rinkside-")))
        with self._lock:
            self._runs[run.run_id] = run
            self._by_visitor[visitor] = run.run_id
            while len(self._runs) > self._max_runs:
                _, oldest = self._runs.popitem(last=False)
                _drop(oldest)
        return run

    def get(self, run_id: str) -> Run | None:
        """A run, if it is still there."""
        with self._lock:
            return self._runs.get(run_id)

    def stop(self, visitor: str) -> bool:
        """Ask a visitor's current run to end; whether there was one going on."""
        with self._lock:
            run = self._runs.get(self._by_visitor.get(visitor, ""))
        if run is None or run.analysis is not None or run.stop.is_set():
            return False
        run.stop.set()
        return True

    def leave(self, visitor: str) -> None:
        """A visitor closed the page: stop the run, drop the files."""
        self.stop(visitor)
        with self._lock:
            run = self._runs.pop(self._by_visitor.pop(visitor, ""), None)
        if run is not None:
            _drop(run)


def _drop(run: Run) -> None:
    run.stop.set()
    shutil.rmtree(run.folder, ignore_errors=True)
