"""Each kind of bad file has its own sentence, and damage costs only the frames it hit."""

from __future__ import annotations

import errno
import io
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import VideoError
from pipeline.types import ReaderName
from pipeline.video import FramesLost, display_name, open_video
from pipeline.video.probing.formats import FORMATS
from pipeline.video.readers import READERS
from tests.videos import PLAIN, RECIPES, Shelf, cut, read_number, run_ffmpeg

KNOWN = ", ".join(kind.name for kind in FORMATS)
LONG = replace(PLAIN, frames=90)
INDEX_FIRST = replace(LONG, output=("-movflags", "+faststart"))


def missing(clips: Shelf, path: Path) -> None:
    pass


def folder(clips: Shelf, path: Path) -> None:
    path.mkdir()


def empty(clips: Shelf, path: Path) -> None:
    path.touch()


def text(clips: Shelf, path: Path) -> None:
    path.write_text("This is no video.\n" * 100)


def noise(clips: Shelf, path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(5000))


def playlist(clips: Shelf, path: Path) -> None:
    other = clips["h264.mp4"]
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{other}\n#EXT-X-ENDLIST\n")


def picture(clips: Shelf, path: Path) -> None:
    Image.new("RGB", (64, 64)).save(path, format="PNG")


def sound_only(clips: Shelf, path: Path) -> None:
    run_ffmpeg("-f", "lavfi", "-i", "sine=duration=1", path)


def sound_with_cover(clips: Shelf, path: Path) -> None:
    cover = path.with_suffix(".png")
    Image.new("RGB", (64, 64)).save(cover)
    tone = ("-f", "lavfi", "-i", "sine=duration=1")
    maps = ("-map", "0", "-map", "1", "-c:v", "png", "-disposition:v", "attached_pic")
    run_ffmpeg(*tone, "-i", cover, *maps, path)


def no_streams(clips: Shelf, path: Path) -> None:
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=duration=1", "-frames:v", "0", path)


def no_frames(clips: Shelf, path: Path) -> None:
    data = clips["fragmented.mp4"].read_bytes()
    path.write_bytes(data[: data.find(b"moof") - 4])


def index_missing(clips: Shelf, path: Path) -> None:
    cut(clips.make("long.mp4", LONG), path, 0.6)


def index_cut(clips: Shelf, path: Path) -> None:
    path.write_bytes(clips.make("index_first.mp4", INDEX_FIRST).read_bytes()[:800])


def size_beyond_every_file(clips: Shelf, path: Path) -> None:
    path.write_bytes(b"\0\0\0\1ftyp" + b"\xff" * 8 + bytes(64))


def size_beyond_every_disk(clips: Shelf, path: Path) -> None:
    path.write_bytes(b"\0\0\0\1ftyp" + (2**63 - 1).to_bytes(8, "big") + bytes(64))


def header_cut(clips: Shelf, path: Path) -> None:
    path.write_bytes(clips["vp9.webm"].read_bytes()[:60])


def unknown_codec(clips: Shelf, path: Path) -> None:
    path.write_bytes(clips["h264.mp4"].read_bytes().replace(b"avc1", b"zzzz"))


def all_frames_spoilt(clips: Shelf, path: Path) -> None:
    data = bytearray(clips["av1.mp4"].read_bytes())
    start = data.find(b"mdat") + 4
    end = data.find(b"moov") - 4
    data[start:end] = bytes(end - start)
    path.write_bytes(data)


def too_large(clips: Shelf, path: Path) -> None:
    grey = ("-f", "lavfi", "-i", "color=gray:s=16384x8192:r=25:d=0.04")
    run_ffmpeg(*grey, "-c:v", "mjpeg", path)


def pipe(clips: Shelf, path: Path) -> None:
    os.mkfifo(path)


BAD: list[tuple[Callable[[Shelf, Path], None], str]] = [
    (missing, "there is no such file in {folder}"),
    (folder, "is a folder; choose one video file in it"),
    (empty, "is empty (0 bytes); copy or download it again"),
    (text, "is a text file, not a video; choose a video"),
    (noise, "is not a video that can be read (supported: " + KNOWN + ")"),
    (
        playlist,
        "is a playlist (HLS), which only lists other files; choose the video itself",
    ),
    (picture, "is a still image (PNG); choose a video"),
    (sound_only, "contains sound but no video; choose a file with pictures"),
    (sound_with_cover, "contains sound but no video; choose a file with pictures"),
    (no_streams, "contains neither video nor sound; choose a file with pictures"),
    (no_frames, "has a video track without a single frame"),
    (
        index_missing,
        "is cut off: the index at its end (moov) is missing; copy or download it again",
    ),
    (index_cut, "is damaged: its index (moov) cannot be read; copy or download it again"),
    *(
        (spoil, "is cut off: the index at its end (moov) is missing; copy or download it again")
        for spoil in (size_beyond_every_file, size_beyond_every_disk)
    ),
    (header_cut, "is cut off near its start; copy or download it again"),
    (pipe, "is a device or pipe, not a file; save the video to a file first"),
    (unknown_codec, "its video codec is unknown; convert it to H.264"),
    (all_frames_spoilt, "is damaged: not one frame could be read; copy or download it again"),
    (too_large, "its picture of 16384x8192 is too large (at most 67 million pixels)"),
]


@pytest.mark.parametrize(("spoil", "sentence"), BAD, ids=[spoil.__name__ for spoil, _ in BAD])
def test_each_kind_has_its_own_sentence(
    clips: Shelf,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    spoil: Callable[[Shelf, Path], None],
    sentence: str,
) -> None:
    path = tmp_path / ("clip.m4a" if spoil is sound_with_cover else "clip.mp4")
    spoil(clips, path)
    with pytest.raises(VideoError) as caught:
        open_video(path)
    assert str(caught.value) == f"{path.name}: {sentence.format(folder=tmp_path)}"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("spoil", [index_missing, all_frames_spoilt, text])
def test_no_library_talks_to_the_terminal(
    clips: Shelf,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    spoil: Callable[[Shelf, Path], None],
    reader: ReaderName,
) -> None:
    spoil(clips, tmp_path / "clip.mp4")
    whole = tmp_path / "cut.mp4"
    cut(clips.make("index_first.mp4", INDEX_FIRST), whole, 0.6)
    with pytest.raises(VideoError):
        open_video(tmp_path / "clip.mp4", reader=reader)
    with suppress(VideoError):
        list(open_video(whole, reader=reader).frames())
    assert capfd.readouterr() == ("", "")


SLOWLY_MADE = [pytest.param(name, marks=pytest.mark.slow) for name in ("av1.mp4", "vp8.webm")]


@pytest.mark.parametrize(
    "name", ["h264.mp4", "hevc10.mp4", "fragmented.mp4", "vp9.webm", *SLOWLY_MADE]
)
def test_a_broken_off_copy_gives_the_frames_that_decode(
    clips: Shelf, tmp_path: Path, name: str
) -> None:
    recipe = RECIPES[name]
    first = ("-movflags", "+faststart") if name.endswith("mp4") and not recipe.output else ()
    whole = clips.make(f"long_{name}", replace(recipe, frames=90, output=recipe.output + first))
    path = cut(whole, tmp_path / name, 0.6)
    video = open_video(path)
    got = [read_number(frame) for _, frame in video.frames()]
    assert len(got) == len(video)
    assert 20 < len(got) < 90
    # With B-frames the very last ones may lack a neighbour.
    assert got[: len(got) - 4] == list(range(len(got) - 4))
    assert list(map(str, video.warnings)) == [
        f"{name} is damaged: {len(got)} of 90 frames could be read"
    ]


def damaged_within(clips: Shelf, path: Path) -> list[int]:
    """Spoil frames 20 to 22 of a video whose frames do not lean on one another."""
    recipe = replace(
        PLAIN, encoder=("-c:v", "prores_ks", "-profile:v", "0"), pixel_format="yuv422p10le"
    )
    data = bytearray(clips.make("prores.mov", recipe).read_bytes())
    starts = [at for at in range(len(data) - 4) if data[at : at + 4] == b"icpf"]
    for start in starts[20:23]:
        data[start : start + 64] = bytes(64)
    path.write_bytes(data)
    return [number for number in range(48) if not 20 <= number < 23]


def test_damage_within_shows_when_decoding_and_a_rescan_leaves_it_out(
    clips: Shelf, tmp_path: Path
) -> None:
    path = tmp_path / "clip.mov"
    expected = damaged_within(clips, path)
    video = open_video(path)
    assert len(video) == 48
    with pytest.raises(FramesLost, match=r"^clip\.mov is damaged: frame 21 could not be read$"):
        list(video.frames())
    sound = video.rescan()
    assert [read_number(frame) for _, frame in sound.frames()] == expected
    np.testing.assert_allclose(sound.timeline.pts_s, np.array(expected) / 30, atol=1e-9)
    assert list(map(str, sound.warnings)) == ["clip.mov is damaged: 45 of 48 frames could be read"]


def test_a_recording_joined_midway_begins_with_its_first_key_frame(
    clips: Shelf, tmp_path: Path
) -> None:
    recipe = replace(PLAIN, encoder=(*PLAIN.encoder, "-g", "12", "-bf", "2"))
    data = clips.make("keyed.ts", recipe).read_bytes()
    path = tmp_path / "joined.ts"
    path.write_bytes(data[188 * (len(data) // 188 // 3) :])
    video = open_video(path)
    got = [read_number(frame) for _, frame in video.frames()]
    assert got == list(range(got[0], 48))
    assert got[0] % 12 == 0
    assert got[0] > 0


def test_damage_is_logged_once(
    clips: Shelf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = cut(clips.make("index_first.mp4", INDEX_FIRST), tmp_path / "logged.mp4", 0.6)
    with caplog.at_level(logging.WARNING, logger="pipeline.video"):
        first, second = open_video(path), open_video(path)
    assert first.warnings == second.warnings
    assert caplog.messages == list(map(str, first.warnings))


def test_a_reader_that_does_not_exist(clips: Shelf) -> None:
    with pytest.raises(
        VideoError, match="there is no reader mpv; choose one of pyav, decord, opencv"
    ):
        open_video(clips["h264.mp4"], reader="mpv")  # type: ignore[arg-type]


def test_a_library_that_is_absent_is_not_replaced(
    clips: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "decord", None)
    with pytest.raises(VideoError, match=r"needs the package decord2, .*: pip install decord2"):
        open_video(clips["h264.mp4"], reader="decord")


@contextmanager
def _without_rights() -> Iterator[None]:
    """Root may read everything, so step down meanwhile."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_permission_denied(clips: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(clips["h264.mp4"].read_bytes())
    path.chmod(0)
    with _without_rights(), pytest.raises(VideoError) as caught:
        open_video(path)
    assert str(caught.value) == (
        "clip.mp4: permission to read it is denied; change the file's permissions"
    )


ODD_NAMES = [
    *("two words.mp4", 'it\'s "quoted".mp4', "10:30 lutz.mp4", "雪 ü.mp4", "-i.mp4"),
    *("a%03d.mp4", "caf\udce9.mp4", "line\nbreak.mp4"),
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_may_hold_anything(clips: Shelf, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(clips["h264.mp4"].read_bytes())
    video = open_video(path)
    assert read_number(next(video.frames())[1]) == 0
    assert display_name(path).isprintable()
    display_name(path).encode("utf-8")


def test_titles_need_not_be_utf8(clips: Shelf, tmp_path: Path) -> None:
    titled = tmp_path / "titled.mp4"
    run_ffmpeg("-i", clips["h264.mp4"], "-c", "copy", "-metadata", "title=Pirouette debout", titled)
    titled.write_bytes(titled.read_bytes().replace(b"debout", b"d\xe9bout"))
    assert len(open_video(titled)) == 48


def test_a_relative_name_that_looks_like_a_protocol(
    clips: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("http:clip.mp4").write_bytes(clips["h264.mp4"].read_bytes())
    assert len(open_video("http:clip.mp4")) == 48


@pytest.mark.parametrize("name", ["nul\0byte.mp4", "x" * 300 + ".mp4"])
def test_impossible_names_are_a_sentence(name: str) -> None:
    with pytest.raises(VideoError, match=r"is not a valid file name|cannot be read"):
        open_video(name)


def test_a_file_that_changes_between_two_passes(clips: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(clips["h264.mp4"].read_bytes())
    video = open_video(path)
    path.write_bytes(clips["b_frames.mp4"].read_bytes())
    with pytest.raises(VideoError, match=r"^clip\.mp4: changed while it was being read"):
        next(video.frames())


def test_a_file_that_changes_during_a_pass(clips: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(clips["h264.mp4"].read_bytes())
    frames = open_video(path).frames()
    next(frames)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(VideoError, match="changed while it was being read"):
        list(frames)


class FailingDisk(io.FileIO):
    """Gives 20,000 bytes and then what a broken disk gives."""

    def readinto(self, buffer: Any, /) -> int | None:
        if self.tell() > 20_000:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().readinto(buffer)


def test_a_disk_that_fails_midway(
    clips: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clip.ts"
    path.write_bytes(clips["transport_stream.ts"].read_bytes())
    video = open_video(path)

    def failing(name: str, mode: str) -> io.BufferedReader:
        return io.BufferedReader(FailingDisk(name, mode))

    monkeypatch.setattr("builtins.open", failing)
    with pytest.raises(VideoError) as caught:
        list(video.frames())
    monkeypatch.undo()
    assert str(caught.value) == ("clip.ts: cannot be read (Input/output error); check its disk")


def test_leaving_a_pass_early_closes_the_file(clips: Shelf) -> None:
    opened = f"/proc/{os.getpid()}/fd"
    if not os.path.isdir(opened):
        pytest.skip("open files cannot be counted here")
    video = open_video(clips["h264.mp4"])
    before = len(os.listdir(opened))
    frames = video.frames()
    next(frames)
    assert len(os.listdir(opened)) > before
    frames.close()
    assert len(os.listdir(opened)) == before


def test_ffmpeg_itself_is_never_heard(clips: Shelf, tmp_path: Path) -> None:
    """In a process of its own, as the command line runs it."""
    path = cut(clips.make("index_first.mp4", INDEX_FIRST), tmp_path / "clip.mp4", 0.6)
    read = "list(open_video(sys.argv[1]).frames())"
    code = f"import sys; from pipeline.video import open_video; {read}"
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr.splitlines() == list(map(str, open_video(path).warnings))


SPOILT = ["b_frames.mp4", "fragmented.mp4", "hevc10.mp4", "av1.mp4", "vp9.webm", "mpeg4.avi"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SPOILT, "transport_stream.ts", "motion_jpeg.mov"])
def test_random_damage_ends_in_frames_or_in_a_sentence(
    clips: Shelf, tmp_path: Path, name: str
) -> None:
    """No crash, no other exception, and never more or fewer frames than promised."""
    whole = np.frombuffer(clips[name].read_bytes(), np.uint8)
    rng = np.random.default_rng(0)
    path = tmp_path / name
    for _ in range(30):
        data = whole.copy()
        reach = len(data) if rng.random() < 0.6 else 1500
        data[rng.integers(0, reach, rng.integers(1, 40))] = rng.integers(0, 256)
        path.write_bytes(data[: rng.integers(len(data) // 2, len(data) + 1)].tobytes())
        try:
            video = open_video(path)
            try:
                got = sum(1 for _ in video.frames())
            except FramesLost:
                video = video.rescan()
                got = sum(1 for _ in video.frames())
        except VideoError:
            continue
        assert got == len(video)
