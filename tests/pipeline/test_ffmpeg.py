"""The offline steps by the FFmpeg program agree with the frames read in memory."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.errors import InputError, VideoError
from pipeline.ffmpeg import extract_frames, run_ffmpeg, write_cropped_clip
from pipeline.folder import StoreError
from pipeline.types import RegionOfInterest
from pipeline.video import open_video
from tests.videos import H264, PLAIN, Shelf, cut, read_number


def picture(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize(
    ("name", "start_s", "first"),
    [("b_frames.mp4", 0.0, 0), ("vfr.mp4", 0.5, 12), ("turned90.mp4", 1.0, 30)],
)
def test_pictures_are_the_frames_named_by_their_place(
    clips: Shelf, tmp_path: Path, name: str, start_s: float, first: int
) -> None:
    video = open_video(clips[name], start_s=start_s, end_s=start_s + 0.4)
    paths = extract_frames(video, tmp_path / "frames", suffix=".png")
    places = range(first, first + len(video))
    assert [path.name for path in paths] == [f"{place:06d}.png" for place in places]
    for path, (_, frame) in zip(paths, video.frames(), strict=True):
        assert np.abs(picture(path).astype(int) - frame).mean() < 0.1


def test_jpeg_pictures_are_close(clips: Shelf, tmp_path: Path) -> None:
    paths = extract_frames(open_video(clips["h264.mp4"], end_s=0.1), tmp_path / "frames")
    assert [path.name for path in paths] == ["000000.jpg", "000001.jpg", "000002.jpg"]
    assert [read_number(picture(path)) for path in paths] == [0, 1, 2]


def test_names_may_hold_anything(clips: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "it's 10:30 %d.mp4"
    path.write_bytes(clips["h264.mp4"].read_bytes())
    folder = tmp_path / "frames %03d: new"
    assert len(extract_frames(open_video(path, end_s=0.2), folder)) == 6


def test_frames_of_a_damaged_file_are_right_or_refused(clips: Shelf, tmp_path: Path) -> None:
    encoder = (*H264, "-g", "30")
    recipe = replace(PLAIN, frames=90, encoder=encoder, output=("-movflags", "+faststart"))
    video = open_video(cut(clips.make("first.mp4", recipe), tmp_path / "cut.mp4", 0.6))
    try:
        paths = extract_frames(video, tmp_path / "frames")
    except VideoError as error:
        refusal = str(error)
        assert refusal.endswith("convert the file first")
    else:
        assert [read_number(picture(path)) for path in paths] == list(range(len(video)))


def region(x1: int, y1: int, x2: int, y2: int) -> RegionOfInterest:
    return RegionOfInterest(np.array([x1, y1, x2, y2], np.float32), "union")


@pytest.mark.parametrize("corner", [(0, 0), (31, 61)])
@pytest.mark.parametrize("name", ["h264.mp4", "turned90.mp4"])
def test_a_cropped_clip_shows_the_region(
    clips: Shelf, tmp_path: Path, name: str, corner: tuple[int, int]
) -> None:
    x, y = corner
    video = open_video(clips[name], start_s=0.5, end_s=1.0)
    write_cropped_clip(video, region(x, y, x + 200, y + 120), tmp_path / "crop.mp4", crf=1)
    crop = open_video(tmp_path / "crop.mp4")
    assert (crop.info.width, crop.info.height, len(crop)) == (200, 120, 15)
    assert crop.timeline.pts_s[0] == 0
    np.testing.assert_allclose(
        crop.timeline.pts_s, video.timeline.pts_s - video.timeline.pts_s[0], atol=1e-4
    )
    for (_, whole), (_, part) in zip(video.frames(), crop.frames(), strict=True):
        expected = whole[y : y + 120, x : x + 200].astype(int)
        assert np.abs(expected - part).mean() < 2.5


@pytest.mark.parametrize("box", [(0, 0, 201, 100), (0, 0, 322, 100), (0, 100, 100, 242)])
def test_a_region_must_be_even_and_within(
    clips: Shelf, tmp_path: Path, box: tuple[int, int, int, int]
) -> None:
    with pytest.raises(ValueError, match="region: expected even sides within 320x240, got"):
        write_cropped_clip(open_video(clips["h264.mp4"]), region(*box), tmp_path / "crop.mp4")
    assert list(tmp_path.iterdir()) == []


def test_nothing_half_written_stays(clips: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(clips["h264.mp4"].read_bytes())
    video = open_video(path)
    path.unlink()
    with pytest.raises(InputError, match=r"FFmpeg failed: .*No such file"):
        write_cropped_clip(video, region(0, 0, 100, 100), tmp_path / "crop.mp4")
    with pytest.raises(InputError, match=r"FFmpeg failed: .*No such file"):
        extract_frames(video, tmp_path / "frames")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(clips: Shelf, tmp_path: Path) -> None:
    target = tmp_path / "file" / "crop.mp4"
    target.parent.touch()
    video = open_video(clips["h264.mp4"])
    with pytest.raises(InputError, match=r"FFmpeg failed: .*Not a directory"):
        write_cropped_clip(video, region(0, 0, 100, 100), target)
    with pytest.raises(StoreError, match="cannot be written"):
        extract_frames(video, target / "frames")


# Files may not grow beyond a limit: to a program the same as a disk that is full.
FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from pipeline.errors import InputError
from pipeline.ffmpeg import extract_frames, write_cropped_clip
from pipeline.types import RegionOfInterest
from pipeline.video import open_video
video = open_video(sys.argv[1])
folder = Path(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))
region = RegionOfInterest(np.array([0, 0, 320, 240], np.float32), "whole_frame")
for step in (
    lambda: write_cropped_clip(video, region, folder / "crop.mp4"),
    lambda: extract_frames(video, folder / "frames", suffix=".png"),
):
    try:
        step()
    except InputError as error:
        print(error)
"""


def test_a_full_disk_is_named_and_nothing_stays(clips: Shelf, tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(clips["h264.mp4"]), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    full = "the disk is full; make room or choose another folder"
    assert done.stdout.splitlines() == [f"crop.mp4: {full}", f"{tmp_path / 'frames'}: {full}"]
    assert list(tmp_path.iterdir()) == []


def test_ffmpegs_own_words_when_it_fails() -> None:
    with pytest.raises(InputError, match=r"^FFmpeg failed: .*Filter not found"):
        run_ffmpeg("-f", "lavfi", "-i", "nothing_of_the_kind", "-f", "null", "-")
