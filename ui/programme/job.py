"""One programme job: what was asked for, how far it has come, and what was found."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pipeline.messages import Message
from pipeline.progress import Progress
from pipeline.types.programme import Programme
from ui.language.messages import retold
from ui.language.tables import say
from ui.views.waiting import place_sentence
from ui.work.queue import WORK_QUEUE, Place, Turn

JobState = Literal["waiting", "reading", "done", "failed", "cancelled", "interrupted"]
"""`waiting` for its turn; `interrupted` by the end of the server, and not asked for again yet."""

_NEWS_S = 0.25
"""Onlookers are told no more often."""
_SILENCE_S = 2.0
"""And no less often: the place in the queue has changed, or they have left."""


@dataclass(frozen=True)
class ProgrammeRequest:
    """What is asked of a video."""

    path: str
    profile: str = "demo"
    start_s: float | None = None
    end_s: float | None = None
    stream: int | None = None
    skater: int | None = None


@dataclass(frozen=True)
class Checked:
    """A video that can be read."""

    name: str
    duration_s: float
    """Of what is to be read of it."""


@dataclass
class ProgrammeJob:
    """One video on its way to its elements; whoever knows its id may look on, stop it, take it."""

    job_id: str
    """Unguessable."""
    folder: Path
    """Files made for this job: the video, the saved programme, a person's corrections."""
    request: ProgrammeRequest
    """With the path of the job's own copy of the video."""
    title: str
    """Name of the video."""
    visitor: str = ""
    """Whoever asked for it; for the limits, and not kept on disk."""
    duration_s: float = 0.0
    """Of what is read of the video; 0 where nobody knows yet."""
    began_s: float = field(default_factory=time.time)
    """When it was asked for, seconds since the epoch."""
    state: JobState = "waiting"
    ended_s: float | None = None
    """When it was done, failed or was cancelled, seconds since the epoch."""
    failure: Message | None = None
    """Why it failed."""
    inside: str = ""
    """Kind of an error of the program itself."""
    opened: bool = False
    """Whether it was saved before and only opened; nothing was read for it."""
    progress: Progress | None = None
    """The newest."""
    programme: Programme | None = None
    """What was found so far; all of it when the job is done."""
    revision: int = 0
    """Grows with everything new of the programme or the state, not with mere progress."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set to end the reading; another one for every reading."""
    changed: threading.Condition = field(default_factory=threading.Condition)
    packing: threading.Lock = field(default_factory=threading.Lock)
    """Held while a ZIP file is made of it."""

    @property
    def programme_folder(self) -> Path:
        """Where the programme is saved, as the command line saves it."""
        return self.folder / "programme"

    @property
    def taken_folder(self) -> Path:
        """For the files to take away: the page serves those of the temporary folder alone."""
        return Path(tempfile.gettempdir()) / f"rinkside-take-{self.job_id}"

    @property
    def going(self) -> bool:
        """Whether it waits for its turn or is being read."""
        return self.state in ("waiting", "reading")

    @property
    def can_continue(self) -> bool:
        """Whether the reading may be asked for again: it ended early, and the video is here."""
        early = self.state in ("failed", "cancelled", "interrupted")
        return early and Path(self.request.path).is_file()

    @property
    def place(self) -> Place | None:
        """Where it stands when it waits, for its turn or for clips to which it gave way."""
        return WORK_QUEUE.place(self.stop) if self.going else None

    def turn(self) -> Turn:
        """What it waits with."""
        return Turn(
            self.stop,
            self.visitor,
            "programme",
            self.request.profile,
            self.duration_s,
            self._left_s,
        )

    def sentence(self) -> str:
        """What is to be said of it, in the language that is spoken."""
        match self.state:
            case "waiting":
                return place_sentence(self.place)
            case "reading":
                return self._reading()
            case "done":
                found = 0 if self.programme is None else len(self.programme.elements)
                return say("job_done", count=found)
            case "failed" if self.failure is not None:
                return retold(self.failure)
            case "failed":
                return say("status_inside", kind=self.inside)
            case "cancelled":
                return say("job_cancelled")
        return say("job_interrupted")

    def watch(self) -> Iterator[int]:
        """The revision, now and whenever there is news or a while has passed, until it is over.

        The last one is that of the end.
        """
        while True:
            going, revision, progress = self.going, self.revision, self.progress
            yield revision
            if not going:
                return
            time.sleep(_NEWS_S)
            with self.changed:
                if (self.revision, self.progress) == (revision, progress):
                    self.changed.wait(_SILENCE_S)

    def tell(self, progress: Progress) -> None:
        """Note how far the reading has come, and the programme if it has grown."""
        with self.changed:
            self.progress = progress
            if isinstance(progress.result, Programme):
                self.programme = progress.result
                self.revision += 1
            self.changed.notify_all()

    def turn_to(self, state: JobState, *, failure: Message | None = None, inside: str = "") -> None:
        """Note that it begins, waits again, or is over, and why."""
        with self.changed:
            self.state, self.failure, self.inside = state, failure, inside
            self.ended_s = None if self.going else time.time()
            self.revision += 1
            self.changed.notify_all()

    def _left_s(self) -> float | None:
        return None if self.progress is None else self.progress.remaining_s

    def _reading(self) -> str:
        place = self.place
        gave_way = "" if place is None else f" {say('job_gives_way', count=place.before)}"
        return self._read() + gave_way

    def _read(self) -> str:
        if self.programme is None or self.progress is None:
            return say("job_reading")
        video, left_s = self.programme.video, self.progress.remaining_s
        told = say(
            "job_read", until=_clock(self.programme.read_until_s - video.start_s),
            whole=_clock(video.end_s - video.start_s), count=len(self.programme.elements),
        )  # fmt: skip
        return told if left_s is None else f"{told} {say('job_left', time=_clock(left_s))}"


def _clock(seconds: float) -> str:
    return f"{max(0, round(seconds)) // 60}:{max(0, round(seconds)) % 60:02d}"
