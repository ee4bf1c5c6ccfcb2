"""Issue 15, point 22: of several videos in a file the one that FFmpeg takes, or the chosen one."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from pipeline import __main__ as command
from pipeline.analyser import Analyser
from pipeline.config import load_profile
from pipeline.errors import InputError, VideoError
from pipeline.inputs import Question
from pipeline.inspection.model_inputs import source_of
from pipeline.storage.analysis_files import analysis_as_dict, load
from pipeline.storage.cache import AnalysisCache
from pipeline.video import open_video
from tests.factories import make_analysis
from tests.videos import PLAIN, Shelf, numbered_frame, read_number, run_ffmpeg
from ui.callbacks import request_of
from ui.player import ClipShelf
from ui.player.playable import plays_as_it_is

SMALL = replace(PLAIN, frames=8, width=192, height=144)
LARGE = replace(
    PLAIN, frames=10, draw=lambda number, width, height: numbered_frame(100 + number, width, height)
)
FIRST, SECOND = [*range(8)], [*range(100, 110)]
NONE = ("-disposition:v:0", "0", "-disposition:v:1", "0")
SECOND_DEFAULT = ("-disposition:v:0", "0", "-disposition:v:1", "default")
FIRST_DEFAULT = ("-disposition:v:0", "default", "-disposition:v:1", "0")
CASES = {
    "none.mkv": ("small", "large", NONE),
    "equal.mkv": ("small", "small", NONE),
    "first.mkv": ("small", "large", FIRST_DEFAULT),
    "second.mkv": ("large", "small", SECOND_DEFAULT),
    "first.mp4": ("large", "small", FIRST_DEFAULT),
    "second.mp4": ("large", "small", SECOND_DEFAULT),
    "large.ts": ("small", "large", ()),
    "large.avi": ("small", "large", ()),
}


def joined(clips: Shelf, name: str) -> Path:
    one, other, disposition = CASES[name]
    path = clips.folder / f"two {name}"
    if not path.exists():
        parts = {
            "small": clips.make("small.mp4", SMALL),
            "large": clips.make("large.mp4", LARGE),
        }
        both = ("-i", parts[one], "-i", parts[other], "-map", "0", "-map", "1", "-c", "copy")
        run_ffmpeg(*both, *disposition, path)
    return path


def taken_by_ffmpeg(path: Path) -> tuple[int, int]:
    command = [get_ffmpeg_exe(), "-v", "error", "-i", path, "-frames:v", "1", "-f", "yuv4mpegpipe"]
    head = subprocess.run([*command, "-"], capture_output=True, check=True).stdout[:40].split()
    return int(head[1][1:]), int(head[2][1:])


def numbers(video) -> list[int]:
    return [read_number(frame) for _, frame in video.frames()]


@pytest.mark.parametrize("name", CASES)
def test_what_ffmpeg_takes_is_taken_and_said(clips: Shelf, name: str) -> None:
    path = joined(clips, name)
    video = open_video(path)
    size = (video.info.width, video.info.height)
    assert size == taken_by_ffmpeg(path)
    taken = video.info.stream
    sizes = {"small": "192x144", "large": "320x240"}
    one, other, _ = CASES[name]
    assert list(map(str, video.warnings)) == [
        f"{path.name} contains several videos (0: {sizes[one]}, 1: {sizes[other]}); "
        f"number {taken} is used; choose with --stream N"
    ]
    assert numbers(video) == (SECOND if size == (320, 240) else FIRST)


@pytest.mark.parametrize("name", ["none.mkv", "second.mp4", "large.ts"])
def test_one_can_be_chosen(clips: Shelf, name: str) -> None:
    path = joined(clips, name)
    for stream, kind in enumerate(CASES[name][:2]):
        video = open_video(path, stream=stream)
        assert (video.info.stream, numbers(video)) == (stream, FIRST if kind == "small" else SECOND)
        assert numbers(open_video(path, stream=stream, start_s=0.1)) == numbers(video)[3:]
    with pytest.raises(VideoError, match="has no video number 7; choose one of 0, 1"):
        open_video(path, stream=7)


def test_a_cover_is_no_video_to_choose(clips: Shelf, tmp_path: Path) -> None:
    path, cover = tmp_path / "covered.mp4", tmp_path / "cover.png"
    run_ffmpeg("-f", "lavfi", "-i", "color=red:s=1280x720", "-frames:v", "1", cover)
    parts = ("-i", cover, "-i", clips.make("small.mp4", SMALL), "-map", "0", "-map", "1")
    run_ffmpeg(*parts, "-c", "copy", "-disposition:v:0", "attached_pic", path)
    video = open_video(path)
    assert (video.info.stream, video.warnings, numbers(video)) == (None, [], FIRST)


@pytest.mark.parametrize("reader", ["decord", "opencv"])
def test_other_readers_which_choose_for_themselves_refuse(clips: Shelf, reader) -> None:
    with pytest.raises(VideoError, match="choose another one \\(--reader pyav\\)"):
        next(open_video(joined(clips, "none.mkv"), reader=reader).frames())


def test_the_choice_is_part_of_the_key_and_of_what_is_written(clips: Shelf) -> None:
    path = joined(clips, "second.mp4")
    analyser = Analyser(load_profile("demo"), untrained=True)
    keys = [
        analyser.inputs(open_video(path, stream=stream), Question()).key()
        for stream in (None, 0, 1)
    ]
    assert keys[0] == keys[2] != keys[1]  # FFmpeg takes the second one
    analysis = replace(make_analysis(), video=open_video(path, stream=0).info)
    assert analysis_as_dict(analysis)["video"]["stream"] == 0
    alone = replace(analysis, video=open_video(clips["h264.mp4"]).info)
    assert "stream" not in analysis_as_dict(alone)["video"]


def test_the_command_refuses_a_stream_that_is_not_there(clips: Shelf, tmp_path, capsys) -> None:
    asked = ["analyze", str(joined(clips, "second.mp4")), "--out", str(tmp_path / "out")]
    assert command.main([*asked, "--untrained", "--stream", "5"]) == 2
    assert "has no video number 5; choose one of 0, 1" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_takes_a_stream(clips: Shelf, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("RINKSIDE_CACHE", str(tmp_path / "cache"))
    path, out = joined(clips, "second.mp4"), tmp_path / "out"
    asked = ["analyze", str(path), "--out", str(out), "--untrained", "--stream", "0"]
    assert command.main(asked) == 0
    analysis = load(out)
    assert (analysis.video.stream, analysis.video.width) == (0, 320)
    analyser = Analyser(load_profile("demo"), untrained=True, cache=AnalysisCache())
    assert analyser.known(path, stream=0).video == analysis.video
    assert analyser.known(path) is None
    frames = source_of(analysis).frames()
    assert read_number(next(frames)[1]) == 100
    frames.close()


@pytest.mark.parametrize(("typed", "stream"), [("", None), (None, None), ("0", 0), (" 1 ", 1)])
def test_the_page_takes_a_stream(typed, stream) -> None:
    asked = request_of("clip.mkv", "demo", start=None, end=None, skater="", stream=typed)
    assert asked.stream == stream


def test_the_page_says_what_is_no_number_of_a_video() -> None:
    with pytest.raises(InputError, match="first: is not a video number"):
        request_of("clip.mkv", "demo", start=None, end=None, skater="", stream="first")


def test_the_player_shows_the_one_that_was_chosen(clips: Shelf) -> None:
    shelf, path = ClipShelf(), str(joined(clips, "second.mp4"))
    by_default, chosen = shelf.show("anna", path), shelf.show("anna", path, stream=0)
    assert (by_default.video.info.stream, chosen.video.info.stream) == (1, 0)
    assert shelf.show("anna", path, stream=0) is chosen
    assert not plays_as_it_is(chosen.video)  # a browser would choose for itself
    shelf.leave("anna")
