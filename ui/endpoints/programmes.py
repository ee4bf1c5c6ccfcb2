"""`programme_start`, `_status`, `_result`, `_cancel`: jobs that outlive a client's time-out.

They are the jobs of the page and of the plain addresses (`ui/programme/routes.py`), by the same id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from pipeline.errors import InputError
from ui.endpoints.fields import answered, caller_of, text_of, with_named_video
from ui.endpoints.uploads import uploaded
from ui.language.tables import say
from ui.programme.job import ProgrammeJob
from ui.programme.jobs import KEPT_H, JobRefused, ProgrammeJobs
from ui.programme.routes import asked_of, result_of, status_of


@dataclass(frozen=True)
class ProgrammeEndpoints:
    """What programs ask of the programmes of a server."""

    jobs: ProgrammeJobs

    def all(self) -> list[Callable[..., Any]]:
        """Each, with its name for programs."""
        return [self.start(), self.status(), self.result(), self.cancel()]

    def start(self) -> Callable[..., Any]:
        """Begins a job."""

        def programme_start(  # noqa: PLR0917 -- gradio passes fields by position
            video: gr.FileData,
            request: gr.Request,
            profile: str = "demo",
            start: str = "",
            end: str = "",
            skater: str = "",
            stream: str = "",
        ) -> dict[str, Any]:
            """Begin to find the elements of a whole programme; answers at once with the job's id.

            Args:
                video: The video, uploaded; up to 15 minutes.
                request: Whoever asks.
                profile: Networks and views: demo, fast or paper.
                start: Where to begin, "75.2" or "1:15.2"; empty for the start of the file.
                end: Where to end, likewise.
                skater: Number of a person; empty for the main skater.
                stream: Number of the video in a file that holds several; empty for the usual one.
            """
            with answered(request):
                fields = {
                    "profile": text_of(profile), "start": text_of(start), "end": text_of(end),
                    "skater": text_of(skater), "stream": text_of(stream),
                }  # fmt: skip
                asked = asked_of(str(uploaded(video)), fields)
                try:
                    job = self.jobs.start(asked, caller_of(request))
                except JobRefused as error:
                    raise InputError(str(error)) from error
                return status_of(job)

        return programme_start

    def status(self) -> Callable[..., Any]:
        """Tells how a job stands."""

        def programme_status(job_id: str, request: gr.Request) -> dict[str, Any]:
            """How a job stands: its state, its place in the queue, how far it is, time left.

            Args:
                job_id: What `programme_start` answered as `id`.
                request: Whoever asks.
            """
            with answered(request):
                return status_of(self._job(job_id))

        return programme_status

    def result(self) -> Callable[..., Any]:
        """Tells what was found."""

        def programme_result(job_id: str, request: gr.Request) -> dict[str, Any]:
            """What was found so far, the content of `programme.json`; `state` says if it is all.

            Args:
                job_id: What `programme_start` answered as `id`.
                request: Whoever asks.
            """
            with answered(request):
                job = self._job(job_id)
                found = result_of(job)
                if found is None:
                    raise InputError(job.sentence())
                return with_named_video(found)

        return programme_result

    def cancel(self) -> Callable[..., Any]:
        """Ends a job."""

        def programme_cancel(job_id: str, request: gr.Request) -> dict[str, Any]:
            """End the reading; what was found so far stays. Answers how the job stands.

            Args:
                job_id: What `programme_start` answered as `id`.
                request: Whoever asks.
            """
            with answered(request):
                job = self._job(job_id)
                self.jobs.cancel(job.job_id)
                return status_of(job)

        return programme_cancel

    def _job(self, job_id: object) -> ProgrammeJob:
        job = self.jobs.get(text_of(job_id))
        if job is None:
            raise InputError(say("job_gone", hours=KEPT_H))
        return job
