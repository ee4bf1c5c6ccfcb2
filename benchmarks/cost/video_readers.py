"""Which library should read video: `python -m benchmarks.cost.video_readers`.

Clips with burnt-in frame numbers are made on the spot. `pipeline.video` (PyAV) reads them, and so
do decord and OpenCV as their own documentation suggests, without the checks that our readers add.
Every measurement has a process of its own, whose imports do not count.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.cost.video_reader_tables import Cost, cost_table, exactness_table
from models.command_line import Parser
from tests.encodings import MADE, Encodings
from tests.encodings import RECIPES as ENCODINGS
from tests.videos import H264, PLAIN, RECIPES, Frame, Shelf, cut, read_number, run_ffmpeg

OUT = Path("out/benchmarks/video_readers.json")
CHOSEN = 16
TRIMMED = "trimmed.mp4"
BROKEN_OFF = "broken_off.mp4"
CHANGED = (TRIMMED, BROKEN_OFF)


def read_with_ours(path: str, wanted: Sequence[int] | None) -> Iterator[Frame]:
    """`pipeline.video`: one pass, frames known by their stamps."""
    from pipeline.video import open_video

    for _, frame in open_video(path).frames(wanted):
        yield frame


def read_with_decord(path: str, wanted: Sequence[int] | None) -> Iterator[Frame]:
    """Decord 3 (package decord2): `next()` in order, `get_batch` for chosen frames."""
    import decord

    decord.logging.set_level(decord.logging.QUIET)
    video = decord.VideoReader(path)
    if wanted is None:
        for _ in range(len(video)):
            yield video.next().asnumpy()
    else:
        frames: list[Frame] = list(video.get_batch(list(wanted)).asnumpy())
        yield from frames


def read_with_opencv(path: str, wanted: Sequence[int] | None) -> Iterator[Frame]:
    """OpenCV: `read()` in order, `set(CAP_PROP_POS_FRAMES)` for chosen frames."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    import cv2

    capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise OSError("OpenCV cannot open it")
    for place in wanted if wanted is not None else iter(int, 1):
        if wanted is not None:
            capture.set(cv2.CAP_PROP_POS_FRAMES, place)
        there, frame = capture.read()
        if not there:
            return
        yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)


def read_with_threads(
    path: str, wanted: Sequence[int] | None, *, kind: str, count: int
) -> Iterator[Frame]:
    """Plain PyAV with other threads than ours, which are `AUTO`."""
    import av

    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_type, stream.codec_context.thread_count = kind, count
        chosen = None if wanted is None else frozenset(wanted)
        for place, frame in enumerate(container.decode(stream)):
            if chosen is None or place in chosen:
                yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


Read = Callable[[str, Sequence[int] | None], Iterator[Frame]]
OURS = "PyAV (ours)"
LIBRARIES: dict[str, Read] = {
    OURS: read_with_ours,
    "decord2": read_with_decord,
    "OpenCV": read_with_opencv,
}
THREADS: dict[str, Read] = {
    "PyAV, slice threads": partial(read_with_threads, kind="SLICE", count=0),
    "PyAV, one thread": partial(read_with_threads, kind="SLICE", count=1),
}
READERS = LIBRARIES | THREADS


def numbers_of(
    reader: str, path: Path, chosen: Sequence[int], *, apart: bool = False
) -> list[list[int] | str]:
    """Burnt-in numbers of all frames and of chosen ones (-1: unreadable), or an error's kind.

    The chosen frames are read in one go, or each by itself, `apart`: that takes a seek for each.
    """
    what = "numbers apart" if apart else "numbers"
    got: list[list[int] | str] = _in_child(what, reader, path, chosen)
    return got


def cost_of(reader: str, path: Path, wanted: Sequence[int] | None) -> Cost:
    """Time and memory of reading, frames thrown away."""
    runs = [Cost(*_in_child("cost", reader, path, wanted)) for _ in range(3)]
    return min(runs, key=lambda run: run.seconds)


def _in_child(what: str, reader: str, path: Path, wanted: Sequence[int] | None) -> Any:
    job = json.dumps({"what": what, "reader": reader, "path": str(path), "wanted": wanted})
    command = [sys.executable, "-m", "benchmarks.cost.video_readers", "--job", job]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{reader} on {path.name}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def _work(job: dict[str, Any]) -> Any:
    read = READERS[job["reader"]]
    if job["what"] == "cost":
        next(read(job["path"], [0]))  # imports
        begun = time.perf_counter()
        for _ in read(job["path"], job["wanted"]):
            pass
        return time.perf_counter() - begun, _peak_mib()
    path, wanted = job["path"], job["wanted"]
    if job["what"] == "numbers":
        return [_numbers(read, path, wanted) for wanted in (None, wanted)]
    some = [_numbers(read, path, [place]) for place in wanted]
    errors = [numbers for numbers in some if isinstance(numbers, str)]
    return [_numbers(read, path, None), errors[0] if errors else [n[0] if n else -1 for n in some]]


def _numbers(read: Read, path: str, wanted: Sequence[int] | None) -> list[int] | str:
    try:
        return [_number(frame) for frame in read(path, wanted)]
    except Exception as error:  # whatever a library raises is the finding
        return type(error).__name__


def _number(frame: Frame) -> int:
    try:
        return read_number(frame)
    except ValueError:
        return -1


def _peak_mib() -> float:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def exactness(shelf: Shelf) -> dict[str, dict[str, dict[str, str]]]:
    """File -> library -> what became of all its frames, and of sixteen chosen ones."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for name in (*RECIPES, *CHANGED):
        path, expected = _file(shelf, name)
        last = 40 if name == BROKEN_OFF else len(expected) - 1
        chosen = np.unique(np.linspace(0, last, CHOSEN).round().astype(int)).tolist()
        wanted = [expected[place] for place in chosen]
        found[name] = {}
        for reader in LIBRARIES:
            whole, some = numbers_of(reader, path, chosen)
            verdicts = {"all": _verdict(whole, expected), "chosen": _verdict(some, wanted)}
            found[name][reader] = verdicts
    return found


def identity(files: Encodings) -> dict[str, dict[str, dict[str, str]]]:
    """Encoding -> library -> what became of all its frames, and of those sought one by one."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for name in (*ENCODINGS, *MADE):
        path, expected = files[name], files.numbers(name)
        chosen = list(range(3, len(expected), 7))
        wanted = [expected[place] for place in chosen]
        found[name] = {}
        for reader in LIBRARIES:
            whole, some = numbers_of(reader, path, chosen, apart=True)
            verdicts = {"all": _verdict(whole, expected), "sought": _verdict(some, wanted)}
            found[name][reader] = verdicts
    return found


def _file(shelf: Shelf, name: str) -> tuple[Path, list[int]]:
    """A clip and the numbers of its frames."""
    path = shelf.folder / name
    if name == TRIMMED:
        keyed = replace(PLAIN, frames=120, encoder=(*H264, "-g", "24"))
        cut_at = ("-ss", "1.5", "-i", shelf.make("keyed.mp4", keyed), "-t", "1", "-c", "copy")
        run_ffmpeg(*cut_at, path)
        return path, list(range(45, 77))
    if name == BROKEN_OFF:
        first = replace(PLAIN, frames=90, output=("-movflags", "+faststart"))
        return cut(shelf.make("index_first.mp4", first), path, 0.6), list(range(90))
    return shelf[name], list(range(RECIPES[name].frames))


def _verdict(numbers: list[int] | str, expected: list[int]) -> str:
    if isinstance(numbers, str):
        return "error"
    if numbers == expected:
        return "exact"
    if not numbers:
        return "nothing"
    if len(numbers) != len(expected):
        which = "all" if numbers == expected[: len(numbers)] else "not all"
        return f"{len(numbers)} frames for {len(expected)}, {which} right"
    right = sum(got == number for got, number in zip(numbers, expected, strict=False))
    return f"{right} of {len(expected)} right"


def costs(shelf: Shelf) -> dict[str, dict[str, Cost]]:
    """Library -> task -> cost, on 720p H.264 at 29.97 frames a second, with noise."""
    recipe = replace(
        RECIPES["ntsc.mp4"], frames=300, width=1280, height=720, filters="noise=alls=8:all_seed=1"
    )
    short, long = shelf.make("ten_seconds.mp4", recipe), shelf.folder / "two_minutes.mp4"
    run_ffmpeg("-stream_loop", "11", "-i", short, "-c", "copy", long)
    rng = np.random.default_rng(0)
    some = sorted(rng.choice(recipe.frames, CHOSEN, replace=False).tolist())
    tasks = {"16 random": (short, some), "all 10 s": (short, None), "all 120 s": (long, None)}
    return {
        reader: {task: cost_of(reader, path, wanted) for task, (path, wanted) in tasks.items()}
        for reader in READERS
    }


def main(arguments: list[str]) -> int:
    """Print both tables and keep the figures; 1 if our reader is not exact on every whole file."""
    parser = Parser(prog="python -m benchmarks.cost.video_readers")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.job:
        print(json.dumps(_work(json.loads(options.job))))
        return 0
    with TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder))
        files = Path(folder) / "encodings"
        files.mkdir()
        found = exactness(shelf)
        sought = identity(Encodings(files))
        measured = costs(shelf)
    print(f"{exactness_table(found)}\n\n{exactness_table(sought)}\n\n{cost_table(measured)}")
    report = {
        "exactness": found,
        "identity": sought,
        "costs": {
            reader: {task: asdict(cost) for task, cost in by_task.items()}
            for reader, by_task in measured.items()
        },
        "processors": os.cpu_count(),
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(report, indent=1), encoding="utf-8")
    whole = (by_reader[OURS] for name, by_reader in found.items() if name != BROKEN_OFF)
    ours = (*whole, *(by_reader[OURS] for by_reader in sought.values()))
    return 0 if all(set(verdict.values()) == {"exact"} for verdict in ours) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
