"""What the networks saw of a clip: the very frames of every view, and the skeleton sequence.

Made again from the video by the same code that made the networks' input, because an analysis does
not keep pictures.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.classification.sequence import make_sequence
from pipeline.classification.views import VideoModelSettings, ViewCollector
from pipeline.config import Profile
from pipeline.errors import VideoError
from pipeline.types import Analysis, FloatArray, IntArray, VideoInfo
from pipeline.video import Frame, Video, open_video


def source_of(analysis: Analysis) -> Video:
    """The video that was analysed, opened at its span: frame t is the analysis's frame t.

    Raises:
        VideoError: It is gone, another file by now, or gives other frames.
    """
    info = analysis.video
    if not Path(info.path).is_file():
        raise VideoError.of("clip_not_here", name=Path(info.path).name)
    video = open_video(
        info.path,
        start_s=info.start_s,
        end_s=info.end_s,
        stream=info.stream,
        reader=info.reader or "pyav",
    )
    check_same(video, info)
    if not _same_frames(video, analysis):
        # Promised frames did not decode, and the analysis went on with those that do.
        video = video.rescan()
        if not _same_frames(video, analysis):
            raise video.error("clip_other")
    return video


def check_same(video: Video, analysed: VideoInfo) -> None:
    """Refuse another video than the one that was analysed, or other pixels than its coordinates'.

    Pixels that are not square were taken as stored by earlier versions.

    Raises:
        VideoError: Saying which.
    """
    if video.info.sha256 != analysed.sha256:
        raise video.error("clip_other")
    now, before = (f"{info.width}x{info.height}" for info in (video.info, analysed))
    if now != before:
        raise video.error("clip_reshaped", size=now, before=before)


def _same_frames(video: Video, analysis: Analysis) -> bool:
    return np.array_equal(video.timeline.frame_index, analysis.timeline.frame_index)


def frames_at(analysis: Analysis, positions: IntArray) -> dict[int, Frame]:
    """Whole source frames at some of the analysis's positions 0..T-1.

    Raises:
        VideoError: The video is gone, or another file by now.
    """
    video = source_of(analysis)
    with closing(video.frames(positions)) as decoded:
        return {position: frame.copy() for position, frame in decoded}


def collect_views(
    analysis: Analysis, models: tuple[VideoModelSettings, ...]
) -> list[ViewCollector]:
    """The views of some video networks, filled with the frames they were made of.

    Raises:
        VideoError: The video is gone, or another file by now.
    """
    T = len(analysis.timeline)
    collectors = [ViewCollector(settings, T, analysis.region) for settings in models]
    wanted = np.array(sorted(set().union(*(c.wanted for c in collectors))), dtype=np.int64)
    for position, frame in frames_at(analysis, wanted).items():
        for collector in collectors:
            collector.add(position, frame)
    return collectors


def pictures_of(collector: ViewCollector, view: int) -> NDArray[np.uint8]:
    """One distinct view as pictures `(T, S, S, 3)`."""
    return np.clip(np.round(collector.frames_of(view)), 0, 255).astype(np.uint8)


def sequence_of(analysis: Analysis, profile: Profile) -> FloatArray:
    """The skeleton InfoGCN gets: x, y in body lengths and score, gaps filled; `(3, T, 17)`."""
    sequence = make_sequence(analysis.pose, profile.skeleton_model.sequence)
    result: FloatArray = sequence[..., 0].numpy()  # (C, T, J, M=1) -> (C, T, J)
    return result
