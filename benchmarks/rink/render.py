"""`python -m benchmarks.rink.render`: how many frames of the rink are drawn and encoded a second.

640x360, one clip of each class, without the shutter's sub-frames, on as many processes as cores.
Clips are encoded to files as data sets are; starting the processes and compiling are not counted.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path

import cv2

from models.command_line import Parser
from pipeline.elements import LABELS
from training.processes import each_done
from training.rink.files.encode import mp4_writer
from training.rink.render import render
from training.rink.scene import draw_scene

SEED = 600_000
SIZE = (640, 360)

PREPARING_S = 600
"""Patience with processes that compile."""


@dataclass(frozen=True)
class Rendering:
    """What one clip took."""

    frames: int
    cpu_s: float
    began_s: float
    """On the clock that all processes of a machine share."""
    ended_s: float


def render_one(job: tuple[int, str, bool]) -> Rendering:
    """Draw and encode a clip."""
    number, label, blur = job
    began_s, cpu_s = time.monotonic(), time.process_time()
    scene = draw_scene(label, (SEED, 6, number), size=SIZE, blur=blur)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "clip.mp4"
        with mp4_writer(target, scene.encoding, size=SIZE, fps=scene.fps) as writer:
            for frame in render(scene, scene.times_s):
                writer.write(frame.image)
    cpu_s = time.process_time() - cpu_s
    return Rendering(scene.num_frames, cpu_s, began_s, time.monotonic())


def prepare(all_prepared: Barrier) -> None:
    """Compile, or load what is compiled, keep to one thread, and wait for the other processes."""
    cv2.setNumThreads(1)
    render_one((0, "1Loop", True))
    all_prepared.wait(timeout=PREPARING_S)


def main() -> int:
    """Print frames a second, of the wall clock and of a core, and the largest process."""
    parser = Parser(description=__doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--blur", action="store_true", help="with the shutter's sub-frames")
    arguments = parser.parse_args()
    jobs = [(number, label, arguments.blur) for number, label in enumerate(LABELS)]
    workers = min(arguments.workers, len(jobs))
    start = partial(prepare, multiprocessing.get_context("spawn").Barrier(workers))
    renderings = list(each_done(render_one, jobs, workers=workers, start=start))
    wall_s = max(r.ended_s for r in renderings) - min(r.began_s for r in renderings)
    frames = sum(r.frames for r in renderings)
    cpu_s = sum(r.cpu_s for r in renderings)
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{frames} frames of {SIZE[0]}x{SIZE[1]} on {workers} processes: "
        f"{frames / wall_s:.0f} frames/s, {frames / cpu_s:.0f} a CPU second, "
        f"largest process {peak_mb:.0f} MB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
