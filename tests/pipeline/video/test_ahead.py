"""Frames that a thread decodes ahead of need."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from pipeline.errors import VideoError
from pipeline.video import Frame, Frames, open_video, read_ahead
from tests.conftest import ROOT

PATIENCE_S = 60.0


class Source:
    """Frames that count how many were asked for."""

    def __init__(self, count: int, *, breaks: bool = False) -> None:
        self.count, self.breaks = count, breaks
        self.made, self.ended = 0, threading.Event()
        self.third = threading.Event()

    def frames(self) -> Frames:
        try:
            for position in range(self.count):
                self.made += 1
                if self.made == 3:
                    self.third.set()
                yield position, np.full((2, 2, 3), position, np.uint8)
            if self.breaks:
                raise VideoError("the file ends here")
        finally:
            self.ended.set()


def positions(frames: Iterator[tuple[int, Frame]]) -> list[int]:
    return [position for position, frame in frames if (frame == position).all()]


def test_the_frames_of_a_video():
    video = open_video(ROOT / "assets" / "examples" / "2Axel.mp4")
    wanted = range(10, 30)
    with read_ahead(video.frames(wanted), 4) as frames:
        ahead = list(frames)
    assert [position for position, _ in ahead] == list(wanted)
    plain = video.frames(wanted)
    assert all(
        np.array_equal(frame, own) for (_, frame), (_, own) in zip(ahead, plain, strict=True)
    )


def test_it_works_before_it_is_asked():
    source = Source(20)
    with read_ahead(source.frames(), 5) as frames:
        assert source.third.wait(PATIENCE_S)
        assert positions(frames) == list(range(20))


@pytest.mark.parametrize("at_most", [1, 3])
def test_no_more_wait_than_there_is_room_for(at_most):
    source = Source(20)
    with read_ahead(source.frames(), at_most) as frames:
        for taken, _ in enumerate(frames, start=1):
            assert source.made <= taken + at_most + 1  # one is being made


def test_an_error_comes_after_the_frames_before_it():
    seen: list[int] = []

    def take() -> None:
        with read_ahead(Source(6, breaks=True).frames(), 2) as frames:
            seen.extend(position for position, _ in frames)

    with pytest.raises(VideoError, match="ends here"):
        take()
    assert seen == list(range(6))


def test_leaving_early_ends_the_thread():
    source = Source(1000)
    with read_ahead(source.frames(), 2) as frames:
        own = [thread for thread in threading.enumerate() if thread.name == "read-ahead"]
        assert next(frames)[0] == 0
    assert len(own) == 1
    assert not own[0].is_alive()
    assert source.ended.is_set()
    assert source.made < 1000
