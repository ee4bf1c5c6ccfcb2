"""Small pictures of the elements for the sheet, each at its first take-off."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from pipeline.drawing.data_address import jpeg_uri
from pipeline.errors import VideoError
from pipeline.sheet.html.element_list import moment_of
from pipeline.sheet.rows import Row
from pipeline.types import Programme
from pipeline.video import open_video

_LONGEST = 320
_QUALITY = 74


def element_pictures(programme: Programme, rows: Sequence[Row]) -> dict[str, str]:
    """Key of a row -> data address of its picture.

    A row whose frame cannot be read has none; all have none where the video is not here, or is
    another one by now.
    """
    if not Path(programme.video.path).is_file():
        return {}
    found: dict[str, str] = {}
    for row in rows:
        try:
            picture = _picture_at(programme, moment_of(row))
        except VideoError:
            continue
        if picture is None:
            return {}
        found[row.key] = picture
    return found


def _picture_at(programme: Programme, at_s: float) -> str | None:
    """The frame shown at a moment; None of another video."""
    info = programme.video
    frame_s = 1.0 / info.fps
    video = open_video(
        info.path,
        start_s=max(at_s - frame_s / 2, 0.0),
        end_s=at_s + 2 * frame_s,
        stream=info.stream,
        reader=info.reader or "pyav",
    )
    if video.info.sha256 != info.sha256:
        return None
    with closing(video.frames([0])) as frames:
        _, frame = next(frames)
        return jpeg_uri(frame, _LONGEST, _QUALITY)
