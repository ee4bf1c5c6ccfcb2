"""Small pictures of the elements for the sheet, each at its first take-off."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import numpy as np

from pipeline.drawing.data_address import jpeg_uri
from pipeline.errors import VideoError
from pipeline.sheet.html.element_list import moment_of
from pipeline.sheet.rows import Row
from pipeline.types import Programme
from pipeline.video import Video, open_video

_LONGEST = 320
_QUALITY = 74


def element_pictures(programme: Programme, rows: Sequence[Row]) -> dict[str, str]:
    """Key of a row -> data address of its picture.

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
            found[row.key] = _picture_at(video, moment_of(row))
    return found


def _picture_at(video: Video, at_s: float) -> str:
    """The frame shown at a moment."""
    times_s = video.timeline.pts_s - video.timeline.origin_s
    shown = int(np.argmin(np.abs(times_s - at_s)))
    with closing(video.frames([shown])) as frames:
        _, frame = next(frames)
        return jpeg_uri(frame, _LONGEST, _QUALITY)
