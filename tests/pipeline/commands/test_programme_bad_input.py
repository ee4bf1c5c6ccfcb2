"""Issue 17, bad input: what is refused and what is said, on real files by the command itself.

Where the others of that list are: one frame, kill -9, two at once, disk full in
`test_programme.py`; cuts every second, nobody, pairs, 15 and 120 frames a second in
`tests/pipeline/programme/reading`; lines of nonsense in a plan in `tests/pipeline/sheet`.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from pipeline import __main__ as command
from pipeline.storage.programme_files import load_programme
from tests.videos import Recipe, cut, write_video


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINKSIDE_CACHE", str(tmp_path / "cache"))


def find(video: Path, out: Path) -> int:
    return command.main(["programme", str(video), "--out", str(out), "--untrained"])


def test_ten_hours_are_refused_with_the_limit_and_how_to_cut(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hours = write_video(
        tmp_path / "hours.mp4", Recipe(frames=360, width=64, height=48, fps=Fraction(1, 100))
    )
    assert find(hours, tmp_path / "out") == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: hours.mp4: ")
    assert "600.0 min" in error
    assert "15 min" in error
    assert "--start" in error
    assert not (tmp_path / "out").exists()


def test_of_a_file_that_breaks_off_what_was_read_stands_and_the_rest_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A download of which the second half is missing; its index promises all of it."""
    recipe = Recipe(frames=30, output=("-g", "6", "-movflags", "+faststart"))
    part = cut(write_video(tmp_path / "whole.mp4", recipe), tmp_path / "part.mp4", 0.7)
    assert find(part, tmp_path / "out") == 0
    programme = load_programme(tmp_path / "out")
    assert programme.read_until_s == programme.shots[-1].end_s == pytest.approx(0.6)
    assert "part.mp4 is damaged: 18 of 30 frames could be read" in capsys.readouterr().out
