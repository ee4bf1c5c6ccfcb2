"""What is written can be read back: frames, stamps, sound; and nothing half-written stays."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.errors import StoreError
from pipeline.video import Frame, Video, open_video, video_writer
from tests.videos import PLAIN, RECIPES, Shelf, read_number


def copied(video: Video, target: Path, *, sound: bool = True) -> Video:
    with video_writer(target, video, sound=sound) as writer:
        for position, frame in video.frames():
            writer.write(frame, float(video.timeline.pts_s[position]))
    return open_video(target)


def sound_stamps(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.audio[0])
        return [float(p.pts * p.time_base) for p in packets if p.pts is not None]


@pytest.mark.parametrize(
    "name",
    ["ntsc.mp4", "vfr.mp4", "late_start.mp4", "vp9.webm", "h264.avi", "turned90.mp4", "fps60.mp4"],
)
def test_frames_and_stamps_come_back_exactly(clips: Shelf, tmp_path: Path, name: str) -> None:
    video = open_video(clips[name])
    back = copied(video, tmp_path / "out.mp4")
    assert [read_number(frame) for _, frame in back.frames()] == list(range(48))
    np.testing.assert_allclose(back.timeline.pts_s, video.timeline.pts_s, rtol=0, atol=1e-9)
    assert back.until_s == pytest.approx(video.until_s, abs=1e-9)
    assert back.info.codec == "h264"


def test_a_span_keeps_its_stamps(clips: Shelf, tmp_path: Path) -> None:
    video = open_video(clips["vfr.mp4"], start_s=0.5, end_s=1.2)
    back = copied(video, tmp_path / "out.mp4")
    numbers = [read_number(frame) for _, frame in back.frames()]
    assert numbers == video.timeline.frame_index.tolist()
    np.testing.assert_allclose(back.timeline.pts_s, video.timeline.pts_s, rtol=0, atol=1e-9)


def test_what_a_browser_needs(clips: Shelf, tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    copied(open_video(clips["b_frames.mp4"]), target)
    data = target.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context
        assert (codec.name, codec.pix_fmt, codec.colorspace) == ("h264", "yuv420p", 1)
        packets = [packet for packet in container.demux(stream) if packet.size]
        keys = [number for number, packet in enumerate(packets) if packet.is_keyframe]
        assert np.diff([*keys, len(packets)]).max() <= 30
        assert all(packet.pts == packet.dts for packet in packets)


def test_colours_survive(clips: Shelf, tmp_path: Path) -> None:
    video = open_video(clips["bt709.mp4"])
    back = copied(video, tmp_path / "out.mp4")
    for (_, before), (_, after) in zip(video.frames([0, 40]), back.frames([0, 40]), strict=True):
        assert np.abs(before.astype(int) - after).mean() < 3


@pytest.mark.parametrize(
    ("name", "codec", "kept"),
    [
        ("sound.mp4", ("-c:a", "aac"), "aac"),
        ("sound.ts", ("-c:a", "mp3"), "mp3"),
        ("sound.webm", ("-c:a", "libopus"), "opus"),
        ("sound.mov", ("-c:a", "pcm_s16le"), "aac"),
        ("sound.mkv", ("-c:a", "libvorbis", "-ar", "96000"), "aac"),
    ],
)
@pytest.mark.parametrize("start_s", [0.0, 1.0])
def test_sound_goes_along_at_its_own_time(
    clips: Shelf, tmp_path: Path, *, name: str, codec: tuple[str, ...], kept: str, start_s: float
) -> None:
    base = RECIPES["vp9.webm"] if name.endswith("webm") else PLAIN
    path = clips.make(name, replace(base, frames=90, sound=True, output=codec))
    video = open_video(path, start_s=start_s, end_s=2.5)
    copied(video, tmp_path / "out.mp4")
    stamps = sound_stamps(tmp_path / "out.mp4")
    first_s, until_s = float(video.timeline.pts_s[0]), video.until_s
    assert stamps[0] == pytest.approx(first_s, abs=0.05)
    assert until_s - 0.1 < stamps[-1] < until_s + 0.05
    assert np.all(np.diff(stamps) > 0)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio[0].codec_context.codec.canonical_name == kept


def test_sound_can_be_left_out(clips: Shelf, tmp_path: Path) -> None:
    copied(open_video(clips["ntsc.mp4"]), tmp_path / "out.mp4", sound=False)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert not container.streams.audio


@pytest.mark.parametrize(("starts", "kept"), [("0", True), ("1.4", False)])
def test_sound_of_joined_files_ends_where_it_goes_back_or_is_left_out(
    clips: Shelf, tmp_path: Path, starts: str, kept: bool
) -> None:
    output = ("-c:a", "aac", "-muxdelay", "0", "-muxpreload", "0", "-output_ts_offset", starts)
    one = clips.make(f"one{starts}.ts", replace(PLAIN, sound=True, output=output))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(one.read_bytes() * 2)
    video = open_video(joined)
    assert not video.stamped
    copied(video, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert bool(container.streams.audio) == kept
    if kept:
        stamps = sound_stamps(tmp_path / "out.mp4")
        assert np.all(np.diff(stamps) > 0)
        assert stamps[-1] == pytest.approx(48 / 30, abs=0.1)


def test_what_ffmpeg_refuses_to_write_is_told(
    clips: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise av.error.ArgumentError(22, "Invalid argument")

    monkeypatch.setattr("pipeline.video.sound.Sound.advance", refuse)
    with pytest.raises(StoreError, match=r"^out\.mp4: cannot be written \(Invalid argument\)"):
        copied(open_video(clips["ntsc.mp4"]), tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []


def test_odd_sides_grow_by_a_pixel(clips: Shelf, tmp_path: Path) -> None:
    back = copied(open_video(clips["odd_size.webm"]), tmp_path / "out.mp4")
    assert (back.info.width, back.info.height) == (322, 242)
    frame = next(back.frames())[1][:241, :321]
    assert read_number(frame) == 0


def interrupted(video: Video, target: Path) -> None:
    with video_writer(target, video) as writer:
        for position, frame in video.frames():
            writer.write(frame, float(video.timeline.pts_s[position]))
            if position == 20:
                raise KeyboardInterrupt


def test_an_error_within_leaves_nothing_behind(clips: Shelf, tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    target.write_bytes(b"the one before")
    with pytest.raises(KeyboardInterrupt):
        interrupted(open_video(clips["h264.mp4"]), target)
    assert target.read_bytes() == b"the one before"
    assert list(tmp_path.iterdir()) == [target]


def written(video: Video, target: Path, frame: Frame, stamps_s: list[float]) -> None:
    with video_writer(target, video) as writer:
        for pts_s in stamps_s:
            writer.write(frame, pts_s)


@pytest.mark.parametrize(
    ("rows", "stamps_s", "words"),
    [
        (100, [0.0], r"frame: expected shape \(240, 320, 3\), got \(100, 320, 3\)"),
        (240, [0.5, 0.5], r"pts_s: 0\.5 is not after the frame before"),
        (240, [], "no frame was written"),
    ],
)
def test_frames_must_fit_and_move_on(
    clips: Shelf, tmp_path: Path, rows: int, stamps_s: list[float], words: str
) -> None:
    video = open_video(clips["h264.mp4"])
    frame = next(video.frames())[1][:rows]
    with pytest.raises(ValueError, match=words):
        written(video, tmp_path / "out.mp4", frame, stamps_s)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(clips: Shelf, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"^out\.mp4: cannot be written \(No such file"):
        copied(open_video(clips["h264.mp4"]), tmp_path / "absent" / "out.mp4")


# Files may not grow beyond a limit: to a program the same as a disk that is full.
FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from pipeline.video import open_video, video_writer
from pipeline.errors import InputError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
video = open_video(sys.argv[1])
try:
    with video_writer(Path(sys.argv[2]), video) as writer:
        for position, frame in video.frames():
            writer.write(frame, float(video.timeline.pts_s[position]))
except InputError as error:
    print(error)
"""


def test_a_full_disk_is_named_and_nothing_stays(clips: Shelf, tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(clips["ntsc.mp4"]), str(tmp_path / "out.mp4")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "out.mp4: the disk is full; free some space or choose another folder\n"
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
