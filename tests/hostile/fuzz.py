"""Damages small videos at random and reads them: `python -m tests.hostile.fuzz` (`make fuzz`).

Every file has a number, and the same number makes the same file again: `--first N --files 1`
repeats the one that a report names. Children read the files, so that a crash of a decoder is seen
and costs one child.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from pipeline.errors import VideoError
from pipeline.video import FramesLost, open_video
from tests.videos import Recipe, write_video

KINDS = {
    "mp4": ("-c:v", "libx264", "-preset", "ultrafast", "-g", "4", "-bf", "1", "-threads", "1"),
    "mov": ("-c:v", "mjpeg", "-q:v", "9"),
    "mkv": ("-c:v", "mpeg4", "-q:v", "9", "-g", "4"),
    "webm": ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "100k"),
    "avi": ("-c:v", "mpeg4", "-q:v", "9", "-bf", "1"),
    "ts": ("-c:v", "libx264", "-preset", "ultrafast", "-g", "4", "-threads", "1"),
}
"""Containers, and what is in them."""
FRAMES = 8
_BATCH = 50
_HEAD = 700
"""Bytes in which most of a container's own words stand."""
_ODD = (0x00, 0x01, 0x7F, 0x80, 0xFF)


@dataclass
class Report:
    """What became of the files."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """`frames`, or the code of the error that was told."""
    faults: list[str] = field(default_factory=list)
    """Numbers of files that ended otherwise, and how."""


def make_originals(folder: Path) -> None:
    """One small video a kind."""
    for kind, encoder in KINDS.items():
        recipe = Recipe(
            frames=FRAMES, width=48, height=32, fps=Fraction(25), encoder=encoder, sound=True,
            draw=_bands,
        )  # fmt: skip
        write_video(folder / f"original.{kind}", recipe)


def _bands(number: int, width: int, height: int) -> np.ndarray:
    rows = np.arange(height)[:, None, None] * 7 + np.arange(width)[None, :, None] * 3
    return ((rows + number * 9 + np.arange(3)) % 256).astype(np.uint8)


def damaged(original: bytes, number: int) -> bytes:
    """A damaged copy; the same for the same number."""
    rng = np.random.default_rng(number)
    data = bytearray(original)
    for _ in range(rng.integers(1, 12)):
        reach = min(_HEAD, len(data)) if rng.random() < 0.5 else len(data)
        from_end = rng.random() < 0.4  # where MP4 has its index
        at = int(rng.integers(0, reach))
        at = len(data) - 1 - at if from_end else at
        length = int(rng.integers(1, 9))
        match int(rng.integers(0, 5)):
            case 0:
                data[at : at + length] = rng.bytes(length)
            case 1:
                data[at : at + length] = bytes([int(rng.choice(_ODD))]) * length
            case 2:
                data[at] ^= 1 << int(rng.integers(0, 8))
            case 3:
                del data[at : at + length]
            case 4:
                data[at:at] = data[at : at + 40 * length]
        data = data or bytearray(b"\0")
    if rng.random() < 0.2:
        del data[int(rng.integers(1, len(data) + 1)) :]
    return bytes(data)


def read_one(path: Path) -> str:
    """`frames`, or the code of the error; the app reads every file in the same steps.

    Raises:
        Exception: Of another type than VideoError, or more or fewer frames than were told.
    """
    try:
        video = open_video(path)
        try:
            got = sum(1 for _ in video.frames())
        except FramesLost:
            video = video.rescan()
            got = sum(1 for _ in video.frames())
    except VideoError as error:
        return error.code or "no code"
    if got != len(video):
        raise AssertionError(f"{got} frames instead of {len(video)}")
    return "frames"


def read_batch(folder: str, numbers: Sequence[int]) -> tuple[Counter[str], list[str]]:
    """Make and read some files in this process; faults name the file by its number."""
    outcomes: Counter[str] = Counter()
    faults = []
    before = _open_files()
    for number in numbers:
        kind = list(KINDS)[number % len(KINDS)]
        original = (Path(folder) / f"original.{kind}").read_bytes()
        path = Path(folder) / f"{os.getpid()}.{kind}"
        path.write_bytes(damaged(original, number))
        (Path(folder) / f"{os.getpid()}.now").write_text(str(number))
        try:
            outcomes[read_one(path)] += 1
        except Exception as error:
            faults.append(f"file {number} ({kind}): {error!r}"[:300])
        path.unlink()
    if _open_files() > before:
        faults.append(f"files {numbers[0]} to {numbers[-1]}: a file stays open")
    return outcomes, faults


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def fuzz(first: int, files: int, workers: int) -> Report:
    """Read so many damaged files, beginning with a number."""
    report = Report()
    with tempfile.TemporaryDirectory(prefix="rinkside-fuzz-") as name:
        make_originals(Path(name))
        left = list(_batches(first, files))
        while left:
            left = _read(name, left, workers, report)
    return report


def _batches(first: int, files: int) -> Iterator[range]:
    for begin in range(first, first + files, _BATCH):
        yield range(begin, min(begin + _BATCH, first + files))


def _read(folder: str, batches: list[range], workers: int, report: Report) -> list[range]:
    """Read batches until a child crashes; returns those that are still to be read."""
    left = list(batches)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        asked = [(batch, pool.submit(read_batch, folder, batch)) for batch in batches]
        for batch, answer in asked:
            try:
                outcomes, faults = answer.result()
            except BrokenProcessPool:
                at = _at_work(folder)
                report.faults.append(f"a child crashed at one of the files {at}")
                return [other for other in left if other != batch and not set(at) & set(other)]
            left.remove(batch)
            report.outcomes += outcomes
            report.faults += faults
    return left


def _at_work(folder: str) -> list[int]:
    """Numbers of the files that were being read; forgotten then."""
    notes = list(Path(folder).glob("*.now"))
    numbers = sorted(int(note.read_text() or -1) for note in notes)
    for note in notes:
        note.unlink()
    return numbers


def main() -> int:
    """Print what became of the files; 1 when one did not end in frames or a sentence."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz", description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--files", type=int, default=100_000, help="how many")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    report = fuzz(asked.first, asked.files, asked.workers)
    lines = [f"{count:7d} {outcome}" for outcome, count in report.outcomes.most_common()]
    sys.stdout.write("\n".join([f"files {asked.first} to {asked.first + asked.files - 1}", *lines]))
    sys.stdout.write("\n" + "\n".join(report.faults or ["no faults"]) + "\n")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
