"""Long videos in processes of their own: memory that does not grow, and a run that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pipeline.video import open_video
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

SIZE = (640, 360)
READ = """
import re, sys
from dataclasses import replace
from pathlib import Path
import torch
torch.set_num_threads(1)
from pipeline.config import load_profile
from pipeline.networks import Networks
from pipeline.programme.reading import KeptReading, read_shots
from pipeline.progress import Monitor
from pipeline.video import open_video

demo = load_profile("demo")
sparing = replace(demo.programme, flip_test=False, detector_hz=1.0, pose_hz=5.0)
coarse = replace(demo.detector, short_side=128, long_side=256)
zoom = replace(demo.zoom, below=0.0)
profile = replace(demo, programme=sparing, detector=coarse, zoom=zoom, buffer_mib=48)
networks = Networks(profile, stages=("detector", "pose"))
kept = KeptReading(Path(sys.argv[2]))
looked = []
monitor = Monitor(lambda p: looked.append(p.fraction), None)
monitor.expect({"read": 1.0})
for read in read_shots(open_video(sys.argv[1]), networks, profile, monitor, kept=kept):
    pass
# The kernel's high-water mark of this program alone; ru_maxrss would count the parent's too.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
total = float(read.pose.keypoints_xy[read.pose.scores > 0].sum())
print(read.stop, peak, total, min(looked, default=1.0))
"""


def looped(path: Path, seconds: int) -> Path:
    """One example over and over, there and back: a single shot."""
    video = open_video(ROOT / "assets" / "examples" / "CamelSpin.mp4")
    once = [np.asarray(cv2.resize(f, SIZE)) for _, f in video.frames(range(75))]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "28"}
        for t in range(25 * seconds):
            place = t % 148
            picture = once[place if place < 75 else 149 - place - 1]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def command(video: Path, kept: Path) -> list[str]:
    return [sys.executable, "-c", READ, str(video), str(kept)]


def outcome(video: Path, kept: Path) -> list[float]:
    done = subprocess.run(
        command(video, kept), cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [float(word) for word in done.stdout.split()]


def test_memory_is_flat_in_length(tmp_path: Path) -> None:
    peaks = {}
    for seconds in (30, 300):
        video = looped(tmp_path / f"{seconds}.mp4", seconds)
        frames, peaks[seconds], *_ = outcome(video, tmp_path / f"kept{seconds}")
        assert frames == 25 * seconds
    assert peaks[300] < peaks[30] + 120  # MiB
    assert peaks[300] < 2048


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    video, kept = looped(tmp_path / "v.mp4", 30), tmp_path / "kept"
    whole = outcome(video, tmp_path / "other")
    running = subprocess.Popen(command(video, kept), cwd=ROOT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while len(list(kept.glob("[0-9]*.npz"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    there = len(list(kept.glob("[0-9]*.npz")))
    again = outcome(video, kept)
    assert there >= 2
    assert again[0] == whole[0]
    assert again[2] == pytest.approx(whole[2], rel=1e-5)
    assert again[3] > 0.05  # nothing of the first pieces was looked at again
