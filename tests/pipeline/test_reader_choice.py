"""Issue 16: a profile's `reader` and `--reader` choose the library that decodes, and no other."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.__main__ import main
from pipeline.analyser import Analyser
from pipeline.config import PROFILES, Profile, load_profile
from pipeline.inspection.model_inputs import source_of
from pipeline.storage.analysis_files import load
from pipeline.storage.cache import AnalysisCache
from pipeline.video import open_video
from pipeline.video.readers import READERS, Film, Frames
from tests.contract import check_folder
from tests.encodings import Encodings
from tests.videos import H264, PLAIN, Recipe, Shelf, run_ffmpeg, write_video

Analyze = Callable[..., tuple[int, str]]


@pytest.fixture
def analyze(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Analyze:
    """Analyse a clip into `out`, untrained: exit code, and what is said on stderr."""

    def run(clip: Path, *arguments: str, out: Path = tmp_path / "out") -> tuple[int, str]:
        given = ["analyze", str(clip), "--out", str(out), "--untrained", "--no-cache", *arguments]
        code = main(given)
        said = [line for line in capsys.readouterr().err.splitlines() if " % " not in line]
        return code, "\n".join(said)

    return run


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which readers decode, in order."""
    names: list[str] = []

    def noting(name: str) -> Callable[..., Frames]:
        read = READERS[name]  # type: ignore[index]

        def noted(film: Film, wanted: np.ndarray) -> Frames:
            names.append(name)
            return read(film, wanted)

        return noted

    for name in tuple(READERS):
        monkeypatch.setitem(READERS, name, noting(name))
    return names


def test_the_chosen_reader_and_no_other_decodes_an_analysis(
    analyze: Analyze, asked: list[str], tmp_path: Path
) -> None:
    clip = write_video(tmp_path / "clip.mp4", Recipe(frames=20))
    code, said = analyze(clip, "--reader", "decord", "--overlay")
    assert (code, said) == (0, "")
    assert set(asked) == {"decord"}
    content = check_folder(tmp_path / "out", overlay=True)
    assert content["video"]["reader"] == "decord"
    analysis = load(tmp_path / "out")
    assert analysis.video.reader == "decord"
    asked.clear()
    next(source_of(analysis).frames())  # what the networks saw is looked at with the same one
    assert asked == ["decord"]


def test_a_profile_chooses_a_reader_and_the_command_line_another(
    analyze: Analyze, asked: list[str], clips: Shelf, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('reader = "opencv"\n' + (PROFILES / "demo.toml").read_text())
    for arguments, expected in (((), "opencv"), (("--reader", "pyav"), "pyav")):
        asked.clear()
        out = tmp_path / expected
        assert analyze(clips["one_frame.mp4"], "--profile", str(mine), *arguments, out=out)[0] == 0
        assert set(asked) == {expected}
        video = json.loads((out / "analysis.json").read_text())["video"]
        assert video.get("reader", "pyav") == expected


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--reader", "mpv"), "argument --reader: invalid choice: 'mpv'"),
        (
            ("--profile", "{mine}"),
            "{mine}: reader: must be 'pyav', 'decord' or 'opencv', got 'mpv'",
        ),
    ],
)
def test_an_unknown_reader(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, str], sentence: str
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('reader = "mpv"\n' + (PROFILES / "demo.toml").read_text())
    given = [argument.format(mine=mine) for argument in arguments]
    try:
        code = main(["analyze", "clip.mp4", "--out", str(tmp_path / "out"), *given])
    except SystemExit as left:
        code = left.code
    said = capsys.readouterr().err.splitlines()
    assert code == 2
    assert len(said) == 1
    assert said[0].startswith("error: " + sentence.format(mine=mine))


def test_a_reader_whose_package_is_absent(
    analyze: Analyze, clips: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "decord", None)
    code, said = analyze(clips["one_frame.mp4"], "--reader", "decord")
    assert code == 2
    assert said == (
        "error: the reader decord needs the package decord2, which is not installed: "
        "pip install decord2, or choose another reader (--reader pyav)"
    )
    assert not (tmp_path / "out").exists()


def trimmed(clips: Shelf, path: Path) -> Path:
    """Cut out of a stream without encoding anew: decord also shows what lies before the cut."""
    keyed = clips.make("keyed.mp4", replace(PLAIN, frames=120, encoder=(*H264, "-g", "24")))
    run_ffmpeg("-ss", "1.5", "-i", keyed, "-t", "1", "-c", "copy", path)
    return path


def test_a_reader_that_gives_other_frames_says_so(
    analyze: Analyze, asked: list[str], clips: Shelf, tmp_path: Path
) -> None:
    code, said = analyze(trimmed(clips, tmp_path / "cut.mp4"), "--reader", "decord")
    assert code == 2
    assert said == (
        "error: cut.mp4: the reader decord gives other frames than the file holds; "
        "choose another one (--reader pyav)"
    )
    assert asked == ["decord"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("reader", "name"),
    [("decord", "h264.ts"), ("opencv", "interlaced.mp4"), ("opencv", "av1.webm")],
)
def test_a_reader_that_gives_no_frame_says_so(
    analyze: Analyze, asked: list[str], tmp_path: Path, reader: str, name: str
) -> None:
    code, said = analyze(Encodings(tmp_path)[name], "--reader", reader)
    assert code == 2
    assert said == (
        f"error: {name}: the reader {reader} cannot read it frame by frame; "
        "choose another one (--reader pyav)"
    )
    assert asked == [reader]
    assert not (tmp_path / "out").exists()


def test_results_of_two_readers_are_kept_apart(clips: Shelf, tmp_path: Path) -> None:
    def analyser(profile: Profile) -> Analyser:
        return Analyser(profile, untrained=True, cache=AnalysisCache(tmp_path))

    usual, clip = load_profile("demo"), clips["one_frame.mp4"]
    other = replace(usual, reader="opencv")
    made = analyser(other).analyse(clip)
    assert analyser(other).known(clip) is not None
    assert analyser(usual).known(clip) is None
    assert not analyser(usual).adopt(clip, made)
    assert analyser(other).adopt(clip, made)


@pytest.mark.parametrize("reader", ["decord", "opencv"])
def test_colours_are_those_of_the_usual_reader(clips: Shelf, reader: str) -> None:
    """So that the networks see the same pictures."""
    for name in ("bt709.mp4", "full_range.mp4", "turned270.mp4"):
        expected = next(open_video(clips[name]).frames())[1].astype(int)
        got = next(open_video(clips[name], reader=reader).frames())[1]  # type: ignore[arg-type]
        assert np.abs(got - expected).max() <= 3, name
