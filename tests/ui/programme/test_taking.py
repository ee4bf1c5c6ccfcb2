"""Issue 17, section 2: CSV, JSON, WebVTT, the one-file sheet, a video; all of it opens again."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.sheet.review_files import load_review
from pipeline.storage.programme_files import load_programme
from pipeline.storage.programme_pack import unpack_programme
from pipeline.video import open_video
from ui.programme.job_files import drop_files
from ui.programme.page import correct
from ui.programme.reviewing import Reviews
from ui.programme.taking import FORMATS, make_files


@pytest.fixture
def made(job_with_video):
    job, reviews = job_with_video, Reviews()
    correct(reviews, job, {"act": "relabel", "key": "1", "code": "3F"})
    paths: dict[str, list[Path]] = {}
    for name, files in make_files(job, reviews, FORMATS, job.request.path):
        paths[name] = [Path(path) for path in files]
    return job, reviews, paths


def test_every_format_is_made(made):
    job, _, paths = made
    assert list(paths) == list(FORMATS)
    assert [path.name for path in paths["json"]] == [
        "free_skate_programme.json",
        "free_skate_corrections.json",
    ]
    assert "3F" in paths["csv"][0].read_text()
    assert paths["vtt"][0].read_text().startswith("WEBVTT")
    assert "data:image/jpeg;base64," in paths["sheet"][0].read_text()
    assert json.loads(paths["json"][0].read_text())["elements"][0]["code"] == "3Lz"
    captioned, source = (open_video(path) for path in (paths["mp4"][0], job.request.path))
    assert len(captioned) == len(source) == 60
    shown, plain = (_frame(video, 5) for video in (captioned, source))  # 3F: 4.8 to 6.3 s
    assert (np.abs(shown - plain) > 80).sum() > 500
    # No element, and no analysis that knows a skater there.
    shown, plain = (_frame(video, 30) for video in (captioned, source))
    assert (np.abs(shown - plain) > 80).sum() < 50


def _frame(video, position: int) -> np.ndarray:
    return next(video.frames(np.array([position])))[1].astype(np.int16)


@pytest.mark.parametrize("kind", ["zip", "sheet"])
def test_what_was_taken_away_opens_again_without_loss(made, tmp_path, kind):
    job, reviews, paths = made
    folder = tmp_path / "again"
    folder.mkdir()
    unpack_programme(paths[kind], folder)
    programme = load_programme(folder)
    assert programme.elements == job.programme.elements
    assert programme.shots == job.programme.shots
    assert load_review(programme, folder) == reviews.of(job)


def test_nothing_is_made_while_the_video_is_being_read(job):
    job.turn_to("reading")
    with pytest.raises(InputError, match="still being read"):
        list(make_files(job, Reviews(), FORMATS, None))


def test_files_lie_where_the_page_may_serve_them_from_and_go_with_the_job(job_with_video):
    """They lay beside the job: with a cache in somebody's home every export failed."""
    work = Path(tempfile.gettempdir())
    made = [
        Path(path)
        for _, paths in make_files(job_with_video, Reviews(), ["sheet", "csv", "zip"], None)
        for path in paths
    ]
    assert len(made) == 3
    assert all(file.is_file() and file.is_relative_to(work) for file in made)
    drop_files(job_with_video)
    assert list(work.iterdir()) == []
