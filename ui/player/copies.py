"""Copies that browsers play, made behind the requests that ask for them: one job a clip.

A request that waited for an encoder would hold one of the server's few threads for a minute.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import Cancelled, InputError, StoreError, write_error
from ui.player.playable import known_copy, playable_copy
from ui.player.words import say

if TYPE_CHECKING:
    from ui.player.clips import Clip

MAX_GOING = 8
"""Copies that are made or wait for their turn at once, of all visitors together."""
MAX_GOING_OF_A_VISITOR = 2

_log = logging.getLogger(__name__)


class CopyRefused(Exception):
    """Too many copies are being made; asked again later there may be room."""


@dataclass
class CopyJob:
    """One copy on its way."""

    visitor: str
    share: float = 0.0
    """What is done of it, 0 to 1."""
    path: Path | None = None
    """When it is done."""
    failure: InputError | None = None
    """Why there is none; without it and a path the program itself failed."""
    over: bool = False

    def note(self, share: float) -> None:
        """Keep how far it has come."""
        self.share = share


class Copies:
    """The copies of a server's clips.

    Args:
        max_going: At once, of all visitors together.
        max_of_a_visitor: At once, of one visitor.
    """

    def __init__(
        self, max_going: int = MAX_GOING, max_of_a_visitor: int = MAX_GOING_OF_A_VISITOR
    ) -> None:
        self._max_going, self._max_of_a_visitor = max_going, max_of_a_visitor
        self._jobs: dict[str, CopyJob] = {}
        self._lock = threading.Lock()

    def ask(self, clip: Clip) -> CopyJob:
        """The job of a clip, begun if there is none; it answers at once.

        Raises:
            Cancelled: The clip was closed.
            CopyRefused: Too many are going on.
            InputError: It failed; told once, then it may be tried again.
        """
        with self._lock:
            if clip.closed.is_set():
                raise Cancelled
            job = self._jobs.get(clip.token)
            if job is not None and job.over:
                del self._jobs[clip.token]
                if job.path is None:
                    raise job.failure or StoreError(say("copy_failed"))
            elif job is not None:
                return job
            if (path := known_copy(clip.video)) is not None:
                return CopyJob(clip.visitor, 1.0, path, over=True)
            return self._begin(clip)

    def forget(self, token: str) -> None:
        """A clip was closed, which ends its job."""
        with self._lock:
            self._jobs.pop(token, None)

    def _begin(self, clip: Clip) -> CopyJob:
        going = [job for job in self._jobs.values() if not job.over]
        theirs = sum(job.visitor == clip.visitor for job in going)
        if len(going) >= self._max_going or theirs >= self._max_of_a_visitor:
            raise CopyRefused(say("copies_many"))
        job = self._jobs[clip.token] = CopyJob(clip.visitor)
        threading.Thread(target=self._make, args=(clip, job), name="copy", daemon=True).start()
        return job

    def _make(self, clip: Clip, job: CopyJob) -> None:
        try:
            job.path = playable_copy(clip.video, progress=job.note, stop_asked=clip.closed.is_set)
        except InputError as error:
            job.failure = error
        except OSError as error:
            job.failure = write_error(clip.video.name, error)
        except Cancelled:  # by its clip, which nobody asks for any more
            job.over = True
        except Exception:
            _log.exception("a copy could not be made")
        job.over = True
