"""`python -m benchmarks.rink.render`: how many frames of the rink are drawn and encoded a second.

640x360, one clip of each class, without the shutter's sub-frames, on as many processes as cores.
Clips are encoded to files as data sets are; starting the processes and compiling are not counted.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import cv2

from pipeline.elements import LABELS
from training.rink.files.encode import mp4_writer
from training.rink.render import render
from training.rink.scene import draw_scene

SEED = 600_000
SIZE = (640, 360)


def render_one(job: tuple[int, str, bool]) -> tuple[int, float]:
    """Draw and encode a clip; its frames and the CPU seconds they took."""
    number, label, blur = job
    began = time.process_time()
    scene = draw_scene(label, (SEED, 6, number), size=SIZE, blur=blur)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "clip.mp4"
        with mp4_writer(target, scene.encoding, size=SIZE, fps=scene.fps) as writer:
            for frame in render(scene, scene.times_s):
                writer.write(frame.image)
    return scene.num_frames, time.process_time() - began


def prepare() -> None:
    """Compile, or load what is compiled, and keep to one thread."""
    cv2.setNumThreads(1)
    render_one((0, "1Loop", True))


def main() -> int:
    """Print frames a second, of the wall clock and of a core, and the largest process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--blur", action="store_true", help="with the shutter's sub-frames")
    arguments = parser.parse_args()
    jobs = [(number, label, arguments.blur) for number, label in enumerate(LABELS)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(arguments.workers, initializer=prepare) as pool:
        pool.map(abs, range(arguments.workers), chunksize=1)  # wait until all are prepared
        began = time.monotonic()
        results = pool.map(render_one, jobs, chunksize=1)
        wall_s = time.monotonic() - began
    pool.join()
    frames = sum(count for count, _ in results)
    cpu_s = sum(seconds for _, seconds in results)
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{frames} frames of {SIZE[0]}x{SIZE[1]} on {arguments.workers} processes: "
        f"{frames / wall_s:.0f} frames/s, {frames / cpu_s:.0f} a CPU second, "
        f"largest process {peak_mb:.0f} MB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
