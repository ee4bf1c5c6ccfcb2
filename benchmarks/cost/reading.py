"""One reader's work in `benchmarks.cost.video_readers`, in a process of its own.

The job comes on standard input as JSON, the answer goes to standard output.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from pipeline.errors import VideoError
from pipeline.types import ReaderName
from pipeline.video import open_video
from pipeline.video.readers import READERS as OURS
from pipeline.video.readers import library_version
from tests.videos import Frame, read_number

Read = Callable[[str, Sequence[int] | None], Iterator[Frame]]


def read_with_profile(
    path: str, wanted: Sequence[int] | None, *, reader: ReaderName
) -> Iterator[Frame]:
    """`pipeline.video` with one of its readers: frames known by their stamps."""
    for _, frame in open_video(path, reader=reader).frames(wanted):
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


PROFILE: dict[str, Read] = {name: partial(read_with_profile, reader=name) for name in OURS}
"""The readers that a profile can name."""
ALONE: dict[str, Read] = {"decord alone": read_with_decord, "OpenCV alone": read_with_opencv}
THREADS: dict[str, Read] = {
    "PyAV, slice threads": partial(read_with_threads, kind="SLICE", count=0),
    "PyAV, one thread": partial(read_with_threads, kind="SLICE", count=1),
}
READERS = PROFILE | ALONE | THREADS


def versions() -> dict[str, str]:
    """Of the readers' libraries."""
    return {name: library_version(name) for name in OURS}


def frames_of(reader: str, files: list[dict[str, Any]]) -> list[tuple[Any, Any, int]]:
    """What a reader gives of every file.

    Returns:
        For each: numbers of its frames in order, and of those sought, or `refused` or `error`; and
        how far colours are off PyAV's, for the readers of a profile.
    """
    read = READERS[reader]
    given = []
    for file in files:
        path, places = file["path"], file["sought"]
        in_order = _numbers(read, path, None)
        apart = [_numbers(read, path, [place]) for place in places]
        reasons = [numbers for numbers in apart if isinstance(numbers, str)]
        sought = reasons[0] if reasons else [numbers[0] if numbers else -1 for numbers in apart]
        same = reader in PROFILE and not isinstance(in_order, str)
        given.append((in_order, sought, _colours(read, path) if same else 0))
    return given


def cost_of(reader: str, path: str, wanted: list[int] | None) -> tuple[float, float, float, int]:
    """CPU and wall seconds, largest memory in MiB, number of frames; these are thrown away."""
    read = READERS[reader]
    next(read(path, [0]))  # imports
    cpu_s, begun = _cpu_s(), time.perf_counter()
    frames = sum(1 for _ in read(path, wanted))
    spent = (_cpu_s() - cpu_s, time.perf_counter() - begun)
    return *spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, frames


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _numbers(read: Read, path: str, wanted: Sequence[int] | None) -> list[int] | str:
    try:
        return [_number(frame) for frame in read(path, wanted)]
    except VideoError:
        return "refused"
    except Exception:  # whatever a library raises is the finding
        return "error"


def _number(frame: Frame) -> int:
    try:
        return read_number(frame)
    except ValueError:
        return -1


def _colours(read: Read, path: str) -> int:
    """Largest difference of a value 0..255 from PyAV's frames."""
    pairs = zip(read(path, None), PROFILE["pyav"](path, None), strict=True)
    return max(int(np.abs(a.astype(np.int16) - b).max()) for a, b in pairs)


if __name__ == "__main__":
    job = json.load(sys.stdin)
    if job["what"] == "frames":
        print(json.dumps(frames_of(job["reader"], job["asked"])))
    else:
        print(json.dumps(cost_of(job["reader"], **job["asked"])))
