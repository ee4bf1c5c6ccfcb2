"""The analyses of this server's visitors: one run at a time each, stoppable, bounded in number."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.types import Analysis, ModelScores, People, PoseSequence
from ui.hosting import MAX_RUNS, MAX_RUNS_OF_A_VISITOR
from ui.origins import OfProgramme as OfProgramme
from ui.origins import Opened as Opened
from ui.presence import Full, Presence
from ui.work.work import Work


@dataclass
class Run:
    """One analysis as far as it has come."""

    run_id: str
    """Unguessable."""
    folder: Path
    """Files made for this run."""
    visitor: str = ""
    """Session of whoever asked for it."""
    title: str = ""
    """Name of the clip."""
    began_s: float = field(default_factory=time.time)
    """When it was asked for, seconds since the epoch."""
    people: People | None = None
    """As soon as the first pass is over."""
    pose: PoseSequence | None = None
    """As soon as the second pass is over."""
    scores: dict[str, ModelScores] = field(default_factory=dict)
    """Networks that have answered so far."""
    analysis: Analysis | None = None
    """When everything is done."""
    asked: object = None
    """The request behind it."""
    parts: int | None = None
    """Jumps, spins and sequences that were found in a clip that was looked through; None: it was
    taken as it is."""
    opened: Opened | None = None
    """The clip of an evaluation that it shows."""
    element: OfProgramme | None = None
    """The element of a programme that it shows."""
    blind: bool = False
    """Whether the visitor wants to make a call before seeing the verdict."""
    own_call: str | None = None
    """That call."""
    card: str = ""
    """What the status says of it, as HTML."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set to end the run."""
    work: Work | None = None
    """It at work, for whoever looks on."""
    ended: bool = False
    """Whether it was cancelled or failed: no verdict will come."""

    @property
    def truth(self) -> int | None:
        """The true class, where an evaluation knows it."""
        return None if self.opened is None else self.opened.label

    @property
    def opens_again(self) -> bool:
        """Whether it was opened from where it can be opened at any time."""
        return self.opened is not None or self.element is not None

    @property
    def going(self) -> bool:
        """Whether it waits for its turn, or is at work and nobody has asked it to end."""
        return self.analysis is None and not self.stop.is_set()

    @property
    def at_work(self) -> bool:
        """Whether its turn has come."""
        return self.work is not None and self.work.begun

    @property
    def hidden(self) -> bool:
        """Whether nothing may be shown yet."""
        return self.blind and self.own_call is None and not self.ended

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

    def complete(self, analysis: Analysis) -> None:
        """Keep the finished analysis."""
        self.people, self.pose = analysis.people, analysis.pose
        self.scores = dict(analysis.scores)
        self.analysis, self.ended = analysis, False

    def end(self, card: str) -> None:
        """There will be no verdict, for the reason that the card tells."""
        if self.hidden:  # and none is given away by a call that cannot be made any more
            self.scores = {}
        self.card, self.ended = card, True
        self.stop.set()


class RunStore:
    """Runs by id; a visitor's oldest go when there are too many, with their files.

    Args:
        max_runs: Of all visitors together; a newcomer's is refused rather than that of somebody
            who is there dropped.
        max_of_a_visitor: Of one visitor.
        presence: Who is there.
    """

    def __init__(
        self,
        max_runs: int = MAX_RUNS,
        max_of_a_visitor: int = MAX_RUNS_OF_A_VISITOR,
        presence: Presence | None = None,
    ) -> None:
        self._presence = presence or Presence()
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._current: dict[str, str] = {}
        self._on_screen: dict[str, str] = {}
        self._max_runs = max_runs
        self._max_of_a_visitor = max_of_a_visitor
        self._lock = threading.Lock()

    def start(self, visitor: str, title: str = "") -> Run:
        """A new run of a visitor; a run of theirs that still goes on is stopped.

        Raises:
            Full: Other visitors' runs leave no room.
        """
        self.stop(visitor)
        with self._lock:
            self._make_room(visitor)
            folder = Path(tempfile.mkdtemp(prefix="rinkside-"))
            run = Run(secrets.token_urlsafe(16), folder, visitor, title)
            self._keep(run)
        return run

    def welcome(self, visitor: str, analysis: Analysis, title: str, asked: object) -> Run | None:
        """As `adopt`, unless the visitor has begun something of their own, or there is no room."""
        run = Run(secrets.token_urlsafe(16), Path(tempfile.mkdtemp(prefix="rinkside-")), visitor)
        run.title, run.asked = title, asked
        run.complete(analysis)
        with self._lock, suppress(Full):
            if visitor not in self._on_screen:
                self._make_room(visitor)
                self._keep(run)
                return run
        _drop(run)
        return None

    def adopt(self, visitor: str, analysis: Analysis, title: str = "") -> Run:
        """A run that is over already: an example, a saved analysis, a result known before.

        Raises:
            Full: Other visitors' runs leave no room.
        """
        run = self.start(visitor, title or Path(analysis.video.path).name)
        run.complete(analysis)
        return run

    def get(self, run_id: str) -> Run | None:
        """A run, if it is still there."""
        with self._lock:
            return self._runs.get(run_id)

    def history(self, visitor: str) -> list[Run]:
        """A visitor's finished runs, the newest first."""
        with self._lock:
            mine = [run for run in self._runs.values() if run.visitor == visitor]
        return [run for run in reversed(mine) if run.analysis is not None]

    def current(self, visitor: str) -> Run | None:
        """The latest run that a visitor asked for."""
        with self._lock:
            return self._runs.get(self._current.get(visitor, ""))

    def recall(self, run: Run) -> None:
        """A visitor asks again for a run that is there; another that still goes on is stopped."""
        if not run.going:
            self.stop(run.visitor)
        with self._lock:
            self._current[run.visitor] = self._on_screen[run.visitor] = run.run_id

    def look_at(self, visitor: str, run_id: str) -> None:
        """What a visitor has on screen from now on: a run, or what `Shown` has in its place."""
        with self._lock:
            self._on_screen[visitor] = run_id

    def chosen(self, visitor: str) -> str | None:
        """What a visitor has on screen, as `look_at` names it; None where nothing is yet."""
        with self._lock:
            return self._on_screen.get(visitor)

    def on_screen(self, visitor: str) -> Run | None:
        """The run that a visitor looks at; None where their clip is not analysed yet."""
        with self._lock:
            return self._runs.get(self._on_screen.get(visitor, ""))

    def has_begun(self, visitor: str) -> bool:
        """Whether a visitor has chosen or analysed anything yet."""
        with self._lock:
            return visitor in self._on_screen

    def visit(self, visitor: str) -> list[Run]:
        """A visitor's runs that are finished or at work, the newest first."""
        with self._lock:
            mine = [run for run in self._runs.values() if run.visitor == visitor]
        return [run for run in reversed(mine) if run.analysis is not None or run.going]

    def stop(self, visitor: str) -> Run | None:
        """Ask a visitor's current run to end; None when there is none going on."""
        run = self.current(visitor)
        if run is None or not run.going:
            return None
        run.stop.set()
        return run

    def hand_over(self, before: str, visitor: str) -> None:
        """The visitor `before` is called `visitor` from now on; what that one has begun stays."""
        with self._lock:
            for run in self._runs.values():
                if run.visitor == before:
                    run.visitor = visitor
            current, seen = self._current.pop(before, ""), self._on_screen.pop(before, "")
            if current in self._runs:
                self._current.setdefault(visitor, current)
            # A clip that was not analysed is not known here: then the latest run is looked at.
            if found := next((run_id for run_id in (seen, current) if run_id in self._runs), ""):
                self._on_screen.setdefault(visitor, found)

    def leave(self, visitor: str) -> None:
        """A visitor closed the page: stop the run, drop the files."""
        self.stop(visitor)
        with self._lock:
            self._current.pop(visitor, None)
            self._on_screen.pop(visitor, None)
            mine = [key for key, run in self._runs.items() if run.visitor == visitor]
            for key in mine:
                _drop(self._runs.pop(key))

    def _keep(self, run: Run) -> None:
        self._runs[run.run_id] = run
        self._current[run.visitor] = self._on_screen[run.visitor] = run.run_id

    def _make_room(self, visitor: str) -> None:
        """Drop a run where there is no room for another one."""
        owners = [run.visitor for run in self._runs.values()]
        limits = {"most": self._max_runs, "of_a_visitor": self._max_of_a_visitor}
        leaves = self._presence.make_room(visitor, owners, **limits)
        if leaves is None:
            return
        theirs = [key for key, run in self._runs.items() if run.visitor == leaves]
        # What was opened from an evaluation or a programme goes first: it opens again at any time.
        _drop(self._runs.pop(min(theirs, key=lambda key: not self._runs[key].opens_again)))


def _drop(run: Run) -> None:
    run.stop.set()
    shutil.rmtree(run.folder, ignore_errors=True)
