from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.skeletons import COCO17
from pipeline.drawing import annotate
from pipeline.drawing.annotate import (
    Caption,
    DrawStyle,
    caption_of,
    draw_frame,
    overlay_frames,
    skeleton_at,
)
from pipeline.drawing.primitives import dashes, dot, panel, stroke, text, text_size
from pipeline.drawing.skeleton import pose_at
from pipeline.types import PoseSequence, RegionOfInterest
from pipeline.verdict.calibrated import calibrated_verdict
from tests.factories import make_analysis
from tests.pipeline.verdict.numbers import made_numbers, manifest_with, weighed

STYLE = DrawStyle()
NOT_A_NUMBER = np.full(4, np.nan, np.float32)


def ice(width: int = 640, height: int = 360) -> np.ndarray:
    return np.full((height, width, 3), 230, np.uint8)


def box_of(*corners: float) -> np.ndarray:
    return np.array(corners, np.float32)


def standing(x: float = 300, y: float = 100, height: float = 160) -> np.ndarray:
    """A skeleton `(17, 2)` seen from the front, its own left side on the right."""
    across = {"eye": 0.03, "ear": 0.05, "shoulder": 0.12, "elbow": 0.2, "wrist": 0.3}
    across |= {"hip": 0.08, "knee": 0.1, "ankle": 0.12}
    down = {"nose": 0.05, "eye": 0.03, "ear": 0.04, "shoulder": 0.2, "elbow": 0.35, "wrist": 0.45}
    down |= {"hip": 0.5, "knee": 0.75, "ankle": 1.0}
    joints = []
    for name in COCO17.joints:
        side, _, part = name.rpartition("_")
        sign = {"left": 1, "right": -1, "": 0}[side]
        joints.append([x + sign * across.get(part, 0) * height, y + down[part] * height])
    return np.array(joints, np.float32)


def painted(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return (before != after).any(axis=-1)


def amount(image: np.ndarray, colour: tuple[int, int, int]) -> int:
    """Pixels that have a colour, but for a little smoothing."""
    return int((np.abs(image.astype(int) - colour).max(axis=-1) <= 12).sum())


def test_a_box_is_painted_in_its_colour_and_nothing_else_is_touched():
    before = ice()
    after = draw_frame(before, box=box_of(200, 100, 300, 250), skater_id=0)
    changed = painted(before, after)
    for x, y in [(200, 175), (299, 175), (250, 100), (250, 249)]:
        assert (
            np.abs(after[y - 1 : y + 2, x - 1 : x + 2].astype(int) - STYLE.skater)
            .max(axis=-1)
            .min()
            <= 40
        )
    assert not changed[110:240, 210:290].any(), "the inside"
    assert not changed[:, :190].any()
    assert not changed[:, 320:].any()
    assert not changed[:75].any()
    assert not changed[260:].any()
    assert (before == 230).all(), "the picture given is left as it was"


def test_colours_are_rgb():
    style = DrawStyle(skater=(255, 0, 0), line_width=0.02)
    after = draw_frame(ice(), box=box_of(200, 100, 300, 250), style=style)
    assert amount(after, (255, 0, 0)) > 500
    assert amount(after, (0, 0, 255)) == 0


@settings(max_examples=25)
@given(
    corner=st.tuples(st.integers(-200, 600), st.integers(-200, 350)),
    size=st.tuples(st.integers(1, 500), st.integers(1, 500)),
)
def test_far_pixels_stay_whatever_the_box(corner, size):
    before = ice()
    box = box_of(*corner, corner[0] + size[0], corner[1] + size[1])
    after = draw_frame(before, box=box, skater_id=12)
    reach = 40  # the label stands above the box or in it
    rows, columns = np.nonzero(painted(before, after))
    if len(rows):
        assert rows.min() >= box[1] - reach
        assert rows.max() <= box[3] + reach
        assert columns.min() >= min(box[0], 640 - 120) - reach
        assert columns.max() <= max(box[2], box[0] + 120, 120) + reach


@pytest.mark.parametrize(
    "drawn",
    [
        {"box": NOT_A_NUMBER},
        {"people": {3: NOT_A_NUMBER}},
        {"keypoints": np.full((17, 2), np.nan, np.float32)},
        {"keypoints": standing(), "scores": np.full(17, 0.1, np.float32)},
        {},
    ],
)
def test_what_is_absent_is_not_drawn(drawn):
    np.testing.assert_array_equal(draw_frame(ice(), **drawn), ice())


def test_left_and_right_limbs_have_their_own_colours():
    joints = standing()
    after = draw_frame(ice(), keypoints=joints, scores=np.ones(17, np.float32))
    middle = int(joints[:, 0].mean())
    left_half, right_half = after[:, middle + 8 :], after[:, : middle - 8]
    assert amount(left_half, STYLE.left) > 60
    assert amount(left_half, STYLE.right) == 0
    assert amount(right_half, STYLE.right) > 60
    assert amount(right_half, STYLE.left) == 0


@pytest.mark.parametrize("bone", [("left_knee", "left_ankle"), ("right_elbow", "right_wrist")])
def test_every_bone_lies_between_its_joints_and_goes_with_them(bone):
    joints = standing()
    ends = joints[[COCO17.index(name) for name in bone]]
    x, y = np.rint(ends.mean(axis=0)).astype(int)
    whole = draw_frame(ice(), keypoints=joints)
    assert painted(ice(), whole)[y - 1 : y + 2, x - 1 : x + 2].any()
    joints[COCO17.index(bone[1])] = np.nan
    without = draw_frame(ice(), keypoints=joints)
    assert not painted(ice(), without)[y - 1 : y + 2, x - 1 : x + 2].any()


def test_less_certain_joints_are_fainter():
    strength = []
    for score in (0.25, 0.6, 1.0):
        after = draw_frame(ice(), keypoints=standing(), scores=np.full(17, score, np.float32))
        strength.append(int(np.abs(after.astype(int) - 230).sum()))
    assert strength[0] < 0.8 * strength[1] < 0.8 * strength[2]


def test_the_region_is_dashed_and_visible_at_the_border():
    region = RegionOfInterest(box_of(0, 0, 640, 360), "whole_frame")
    changed = painted(ice(), draw_frame(ice(), region=region))
    assert not changed[10:-10, 10:-10].any()
    for side in (changed[0], changed[-1], changed[:, 0], changed[:, -1]):
        assert 0.3 < side.mean() < 0.8


def test_other_people_have_another_colour_and_their_number():
    people = {4: box_of(50, 100, 110, 250)}
    one = draw_frame(ice(), people=people)
    other = draw_frame(ice(), people={7: people[4]})
    assert amount(one, STYLE.others) > 200
    label = painted(one, other)
    assert label.any()
    assert not label[110:].any()


def test_a_label_at_the_top_moves_into_the_picture():
    after = draw_frame(ice(), box=box_of(600, 0, 640, 100), skater_id=0)
    label = painted(ice(), after)[2:14]
    assert label[:, 602:].mean() > 0.9
    assert label[:, :598].any(), "moved to the left, where there is room"


@pytest.mark.parametrize("size", [(64, 48), (640, 360), (1080, 1920), (3840, 2160)])
def test_sizes_follow_the_picture(size):
    width, height = size
    box = box_of(0.3 * width, 0.2 * height, 0.6 * width, 0.8 * height)
    joints = standing(0.45 * width, 0.25 * height, 0.5 * height)
    image = ice(width, height)
    after = draw_frame(
        image, box=box, skater_id=0, keypoints=joints, caption=Caption("3Lutz 87%", "vote")
    )
    assert after.shape == image.shape
    assert after.dtype == np.uint8
    middle = after[height // 2, : int(0.35 * width)].astype(int)
    line = (np.abs(middle - STYLE.skater).max(axis=-1) < 60).sum()
    assert abs(line - max(1, STYLE.line_width * min(size))) <= 3, "cv2 adds up to two pixels"


def test_the_caption_fills_a_strip_at_the_foot():
    after = draw_frame(ice(), caption=Caption("3Lutz 87%", "untrained weights, margin 0.31"))
    changed = painted(ice(), after)
    top = int(np.flatnonzero(changed.any(axis=1))[0])
    assert 360 * 0.9 < top < 360 * 0.96
    assert changed[top:].mean() > 0.99
    assert amount(after[:, :320], (255, 255, 255)) > 50
    assert amount(after[:, 320:], (255, 255, 255)) > 50


def test_a_narrow_picture_shows_the_whole_caption_on_two_lines():
    narrow = ice(width=220, height=300)
    detail = "untrained weights, weighted, margin 0.31"
    both = draw_frame(narrow, caption=Caption("3Lutz 87%", detail))
    alone = draw_frame(narrow, caption=Caption("3Lutz 87%"))
    heights = [painted(narrow, after).any(axis=1).sum() for after in (both, alone)]
    assert heights[0] > heights[1] + 8
    assert amount(both[-14:], (255, 255, 255)) > 30


@pytest.mark.parametrize(
    "image", [np.zeros((10, 10), np.uint8), np.zeros((10, 10, 4), np.uint8), np.zeros((10, 10, 3))]
)
def test_a_picture_of_another_kind_is_refused(image):
    with pytest.raises(ValueError, match="image: expected RGB uint8"):
        draw_frame(image)


def test_joints_far_outside_the_picture_do_no_harm():
    joints = standing()
    joints[COCO17.index("left_wrist")] = [1e12, -1e12]
    assert draw_frame(ice(), keypoints=joints).shape == (360, 640, 3)


def test_an_overlay_draws_every_frame_of_the_analysis():
    analysis = make_analysis(num_frames=5)
    main = analysis.people.main
    assert main is not None
    width, height = analysis.video.width, analysis.video.height
    frames = [ice(width, height) for _ in range(5)]
    drawn = list(overlay_frames(iter(frames), analysis))
    assert len(drawn) == 5
    for t, (before, after) in enumerate(zip(frames, drawn, strict=True)):
        keypoints, scores = skeleton_at(analysis, t)
        expected = draw_frame(
            before,
            box=main.boxes_xyxy[t],
            skater_id=main.person_id,
            region=analysis.region,
            people={
                track.person_id: track.boxes_xyxy[t]
                for track in analysis.people.tracks
                if track is not main
            },
            keypoints=keypoints,
            scores=scores,
            caption=caption_of(analysis),
        )
        np.testing.assert_array_equal(after, expected)


@pytest.mark.parametrize("given_frames", [4, 6])
def test_an_overlay_of_another_length_is_refused(given_frames):
    analysis = make_analysis(num_frames=5)
    frames = (ice(analysis.video.width, analysis.video.height) for _ in range(given_frames))
    with pytest.raises(ValueError, match=f"expected 5 as analysed, got {given_frames}"):
        list(overlay_frames(frames, analysis))


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["trained", "untrained", "demo"], "untrained weights, "),
        (["trained", "demo"], "demo weights, "),
        (["trained", "trained"], ""),
    ],
)
def test_the_caption_says_what_the_weights_are_worth(statuses, expected):
    analysis = make_analysis()
    origin = next(iter(analysis.provenance.values()))
    provenance = {
        f"network {i}": dataclasses.replace(origin, status=status)
        for i, status in enumerate(statuses)
    }
    caption = caption_of(dataclasses.replace(analysis, provenance=provenance))
    verdict = analysis.verdict
    assert caption.title == f"{verdict.label} {verdict.probability:.0%}"
    assert caption.detail == f"{expected}{verdict.strategy}, margin {verdict.margin:.2f}"


def test_between_two_poses_lies_a_pose_in_between():
    joints = np.full((7, 17, 2), np.nan, np.float32)
    scores = np.zeros((7, 17), np.float32)
    for t in (0, 3, 6):
        joints[t], scores[t] = 10.0 * t, 0.1 * t
    pose = PoseSequence(joints, scores, stride=3)
    for t in range(7):
        got, certainty = pose_at(pose, t)
        np.testing.assert_allclose(got, 10.0 * t, rtol=1e-5)
        np.testing.assert_allclose(certainty, 0.1 * t, rtol=1e-5)
    every_frame = PoseSequence(joints, scores)
    assert np.isnan(pose_at(every_frame, 1)[0]).all()


@pytest.mark.parametrize(("status", "known"), [("untrained", False), ("demo", True)])
def test_an_untrained_network_has_no_certainty(status, known):
    analysis = make_analysis()
    origin = dataclasses.replace(next(iter(analysis.provenance.values())), status=status)
    analysis = dataclasses.replace(analysis, provenance={"pose": origin})
    joints, scores = skeleton_at(analysis, 1)
    np.testing.assert_array_equal(joints, pose_at(analysis.pose, 1)[0])
    assert (scores is not None) == known


class TestPaint:
    """The brushes, on their own."""

    def test_a_stroke_covers_the_pixels_it_passes_through(self):
        picture = ice(40, 20)
        stroke(picture, (5, 10), (35, 10), colour=(0, 0, 0), width=4)
        assert (picture[8:12, 6:34] == 0).all()
        assert (picture[:6] == 230).all()
        assert (picture[14:] == 230).all()

    def test_opacity_mixes_the_colours(self):
        picture = ice(40, 20)
        stroke(picture, (5, 10), (35, 10), colour=(30, 130, 230), width=6, opacity=0.5)
        assert picture[10, 20].tolist() == [130, 180, 230]

    def test_a_stroke_outside_paints_nothing(self):
        picture = ice(40, 20)
        stroke(picture, (-50, -10), (-5, -90), colour=(0, 0, 0), width=3)
        dot(picture, (300, 300), 5, colour=(0, 0, 0))
        panel(picture, 60, 5, 10, 10, colour=(0, 0, 0), opacity=1)
        text(picture, "gone", 500, 10, height=8, colour=(0, 0, 0))
        text(picture, "gone", 0, -50, height=8, colour=(0, 0, 0))
        np.testing.assert_array_equal(picture, ice(40, 20))

    def test_a_dot_is_round(self):
        picture = ice(41, 41)
        dot(picture, (20.5, 20.5), 10, colour=(0, 0, 0))
        dark = (picture[..., 0] < 120).sum()
        assert dark == pytest.approx(np.pi * 100, rel=0.15)
        np.testing.assert_allclose(picture, picture[::-1, ::-1], atol=4)

    def test_dashes_cover_half_the_line(self):
        picture = ice(400, 20)
        dashes(picture, (0, 10), (400, 10), colour=(0, 0, 0), width=2, dash=20)
        assert 0.45 < (picture[10, :, 0] < 115).mean() < 0.65

    @pytest.mark.parametrize("height", [8, 20, 60])
    def test_text_is_as_high_and_wide_as_promised(self, height):
        picture = ice(40 * height, 6 * height)
        size = text_size("HHHH", height)
        text(picture, "HHHH", height, 3 * height, height=height, colour=(0, 0, 0))
        rows, columns = np.nonzero(picture[..., 0] < 115)
        assert np.ptp(rows) + 1 == pytest.approx(height, rel=0.3, abs=2)
        assert np.ptp(columns) + 1 <= size.width + 2
        assert np.ptp(columns) + 1 >= 0.8 * size.width
        assert rows.max() <= 3 * height + 1


def test_a_clip_unlike_all_known_ones_is_not_captioned_with_a_bold_class(tmp_path, monkeypatch):
    """Issue 18, 1: the annotated video is seen by those who do not open the page."""
    analysis = weighed()
    numbers = made_numbers(analysis)
    numbers = dataclasses.replace(
        numbers, novelty=dataclasses.replace(numbers.novelty, threshold_without_features=-1.0)
    )
    by_these = partial(calibrated_verdict, manifest=manifest_with(numbers, tmp_path))
    assert caption_of(analysis).title.startswith("3Lutz")
    monkeypatch.setattr(annotate, "calibrated_verdict", by_these)
    caption = caption_of(analysis)
    assert caption.title == "unlike the clips learnt from"
    assert "closest: 3Lutz" in caption.detail
