"""In and out points, the length limit, the buffer of frames, and what stays in memory."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.errors import VideoError
from pipeline.video import FrameBuffer, check_span, open_video
from tests.videos import PLAIN, Shelf, read_number, run_ffmpeg


@pytest.mark.parametrize(
    ("start_s", "end_s", "first", "stop"),
    [
        (None, None, 0, 48),
        (0.0, 1.6, 0, 48),
        (0.5, None, 15, 48),
        (None, 0.5, 0, 15),  # the out point is exclusive
        (0.5, 1.0, 15, 30),
        (0.067, 0.1, 2, 3),  # frame 2 is shown at 0.0666...
        (0.068, 0.1, None, None),
        (0.034, 0.1, 2, 3),
        (1.58, None, None, None),
        (0.0, 0.01, 0, 1),
    ],
)
def test_frames_that_begin_between_two_points(
    clips: Shelf, start_s: float | None, end_s: float | None, first: int | None, stop: int | None
) -> None:
    if first is None:
        with pytest.raises(VideoError, match=r"no frame begins between .* widen the span"):
            open_video(clips["h264.mp4"], start_s=start_s, end_s=end_s)
        return
    video = open_video(clips["h264.mp4"], start_s=start_s, end_s=end_s)
    assert video.timeline.frame_index.tolist() == list(range(first, stop or 0))
    assert video.info.start_s == (start_s or 0.0)
    assert video.info.end_s == pytest.approx(end_s or 1.6)
    assert video.info.duration_s == pytest.approx(1.6)


def test_points_count_from_the_first_frame_shown(clips: Shelf) -> None:
    """As players show them, whatever stamp the container begins with."""
    video = open_video(clips["late_start.mp4"], start_s=0.5, end_s=1.0)
    assert video.origin_s == 5.0
    assert video.timeline.frame_index.tolist() == list(range(15, 30))
    assert video.timeline.pts_s[0] == pytest.approx(5.5)
    assert video.until_s == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("start_s", "end_s", "sentence"),
    [
        (1.0, 0.5, "the out point (--end 0.5) is not after the in point (--start 1); swap or "),
        (1.0, 1.0, "the out point (--end 1) is not after the in point (--start 1); swap or "),
        (9.0, 5.0, "the out point (--end 5) is not after the in point (--start 9); swap or "),
        (-1.0, None, "the in point (--start) is -1; seconds count from the first frame, 0"),
        (None, -2.0, "the out point (--end) is -2; seconds count from the first frame, 0"),
        (2.0, None, "the in point (--start 2) is after its end; it lasts 1.600 s; "),
        (5.0, 2.0, "the out point (--end 2) is not after the in point (--start 5); swap or "),
        (2.0, 3.0, "the in point (--start 2) is after its end; it lasts 1.600 s"),
        (float("nan"), None, "the in point (--start) is nan, not a number of seconds"),
        (None, float("inf"), "the out point (--end) is inf, not a number of seconds"),
    ],
)
def test_points_that_make_no_span(
    clips: Shelf, start_s: float | None, end_s: float | None, sentence: str
) -> None:
    with pytest.raises(VideoError, match="^" + re.escape(f"h264.mp4: {sentence}")):
        open_video(clips["h264.mp4"], start_s=start_s, end_s=end_s)


def test_an_out_point_beyond_the_end_means_the_end_and_is_said(clips: Shelf) -> None:
    video = open_video(clips["h264.mp4"], end_s=9.0)
    assert len(video) == 48
    assert video.info.end_s == pytest.approx(1.6)
    assert list(map(str, video.warnings)) == [
        "h264.mp4 ends at 1.600 s, before the out point (--end 9)"
    ]
    assert open_video(clips["h264.mp4"], end_s=1.6003).warnings == []


def test_a_long_video_asks_for_in_and_out_points(clips: Shelf) -> None:
    slow = replace(PLAIN, frames=70, fps=Fraction(1))
    path = clips.make("program.mp4", slow)
    with pytest.raises(VideoError) as caught:
        check_span(open_video(path))
    assert str(caught.value) == (
        "program.mp4: 70.0 s is too long for one element (at most 60 s); every clip gets one "
        "verdict, so set an in and an out point around the element (--start, --end)"
    )
    check_span(open_video(path, start_s=5, end_s=65))
    check_span(open_video(path), max_span_s=70)


def test_info_of_the_file(clips: Shelf) -> None:
    path = clips["ntsc.mp4"]
    info = open_video(path).info
    assert info.path == str(path)
    assert info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_span_s_frames_are_those_of_its_timeline(clips: Shelf) -> None:
    video = open_video(clips["vfr.mp4"], start_s=0.5, end_s=1.0)
    got = [read_number(frame) for _, frame in video.frames()]
    assert got == video.timeline.frame_index.tolist()


class TestFrameBuffer:
    def test_the_second_pass_reads_from_memory(self, clips: Shelf, tmp_path: Path) -> None:
        path = tmp_path / "clip.mp4"
        path.write_bytes(clips["b_frames.mp4"].read_bytes())
        buffer = FrameBuffer(open_video(path))
        assert [read_number(frame) for _, frame in buffer.frames()] == list(range(48))
        path.unlink()  # no decoder could do without
        assert [position for position, _ in buffer.frames([7, 3])] == [3, 7]
        assert [read_number(frame) for _, frame in buffer.frames()] == list(range(48))

    def test_a_pass_that_was_left_early_is_taken_up_again(self, clips: Shelf) -> None:
        buffer = FrameBuffer(open_video(clips["b_frames.mp4"]))
        assert [read_number(frame) for _, frame in buffer.frames([0, 10, 20])] == [0, 10, 20]
        frames = buffer.frames()
        assert [read_number(next(frames)[1]) for _ in range(30)] == list(range(30))
        frames.close()
        assert [read_number(frame) for _, frame in buffer.frames()] == list(range(48))

    def test_frames_are_kept_without_a_copy(self, clips: Shelf) -> None:
        buffer = FrameBuffer(open_video(clips["b_frames.mp4"]))
        first = [frame for _, frame in buffer.frames()]
        assert all(frame is kept for (_, frame), kept in zip(buffer.frames(), first, strict=True))

    def test_two_passes_at_a_time(self, clips: Shelf) -> None:
        buffer = FrameBuffer(open_video(clips["b_frames.mp4"]))
        slow, quick = buffer.frames(), buffer.frames()
        assert read_number(next(slow)[1]) == 0
        assert [read_number(frame) for _, frame in quick] == list(range(48))
        assert [read_number(frame) for _, frame in slow] == list(range(1, 48))

    def test_frames_that_do_not_fit_are_decoded_again(self, clips: Shelf) -> None:
        video = open_video(clips["b_frames.mp4"])
        buffer = FrameBuffer(video, limit_bytes=video.nbytes - 1)
        assert not buffer.fits
        for _ in range(2):
            assert [read_number(frame) for _, frame in buffer.frames([4, 40])] == [4, 40]

    def test_nothing_wanted(self, clips: Shelf) -> None:
        assert list(FrameBuffer(open_video(clips["h264.mp4"])).frames([])) == []


# The kernel's high-water mark of this program alone; ru_maxrss would count the parent's too.
MEASURE = """
import sys, time
from pipeline.video import FrameBuffer, open_video

def peak_mib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
"""

TWO_PASSES = """
buffer = FrameBuffer(open_video(sys.argv[1]), limit_bytes=2**20)
assert not buffer.fits
frames = sum(1 for _ in buffer.frames()) + sum(1 for _ in buffer.frames([0, len(buffer.video) - 1]))
print(frames, peak_mib())
"""

OPEN = """
before = time.process_time()
video = open_video(sys.argv[1])
print(len(video), time.process_time() - before, peak_mib())
"""

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the peak of a program is read from /proc"
)


def measured(code: str, path: Path) -> list[float]:
    command = [sys.executable, "-c", MEASURE + code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


@needs_proc
@pytest.mark.slow
def test_memory_is_flat_from_10_s_to_120_s_of_the_same_clip(clips: Shelf, tmp_path: Path) -> None:
    recipe = replace(PLAIN, frames=300, width=1280, height=720)
    short, long = clips.make("ten_seconds.mp4", recipe), tmp_path / "two_minutes.mp4"
    run_ffmpeg("-stream_loop", "11", "-i", short, "-c", "copy", long)
    frames_short, peak_short = measured(TWO_PASSES, short)
    frames_long, peak_long = measured(TWO_PASSES, long)
    assert (frames_short, frames_long) == (302, 3602)
    assert peak_long < peak_short + 20, f"{peak_short} and {peak_long} MiB"


@needs_proc
@pytest.mark.slow
def test_four_minutes_of_1080p_are_opened_without_loading_them(
    clips: Shelf, tmp_path: Path
) -> None:
    recipe = replace(PLAIN, frames=120, width=1920, height=1080)
    short, long = clips.make("four_seconds.mp4", recipe), tmp_path / "four_minutes.mp4"
    run_ffmpeg("-stream_loop", "59", "-i", short, "-c", "copy", long)
    frames, spent_s, peak = measured(OPEN, long)
    assert frames == 7200
    assert spent_s < 5
    assert peak < 150, f"{peak} MiB"


@pytest.mark.slow
def test_8000x6000_pixels_are_read(clips: Shelf) -> None:
    tiny = (*("-c:v", "libx264", "-preset", "ultrafast"), "-crf", "35")
    recipe = replace(PLAIN, frames=3, width=8000, height=6000, encoder=tiny)
    video = open_video(clips.make("huge.mp4", recipe))
    assert [read_number(frame) for _, frame in video.frames()] == [0, 1, 2]
