"""What the networks saw is made of the very frames: numbers burnt into the video come back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import load_profile
from pipeline.errors import VideoError
from pipeline.saw import collect_views, frames_at, pictures_of, sequence_of
from pipeline.types import Analysis, PoseSequence, RegionOfInterest
from pipeline.video import open_video
from tests.factories import make_analysis
from tests.videos import Recipe, read_number, write_video

SPAN_S = (0.4, 1.2)


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """Of the middle of a numbered video, whole frame as the region."""
    path = write_video(tmp_path_factory.mktemp("saw") / "clip.mp4", Recipe(frames=48))
    video = open_video(path, start_s=SPAN_S[0], end_s=SPAN_S[1])
    made = make_analysis(num_frames=len(video))
    return replace(
        made,
        video=video.info,
        timeline=video.timeline,
        region=RegionOfInterest(np.array([0, 0, 320, 240], dtype=np.float32), "whole_frame"),
    )


def test_frames_are_those_that_were_asked_for(analysis):
    frames = frames_at(analysis, np.array([7, 0, 7, 23]))
    numbers = {t: read_number(frame) for t, frame in frames.items()}
    assert numbers == {t: int(analysis.timeline.frame_index[t]) for t in (0, 7, 23)}


def test_views_show_the_frames_that_the_plan_names(analysis):
    model = replace(load_profile("demo").video_models[0], side=240)
    (collector,) = collect_views(analysis, (model,))
    pictures = pictures_of(collector, 0)
    assert pictures.shape == (16, 240, 240, 3)
    whole = frames_at(analysis, collector.plan.views[0].frame_indices)
    left = collector.plan.views[0].left
    for picture, frame in zip(pictures, collector.plan.views[0].frame_indices, strict=True):
        assert np.array_equal(picture, whole[int(frame)][:, left : left + 240])


def test_the_skeleton_has_320_frames_and_no_gaps(analysis):
    keypoints = analysis.pose.keypoints_xy.copy()
    keypoints[5:9, 9] = np.nan
    gappy = replace(analysis, pose=PoseSequence(keypoints, analysis.pose.scores))
    sequence = sequence_of(gappy, load_profile("demo"))
    assert sequence.shape == (3, 320, 17)
    assert np.isfinite(sequence).all()


def test_a_clip_that_is_gone_or_another_one_is_told(analysis, tmp_path):
    gone = replace(analysis, video=replace(analysis.video, path=str(tmp_path / "gone.mp4")))
    with pytest.raises(VideoError, match=r"gone\.mp4: the clip is not here"):
        frames_at(gone, np.array([0]))
    other = write_video(Path(tmp_path) / "other.mp4", Recipe(frames=48, width=160, height=96))
    swapped = replace(analysis, video=replace(analysis.video, path=str(other)))
    with pytest.raises(VideoError, match="not the video that was analysed"):
        frames_at(swapped, np.array([0]))
