"""Whole programmes: shots joined without a gap, and a truth list beside them."""

from __future__ import annotations

import json

import av
import numpy as np
import pytest

from training.rink.__main__ import main
from training.rink.motion import program
from training.rink.program import STREAM
from training.rink.scene import streams


def render(folder, *more: str) -> int:
    return main(["program", "--out", str(folder), "--seed", "500003", "--workers", "1", *more])


def test_a_length_that_makes_no_programme_is_refused(tmp_path, capsys):
    assert render(tmp_path / "out", "--minutes", "0.1") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: --minutes")
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def check_times(content, truth) -> None:
    """Elements are told in seconds of the video, in which the skating waits for what is put in."""
    motion = program(streams((500003, STREAM))["motion"], 1.0)
    kinds = np.array([shot["kind"] for shot in content["shots"]])[truth["shot"]]
    assert len(content["elements"]) == len(motion.elements)
    live = np.isin(kinds, ["skating", "close_up"])
    for told, skated in zip(content["elements"], motion.elements, strict=True):
        for name in ("start_s", "end_s") + ("takeoff_s", "landing_s") * (
            told["takeoff_s"] is not None
        ):
            at = np.interp(told[name], truth["pts_s"][live], truth["motion_s"][live])
            assert at == pytest.approx(getattr(skated, name), abs=0.3), (told["label"], name)
    gone = ~np.isin(kinds, ["skating", "close_up", "replay"])
    assert np.isnan(truth["boxes_xyxy"][gone]).all()
    assert np.isfinite(truth["boxes_xyxy"][~gone]).all(axis=1).mean() > 0.9


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
    starts = [shot["start_s"] for shot in content["shots"]]
    assert starts == [0.0, *(shot["end_s"] for shot in content["shots"][:-1])]
    assert content["shots"][-1]["end_s"] == content["frames"] / content["fps"]
    ends = [0.0]
    for element in content["elements"]:
        assert ends[-1] <= element["end_s"]
        assert element["start_s"] < element["end_s"] <= times[-1] + 1.0
        ends.append(element["end_s"])
    check_times(content, truth)
    written = (folder / "program.mp4").stat().st_mtime_ns
    assert render(folder, *arguments) == 0
    assert (folder / "program.mp4").stat().st_mtime_ns == written, "complete: nothing to do"
    assert not (folder / "shots").exists()
