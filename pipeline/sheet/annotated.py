"""`annotated.mp4`: the video with the code of each element while it is skated; its sound is kept.

Where an element's analysis is at hand, the skater's box and skeleton are drawn as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from pipeline.drawing.annotate import Caption, draw_frame, skeleton_at
from pipeline.errors import VideoError
from pipeline.inspection.model_inputs import check_same
from pipeline.progress import Listener, Monitor, StopAsked
from pipeline.sheet.rows import Row
from pipeline.storage.analysis_files import load
from pipeline.storage.programme_files import analysis_places
from pipeline.types import Analysis, Programme
from pipeline.video import Frame, Video, open_video
from pipeline.video.writer import video_writer

_WORTH = {"untrained": "untrained weights, ", "demo": "demo weights, "}


def write_annotated(
    programme: Programme,
    rows: Sequence[Row],
    target: Path,
    *,
    analyses: Iterable[Analysis] = (),
    listener: Listener | None = None,
    stop_asked: StopAsked | None = None,
) -> None:
    """Write the span that was read with a caption during each element.

    Args:
        programme: Its video must still lie where it lay.
        rows: The list as it stands.
        target: The MP4 file; it appears when it is complete.
        analyses: Of elements of the same file; they give box and skeleton of their frames.
        listener: Told about progress.
        stop_asked: True ends the work with `Cancelled`; nothing is left behind.

    Raises:
        VideoError: The video is another one by now, or cannot be read.
        StoreError: The disk is full, or the place cannot be written.
    """
    video = _source(programme)
    drawn = _frames_of(analyses)
    monitor = Monitor(listener, stop_asked)
    monitor.expect({"overlay": 1.0})
    timeline = video.timeline
    with video_writer(target, video) as writer, closing(video.frames()) as frames:
        for position, frame in frames:
            caption = caption_at(programme, rows, timeline.seconds(position))
            known = drawn.get(int(timeline.frame_index[position]))
            writer.write(_painted(frame, caption, known), float(timeline.pts_s[position]))
            monitor.step("overlay", (position + 1) / len(timeline))


def element_analyses(programme: Programme, folder: Path) -> Iterator[Analysis]:
    """The analyses of a saved programme's elements, as far as they are there."""
    for place in analysis_places(programme):
        if (folder / place).is_dir():
            yield load(folder / place)


def caption_at(programme: Programme, rows: Sequence[Row], at_s: float) -> Caption | None:
    """What stands at the foot of the picture; None between elements.

    Where two elements overlap by their margins, the one that began last.
    """
    now = [row for row in rows if row.start_s <= at_s < row.end_s]
    if not now:
        return None
    row = now[-1]
    if row.said_by == "person":
        origin = "corrected by a person"
    else:
        statuses = {one.status for one in programme.provenance.values()}
        worth = next((_WORTH[status] for status in _WORTH if status in statuses), "")
        origin = f"{worth}confidence {row.confidence or 0.0:.0%}"
    mark = ", review" if row.review else ""
    return Caption(title=f"{row.number}. {row.code or '?'}", detail=f"{origin}{mark}")


def _source(programme: Programme) -> Video:
    info = programme.video
    if not Path(info.path).is_file():
        raise VideoError.of("clip_not_here", name=Path(info.path).name)
    video = open_video(
        info.path,
        start_s=info.start_s,
        end_s=programme.read_until_s,
        stream=info.stream,
        reader=info.reader or "pyav",
    )
    check_same(video, info)
    return video


def _frames_of(analyses: Iterable[Analysis]) -> dict[int, tuple[Analysis, int]]:
    """Frame of the file -> the analysis that knows it, and its position there."""
    return {
        int(index): (analysis, position)
        for analysis in analyses
        for position, index in enumerate(analysis.timeline.frame_index)
    }


def _painted(frame: Frame, caption: Caption | None, known: tuple[Analysis, int] | None) -> Frame:
    if known is None:
        return frame if caption is None else draw_frame(frame, caption=caption)
    analysis, position = known
    main = analysis.people.main
    keypoints, scores = skeleton_at(analysis, position)
    return draw_frame(
        frame,
        box=None if main is None else np.asarray(main.boxes_xyxy[position]),
        keypoints=keypoints,
        scores=scores,
        caption=caption,
    )
