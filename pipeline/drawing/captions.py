"""A video with captions in its picture: which element is on show, as protocols write it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pipeline.drawing.primitives import Picture, panel, text, text_size
from pipeline.progress import Listener, Monitor, StopAsked
from pipeline.video.clip import Video
from pipeline.video.writer import video_writer

_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
_HEIGHT = 1 / 24
"""Of the letters, as a share of the picture's height."""


@dataclass(frozen=True)
class Caption:
    """What is written for a while; seconds since the file's first frame."""

    start_s: float
    end_s: float
    words: str
    """ASCII: the letters know no other."""


def write_captioned(
    video: Video,
    captions: Sequence[Caption],
    target: Path,
    *,
    listener: Listener | None = None,
    stop_asked: StopAsked | None = None,
) -> None:
    """Write the whole video with its captions; frame by frame, so memory does not grow with it.

    Args:
        video: The source, whose stamps and sound are kept.
        captions: In order of time.
        target: The MP4 file; it appears when it is complete.
        listener: Told about progress.
        stop_asked: True ends the work with `Cancelled`; nothing is left behind.

    Raises:
        VideoError: The video cannot be read.
        StoreError: The disk is full, or the place cannot be written.
    """
    monitor = Monitor(listener, stop_asked)
    monitor.expect({"overlay": 1.0})
    pts_s = video.timeline.pts_s
    with video_writer(target, video) as writer, closing(video.frames()) as frames:
        for position, frame in frames:
            at_s = float(pts_s[position]) - video.origin_s
            words = [one.words for one in captions if one.start_s <= at_s < one.end_s]
            writer.write(caption_drawn(frame, " / ".join(words)), float(pts_s[position]))
            monitor.step("overlay", (position + 1) / len(pts_s))


def caption_drawn(frame: Picture, words: str) -> Picture:
    """A copy of the frame `(H, W, 3)` with a line in the middle of its lower edge; empty: none."""
    if not words:
        return frame
    plain = words.encode("ascii", "replace").decode()
    picture = frame.copy()
    H, W, _ = picture.shape
    height = max(10, round(H * _HEIGHT))
    size = text_size(plain, height)
    left, baseline = (W - size.width) // 2, H - 2 * height
    edge = height // 2
    panel(
        picture, left - edge, baseline - height - edge, size.width + 2 * edge,
        height + size.below + 2 * edge, colour=_BLACK, opacity=0.7,
    )  # fmt: skip
    text(picture, plain, left, baseline, height=height, colour=_WHITE)
    return picture
