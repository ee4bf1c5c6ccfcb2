"""`overlay.mp4`: the analysis drawn over its own video, with the source's time stamps and sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pipeline.drawing.annotate import overlay_frames
from pipeline.inspection.model_inputs import source_of
from pipeline.progress import Listener, Monitor, StopAsked
from pipeline.types import Analysis
from pipeline.video import Frame
from pipeline.video.writer import video_writer


def write_overlay(
    analysis: Analysis,
    target: Path,
    *,
    listener: Listener | None = None,
    stop_asked: StopAsked | None = None,
) -> None:
    """Draw boxes, region, skeleton and verdict over the analysed span.

    Args:
        analysis: Its video must still lie where it lay.
        target: The MP4 file; it appears when it is complete.
        listener: Told about progress.
        stop_asked: True ends the work with `Cancelled`; nothing is left behind.

    Raises:
        VideoError: The video is another one by now, or cannot be read.
        StoreError: The disk is full, or the place cannot be written.
    """
    timeline = analysis.timeline
    monitor = Monitor(listener, stop_asked)
    monitor.expect({"overlay": 1.0})
    video = source_of(analysis)

    def frames() -> Iterator[Frame]:
        with closing(video.frames()) as decoded:
            for done, (_, frame) in enumerate(decoded):
                yield frame
                monitor.step("overlay", (done + 1) / len(timeline))

    with video_writer(target, video) as writer:
        for painted, pts_s in zip(overlay_frames(frames(), analysis), timeline.pts_s, strict=True):
            writer.write(painted, float(pts_s))
