"""Data sets on disk: layout, resuming, refusals, and the command line's words for bad input."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.elements import LABELS
from training.data.challenge import read_labels
from training.rink.__main__ import main
from training.rink.files.dataset import Recipe, plan_clips

ROOT = Path(__file__).resolve().parents[3]
SMALL = ("--size", "96x64", "--fps", "10", "--classes", "3Lutz,2Axel", "--workers", "1")


def render(folder: Path, *more: str, seed: int = 7) -> int:
    return main(["render", "--out", str(folder), "--seed", str(seed), *SMALL, *more])


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def data_set(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rink") / "data"
    assert render(folder, "--per-class", "1") == 0
    return folder


def test_the_layout_is_the_challenges(data_set):
    clips = read_labels(data_set, "test")
    assert sorted(LABELS[clip.class_index] for clip in clips) == ["2Axel", "3Lutz"]
    assert len({clip.source for clip in clips}) == len(clips)
    assert all(clip.video.is_file() and clip.truth.is_file() for clip in clips)
    stems = [clip.stem for clip in clips]
    assert (data_set / "answer.txt").read_text().split() == stems
    mapping = (data_set / "mapping.txt").read_text().splitlines()
    assert [line.rpartition(" ")[0] for line in mapping] == list(LABELS)


def test_truth_and_video_have_the_same_frames(data_set):
    for clip in read_labels(data_set, "test"):
        truth = np.load(clip.truth)
        with av.open(str(clip.video)) as file:
            times = [frame.time for frame in file.decode(video=0)]
        assert times == pytest.approx(truth["pts_s"], abs=1e-6)
        T = len(times)
        assert truth["boxes_xyxy"].shape == (T, 4)
        assert truth["keypoints_xy"].shape == (T, 17, 2)
        assert truth["keypoint_scores"].shape == (T, 17)
        assert truth["other_boxes"].shape[::2] == (T, 4)
        assert truth["takeoff_s"] < truth["landing_s"] < times[-1] + 0.2
        assert int(truth["class_index"]) == clip.class_index


def test_the_same_seed_gives_the_same_bytes(data_set, tmp_path):
    assert render(tmp_path / "again", "--per-class", "1") == 0
    assert contents(tmp_path / "again") == contents(data_set)


def test_what_a_kill_left_is_finished_and_nothing_else_touched(data_set, tmp_path):
    folder = tmp_path / "data"
    assert render(folder, "--per-class", "1") == 0
    whole = contents(folder)
    lost, kept = read_labels(folder, "test")
    lost.truth.unlink()
    (folder / "truth" / f".{lost.stem}.npz.part").write_bytes(b"half")
    (folder / "test_videos" / f".{lost.stem}.mp4.part").write_bytes(b"half")
    before = kept.video.stat().st_mtime_ns
    assert render(folder, "--per-class", "1") == 0
    assert contents(folder) == whole
    assert kept.video.stat().st_mtime_ns == before


def test_the_other_split_may_be_added(data_set, tmp_path):
    folder = tmp_path / "data"
    assert render(folder, "--per-class", "1") == 0
    assert render(folder, "--per-class", "1", "--split", "train", seed=8) == 0
    train, test = read_labels(folder, "train"), read_labels(folder, "test")
    assert not {clip.source for clip in train} & {clip.source for clip in test}
    assert len(list((folder / "truth").iterdir())) == len(train) + len(test)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--per-class", "0"), "at least one"),
        (("--per-class", "1", "--classes", "5Lutz"), "'5Lutz' is not a class"),
        (("--clips", "4"), "--frequencies challenge"),
        (("--per-class", "1", "--frequencies", "challenge"), "--frequencies goes with --clips"),
        (("--per-class", "1", "--size", "640"), "expected WxH"),
        (("--per-class", "1", "--size", "641x360"), "even"),
        (("--per-class", "1", "--fps", "often"), "expected a number"),
        (("--per-class", "1", "--fps", "0"), "from 5 to 240"),
        (("--per-class", "1", "--workers", "0"), "needs at least one"),
        (("--per-class", "1", "--seed", "-1"), "negative"),
    ],
)
def test_bad_input_is_one_line_and_makes_no_folder(arguments, says, tmp_path, capsys):
    folder = tmp_path / "out"
    assert render(folder, *arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert says in error
    assert not folder.exists()


def test_another_recipe_is_refused(data_set, capsys):
    before = contents(data_set)
    assert render(data_set, "--per-class", "1", seed=8) == 2
    assert "another seed" in capsys.readouterr().err
    assert contents(data_set) == before


def test_a_folder_with_other_files_is_refused(tmp_path, capsys):
    (tmp_path / "letters.txt").write_text("dear")
    assert render(tmp_path, "--per-class", "1") == 2
    assert "holds other files" in capsys.readouterr().err
    assert contents(tmp_path) == {"letters.txt": b"dear"}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"test": 3}'])
def test_a_damaged_recipe_is_refused(text, tmp_path, capsys):
    (tmp_path / "rink.json").write_text(text)
    assert render(tmp_path, "--per-class", "1") == 2
    assert "rink.json: is damaged" in capsys.readouterr().err


def test_a_file_is_no_folder(tmp_path, capsys):
    (tmp_path / "out").write_text("")
    assert render(tmp_path / "out", "--per-class", "1") == 2
    assert "is a file" in capsys.readouterr().err


def test_a_part_of_the_plan_is_a_fair_sample():
    counts = dict.fromkeys(LABELS, 20)
    clips = plan_clips(Recipe(seed=3, counts=counts, size=None, fps=None), "test")
    assert len({clip.stem for clip in clips}) == len(clips) == 560
    assert len({clip.label for clip in clips[:140]}) == len(LABELS)


def command(folder: Path, workers: int) -> list[str]:
    return [
        sys.executable, "-m", "training.rink", "render", "--out", str(folder), "--seed", "7",
        "--per-class", "3", "--classes", "3Lutz,2Axel", "--size", "96x64", "--fps", "10",
        "--workers", str(workers),
    ]  # fmt: skip


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on(tmp_path):
    folder, whole = tmp_path / "killed", tmp_path / "whole"
    process = subprocess.Popen(command(folder, 2), cwd=ROOT, start_new_session=True)
    deadline = time.monotonic() + 120
    while not list(folder.glob("truth/*.npz")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert 1 <= len(list(folder.glob("truth/*.npz"))) < 6
    assert not (folder / "answer.txt").exists(), "an unfinished data set has no list"
    assert subprocess.run(command(folder, 2), cwd=ROOT, check=False).returncode == 0
    assert subprocess.run(command(whole, 1), cwd=ROOT, check=False).returncode == 0
    assert contents(folder) == contents(whole)


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(tmp_path):
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, 6_000))

    folder = tmp_path / "full"
    done = subprocess.run(
        command(folder, 1), cwd=ROOT, check=False, capture_output=True, text=True,
        preexec_fn=small_files,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "answer.txt").exists()
    assert subprocess.run(command(folder, 1), cwd=ROOT, check=False).returncode == 0
    assert len(read_labels(folder, "test")) == 6
