"""A copy of a video that every browser plays: H.264 in MP4, with the same stamps and the sound.

Made only where the browser cannot play the file itself (HEVC, MPEG-4 Part 2, AVI ...), once, and
kept by content below the cache folder.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from pipeline.errors import Cancelled, write_error
from pipeline.storage.cache import cache_folder
from pipeline.types import IntArray
from pipeline.video.clip import Video
from pipeline.video.probing.container import open_stream
from pipeline.video.probing.source import display_name
from pipeline.video.writer import video_writer
from ui.player.stills import fit, shrink

LONG_SIDE = 1280
"""Of the copy's picture, pixels."""

MAX_COPIES = 40
"""Kept on disk; the least recently used go."""

_CODECS = {"mov": {"h264", "av1", "vp9"}, "matroska": {"vp8", "vp9", "av1"}}
_EIGHT_BITS = {"yuv420p", "yuvj420p"}

_making = threading.Lock()
"""One copy is made at a time: an encoder takes every core there is."""
_LOOK_UP_EVERY_S = 0.2


def plays_as_it_is(video: Video) -> bool:
    """Whether current browsers play the file itself; if unclear, it tries and asks."""
    # Of several videos a browser takes the one it likes, and it leaves combs in.
    if video.info.stream is not None or video.info.deinterlaced:
        return False
    with open_stream(video.source, threads=1) as (container, stream):
        kind = container.format.name.split(",")[0]
        codec = stream.codec_context.codec.canonical_name
        pixels = stream.codec_context.pix_fmt
    return codec in _CODECS.get(kind, ()) and (pixels in _EIGHT_BITS or codec in {"vp9", "av1"})


def media_type(video: Video) -> str:
    """What to call the file when a browser asks; `video/quicktime` no browser wants to hear."""
    with open_stream(video.source, threads=1) as (container, _):
        return "video/webm" if container.format.name.startswith("matroska") else "video/mp4"


def playable_copy(
    video: Video,
    positions: IntArray | None = None,
    *,
    folder: Path | None = None,
    progress: Callable[[float], None] | None = None,
    stop_asked: Callable[[], bool] | None = None,
) -> Path:
    """The copy of a span, created if it does not exist yet.

    Args:
        video: The span.
        positions: Frames to take, all by default.
        folder: Where copies are kept; `playable` below the cache folder by default.
        progress: Told the share that is done.
        stop_asked: True ends the work.

    Raises:
        Cancelled: `stop_asked` said so.
        VideoError: The video cannot be read.
        StoreError: The disk is full, or the folder cannot be made or written.
    """
    path = _place(video, positions, folder)
    if not path.exists():
        with _turn(stop_asked):
            if not path.exists():  # somebody else made it meanwhile
                _make_folder(path.parent)
                _write(video, positions, path, progress, stop_asked)
                _drop_oldest(path.parent)
    with suppress(OSError):  # a cache that is only read cannot tell what was used last
        os.utime(path)
    return path


def known_copy(video: Video) -> Path | None:
    """The copy of a video that is there already; it answers at once."""
    path = _place(video)
    return path if path.exists() else None


def _place(video: Video, positions: IntArray | None = None, folder: Path | None = None) -> Path:
    return (folder or cache_folder() / "playable") / f"{_key(video, positions)}.mp4"


@contextmanager
def _turn(stop_asked: Callable[[], bool] | None) -> Iterator[None]:
    """Wait until nobody makes a copy; who is no longer wanted stops waiting."""
    while not _making.acquire(timeout=_LOOK_UP_EVERY_S):
        if stop_asked is not None and stop_asked():
            raise Cancelled("the copy is no longer wanted")
    try:
        yield
    finally:
        _making.release()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(display_name(folder), error) from error


def _write(
    video: Video,
    positions: IntArray | None,
    path: Path,
    progress: Callable[[float], None] | None,
    stop_asked: Callable[[], bool] | None,
) -> None:
    size = fit(video.info.width, video.info.height, LONG_SIDE)
    pts_s = video.timeline.pts_s
    with video_writer(path, video, size=size) as writer, closing(video.frames(positions)) as frames:
        for position, frame in frames:
            if stop_asked is not None and stop_asked():
                raise Cancelled("the copy is no longer wanted")
            writer.write(shrink(frame, LONG_SIDE), float(pts_s[position]))
            if progress is not None:
                progress((position + 1) / len(video))


def _key(video: Video, positions: IntArray | None) -> str:
    info = video.info
    frames = "all" if positions is None else positions.tolist()
    picture = f"{info.stream} {info.width}x{info.height} {info.deinterlaced}"
    what = f"2 {info.sha256} {picture} {info.start_s} {info.end_s} {LONG_SIDE} {frames}"
    return hashlib.sha256(what.encode()).hexdigest()


def _drop_oldest(folder: Path) -> None:
    # `*` after the ending: unfinished copies that a kill left go as well, in their turn.
    copies = sorted(folder.glob("*.mp4*"), key=lambda path: path.stat().st_mtime)
    for path in copies[:-MAX_COPIES]:
        with suppress(OSError):
            path.unlink()
