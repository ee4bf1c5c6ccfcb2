"""What people make of the programmes of this server: a review for each job, beside its files."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pipeline.errors import InputError
from pipeline.sheet.corrected import apply
from pipeline.sheet.history import History
from pipeline.sheet.review_files import Review, digest, load_review, save_review
from pipeline.sheet.rows import Corrected
from pipeline.types.programme import Programme
from ui.programme.job import ProgrammeJob

MAX_REVIEWS = 60
"""In memory at once; what is saved is read again."""


@dataclass
class Reviews:
    """Reviews by the id of their job."""

    _by_id: dict[str, tuple[str, Review]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def of(self, job: ProgrammeJob) -> Review:
        """The review of a job; an empty one while it is being read.

        Raises:
            InputError: What was saved is damaged.
        """
        with self._lock:
            if job.going or job.programme is None:
                return Review()
            made_for, review = self._by_id.get(job.job_id, ("", Review()))
            if made_for != digest(job.programme):  # another reading may have found another list
                review = load_review(job.programme, job.programme_folder)
                self._keep(job.job_id, job.programme, review)
            return review

    def sheet(self, job: ProgrammeJob) -> Corrected:
        """The list of a job as it stands.

        Raises:
            InputError: What was saved is damaged.
        """
        programme = _programme(job)
        return apply(programme, self.of(job).history.done)

    def correct(self, job: ProgrammeJob, change: Callable[[History], History]) -> None:
        """Change the corrections of a job that was read, and save them.

        Args:
            job: Which.
            change: Gets what was done so far.

        Raises:
            InputError: It is still being read, the correction makes no sense, or the disk is full.
        """
        with self._lock:
            before = self.of(job)
            self.put(job, replace(before, history=change(before.history)))

    def put(self, job: ProgrammeJob, review: Review) -> None:
        """Keep another review of a job, and save it.

        Raises:
            InputError: It is still being read, or the disk is full.
        """
        if job.going:
            raise InputError.of("correction_reading")
        programme = _programme(job)
        with self._lock:
            self._keep(job.job_id, programme, review)
            if job.programme_folder.is_dir():
                save_review(programme, review, job.programme_folder)

    def _keep(self, job_id: str, programme: Programme, review: Review) -> None:
        self._by_id.pop(job_id, None)
        self._by_id[job_id] = (digest(programme), review)
        while len(self._by_id) > MAX_REVIEWS:
            del self._by_id[next(iter(self._by_id))]


def _programme(job: ProgrammeJob) -> Programme:
    if job.programme is None:
        raise InputError.of("correction_reading")
    return job.programme
