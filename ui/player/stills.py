"""A span's frames as JPEG pictures: decoded once, in the background, nearest to the viewer first.

A browser cannot step through a video fast enough by seeking, so the player shows these instead. A
picture is known by its frame's position in the span: it is the very frame that was analysed.
"""

from __future__ import annotations

import logging
import threading
from contextlib import closing, suppress
from pathlib import Path

import cv2
import numpy as np

from pipeline.errors import VideoError
from pipeline.types import IntArray
from pipeline.video.clip import Video
from pipeline.video.readers import Frame, FramesLost

CHUNK = 16
"""Frames that travel together."""

LONG_SIDE = 960
"""Of a picture, pixels; a larger frame is made smaller."""

SMALL_SIDE = 192
"""Of a small picture, pixels."""

QUALITY = 82
"""Of JPEG, 0 to 100."""

FULL_QUALITY = 92
"""Of a single picture in full size."""

AHEAD = 64
"""Chunks that are decoded beyond the one asked for last; all of a clip, as a rule."""

AHEAD_OF_MANY = 4
"""The same where there are more than `AHEAD` chunks: of a programme only a part is looked at."""

_log = logging.getLogger(__name__)


class Stills:
    """The pictures of one video, kept as files of one chunk each until `close`."""

    def __init__(self, video: Video, folder: Path, *, positions: IntArray | None = None) -> None:
        """Keep pictures of `video`, or only of its frames at `positions`, in `folder`."""
        self.video = video
        self._positions = np.arange(len(video)) if positions is None else positions
        self._folder = folder
        self._ready = threading.Condition()
        self._done: set[int] = set()
        self._wanted = 0
        self._error: VideoError | None = None
        self._working = False
        self._closed = False

    def __len__(self) -> int:
        """Frames there are pictures of."""
        return len(self._positions)

    @property
    def num_chunks(self) -> int:
        """Chunks in all; the last may hold fewer frames."""
        return -(-len(self) // CHUNK)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        return fit(self.video.info.width, self.video.info.height, LONG_SIDE)

    def chunk(self, number: int, *, timeout_s: float = 20.0) -> bytes | None:
        """The pictures of one chunk, packed by `pack`.

        None if that takes longer than the timeout, or the viewer has gone elsewhere meanwhile.

        Raises:
            FramesLost: when frames do not decode; `Video.rescan` tells which ones do.
            VideoError: when the file changed or went away.
            ValueError: when there is no such chunk.
        """
        self.want(number)
        with self._ready:
            self._ready.wait_for(lambda: self._settled(number), timeout_s)
        return self.ready(number)

    def want(self, number: int) -> None:
        """The viewer is at this chunk: it is decoded next; `ready` has it in a while.

        Raises:
            ValueError: when there is no such chunk.
        """
        if not 0 <= number < self.num_chunks:
            raise ValueError(f"chunk: expected 0..{self.num_chunks - 1}, got {number}")
        with self._ready:
            self._wanted = number
            self._ready.notify_all()
            self._start()

    def settled(self, number: int) -> bool:
        """Whether nothing is to be waited for: it is there, or will not come."""
        with self._ready:
            return self._settled(number)

    def ready(self, number: int) -> bytes | None:
        """The pictures of one chunk as `chunk` has them, if they are there; raises as it does."""
        with self._ready:
            if self._error is not None:
                raise self._error
            if number not in self._done:
                return None
        return self._path(number).read_bytes()

    def _settled(self, number: int) -> bool:
        failed = self._error is not None or self._closed
        return failed or number in self._done or self._far(number)

    def single(self, position: int, *, full: bool = False) -> bytes:
        """One frame as JPEG, decoded at once and not kept; in its full size if asked for.

        Raises:
            VideoError: when it cannot be read.
            ValueError: when there is no such frame.
        """
        if not 0 <= position < len(self):
            raise ValueError(f"position: expected 0..{len(self) - 1}, got {position}")
        with closing(self.video.frames(self._positions[position : position + 1])) as frames:
            _, frame = next(frames)
            return _jpeg(frame, FULL_QUALITY) if full else _jpeg(shrink(frame, LONG_SIDE), QUALITY)

    def small(self, position: int) -> bytes:
        """One frame as a small JPEG, for a list; decoded once.

        Raises:
            VideoError: when it cannot be read.
            ValueError: when there is no such frame.
        """
        path = self._folder / f"{position:06d}.small.jpg"
        with suppress(OSError):
            return path.read_bytes()
        with closing(self.video.frames(self._positions[position : position + 1])) as frames:
            _, frame = next(frames)
            data = _jpeg(shrink(frame, SMALL_SIDE), QUALITY)
        with suppress(OSError):  # the disk is full, or the clip was closed meanwhile
            path.write_bytes(data)
        return data

    def close(self) -> None:
        """End the work; the folder is the caller's to remove."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    def _start(self) -> None:
        if self._working or self._closed or self._next() is None:
            return
        self._working = True
        threading.Thread(target=self._work, name="stills", daemon=True).start()

    @property
    def _reach(self) -> int:
        return AHEAD if self.num_chunks <= AHEAD else AHEAD_OF_MANY

    def _far(self, number: int) -> bool:
        """Whether a chunk lies where nobody looks any more."""
        return not self._wanted - self._reach <= number < self._wanted + self._reach

    def _next(self) -> int | None:
        """The chunk to make next: the first missing one from the wanted one on, or just before."""
        ahead = range(self._wanted, min(self._wanted + self._reach, self.num_chunks))
        behind = range(self._wanted - 1, max(-1, self._wanted - 3), -1)
        return next((k for k in (*ahead, *behind) if k not in self._done), None)

    def _work(self) -> None:
        try:
            while (first := self._take()) is not None:
                self._run_from(first)
        except VideoError as error:
            with self._ready:
                self._error, self._working = error, False
                self._ready.notify_all()
        except OSError as error:
            with self._ready:
                if not self._closed:  # else the folder was rightly removed under the work
                    _log.exception("pictures of %s could not be kept", self.video.name)
                    self._error = self.video.error("video_pictures", detail=error.strerror)
                self._working = False
                self._ready.notify_all()

    def _take(self) -> int | None:
        with self._ready:
            number = None if self._closed else self._next()
            self._working = number is not None
            return number

    def _run_from(self, first: int) -> None:
        """Decode straight on from a chunk, for as long as that is what is wanted next."""
        pictures: list[bytes] = []
        with closing(self.video.frames(self._positions[first * CHUNK :])) as frames:
            for _, frame in frames:
                pictures.append(_jpeg(shrink(frame, LONG_SIDE), QUALITY))
                if len(pictures) == CHUNK or first * CHUNK + len(pictures) == len(self):
                    self._keep(first, pictures)
                    first, pictures = first + 1, []
                    if not self._goes_on(first):
                        return

    def _goes_on(self, number: int) -> bool:
        with self._ready:
            return not self._closed and self._next() == number

    def _keep(self, number: int, pictures: list[bytes]) -> None:
        self._path(number).write_bytes(pack(pictures))
        with self._ready:
            self._done.add(number)
            self._ready.notify_all()

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:05d}.stills"


def pack(pictures: list[bytes]) -> bytes:
    """Number of pictures and the length of each, as little-endian 32-bit numbers; then they."""
    head = np.array([len(pictures), *map(len, pictures)], dtype="<u4")
    return head.tobytes() + b"".join(pictures)


def fit(width: int, height: int, long_side: int) -> tuple[int, int]:
    """A size in the same proportion whose longer side is `long_side` at most."""
    scale = min(1.0, long_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def shrink(frame: Frame, long_side: int) -> Frame:
    """The frame `(H, W, 3)`, or a smaller copy whose longer side is `long_side`."""
    height, width, _ = frame.shape
    size = fit(width, height, long_side)
    if size == (width, height):
        return frame
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _jpeg(frame: Frame, quality: int) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    done, data = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise ValueError(f"frame: JPEG cannot hold {frame.shape}")
    return data.tobytes()


__all__ = ["CHUNK", "FramesLost", "Stills", "fit", "pack", "shrink"]
