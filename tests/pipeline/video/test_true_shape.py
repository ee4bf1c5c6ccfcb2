"""Issue 15, point 28: pixels that are not square, fields, and Dolby Vision."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from pipeline.drawing.overlay import write_overlay
from pipeline.errors import VideoError
from pipeline.inspection.model_inputs import source_of
from pipeline.storage.analysis_files import load, save
from pipeline.video import open_video
from pipeline.video.probing.picture import Picture, Turn
from tests.factories import make_analysis
from tests.videos import H264, PLAIN, RECIPES, Recipe, Shelf, read_number, run_ffmpeg
from ui.player.playable import playable_copy, plays_as_it_is
from ui.player.stills import Stills

CENTRE, RADIUS = (100, 90), 40
"""Of a circle at true shape."""


def circle(shown: tuple[int, int]):
    """Draws a picture that shows a white circle once it has been stretched to `shown`."""

    def draw(number: int, width: int, height: int) -> np.ndarray:
        x = (np.arange(width) + 0.5) * shown[0] / width
        y = (np.arange(height)[:, None] + 0.5) * shown[1] / height
        inside = (x - CENTRE[0]) ** 2 + (y - CENTRE[1]) ** 2 < RADIUS**2
        return np.repeat((inside * 235)[..., None], 3, axis=2).astype(np.uint8)

    return draw


def box_of(frame: np.ndarray) -> tuple[float, float, float, float]:
    """Edges of what is white."""
    rows, columns = (np.flatnonzero((frame[..., 1] > 117).any(axis=a)) for a in (1, 0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


ANAMORPHIC = {
    "wide": ((180, 240), "4/3", (240, 240)),
    "narrow": ((240, 180), "3/4", (240, 240)),
    "pal": ((180, 240), "16/11", (262, 240)),
}
"""Stored size, shape of a pixel, true size."""


@pytest.mark.parametrize("kind", ANAMORPHIC)
def test_a_circle_is_round_everywhere(clips: Shelf, tmp_path: Path, kind: str) -> None:
    (width, height), aspect, shown = ANAMORPHIC[kind]
    recipe = Recipe(
        frames=3, width=width, height=height, filters=f"setsar={aspect}", draw=circle(shown)
    )
    video = open_video(clips.make(f"circle {kind}.mp4", recipe))
    assert (video.info.width, video.info.height) == shown
    (_, frame), *_ = video.frames()
    expected = [c + s * RADIUS for s in (-1, 1) for c in CENTRE]
    assert np.abs(np.subtract(box_of(frame), expected)).max() <= 1.5
    assert Stills(video, tmp_path).size == shown
    copy = open_video(playable_copy(video, folder=tmp_path))  # what the player plays
    assert (copy.info.width, copy.info.height, copy.info.stored_width) == (*shown, None)
    assert np.abs(np.subtract(box_of(next(copy.frames())[1]), expected)).max() <= 1.5
    stored = (video.info.stored_width, video.info.stored_height)
    assert stored == (width, height)


def test_the_word_for_it(clips: Shelf) -> None:
    assert list(map(str, open_video(clips["anamorphic.mp4"]).warnings)) == [
        "anamorphic.mp4 has non-square pixels (4/3 to 1); it is shown and analysed at its true "
        "shape, 427x240 instead of 320x240"
    ]
    strange = clips.make("strange.mp4", replace(PLAIN, frames=2, filters="setsar=30/1"))
    video = open_video(strange)
    assert (video.info.width, video.info.stored_width) == (320, None)
    assert list(map(str, video.warnings)) == [
        "strange.mp4 states a pixel aspect ratio of 30 to 1, which is ignored",
    ]


def test_a_turned_picture_is_stretched_along_its_stored_width(clips: Shelf) -> None:
    recipe = replace(PLAIN, width=240, height=320, turned=90, filters="setsar=2/1", frames=3)
    video = open_video(clips.make("turned and wide.mp4", recipe))
    info = video.info
    assert (info.width, info.height, info.rotation) == (240, 640, 90)
    assert (info.stored_width, info.stored_height) == (240, 320)
    assert [read_number(frame) for _, frame in video.frames()] == [0, 1, 2]


def test_pixels_are_those_of_ffmpeg_scaling_to_the_same_size(clips: Shelf) -> None:
    frames = np.stack([frame for _, frame in open_video(clips["anamorphic.mp4"]).frames()])
    np.testing.assert_array_equal(
        frames, as_ffmpeg_gives(clips["anamorphic.mp4"], "scale=427:240", frames.shape)
    )


def test_a_mark_keeps_its_place_in_the_source(clips: Shelf, tmp_path: Path) -> None:
    """What is saved leads back to the stored pixel, as docs/formats.md says."""
    (width, height), aspect, shown = ANAMORPHIC["pal"]
    recipe = Recipe(
        frames=12, width=width, height=height, filters=f"setsar={aspect}", draw=circle(shown)
    )
    path = clips.make("mark.mp4", recipe)
    video = open_video(path)
    (_, frame), *_ = video.frames()
    mark = np.array(box_of(frame), dtype=np.float32)
    made = make_analysis()
    region = replace(made.region, xyxy=mark)
    analysis = replace(made, video=video.info, timeline=video.timeline, region=region)
    save(analysis, tmp_path / "kept")
    kept = load(tmp_path / "kept")
    assert kept.video == video.info
    np.testing.assert_array_equal(kept.region.xyxy, mark)
    scale = kept.video.stored_width / kept.video.width, kept.video.stored_height / kept.video.height
    stored = as_ffmpeg_gives(path, "null", (12, height, width, 3))[0]
    assert np.abs(kept.region.xyxy * np.tile(scale, 2) - box_of(stored)).max() <= 1
    assert source_of(kept).info == video.info
    write_overlay(kept, tmp_path / "overlay.mp4")
    overlay = open_video(tmp_path / "overlay.mp4").info
    assert (overlay.width, overlay.height) == shown
    with pytest.raises(VideoError, match=r"now read as 262x240 pixels, .* made at 180x240"):
        source_of(replace(kept, video=replace(kept.video, width=180)))  # of an earlier version


@pytest.mark.parametrize(
    ("stored", "aspect", "shown"),
    [
        ((720, 576), "64/45", (1024, 576)), ((720, 480), "8/9", (720, 540)),
        ((1440, 1080), "4/3", (1920, 1080)), ((720, 576), "1", (720, 576)),
    ],
)  # fmt: skip
def test_true_shapes(stored, aspect, shown) -> None:
    assert Picture(*stored, Turn(0, ()), aspect=Fraction(aspect)).size == shown
    turned = Picture(*stored, Turn(90, ()), aspect=Fraction(aspect))
    assert (turned.size, turned.stored_upright) == (shown[::-1], stored[::-1])


WOVEN = {
    "h264.mp4": (*H264, "-flags", "+ildct+ilme", "-bf", "2", "-g", "12"),
    "mpeg2.mpg": ("-c:v", "mpeg2video", "-q:v", "2", "-flags", "+ildct+ilme", "-g", "12"),
    "dv.mov": ("-c:v", "dvvideo"),
    "utvideo.mov": ("-c:v", "utvideo", "-field_order", "tt"),  # its frames are not marked
}


BWDIF = "bwdif=mode=send_frame:parity=auto:deint=interlaced"


def moving_bar(number: int, width: int, height: int) -> np.ndarray:
    """A dark bar that goes right by 8 pixels a field; every second line is of the later field."""
    frame = np.full((height, width, 3), 220, np.uint8)
    for parity in (0, 1):
        left = 40 + 16 * number + 8 * parity
        frame[parity::2, left : left + 60] = 30
    return frame


def woven(clips: Shelf, name: str) -> Path:
    pal = name.startswith("dv")
    size = {"width": 720, "height": 576} if pal else {"width": 320, "height": 240}
    recipe = Recipe(
        frames=8 if pal else 16,
        fps=Fraction(25),
        encoder=WOVEN[name],
        filters="setfield=tff,setsar=1",
        draw=moving_bar,
        **size,
    )
    return clips.make(f"woven {name}", recipe)


def as_ffmpeg_gives(path: Path, filters: str, shape: tuple[int, ...]) -> np.ndarray:
    output = ("-vf", filters, "-f", "rawvideo", "-pix_fmt", "rgb24", "-fps_mode", "passthrough")
    command = [get_ffmpeg_exe(), "-v", "error", "-i", path, *output, "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(shape)


def combs(frame: np.ndarray) -> int:
    """Pixels that differ much from the lines above and below, which are alike."""
    lines = frame[..., 1].astype(int)
    odd = np.abs(lines[1:-1] - lines[:-2]) > 80
    return int((odd & (np.abs(lines[2:] - lines[:-2]) < 20)).sum())


@pytest.mark.parametrize("name", WOVEN)
def test_fields_are_made_whole_as_ffmpeg_does(clips: Shelf, name: str) -> None:
    path = woven(clips, name)
    video = open_video(path)
    assert video.info.deinterlaced is True
    assert f"{path.name} is interlaced; its frames are deinterlaced" in (
        list(map(str, video.warnings))
    )
    frames = np.stack([frame for _, frame in video.frames()])
    filtered = "setfield=tff,bwdif=mode=send_frame" if "utvideo" in name else BWDIF
    shape = (video.info.height, video.info.width)
    expected = as_ffmpeg_gives(path, f"{filtered},scale={shape[1]}:{shape[0]}", (-1, *shape, 3))
    assert len(frames) == len(expected)  # one out for each one in
    # Of the very first frame another release of FFmpeg rounds the outermost lines otherwise.
    assert np.abs(frames.astype(int) - expected).max() <= 2
    np.testing.assert_array_equal(frames[1:], expected[1:])
    as_stored = as_ffmpeg_gives(path, f"scale={shape[1]}:{shape[0]}", frames.shape)
    assert combs(as_stored[5]) > 10 * combs(frames[5])
    assert not plays_as_it_is(video)  # a browser would leave the combs in


@pytest.mark.parametrize("name", WOVEN)
def test_a_frame_is_the_same_wherever_a_pass_begins_and_whatever_is_asked(
    clips: Shelf, name: str
) -> None:
    path = woven(clips, name)
    whole = [frame for _, frame in open_video(path).frames()]
    T = len(whole)
    for first in range(0, T, 3):
        left = T - first
        for position, frame in open_video(path, start_s=first / 25).frames(
            [0, left // 2, left - 1]
        ):
            np.testing.assert_array_equal(frame, whole[first + position])
    for place in (0, T // 2, T - 1):
        np.testing.assert_array_equal(next(open_video(path).frames([place]))[1], whole[place])


def test_numbers_stay_with_their_frames(clips: Shelf) -> None:
    video = open_video(clips["field_coded.mp4"], start_s=0.5)
    assert [read_number(frame) for _, frame in video.frames([0, 3, 4])] == [15, 18, 19]


def test_a_video_that_turns_interlaced_midway_is_made_whole_from_there(
    clips: Shelf, tmp_path: Path
) -> None:
    plain = clips.make("smooth.ts", Recipe(frames=10, fps=Fraction(25), encoder=H264))
    later = clips.make(
        "combed.ts",
        Recipe(
            frames=10,
            fps=Fraction(25),
            encoder=WOVEN["h264.mp4"],
            filters="setfield=tff",
            draw=moving_bar,
        ),
    )
    joined = tmp_path / "joined.ts"
    names = tmp_path / "names.txt"
    names.write_text(f"file '{plain}'\nfile '{later}'\n")
    run_ffmpeg("-f", "concat", "-safe", "0", "-i", names, "-c", "copy", joined)
    frames = [frame for _, frame in open_video(joined).frames()]
    assert len(frames) == 20
    assert [read_number(frame) for frame in frames[:10]] == list(range(10))
    assert max(combs(frame) for frame in frames[11:]) < 200
    for place in (10, 11, 15):
        (_, alone), *_ = open_video(joined).frames([place])
        np.testing.assert_array_equal(alone, frames[place])


def with_dolby(source: Path, target: Path, profile: int) -> Path:
    """A copy whose track says that it is Dolby Vision, as a phone's does."""
    record = bytes([1, 0, profile << 1, 0b101 << 3 | 0b101, 0]) + bytes(19)
    box = (32).to_bytes(4, "big") + b"dvcC" + record
    data = bytearray(source.read_bytes())
    at = data.find(b"hvcC") - 4
    at += int.from_bytes(data[at : at + 4], "big")
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"hev1"):
        start = data.rfind(kind, 0, at) - 4
        size = int.from_bytes(data[start : start + 4], "big") + len(box)
        data[start : start + 4] = size.to_bytes(4, "big")
    data[at:at] = box
    target.write_bytes(data)
    return target


def test_dolby_vision_without_a_tag_is_said(clips: Shelf, tmp_path: Path) -> None:
    path = with_dolby(clips["hevc10.mp4"], tmp_path / "phone.mp4", 5)
    video = open_video(path)
    assert [read_number(frame) for _, frame in video.frames([0, 30])] == [0, 30]
    assert list(map(str, video.warnings)) == [
        "phone.mp4 is Dolby Vision, profile 5, shown without colour conversion, so it looks "
        "green and purple"
    ]
    matroska = tmp_path / "phone.mkv"
    run_ffmpeg("-strict", "unofficial", "-i", path, "-c", "copy", matroska)
    assert len(open_video(matroska).warnings) == 1
    assert open_video(clips["hevc10.mp4"]).warnings == []


def test_dolby_vision_over_a_tagged_picture_is_plain_hdr(clips: Shelf, tmp_path: Path) -> None:
    tagged = replace(RECIPES["hevc10.mp4"], frames=2, filters="setparams=color_trc=arib-std-b67")
    path = with_dolby(clips.make("hlg.mp4", tagged), tmp_path / "phone.mp4", 8)
    assert list(map(str, open_video(path).warnings)) == [
        "phone.mp4 is HDR (HLG), shown without tone mapping, so its colours look pale"
    ]
