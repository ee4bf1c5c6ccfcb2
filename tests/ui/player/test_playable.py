"""Copies for browsers: the same frames at the same stamps, and made once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.errors import Cancelled, StoreError
from pipeline.video import open_video
from tests.videos import RECIPES, Shelf, read_number
from ui.player import playable
from ui.player.playable import media_type, playable_copy, plays_as_it_is


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("playable"))


@pytest.mark.parametrize(
    ("name", "plays", "kind"),
    [
        ("h264.mp4", True, "video/mp4"),
        ("vp9.webm", True, "video/webm"),
        ("hevc10.mp4", False, "video/mp4"),
        ("mpeg4.avi", False, "video/mp4"),
        ("motion_jpeg.mov", False, "video/mp4"),
        ("transport_stream.ts", False, "video/mp4"),
        ("odd_size.mp4", False, "video/mp4"),  # 4:4:4
    ],
)
def test_what_browsers_play(shelf, name, plays, kind):
    video = open_video(shelf[name])
    assert plays_as_it_is(video) == plays
    assert media_type(video) == kind


@pytest.mark.parametrize("name", ["hevc10.mp4", "vfr.mp4", "late_start.webm", "turned90.mp4"])
def test_a_copy_has_the_same_frames_at_the_same_stamps(shelf, tmp_path, name):
    video = open_video(shelf[name])
    copy = open_video(playable_copy(video, folder=tmp_path))
    assert plays_as_it_is(copy)
    np.testing.assert_allclose(copy.timeline.pts_s, video.timeline.pts_s, atol=1e-6)
    assert copy.until_s == pytest.approx(video.until_s, abs=1e-3)
    assert [read_number(frame) for _, frame in copy.frames()] == list(range(len(video)))


def test_sound_goes_along(shelf, tmp_path):
    source = shelf.make("sound.avi", replace(RECIPES["mpeg4.avi"], sound=True))
    path = playable_copy(open_video(source), folder=tmp_path)
    with av.open(str(path)) as file:
        assert [stream.codec_context.name for stream in file.streams.audio] != []


def test_a_copy_is_made_once(shelf, tmp_path):
    video = open_video(shelf["mpeg4.avi"])
    steps: list[float] = []
    first = playable_copy(video, folder=tmp_path, progress=steps.append)
    again = playable_copy(video, folder=tmp_path, progress=lambda _: pytest.fail("made again"))
    assert first == again
    assert steps[-1] == 1.0


def test_nothing_is_left_of_a_copy_that_was_stopped(shelf, tmp_path: Path):
    with pytest.raises(Cancelled):
        playable_copy(open_video(shelf["mpeg4.avi"]), folder=tmp_path, stop_asked=lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_a_copy_that_is_there_waits_for_nobody(shelf, tmp_path):
    video = open_video(shelf["mpeg4.avi"])
    path = playable_copy(video, folder=tmp_path)
    with playable._making:  # as while another visitor's clip is encoded
        assert playable_copy(video, folder=tmp_path, stop_asked=lambda: True) == path


def test_who_waits_for_another_s_copy_can_stop(shelf, tmp_path):
    with playable._making, pytest.raises(Cancelled):
        playable_copy(open_video(shelf["mpeg4.avi"]), folder=tmp_path, stop_asked=lambda: True)


def test_a_folder_that_cannot_be_made_is_told(shelf, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"^playable: cannot be written \(Not a directory\)"):
        playable_copy(open_video(shelf["mpeg4.avi"]), folder=tmp_path / "file" / "playable")


def test_the_oldest_copies_go(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr("ui.player.playable.MAX_COPIES", 1)
    playable_copy(open_video(shelf["mpeg4.avi"]), folder=tmp_path)
    path = playable_copy(open_video(shelf["motion_jpeg.mov"]), folder=tmp_path)
    assert list(tmp_path.iterdir()) == [path]
