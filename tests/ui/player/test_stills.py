"""Pictures for the player: each is its frame, whatever the order in which they are asked for."""

from __future__ import annotations

import struct
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.errors import VideoError
from pipeline.video import open_video
from tests.videos import RECIPES, read_number, write_video
from ui.player.stills import CHUNK, LONG_SIDE, Stills, fit, pack, shrink


def unpack(data: bytes) -> list[np.ndarray]:
    """RGB pictures of a packed chunk."""
    (count,) = struct.unpack_from("<I", data)
    lengths = struct.unpack_from(f"<{count}I", data, 4)
    start, pictures = 4 * (count + 1), []
    for length in lengths:
        pictures.append(decode(data[start : start + length]))
        start += length
    assert start == len(data)
    return pictures


def decode(jpeg: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = replace(RECIPES["open_gop.mp4"], frames=70)
    return write_video(tmp_path_factory.mktemp("stills") / "clip.mp4", recipe)


@pytest.fixture
def stills(clip: Path, tmp_path: Path):
    made = Stills(open_video(clip), tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 0, 3, 1, 2), (2, 2, 0)])
def test_every_picture_is_its_frame(stills, order):
    for chunk in order:
        numbers = [read_number(picture) for picture in unpack(stills.chunk(chunk))]
        assert numbers == list(range(chunk * CHUNK, min(70, (chunk + 1) * CHUNK)))


def test_a_single_picture_is_its_frame(stills):
    assert [read_number(decode(stills.single(n))) for n in (69, 0, 33)] == [69, 0, 33]


def test_a_small_picture_is_its_frame_and_is_decoded_once(stills, tmp_path):
    picture = decode(stills.small(33))
    assert max(picture.shape[:2]) <= 192
    (kept,) = tmp_path.glob("*.small.jpg")
    kept.write_bytes(b"kept")
    assert stills.small(33) == b"kept"


def test_nobody_waits_for_pictures_of_where_the_viewer_is_no_more(clip, tmp_path, monkeypatch):
    """Issue 17: in a whole programme every far jump left requests that held the browser's few."""
    monkeypatch.setattr("ui.player.stills.AHEAD", 2)
    monkeypatch.setattr("ui.player.stills.AHEAD_OF_MANY", 1)
    stills = Stills(open_video(clip), tmp_path)
    stills._start = lambda: None  # nothing is decoded: only who waits is looked at
    with ThreadPoolExecutor() as pool:
        first = pool.submit(stills.chunk, 0, timeout_s=600.0)
        while stills._wanted != 0 or not stills._ready._waiters:
            time.sleep(0.01)
        other = pool.submit(stills.chunk, 4, timeout_s=600.0)
        assert first.result(timeout=60) is None
        stills.close()
        assert other.result(timeout=60) is None


def test_only_the_chosen_frames_have_pictures(clip, tmp_path):
    stills = Stills(open_video(clip), tmp_path, positions=np.arange(3, 70, 2))
    assert len(stills) == 34
    assert read_number(unpack(stills.chunk(1))[0]) == 3 + 2 * CHUNK
    stills.close()


@pytest.mark.parametrize("number", [-1, 5])
def test_there_is_no_such_chunk(stills, number):
    with pytest.raises(ValueError, match=r"chunk: expected 0\.\.4"):
        stills.chunk(number)


def test_a_file_that_changed_is_an_error(clip, tmp_path):
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clip.read_bytes())
    stills = Stills(open_video(copy), tmp_path)
    copy.write_bytes(clip.read_bytes()[:-100])
    with pytest.raises(VideoError, match="changed"):
        stills.chunk(0)


def test_closing_ends_a_wait(clip, tmp_path):
    stills = Stills(open_video(clip), tmp_path)
    stills.close()
    assert stills.chunk(0, timeout_s=5) is None


def test_large_frames_are_made_smaller():
    assert fit(1920, 1080, LONG_SIDE) == (960, 540)
    assert fit(640, 360, LONG_SIDE) == (640, 360)
    assert shrink(np.zeros((1920, 1080, 3), np.uint8), LONG_SIDE).shape == (960, 540, 3)


def test_packing():
    assert pack([b"ab", b"c"]) == struct.pack("<III", 2, 2, 1) + b"abc"
