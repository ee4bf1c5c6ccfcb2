"""Small pictures of the elements for the sheet, each at its first take-off."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import numpy as np

from pipeline.drawing.data_address import jpeg_uri
from pipeline.errors import InputError, VideoError
from pipeline.sheet.html.element_list import moment_of
from pipeline.sheet.rows import Row
from pipeline.storage.analysis_files import load
from pipeline.types import Programme
from pipeline.video import Frame, Video, open_video

_LONGEST = 320
_QUALITY = 74
_ASPECT = 16 / 9

Box = tuple[float, float, float, float]


def element_pictures(
    programme: Programme, rows: Sequence[Row], folder: Path | None = None
) -> dict[str, str]:
    """Key of a row -> data address of its picture.

    Args:
        programme: Its video is read where it lies.
        rows: The list as it stands.
        folder: Where the programme is saved; pictures then show the region of the element's
            analysis, in which the skater is large.

    A row whose frame cannot be read has none; all have none where the video is not here, or is
    another one by now.
    """
    info = programme.video
    if not Path(info.path).is_file():
        return {}
    try:
        video = open_video(info.path, stream=info.stream, reader=info.reader or "pyav")
    except VideoError:
        return {}
    if video.info.sha256 != info.sha256:
        return {}
    found: dict[str, str] = {}
    for row in rows:
        with suppress(VideoError):
            region = None if folder is None else _region_of(row, folder)
            found[row.key] = _picture_at(video, moment_of(row), region)
    return found


def _picture_at(video: Video, at_s: float, region: Box | None) -> str:
    """The frame shown at a moment."""
    times_s = video.timeline.pts_s - video.timeline.origin_s
    shown = int(np.argmin(np.abs(times_s - at_s)))
    with closing(video.frames([shown])) as frames:
        _, frame = next(frames)
        return jpeg_uri(frame if region is None else _cropped(frame, region), _LONGEST, _QUALITY)


def _region_of(row: Row, folder: Path) -> Box | None:
    """Region `xyxy` of the first analysis of a row; None without one that can be read."""
    places = [jump.machine.analysis for jump in row.jumps if jump.machine]
    places += [element.analysis for element in row.elements]
    for place in filter(None, places):
        with suppress(InputError):
            x1, y1, x2, y2 = load(folder / place).region.xyxy.tolist()
            return x1, y1, x2, y2
    return None


def _cropped(frame: Frame, region: Box) -> Frame:
    """The region, widened to 16:9 and moved into the frame `(H, W, 3)`."""
    H, W, _ = frame.shape
    x1, y1, x2, y2 = region
    height = min(max(y2 - y1, (x2 - x1) / _ASPECT), H, W / _ASPECT)
    width = height * _ASPECT
    left = min(max((x1 + x2 - width) / 2, 0), W - width)
    top = min(max((y1 + y2 - height) / 2, 0), H - height)
    return frame[int(top) : int(top + height), int(left) : int(left + width)]
