"""A job whose programme was read."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.storage.analysis_files import save
from pipeline.storage.programme_files import save_programme
from pipeline.video import open_video
from tests.factories import make_analysis
from tests.ui.programme.samples import make_programme
from tests.videos import Recipe, write_video
from ui.programme.job import ProgrammeJob, ProgrammeRequest


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken away lies there by the id of the job, which is the same in every test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))


@pytest.fixture
def job(tmp_path: Path) -> ProgrammeJob:
    """Five elements of a minute of which the video is not here; two have an analysis."""
    return read_job(tmp_path)


@pytest.fixture
def job_with_video(tmp_path: Path) -> ProgrammeJob:
    """The same with a video of one minute, a frame a second."""
    path = write_video(tmp_path / "free <skate>.mp4", Recipe(frames=60, fps=Fraction(1)))
    return read_job(tmp_path, path)


def read_job(folder: Path, video: Path | None = None) -> ProgrammeJob:
    made = make_programme(None if video is None else open_video(video).info)
    job = ProgrammeJob(
        "unguessable", folder / "job", ProgrammeRequest(str(video or "")), "free <skate>.mp4"
    )
    job.folder.mkdir()
    save_programme(made, job.programme_folder)
    save(make_analysis(), job.programme_folder / "elements" / "01")
    job.programme = replace(made, elements=made.elements)
    job.turn_to("done")
    return job
