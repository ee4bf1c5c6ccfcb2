"""What the networks saw is made of the very frames: numbers burnt into the video come back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import load_profile
from pipeline.drawing.overlay import write_overlay
from pipeline.errors import VideoError
from pipeline.inspection.model_inputs import collect_views, frames_at, pictures_of, sequence_of
from pipeline.types import Analysis, PoseSequence, RegionOfInterest, Timeline
from pipeline.video import FramesLost, open_video
from tests.factories import make_analysis
from tests.videos import H264, Recipe, read_number, spoil, write_video

SPAN_S = (0.4, 1.2)
GROUPS_OF_32 = (*H264, "-g", "32", "-bf", "0")


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


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """Of a file that promises two frames in its middle which do not decode."""
    folder = tmp_path_factory.mktemp("damaged")
    whole = write_video(folder / "whole.mp4", Recipe(frames=60, encoder=GROUPS_OF_32))
    promised = open_video(spoil(whole, folder / "hurt.mp4", (30, 31)))
    with pytest.raises(FramesLost):
        list(promised.frames())
    video = promised.rescan()
    assert len(video) < len(promised)
    return replace(make_analysis(num_frames=len(video)), video=video.info, timeline=video.timeline)


def test_frames_behind_a_damaged_place_are_those_that_were_analysed(damaged):
    T = len(damaged.timeline)
    places = np.array([0, 29, 40, T - 1])
    numbers = {t: read_number(frame) for t, frame in frames_at(damaged, places).items()}
    shown = np.round(damaged.timeline.pts_s * 30).astype(int)
    assert numbers == {int(t): int(shown[t]) for t in places}
    assert numbers[T - 1] == 59


def test_an_overlay_of_a_damaged_file_has_its_stamps(damaged, tmp_path):
    write_overlay(damaged, tmp_path / "overlay.mp4")
    made = open_video(tmp_path / "overlay.mp4")
    np.testing.assert_allclose(made.timeline.pts_s, damaged.timeline.pts_s, atol=1e-4)


def test_an_analysis_of_other_frames_is_refused(damaged):
    timeline = Timeline(damaged.timeline.frame_index + 1, damaged.timeline.pts_s)
    with pytest.raises(VideoError, match=r"hurt\.mp4: is not the video that was analysed"):
        frames_at(replace(damaged, timeline=timeline), np.array([0]))


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
