"""Videos that attack, or that a broken device made: frames or one sentence, for bounded work."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import VideoError
from pipeline.video import FramesLost, check_span, open_video
from tests.hostile import videos
from tests.hostile.child import cost
from tests.hostile.videos import VIDEOS
from tests.videos import Shelf

Make = Callable[[Shelf, Path], None]


def read(path: Path) -> int:
    """Frames of a file that decode; each is of the size that was told."""
    video = open_video(path)
    try:
        shapes = [frame.shape for _, frame in video.frames()]
    except FramesLost:
        video = video.rescan()
        shapes = [frame.shape for _, frame in video.frames()]
    assert len(shapes) == len(video)
    assert set(shapes) == {(video.info.height, video.info.width, 3)}
    return len(shapes)


@pytest.mark.parametrize("make", VIDEOS, ids=lambda make: make.__name__)
def test_each_gives_frames_or_a_sentence(clips: Shelf, tmp_path: Path, make: Make) -> None:
    ending, expected = VIDEOS[make]
    path = tmp_path / f"clip{ending}"
    make(clips, path)
    before = _open_files()
    try:
        found: str | int = read(path)
    except VideoError as error:
        found = str(error)
        assert found.startswith("clip")
        assert str(tmp_path) not in found
    assert _open_files() == before, "a file stays open"
    if isinstance(expected, int):
        assert found == expected
    elif expected:
        assert expected in str(found)


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


@pytest.mark.slow
@pytest.mark.parametrize("make", VIDEOS, ids=lambda make: make.__name__)
def test_each_costs_little(clips: Shelf, tmp_path: Path, make: Make) -> None:
    """Before: 2.8 GiB and 57 s for the claimed frames."""
    path = tmp_path / f"clip{VIDEOS[make][0]}"
    make(clips, path)
    found = cost(
        "from pathlib import Path; from tests.hostile.test_videos import read",
        "read(Path(sys.argv[1]))",
        path,
    )
    assert found.mib < 400
    assert found.cpu_s < 20


@pytest.mark.slow
def test_a_picture_that_grows_is_not_decoded(tmp_path: Path) -> None:
    """Before: one picture of a video of 64x64 took more than a gigabyte."""
    path = videos.grown(tmp_path / "clip.webm", (64, 64), (8192, 8192), frames=1)
    found = cost(
        "from pathlib import Path; from tests.hostile.test_videos import read",
        "assert read(Path(sys.argv[1])) == 3",
        path,
    )
    assert found.mib < 200


@pytest.mark.slow
def test_a_tenth_of_a_second_may_not_hold_25000_frames(clips: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "still.mp4"
    videos.still(clips, path)
    video = open_video(path)
    assert len(video) == 25_000
    assert video.info.duration_s < 1
    with pytest.raises(VideoError, match="25000 frames are too many for one element"):
        check_span(video)


def test_a_span_may_not_hold_more_frames_than_are_looked_at(
    clips: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = open_video(videos.small(clips))
    check_span(video)
    monkeypatch.setattr("pipeline.video.clip.MAX_SPAN_FRAMES", 11)
    with pytest.raises(VideoError, match=r"12 frames are too many .* \(at most 11\)"):
        check_span(video)


def test_packets_are_counted_too(clips: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """For containers whose frames nothing claims."""
    monkeypatch.setattr("pipeline.video.probing.packets.MAX_PACKETS", 10)
    with pytest.raises(VideoError, match="claims to hold more frames"):
        open_video(videos.small(clips, "hostile_small.mkv"))


def test_sound_is_counted_by_chunks(clips: Shelf, tmp_path: Path) -> None:
    """QuickTime counts every sample of plain sound: an hour has 170 million."""
    path = tmp_path / "clip.mov"
    tone = ("-f", "lavfi", "-i", "sine=duration=60:sample_rate=48000")
    copied = ("-c:v", "copy", "-c:a", "pcm_s16le")
    videos.run_ffmpeg("-i", videos.small(clips), *tone, *copied, path)
    assert int.from_bytes(path.read_bytes().split(b"stsz")[2][8:12], "big") > 2_000_000
    assert read(path) == videos.FRAMES
