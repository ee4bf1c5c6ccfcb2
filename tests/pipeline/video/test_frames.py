"""Every frame is the one asked for, at its own time, upright and in its true colours."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from numpy.typing import NDArray

from pipeline.errors import VideoError
from pipeline.types import ReaderName
from pipeline.video import Video, open_video
from tests.videos import H264, PLAIN, RECIPES, Recipe, Shelf, read_number, run_ffmpeg

ONE_GROUP = 12


def stacked(video: Video) -> NDArray[np.uint8]:
    """All frames, `(T, H, W, 3)`."""
    return np.stack([frame for _, frame in video.frames()])


def numbers(video: Video, positions: list[int] | None = None) -> list[int]:
    return [read_number(frame) for _, frame in video.frames(positions)]


@pytest.mark.parametrize("name", RECIPES)
def test_every_frame_is_the_one_with_its_number(clips: Shelf, name: str) -> None:
    video = open_video(clips[name])
    recipe = RECIPES[name]
    assert numbers(video) == list(range(recipe.frames))
    assert len(video) == recipe.frames == video.info.frames
    info = video.info
    stored = (info.stored_width or info.width, info.stored_height or info.height)
    assert stored == (recipe.width, recipe.height)


@pytest.mark.slow
@pytest.mark.parametrize("reader", ["decord", "opencv"])
@pytest.mark.parametrize("name", RECIPES)
def test_the_other_readers_give_the_right_frames_or_none(
    clips: Shelf, name: str, reader: ReaderName
) -> None:
    video = open_video(clips[name], reader=reader)
    refusal = ""
    got: list[int] = []
    try:
        got = numbers(video)
    except VideoError as error:
        refusal = str(error)
    right = got == list(range(RECIPES[name].frames))
    assert right or (refusal.startswith(name) and refusal.endswith("(--reader pyav)"))


@pytest.mark.parametrize("reader", ["decord", "opencv"])
@pytest.mark.parametrize("name", ["h264.mp4", "b_frames.mp4", "vfr.mp4", "turned90.mp4"])
def test_the_other_readers_do_read_the_usual_files(
    clips: Shelf, name: str, reader: ReaderName
) -> None:
    expected = stacked(open_video(clips[name]))
    np.testing.assert_array_equal(stacked(open_video(clips[name], reader=reader)), expected)


SEEKABLE = [
    *("b_frames.mp4", "open_gop.mp4", "vfr.mp4", "transport_stream.ts", "hevc10.mp4", "av1.mp4"),
    *("vp9.webm", "late_start.mp4", "late_start.webm", "fragmented.mp4", "h264.avi"),
]


@pytest.mark.parametrize("name", SEEKABLE)
def test_a_span_may_begin_at_any_frame(clips: Shelf, name: str) -> None:
    """Each in point leads to one seek; wherever it lands, the first frame is the right one."""
    recipe = RECIPES[name]
    keyed = (*recipe.encoder, "-g", str(ONE_GROUP))
    path = clips.make(f"keyed_{name}", replace(recipe, encoder=keyed))
    whole = open_video(path)
    since_first_s = whole.timeline.pts_s - whole.origin_s
    for number in (5, 11, 12, 13, 22, 35, 36, 47):  # around key frames, and between them
        start_s = round(float(since_first_s[number]), 3)
        video = open_video(path, start_s=start_s, end_s=start_s + 0.1)
        assert video.timeline.frame_index[0] == number
        assert numbers(video) == video.timeline.frame_index.tolist()
        np.testing.assert_array_equal(
            video.timeline.pts_s, whole.timeline.pts_s[video.timeline.frame_index]
        )


def test_only_wanted_frames_come_in_increasing_order_and_once(clips: Shelf) -> None:
    video = open_video(clips["b_frames.mp4"], start_s=0.5)
    got = [(position, read_number(frame)) for position, frame in video.frames([9, 2, 2, 30])]
    assert got == [(2, 17), (9, 24), (30, 45)]
    assert list(video.frames([])) == []


@pytest.mark.parametrize("position", [-1, 48])
def test_a_position_outside_the_span_is_refused(clips: Shelf, position: int) -> None:
    with pytest.raises(ValueError, match=r"positions: expected 0\.\.47"):
        next(open_video(clips["h264.mp4"]).frames([position]))


def test_stamps_are_the_containers_own(clips: Shelf) -> None:
    ticks = [n * 3003 + n % 4 * 500 + n // 8 * 9000 for n in range(48)]
    np.testing.assert_allclose(
        open_video(clips["vfr.mp4"]).timeline.pts_s, np.array(ticks) / 90000, rtol=0, atol=1e-9
    )
    late = open_video(clips["late_start.mp4"])
    assert late.origin_s == 5.0
    np.testing.assert_allclose(late.timeline.pts_s, 5 + np.arange(48) / 30, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "fps", "duration_s", "variable"),
    [
        ("h264.mp4", 30.0, 1.6, False),
        ("ntsc.mp4", 30000 / 1001, 1.6016, False),
        ("fps50.mp4", 50.0, 0.96, False),
        ("fps60.mp4", 60.0, 0.8, False),
        ("vp9.webm", 30.0, 1.6, False),  # stamps in whole milliseconds: 33, 33, 34
        ("transport_stream.ts", 30.0, 1.6, False),
        ("late_start.mp4", 30.0, 1.6, False),
        ("late_start.webm", 30.0, 1.6, False),
        ("vfr.mp4", 47 / ((47 * 3003 + 1500 + 5 * 9000) / 90000), None, True),
        ("one_frame.mp4", 30.0, 1 / 30, False),
    ],
)
def test_rate_and_duration(
    clips: Shelf, name: str, fps: float, duration_s: float | None, variable: bool
) -> None:
    info = open_video(clips[name]).info
    assert info.fps == pytest.approx(fps, rel=1e-9)
    assert info.variable_frame_rate is variable
    if duration_s is not None:
        assert info.duration_s == pytest.approx(duration_s, abs=2e-3)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("h264.mp4", "h264"), ("hevc10.mp4", "hevc"), ("av1.mp4", "av1"), ("vp8.webm", "vp8")],
)
def test_codec_is_named_as_ffmpeg_names_it(clips: Shelf, name: str, codec: str) -> None:
    assert open_video(clips[name]).info.codec == codec


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotation_is_applied_and_told(clips: Shelf, degrees: int) -> None:
    recipe = replace(PLAIN, width=320, height=180, turned=degrees, frames=3)
    video = open_video(clips.make(f"wide_{degrees}.mp4", recipe))
    assert video.info.rotation == degrees
    frame = next(video.frames())[1]
    assert frame.shape == (180, 320, 3)
    assert read_number(frame) == 0


def test_sizes_that_change_midway_are_brought_to_the_first(clips: Shelf) -> None:
    small, large = (
        clips["h264.mp4"],
        clips.make("large_part.mp4", replace(PLAIN, width=640, height=480)),
    )
    parts = [clips.folder / "small.ts", clips.folder / "large.ts"]
    for source, part in zip((small, large), parts, strict=True):
        run_ffmpeg("-i", source, "-c", "copy", part)
    both = clips.folder / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    video = open_video(both)
    assert numbers(video) == [*range(48), *range(48)]
    assert {frame.shape for _, frame in video.frames()} == {(240, 320, 3)}


def test_frames_before_an_edit_list_are_not_shown(clips: Shelf) -> None:
    keyed = replace(PLAIN, frames=120, encoder=(*H264, "-g", "24"))
    source, trimmed = clips.make("keyed.mp4", keyed), clips.folder / "trimmed.mp4"
    run_ffmpeg("-ss", "1.5", "-i", source, "-t", "1", "-c", "copy", trimmed)
    video = open_video(trimmed)
    assert numbers(video)[0] == 45
    assert np.diff(numbers(video)).tolist() == [1] * (len(video) - 1)
    assert video.warnings == []


COLOURS = [
    *("h264.mp4", "bt709.mp4", "full_range.mp4", "hevc10.mp4", "av1.mp4", "vp9.webm"),
    *("odd_size.webm", "odd_size.mp4", "motion_jpeg.mov", "turned90.mp4", "mirrored.mp4"),
]


@pytest.mark.parametrize("name", COLOURS)
def test_pixels_are_those_of_the_ffmpeg_program(clips: Shelf, name: str) -> None:
    """Byte for byte where both hold the same FFmpeg; another release may round otherwise."""
    output = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-fps_mode", "passthrough", "-")
    command = [get_ffmpeg_exe(), "-v", "error", "-i", clips[name], *output]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    frames = stacked(open_video(clips[name]))
    expected = np.frombuffer(raw, np.uint8).reshape(frames.shape)
    assert np.abs(frames.astype(np.int16) - expected).mean() < 0.1


PATCHES = {"red": (200, 30, 40), "green": (40, 180, 60), "blue": (50, 60, 190), "grey": (128,) * 3}
TAGGED = {
    "untagged": ("", ()),
    "bt709": ("scale=out_color_matrix=bt709:out_range=tv", ("-colorspace", "bt709")),
    "bt709 full": (
        "scale=out_color_matrix=bt709:out_range=pc",
        ("-colorspace", "bt709", "-color_range", "pc"),
    ),
    "bt601": ("scale=out_color_matrix=bt601:out_range=tv", ("-colorspace", "smpte170m")),
}


@pytest.mark.parametrize("tags", TAGGED)
@pytest.mark.parametrize("patch", PATCHES)
def test_a_known_colour_comes_back(clips: Shelf, patch: str, tags: str) -> None:
    colour = np.array(PATCHES[patch], np.uint8)
    filters, output = TAGGED[tags]
    recipe = Recipe(
        frames=1,
        width=64,
        height=64,
        encoder=("-c:v", "libx264", "-crf", "1", "-preset", "ultrafast"),
        filters=filters,
        output=output,
        draw=lambda number, width, height: np.full((height, width, 3), colour, np.uint8),
    )
    path = clips.make(f"{patch} {tags}.mp4", recipe)
    got = next(open_video(path).frames())[1].reshape(-1, 3).mean(axis=0)
    assert np.abs(got - colour).max() <= 3


def test_pixels_that_are_square_but_for_rounding_need_no_word(clips: Shelf) -> None:
    path = clips.make("rounded.mp4", replace(PLAIN, frames=2, filters="setsar=1377/1376"))
    assert open_video(path).warnings == []


def test_hdr_is_said(clips: Shelf) -> None:
    hlg = replace(RECIPES["hevc10.mp4"], frames=2, filters="setparams=color_trc=arib-std-b67")
    hdr = open_video(clips.make("hlg.mp4", hlg))
    assert list(map(str, hdr.warnings)) == [
        "hlg.mp4 is HDR (HLG), shown without tone mapping, so its colours look pale"
    ]


@pytest.mark.slow
def test_the_real_clips_give_every_frame_that_their_container_names(shared_videos: Path) -> None:
    for path in sorted(shared_videos.glob("*.mp4")):
        video = open_video(path)
        assert sum(1 for _ in video.frames()) == len(video) > 0
        assert video.info.fps > 0
        assert np.all(np.diff(video.timeline.pts_s) > 0)


def test_ntsc_rate_is_a_ratio_of_whole_numbers(clips: Shelf) -> None:
    fps = open_video(clips["ntsc.mp4"]).info.fps
    assert Fraction(fps).limit_denominator(1001) == Fraction(30000, 1001)
