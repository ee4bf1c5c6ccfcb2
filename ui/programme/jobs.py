"""The programme jobs of this server: bounded, on disk, found by their ids from any page.

A job belongs to nobody's page: a page that is loaded again, a phone that was locked and a tab that
was closed find it by the id in the address, at work or over.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

from models.checkpoint_files import WeightsError
from pipeline.errors import Cancelled, InputError, StoreError, write_error
from pipeline.messages import Message
from pipeline.progress import Listener, Progress, StopAsked
from pipeline.types.programme import Programme
from pipeline.video import open_video
from ui.hosting import MAX_JOBS_MIB
from ui.language.messages import in_words
from ui.language.tables import say
from ui.programme.job import Checked, ProgrammeJob, ProgrammeRequest
from ui.programme.job_files import drop_files, new_job, read_jobs, size_of, write_job
from ui.work.queue import WORK_QUEUE
from ui.work.work import give_memory_back

_log = logging.getLogger(__name__)

KEPT_H = 24
"""Hours after its end at which a job goes, with all its files; the page says so."""
MAX_JOBS = 24
"""Kept at once, and as many that were only opened, so that these push out none that took minutes;
of those that are over the one that ended first goes."""
MAX_GOING = 12
"""Waiting and being read at once, of all visitors together."""
MAX_GOING_OF_A_VISITOR = 3


class JobRefused(Exception):
    """No job was begun, since there are too many; the sentence says what to do."""


class ProgrammeEngine(Protocol):
    """What reads the videos."""

    def check(self, request: ProgrammeRequest) -> Checked:
        """Refuse at once what could not be read anyway."""

    def find(
        self, request: ProgrammeRequest, folder: Path, listener: Listener, stop_asked: StopAsked
    ) -> Programme:
        """Find the elements and save them below `folder`; the listener gets a growing Programme."""

    def load(self, folder: Path) -> Programme:
        """A programme that was saved before."""


class ProgrammeJobs:
    """Jobs by id.

    Args:
        engine: What reads the videos.
        folder: Where the jobs' folders lie; those of the server before are found there.
        kept_s: How long after its end a job is kept.
        max_jobs: Kept at once, read and opened apart.
        max_going: Waiting and being read at once.
        max_of_a_visitor: The same, of one visitor.
        max_mib: Of the disk, all together.
    """

    def __init__(
        self,
        engine: ProgrammeEngine,
        folder: Path,
        *,
        kept_s: float = 3600 * KEPT_H,
        max_jobs: int = MAX_JOBS,
        max_going: int = MAX_GOING,
        max_of_a_visitor: int = MAX_GOING_OF_A_VISITOR,
        max_mib: float = MAX_JOBS_MIB,
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._kept_s = kept_s
        self._max_jobs = max_jobs
        self._max_going, self._max_of_a_visitor = max_going, max_of_a_visitor
        self._max_bytes = max_mib * 2**20
        self._lock = threading.RLock()
        self._jobs: OrderedDict[str, ProgrammeJob] = OrderedDict()
        for job in read_jobs(folder):
            self._jobs[job.job_id] = job
            self._forget_later(job)

    def start(self, request: ProgrammeRequest, visitor: str) -> ProgrammeJob:
        """Begin to read a video, in its turn.

        Raises:
            InputError: Why the video cannot be read; told at once.
            JobRefused: Too many are going on, or the disk's share is full.
        """
        checked = self._engine.check(request)
        with self._lock:
            self._check_number(visitor)
            job = new_job(self._folder, request, title=checked.name, visitor=visitor)
            job.duration_s = checked.duration_s
            self._jobs[job.job_id] = job
            self._drop_the_oldest()
            self._check_disk(job)
        self._begin(job)
        return job

    def adopt(self, folder: Path, visitor: str, *, video: Path | None = None) -> ProgrammeJob:
        """A job that is over already, of a programme that was saved before.

        Args:
            folder: As `save_programme` made it; it is moved to the job's.
            visitor: Whoever opens it.
            video: The programme's, if it is at hand.

        Raises:
            InputError: It holds no readable programme, the video is another one, or the disk is
                full.
        """
        programme = self._engine.load(folder)
        name = Path(programme.video.path).name
        if video is not None and open_video(video).info.sha256 != programme.video.sha256:
            raise StoreError.of("open_other_clip", name=video.name, clip=name)
        asked = None if video is None else ProgrammeRequest(str(video), programme.profile)
        job = new_job(self._folder, asked, title=name, visitor=visitor)
        try:
            shutil.move(folder, job.programme_folder)
        except OSError as error:
            drop_files(job)
            raise write_error(self._folder, error) from error
        job.programme, job.opened = programme, True
        job.turn_to("done")
        with self._lock:
            self._jobs[job.job_id] = job
            self._drop_the_oldest()
        self._over(job)
        return job

    def get(self, job_id: str) -> ProgrammeJob | None:
        """The job with this id; None when there is none, or no longer.

        What was found by a server before is read when it is first asked for.
        """
        with self._lock:
            job = self._jobs.get(job_id)
            if job is not None and job.state == "done" and job.programme is None:
                self._read_back(job)
        return job

    def of(self, visitor: str) -> list[ProgrammeJob]:
        """A visitor's jobs, the newest first."""
        with self._lock:
            return [job for job in reversed(self._jobs.values()) if job.visitor == visitor]

    def cancel(self, job_id: str) -> None:
        """End a job that waits or is being read; what was found so far stays."""
        job = self.get(job_id)
        if job is not None and job.going:
            job.stop.set()

    def resume(self, job_id: str, visitor: str) -> None:
        """Read on, after a job was cancelled, failed or was interrupted; else nothing happens.

        Raises:
            JobRefused: Too many are going on.
        """
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or not job.can_continue:
                return
            self._check_number(visitor)
            job.visitor, job.stop, job.progress = visitor, threading.Event(), None
            job.turn_to("waiting")
        self._begin(job)

    def forget(self, job_id: str) -> None:
        """A job goes, with all its files."""
        with self._lock:
            job = self._jobs.pop(job_id, None)
        if job is not None:
            job.stop.set()
            drop_files(job)

    def _begin(self, job: ProgrammeJob) -> None:
        threading.Thread(target=self._run, args=(job,), daemon=True).start()

    def _run(self, job: ProgrammeJob) -> None:
        try:
            with WORK_QUEUE.taken(job.turn()):
                job.turn_to("reading")
                self._read(job)
        except Cancelled:
            job.turn_to("cancelled")
        except InputError as error:
            job.turn_to("failed", failure=error.message)
        except WeightsError as error:
            job.turn_to("failed", failure=Message(in_words(error)))
        except OSError as error:
            job.turn_to("failed", failure=write_error(self._folder, error).message)
        except Exception as error:
            _log.exception("a programme job failed")
            job.turn_to("failed", inside=type(error).__name__)
        self._over(job)
        give_memory_back()

    def _read(self, job: ProgrammeJob) -> None:
        write_job(job)

        def hear(progress: Progress) -> None:
            job.tell(progress)
            WORK_QUEUE.give_way(job.stop)

        found = self._engine.find(job.request, job.programme_folder, hear, job.stop.is_set)
        job.programme = found
        job.turn_to("done")

    def _over(self, job: ProgrammeJob) -> None:
        if self._jobs.get(job.job_id) is not job:  # forgotten; then this thread wrote its last file
            drop_files(job)
            return
        try:
            write_job(job)
        except OSError:  # the disk is full: it is as it is until the server ends
            _log.warning("job %s could not be noted", job.job_id[:4])
        self._forget_later(job)

    def _forget_later(self, job: ProgrammeJob) -> None:
        ended_s = job.ended_s if job.ended_s is not None else job.began_s
        timer = threading.Timer(max(0.0, ended_s + self._kept_s - time.time()), self._expire, [job])
        timer.daemon = True
        timer.start()

    def _expire(self, job: ProgrammeJob) -> None:
        ended_s = job.ended_s
        # One that was asked for again in the meantime has another end.
        if ended_s is not None and time.time() >= ended_s + self._kept_s:
            self.forget(job.job_id)

    def _check_number(self, visitor: str) -> None:
        going = [job for job in self._jobs.values() if job.going]
        if sum(job.visitor == visitor for job in going) >= self._max_of_a_visitor:
            raise JobRefused(say("job_too_many_yours", most=self._max_of_a_visitor))
        if len(going) >= self._max_going:
            raise JobRefused(say("job_too_many", most=self._max_going))

    def _drop_the_oldest(self) -> None:
        for opened in (True, False):
            jobs = [job for job in self._jobs.values() if job.opened == opened]
            over = sorted((job for job in jobs if not job.going), key=lambda job: job.ended_s or 0)
            for job in over[: max(0, len(jobs) - self._max_jobs)]:
                self.forget(job.job_id)

    def _check_disk(self, job: ProgrammeJob) -> None:
        """Make room for a job that is new; those of its visitor that are over go first."""
        excess = sum(map(size_of, self._jobs.values())) - self._max_bytes
        over = [other for other in self._jobs.values() if not other.going and other is not job]
        for other in sorted(over, key=lambda o: (o.visitor != job.visitor, o.ended_s or 0)):
            if excess <= 0:
                return
            excess -= size_of(other)
            self.forget(other.job_id)
        if excess > 0:
            self.forget(job.job_id)
            raise JobRefused(say("visit_disk"))

    def _read_back(self, job: ProgrammeJob) -> None:
        try:
            job.programme = self._engine.load(job.programme_folder)
        except InputError as error:
            job.turn_to("failed", failure=error.message)
