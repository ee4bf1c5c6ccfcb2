"""`python -m pipeline programme` on real small files: results, exit codes, nothing half-written."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import __main__ as command
from pipeline.storage.analysis_files import load
from pipeline.storage.programme_files import analysis_places, load_programme
from tests.conftest import ROOT
from tests.videos import Recipe, write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=24))


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RINKSIDE_CACHE", str(tmp_path / "cache"))


def test_the_command_writes_the_folder_and_tells_the_elements(clip, tmp_path, capsys):
    """Issue 17, section 1: stdout is a table, the folder opens again."""
    out = tmp_path / "out"
    assert command.main(["programme", str(clip), "--out", str(out), "--untrained"]) == 0
    told = capsys.readouterr().out.splitlines()
    programme = load_programme(out)
    assert told[-1] == f"written to {out}"
    assert re.fullmatch(rf"{len(programme.elements)} elements? in 0:00\.80", told[-2])
    head = next(
        place for place, line in enumerate(told) if line.split()[:3] == ["no", "start", "end"]
    )
    assert len(told) - head - 3 == len(programme.elements)
    assert all(load(out / place) for place in analysis_places(programme))
    names = {path.name for path in out.iterdir()} - {"elements"}
    assert names == {
        "programme.json", "frame_scores.npz", "elements.csv", "elements.vtt", "sheet.html",
    }  # fmt: skip


def test_corrections_of_another_list_are_not_lost(tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "corrections.json").write_text("of another programme")
    path = write_video(tmp_path / "one.mp4", Recipe(frames=1))
    assert command.main(["programme", str(path), "--out", str(out), "--untrained"]) == 0
    assert "corrections.before.json" in capsys.readouterr().out.splitlines()[-1]
    assert (out / "corrections.before.json").read_text() == "of another programme"
    assert not (out / "corrections.json").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--start", "0.5", "--end", "0.2"], "is not after the in point"),
        (["--start", "soon"], "m:ss"),
        (["--profile", "turbo"], "demo, fast, paper"),
        (["--stream", "7"], "has no video number 7"),
        (["--device", "cuda"], "CUDA"),
        (["--overlay"], "unrecognized arguments"),
    ],
)
def test_a_bad_argument_is_one_line_and_exit_code_2(arguments, words, clip, tmp_path, capsys):
    out = tmp_path / "out"
    try:
        code = command.main(["programme", str(clip), "--out", str(out), "--untrained", *arguments])
    except SystemExit as stopped:
        code = stopped.code
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert code == 2
    assert error.startswith("error: ")
    assert words in error
    assert not out.exists()


def test_a_file_that_is_no_video_is_one_line_and_exit_code_2(tmp_path, capsys):
    (tmp_path / "text.mp4").write_text("no video\n" * 99)
    out = tmp_path / "out"
    assert command.main(["programme", str(tmp_path / "text.mp4"), "--out", str(out)]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: text.mp4: ")
    assert not out.exists()


def test_one_frame_is_a_programme_without_elements(tmp_path, capsys):
    """Issue 17, bad input: 1 frame."""
    path = write_video(tmp_path / "one.mp4", Recipe(frames=1))
    out = tmp_path / "out"
    assert command.main(["programme", str(path), "--out", str(out), "--untrained"]) == 0
    assert "0 elements in 0:00.0" in capsys.readouterr().out
    programme = load_programme(out)
    assert programme.elements == ()
    assert len(programme.shots) == 1


def begun(clip: Path, out: Path, cache: Path, *more: str, **options) -> subprocess.Popen[str]:
    environment = {**os.environ, "RINKSIDE_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    call = [sys.executable, "-m", "pipeline", "programme", str(clip), "--out", str(out), *more]
    return subprocess.Popen(
        [*call, "--untrained"], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip


@pytest.mark.slow
def test_two_programmes_at_once_give_what_one_gives(clip, tmp_path):
    """Issue 17, bad input: two programmes at once, with one cache."""
    runs = [begun(clip, tmp_path / f"out{i}", tmp_path / "cache") for i in range(2)]
    for process in runs:
        _, error = process.communicate(timeout=300)
        assert process.returncode == 0, error
    first, second = (
        json.loads((tmp_path / f"out{i}/programme.json").read_text()) for i in range(2)
    )
    assert first["elements"] == second["elements"]
    assert first["shots"] == second["shots"]


@pytest.mark.slow
def test_a_killed_run_leaves_nothing_and_goes_on(tmp_path):
    """Issue 17, bad input: kill -9 in mid-run."""
    path = write_video(tmp_path / "long.mp4", Recipe(frames=300))
    out, cache = tmp_path / "out", tmp_path / "cache"
    process = begun(path, out, cache)
    while not len(list(cache.glob("readings/*/*.npz"))) > 2:
        assert process.poll() is None, "it ended before it had read three pieces"
        time.sleep(0.05)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert not out.exists()
    read = {file: file.stat().st_mtime_ns for file in cache.glob("readings/*/*.npz")}
    again = begun(path, out, cache)
    _, error = again.communicate(timeout=300)
    assert again.returncode == 0, error
    assert load_programme(out).read_until_s == pytest.approx(300 / 30, abs=0.1)
    assert {file: file.stat().st_mtime_ns for file in read} == read, "it was read again"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".out")] == []


@pytest.mark.slow
def test_a_full_disk_is_said_and_leaves_nothing(clip, tmp_path):
    """Issue 17, bad input: disk full; a limit on the size of files stands for it."""

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))

    process = begun(clip, tmp_path / "out", tmp_path / "cache", "--no-cache", preexec_fn=small)
    _, error = process.communicate(timeout=300)
    assert process.returncode == 2
    assert error.strip().splitlines()[-1].startswith("error: ")
    assert "the disk is full" in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_an_interrupt_ends_with_130_and_leaves_nothing(tmp_path):
    path = write_video(tmp_path / "long.mp4", Recipe(frames=700, width=640, height=360))
    process = begun(path, tmp_path / "out", tmp_path / "cache")
    process.stderr.readline()  # the first line of progress: it is at work
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()
