"""Programmes for the browser's tests: example clips one after another, with hard cuts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np

from tests.conftest import ROOT
from tests.videos import Frame

EXAMPLES = ROOT / "assets" / "examples"
FPS = 25
WIDTH, HEIGHT = 640, 360
BLACK_S = 6.0

THREE_MINUTES = (
    18.0, "2Axel", BLACK_S, "CamelSpin", 24.0, "3Lutz", BLACK_S, "Sequence", 28.0, "4Toeloop",
    BLACK_S, "SitSpin", 26.0, "NoBasic", "1Salchow", BLACK_S, 28.0,
)  # fmt: skip
"""Examples by name and, in seconds, graphics between them; `BLACK_S` of black."""


def join_clips(clips: Sequence[Path], target: Path) -> Path:
    """Write the clips' pictures into one H.264 file at 25 frames per second."""
    return _written((frame for clip in clips for frame in _pictures(clip)), target)


def join_programme(target: Path, parts: Sequence[str | float] = THREE_MINUTES) -> Path:
    """Write a programme with graphics and black between its shots; it is quick to read."""
    return _written(_shots(parts), target)


def _shots(parts: Sequence[str | float]) -> Iterator[Frame]:
    for number, part in enumerate(parts):
        if isinstance(part, str):
            yield from _pictures(EXAMPLES / f"{part}.mp4")
        elif part == BLACK_S:
            yield from [np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * round(part * FPS)
        else:
            yield from [_board(number)] * round(part * FPS)


def _pictures(clip: Path) -> Iterator[Frame]:
    with av.open(str(clip)) as source:
        for frame in source.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def _board(number: int) -> Frame:
    """Bars on a plain ground, as of scores, other ones for each number."""
    draw = np.random.default_rng(number)
    board = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    board[:] = draw.integers(60, 180, 3)
    for line in range(6):
        top, length = 30 + 52 * line, draw.integers(WIDTH // 4, WIDTH - 80)
        board[top : top + 18, 40 : 40 + length] = draw.integers(120, 255, 3)
    return board


def _written(pictures: Iterator[Frame], target: Path) -> Path:
    with av.open(str(target), "w") as output:
        options = {"preset": "veryfast", "crf": "18"}
        stream = output.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for picture in pictures:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        output.mux(stream.encode())
    return target
