"""The folder that an analysis writes keeps every promise of its interface."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.__main__ import main
from pipeline.messages import Message
from pipeline.storage.analysis_files import save
from pipeline.types import People
from tests.contract import check_folder
from tests.factories import make_analysis
from tests.videos import Shelf

SINGLE = ("umt_16x224", "umt_16x448", "umt_32x224", "uniformerv2", "infogcn")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    analysis = make_analysis(infogcn="3Flip")
    timed = replace(analysis, timings_s=analysis.timings_s | dict.fromkeys(SINGLE, 0.1))
    save(timed, tmp_path / "run")
    return tmp_path / "run"


def test_a_saved_analysis_keeps_the_contract(folder: Path) -> None:
    check_folder(folder)


def test_an_analysis_of_nobody_keeps_it_too(tmp_path: Path) -> None:
    analysis = make_analysis()
    timed = replace(analysis, timings_s=analysis.timings_s | dict.fromkeys(SINGLE, 0.1))
    nobody = People((), None, Message("nobody was looked for"))
    save(replace(timed, people=nobody), tmp_path / "run")
    check_folder(tmp_path / "run")


def break_key(folder: Path) -> None:
    content = json.loads((folder / "analysis.json").read_text())
    del content["models"]["umt"]
    (folder / "analysis.json").write_text(json.dumps(content))


def break_nan(folder: Path) -> None:
    content = json.loads((folder / "analysis.json").read_text())
    content["video"]["fps"] = float("nan")
    (folder / "analysis.json").write_text(json.dumps(content))


def break_label(folder: Path) -> None:
    content = json.loads((folder / "analysis.json").read_text())
    content["verdict"]["label"] = "1Axel"
    (folder / "analysis.json").write_text(json.dumps(content))


def break_array(folder: Path) -> None:
    with np.load(folder / "arrays.npz") as file:
        arrays = dict(file)
    arrays["boxes_xyxy"] = arrays["boxes_xyxy"][1:]
    np.savez(folder / "arrays.npz", **arrays)


def break_scores(folder: Path) -> None:
    text = (folder / "scores.csv").read_text().splitlines()
    (folder / "scores.csv").write_text("\n".join([text[0], text[2], text[1], *text[3:]]))


def extra_file(folder: Path) -> None:
    (folder / ".overlay-1234.mp4").touch()


@pytest.mark.parametrize(
    "damage", [break_key, break_nan, break_label, break_array, break_scores, extra_file]
)
def test_a_broken_promise_is_noticed(folder: Path, damage) -> None:
    damage(folder)
    with pytest.raises((AssertionError, KeyError)):
        check_folder(folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["odd_size.mp4", "turned90.mp4", "vfr.mp4", "hevc10.mp4", "av1.mp4", "vp9.webm"]
)
def test_every_kind_of_video_gives_a_whole_folder(
    clips: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("RINKSIDE_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "out"
    command = ["analyze", str(clips[name]), "--out", str(out), "--overlay", "--untrained"]
    assert main(command) == 0
    content = check_folder(out, overlay=True)
    expected = {"odd_size.mp4": (321, 241)}.get(name, (320, 240))
    assert (content["video"]["width"], content["video"]["height"]) == expected
    assert content["video"]["frames"] == 48
    assert content["video"]["variable_frame_rate"] == (name == "vfr.mp4")
    assert content["video"]["rotation"] == (90 if name == "turned90.mp4" else 0)


REAL = [
    "pose2sim_batch1_cam3.mp4", "pose2sim_multi_cam1.mp4", "skate_choreo_axel.mp4",
    "skate_choreo_salchow.mp4", "sports2d_demo.mp4", "sports2d_demo2.mp4", "sports2d_demo5.mp4",
    "torchcodec_nasa_13013.mp4",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_real_clips_give_a_whole_folder_or_say_that_nobody_is_there(
    shared_videos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    monkeypatch.setenv("RINKSIDE_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "out"
    code = main(["analyze", str(shared_videos / name), "--out", str(out), "--overlay"])
    said = capsys.readouterr().err.splitlines()
    if code == 0:
        check_folder(out, overlay=True)
        return
    assert code == 2
    assert said[-1].startswith(f"error: {name}: no person detected in ")
    assert not out.exists()
