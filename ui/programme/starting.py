"""What begins a programme job: a video, or a programme that was saved; and what is decided by.

Plain functions over plain values, no gradio in sight.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.storage.outside_files import told_as
from pipeline.storage.programme_pack import holds_programme, unpack_programme
from ui.programme.job import ProgrammeJob, ProgrammeRequest
from ui.programme.jobs import ProgrammeJobs

PROGRAMME_FROM_S = 8.0
"""A longer video is a programme; most elements alone are shorter, and a programme of one element is
a programme too."""


EXAMPLE = Path(__file__).resolve().parents[2] / "assets" / "programmes"
"""A programme that ships: what was found in it, and its video; see `assets/README.md`."""


def example_files() -> list[str]:
    """The files of the programme that ships, as a visitor would choose them."""
    return [str(path) for path in sorted(EXAMPLE.glob("*.*"))]


def is_programme(duration_s: float | None) -> bool:
    """Whether an uploaded video opens the programme page by itself.

    Args:
        duration_s: Of the whole video; None where it cannot be read.
    """
    return duration_s is not None and duration_s > PROGRAMME_FROM_S


def begin(jobs: ProgrammeJobs, paths: Sequence[str], profile: str, visitor: str) -> ProgrammeJob:
    """Begin to read a video, or open a programme that was saved.

    Inputs: the server's jobs, uploaded files (a video; or what a programme was saved in, and its
    video if it is at hand), the profile, the visitor. Outputs: the job.

    Raises:
        InputError: Why the files cannot be read.
        JobRefused: Too many are going on.
    """
    files = [Path(path) for path in paths]
    if any(holds_programme(path) for path in files):
        return _opened(jobs, files, visitor)
    if len(files) != 1:
        raise StoreError.of("programme_one_video")
    return jobs.start(ProgrammeRequest(paths[0], profile), visitor)


def _opened(jobs: ProgrammeJobs, files: Sequence[Path], visitor: str) -> ProgrammeJob:
    with tempfile.TemporaryDirectory(prefix="rinkside-opened-") as scratch:
        folder = Path(scratch) / "programme"
        folder.mkdir()
        video = unpack_programme(files, folder)
        with told_as(files[0].name):
            return jobs.adopt(folder, visitor, video=video)
