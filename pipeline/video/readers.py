"""Three libraries that decode video, exchangeable behind one protocol: a profile's `reader`.

Every reader goes through the file once and yields the wanted frames by their place in the
`FrameIndex`; none may hand out a frame that it cannot prove to be the one asked for.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from pipeline.errors import VideoError
from pipeline.types import IntArray, ReaderName
from pipeline.video.deinterlace import whole_frames
from pipeline.video.probing.container import good_frames, open_stream
from pipeline.video.probing.index import FrameIndex
from pipeline.video.probing.packets import packets_from
from pipeline.video.probing.picture import Converter, Picture
from pipeline.video.probing.source import SourceFile

Frame = NDArray[np.uint8]
"""RGB `(H, W, 3)`."""

Frames = Generator[tuple[int, Frame], None, None]
"""Frames with their place; closing the generator closes the decoder."""

_SAME_MOMENT_S = 1e-3


class FramesLost(VideoError):
    """A frame that the container promised did not decode; see `Video.rescan`."""


@dataclass(frozen=True)
class Film:
    """A file with its index and picture: all that a reader needs."""

    source: SourceFile
    index: FrameIndex
    picture: Picture
    alone: bool = True
    """Whether it is the file's only video stream."""


class Reader(Protocol):
    """Decodes wanted frames of a film."""

    def __call__(self, film: Film, wanted: IntArray) -> Frames:
        """Yield `(place in the index, frame)` for `wanted` places, which increase.

        Raises:
            FramesLost: when a frame between the first and the last wanted one is missing.
        """
        ...


def read_with_pyav(film: Film, wanted: IntArray) -> Frames:
    """PyAV: one seek to the key frame before the first wanted frame, then straight on.

    Where that does not lead to the very frames, decoding begins again further back. Frames are
    deinterlaced from the first one on that needs it.
    """
    woven = film.picture.interlaced  # then a frame also depends on those before and after it
    first, until = int(wanted[0]), int(wanted[-1]) + 1
    needed = range(max(0, first - woven), min(until + woven, len(film.index)))
    left = set(wanted.tolist())
    convert = Converter(film.picture)
    starts = list(film.index.starts(needed[0]))
    for start in starts:
        try:
            with closing(_decoded_from(film, start, needed)) as run:
                for place, frame in whole_frames(run, film.picture.fields) if woven else run:
                    if place not in left:
                        continue
                    if frame.interlaced_frame and not woven:
                        rest = replace(film, picture=replace(film.picture, fields="marked"))
                        yield from read_with_pyav(rest, wanted[wanted >= place])
                        return
                    left.remove(place)
                    yield place, convert(frame)
            return
        except FramesLost:
            if start == starts[-1]:
                raise


def read_with_decord(film: Film, wanted: IntArray) -> Frames:
    """decord: from the file's start frame by frame, since its seeks and skips miss frames."""
    decord = _library("decord")
    decord.logging.set_level(decord.logging.QUIET)
    chosen = frozenset(wanted.tolist())
    # It would turn a mirrored picture upside down, and begins some streams at their second key
    # frame, with the stamps of the first.
    if not _is_plain(film) or film.index.packets.from_a_stream:
        raise film.source.error("reader_refuses", reader="decord")
    failures = (decord.DECORDError, RuntimeError, UnicodeEncodeError, StopIteration)
    with film.source.open():
        try:
            video = decord.VideoReader(os.path.abspath(film.source.path))
            _prove_stamps(film, "decord", video.get_frame_timestamp(range(len(video)))[:, 0])
            for place in range(int(wanted[-1]) + 1):
                frame = video.next()
                if place in chosen:
                    yield place, _of_right_size(film, "decord", frame.asnumpy())
        except failures as error:
            raise film.source.error("reader_refuses", reader="decord") from error


def read_with_opencv(film: Film, wanted: IntArray) -> Frames:
    """OpenCV: from the file's start frame by frame, since its seeks miss frames."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2 = _library("opencv")
    chosen = frozenset(wanted.tolist())
    if not _is_plain(film):  # without a word, it gives black pictures of an interlaced video
        raise film.source.error("reader_refuses", reader="opencv")
    with film.source.open():
        capture = cv2.VideoCapture(os.path.abspath(film.source.path), cv2.CAP_FFMPEG)
        try:
            for place in range(int(wanted[-1]) + 1):
                if not capture.grab():
                    raise film.source.error("reader_refuses", reader="opencv")
                shown_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                _prove_moment(film, "opencv", place, shown_s)
                if place in chosen:
                    there, frame = capture.retrieve()
                    if not there:
                        raise film.source.error("reader_refuses", reader="opencv")
                    frame = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
                    yield place, _of_right_size(film, "opencv", frame)
        finally:
            capture.release()


READERS: dict[ReaderName, Reader] = {
    "pyav": read_with_pyav,
    "decord": read_with_decord,
    "opencv": read_with_opencv,
}

_LIBRARIES: Mapping[str, tuple[str, str]] = {
    "pyav": ("av", "av"),
    "decord": ("decord", "decord2"),
    "opencv": ("cv2", "opencv-python-headless"),
}
"""Reader -> the module that it imports, and the package that brings it."""


def check_reader(reader: str) -> None:
    """Refuse a reader before any work is done for it.

    Raises:
        VideoError: There is none of this name, or its library is not installed.
    """
    if reader not in READERS:
        raise VideoError.of("reader_unknown", reader=reader, known=", ".join(READERS))
    _library(reader)


def library_version(reader: str) -> str:
    """Version of a reader's library.

    Raises:
        VideoError: It is not installed.
    """
    return str(_library(reader).__version__)


def _decoded_from(
    film: Film, start: int, places: range
) -> Generator[tuple[int, VideoFrame], None, None]:
    """The decoder's frames at all of these places, which follow each other, from a packet on.

    Raises:
        FramesLost: when one of them does not come in its turn.
    """
    index, expected = film.index, places[0]
    alone = index.decoded and (start == 0 or not index.complete)  # see `index_of_frames`
    with open_stream(film.source, threads=1 if alone else 0) as (container, stream):
        packets = packets_from(container, stream, index.packets, start)
        frames = _frames_in_step(packets, index) if start else good_frames(packets)
        for turn, frame in enumerate(frames):
            place = turn if index.counted else index.place_of(frame.pts)
            if place > expected:
                break
            if place == expected:
                expected += 1
                yield place, frame
            if expected == places.stop:
                return
    raise FramesLost.of("video_frame_lost", name=film.source.name, frame=expected + 1)


def _frames_in_step(
    packets: Iterator[Packet[VideoStream]], index: FrameIndex
) -> Iterator[VideoFrame]:
    """After a seek, frames from the first that needs no other, until one is missing.

    Frames that H.264 believes in before are not: its word that a picture renewed bit by bit is
    whole again comes too early.
    """
    last: int | None = None
    for frame in good_frames(packets):
        place = index.place_of(frame.pts)
        if place < 0 or (last is None and not frame.key_frame):
            continue
        if last is not None and place != last + 1:
            return
        last = place
        yield frame


def _is_plain(film: Film) -> bool:
    """Whether other libraries give the frames that PyAV gives: no reshaping, one video only."""
    return film.picture.as_stored and not film.picture.turn.mirrored and film.alone


def _library(reader: str) -> Any:
    module, package = _LIBRARIES[reader]
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:  # OSError: it is there, but cannot be loaded
        raise VideoError.of("reader_absent", reader=reader, package=package) from error


def _prove_stamps(film: Film, reader: str, stamps_s: NDArray[np.float64]) -> None:
    if len(stamps_s) != len(film.index):
        raise film.source.error("reader_other_frames", reader=reader)
    for place in (0, len(film.index) // 2, len(film.index) - 1):
        _prove_moment(film, reader, place, float(stamps_s[place]))


def _prove_moment(film: Film, reader: str, place: int, shown_s: float) -> None:
    """Refuse a reader that shows the frame at another time; both clocks start with the file."""
    expected_s = film.index.pts_s[place] - film.index.pts_s[0]
    if not abs(shown_s - expected_s) <= _SAME_MOMENT_S:  # also catches NaN
        raise film.source.error("reader_other_frames", reader=reader)


def _of_right_size(film: Film, reader: str, frame: Frame) -> Frame:
    if frame.shape != (film.picture.height, film.picture.width, 3):
        raise film.source.error("reader_other_frames", reader=reader)
    return frame
