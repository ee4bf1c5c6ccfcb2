"""Segments through the ensemble: one analysis a jump, spin or sequence, which opens as any."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.analyser import Analyser
from pipeline.config import load_profile
from pipeline.programme.classify import ElementClassifier, preview
from pipeline.programme.segments import Segment
from pipeline.progress import Monitor
from pipeline.storage.analysis_files import load, save
from pipeline.video import open_video
from tests.pipeline.programme.shots import read_shot
from tests.videos import Recipe, write_video

COMBINATION = Segment(
    "combination", 0.2, 1.5, jumps=((0.4, 0.7), (0.9, 1.2)), confidence=0.7
)  # fmt: skip


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=48))
    return open_video(path)


@pytest.fixture(scope="module")
def classifier(video):
    return ElementClassifier(
        Analyser(load_profile("demo"), untrained=True), video, Monitor(None, None)
    )


@pytest.fixture(scope="module")
def combination(classifier):
    return classifier.classify(COMBINATION, [read_shot(0, 48, fps=30)], 7)


def test_each_jump_of_a_combination_has_its_own_analysis(combination, video, tmp_path):
    """Issue 17, section 1: a combination is one element with its jumps, elements/NN each."""
    assert list(combination.analyses) == ["elements/07-1", "elements/07-2"]
    element = combination.element
    assert [jump.analysis for jump in element.jumps] == list(combination.analyses)
    assert element.code.count("+") == 1
    assert (element.start_s, element.end_s, element.confidence) == (0.2, 1.5, 0.7)
    first, second = combination.analyses.values()
    assert (first.video.start_s, first.video.end_s) == pytest.approx((0.0, 0.9), abs=0.02)
    assert (second.video.start_s, second.video.end_s) == pytest.approx((0.7, 1.6), abs=0.02)
    assert second.video.sha256 == video.info.sha256
    for place, analysis in combination.analyses.items():
        save(analysis, tmp_path / place)
        assert load(tmp_path / place).verdict.label == analysis.verdict.label


def test_people_and_skeleton_are_those_of_the_pass(combination):
    """Issue 17, section 1: sharing decoded frames, boxes and skeletons with the pass before."""
    shot = read_shot(0, 48, fps=30)
    second = combination.analyses["elements/07-2"]
    frames = second.timeline.frame_index
    np.testing.assert_array_equal(second.pose.keypoints_xy, shot.pose.keypoints_xy[frames])
    np.testing.assert_array_equal(
        second.people.main.boxes_xyxy, shot.people.main.boxes_xyxy[frames]
    )
    assert second.people.rule.code == "chosen"


def test_a_segment_that_moved_by_a_frame_is_not_asked_about_again(classifier, combination):
    moved = replace(COMBINATION, jumps=((0.43, 0.73), (0.93, 1.23)))
    again = classifier.classify(moved, [read_shot(0, 48, fps=30)], 8)
    assert list(again.analyses) == ["elements/08-1", "elements/08-2"]
    both = zip(again.analyses.values(), combination.analyses.values(), strict=True)
    assert all(one is other for one, other in both)
    assert again.element.jumps[0].takeoff_s == 0.43


def test_an_element_without_the_skater_stays_without_a_class(classifier):
    shot = read_shot(0, 48, fps=30)
    shot.people.main.boxes_xyxy[:] = np.nan
    found = classifier.classify(COMBINATION, [shot], 1)
    assert found.analyses == {}
    assert found.element == preview(COMBINATION, 1)
    assert not found.vetoed
