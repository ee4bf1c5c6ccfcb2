"""A ZeroGPU Space (issue 19, section 2): what a forked process finds is known in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.videos import Recipe, write_video
from ui.asked import Request
from ui.server.gpu import is_zero_gpu, seconds_for

SCRIPT = """
import json, os, sys, threading
from ui import callbacks
from ui.asked import Request
from ui.runs import RunStore

path, end = sys.argv[1], float(sys.argv[2])
runs, told = RunStore(), []
steps = callbacks.analyse(Request(path, "demo"), runs, "anna")
for card, run_id, revision in steps:
    told.append(card)
    if end and "progress" in card:
        callbacks.stop(runs, "anna")
run = runs.current("anna")
print(json.dumps({
    "here": os.getpid(),
    "threads": threading.active_count(),
    "label": None if run is None or run.analysis is None else run.analysis.verdict.label,
    "scores": [] if run is None else sorted(run.scores),
    "people": run is not None and run.people is not None,
    "last": told[-1],
    "known": callbacks.begin(Request(path, "demo"), runs, "boris")[2] if not end else None,
}))
"""


def told_of(folder: Path, clip: Path, *, end: bool = False) -> tuple[dict, list[list[str]]]:
    """What the app's process knows in the end, and a line a call of the GPU."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "stand_ins"), str(ROOT)]),
        "SPACES_ZERO_GPU": "true",
        "FORKING_NOTES": str(folder / "notes"),
        "RINKSIDE_CACHE": str(folder / "cache"),
        "TMPDIR": str(folder),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(clip), str(int(end))],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    notes = folder / "notes"
    calls = notes.read_text().splitlines() if notes.exists() else []
    return json.loads(done.stdout.splitlines()[-1]), [line.split() for line in calls]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=30))


@pytest.mark.slow
def test_what_is_found_in_the_other_process_is_known_in_this_one(tmp_path: Path) -> None:
    example = ROOT / "assets" / "examples" / "3Lutz.mp4"
    told, calls = told_of(tmp_path, example)
    assert (told["label"], told["people"]) == ("3Lutz", True), told
    assert len(told["scores"]) > 1
    [(process, seconds)] = calls
    assert int(process) != told["here"]
    assert int(seconds) == seconds_for(Request(str(example), "demo"))
    assert told["known"] == 1  # and kept on disk: a second visitor needs no GPU


@pytest.mark.slow
def test_a_cancel_reaches_the_other_process(tmp_path: Path) -> None:
    long = write_video(tmp_path / "long.mp4", Recipe(frames=400, fps=100, width=320, height=240))
    told, calls = told_of(tmp_path, long, end=True)
    assert "stopped" in told["last"], told
    assert told["label"] is None
    [(process, _)] = calls
    with pytest.raises(ProcessLookupError):
        os.kill(int(process), 0)


@pytest.mark.slow
def test_what_is_wrong_with_a_clip_is_told_in_its_words(tmp_path: Path, clip: Path) -> None:
    whole = clip.read_bytes()
    damaged = tmp_path / "damaged.mp4"
    middle = len(whole) // 3
    damaged.write_bytes(whole[:middle] + bytes(len(whole) // 2) + whole[middle + len(whole) // 2 :])
    told, _ = told_of(tmp_path, damaged)
    assert "internal error" not in told["last"], told
    assert "ZeroGPU" not in told["last"]


@pytest.mark.parametrize(
    ("frames", "profile", "search", "seconds"),
    [(30, "demo", False, 20), (200, "demo", False, 31), (200, "demo", True, 47),
     (200, "paper", False, 85), (600, "paper", False, 120)],
)  # fmt: skip
def test_the_gpu_is_asked_for_as_long_as_the_clip_needs(
    tmp_path: Path, frames, profile, search, seconds
) -> None:
    path = write_video(tmp_path / "clip.mp4", Recipe(frames=frames, width=64, height=48))
    assert seconds_for(Request(str(path), profile), search=search) == seconds


@pytest.mark.parametrize(("said", "so"), [("true", True), ("1", True), ("", False), ("0", False)])
def test_a_zerogpu_space_says_that_it_is_one(monkeypatch, said, so) -> None:
    monkeypatch.setenv("SPACES_ZERO_GPU", said)
    assert is_zero_gpu() is so
