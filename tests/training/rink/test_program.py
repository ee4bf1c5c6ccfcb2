"""Whole programmes: shots joined without a gap, and a truth list beside them."""

from __future__ import annotations

import json

import av
import numpy as np
import pytest

from training.rink.__main__ import main


def render(folder, *more: str) -> int:
    return main(["program", "--out", str(folder), "--seed", "500003", "--workers", "1", *more])


def test_a_length_that_makes_no_programme_is_refused(tmp_path, capsys):
    assert render(tmp_path / "out", "--minutes", "0.1") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: --minutes")
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_programme_and_its_truth(tmp_path):
    folder = tmp_path / "program"
    arguments = ("--minutes", "1", "--size", "96x64", "--fps", "5")
    assert render(folder, *arguments) == 0
    content = json.loads((folder / "program.json").read_text())
    truth = np.load(folder / "truth" / "program.npz")
    with av.open(str(folder / "program.mp4")) as file:
        times = [frame.time for frame in file.decode(video=0)]
    assert len(times) == content["frames"] == len(truth["boxes_xyxy"])
    assert times == pytest.approx(truth["pts_s"], abs=1e-6)
    assert len(np.unique(truth["shot"])) == len(content["shots"]) >= 2
    ends = [0.0]
    for element in content["elements"]:
        assert ends[-1] <= element["start_s"] < element["end_s"] <= times[-1] + 1.0
        ends.append(element["end_s"])
    written = (folder / "program.mp4").stat().st_mtime_ns
    assert render(folder, *arguments) == 0
    assert (folder / "program.mp4").stat().st_mtime_ns == written, "complete: nothing to do"
    assert not (folder / "shots").exists()
