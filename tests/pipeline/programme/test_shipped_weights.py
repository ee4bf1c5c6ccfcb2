"""The weights that ship: small enough, and the same answer to the same skater however filmed."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest

from models.skeletons import COCO17
from models.temporal import TemporalNetwork
from models.zoo import find_checkpoint, load_model
from pipeline.config import load_profile
from pipeline.measure.signals import read_body
from pipeline.programme.scoring import score_frames
from pipeline.programme.segments import Segment, decode_segments
from pipeline.types import PoseSequence
from training.programme.off_ice import off_ice_motion
from training.rink.camera import draw_camera
from training.rink.skeletons import SkeletonClip, skeleton_clip

CHECKPOINT = load_profile("demo").temporal.checkpoint
JUMP = skeleton_clip("2Axel", (7, 3, 1), noise=None)
TIMES = np.arange(len(JUMP.scores)) / JUMP.fps


@pytest.fixture(scope="module")
def network() -> TemporalNetwork:
    return cast(TemporalNetwork, load_model(CHECKPOINT)[0])


def found(
    network: TemporalNetwork, clip: SkeletonClip, times: np.ndarray = TIMES
) -> tuple[Segment, ...]:
    body = read_body(PoseSequence(clip.keypoints_xy, clip.scores), times)
    assert body is not None
    return decode_segments(score_frames(network, body, 0.0))


def thinned(clip: SkeletonClip, fps: float) -> tuple[SkeletonClip, np.ndarray]:
    """The same clip at another frame rate, joints between frames on a line."""
    times = np.arange(0.0, TIMES[-1], 1.0 / fps)
    columns = clip.keypoints_xy.reshape(len(TIMES), -1).T
    joints = np.stack([np.interp(times, TIMES, column) for column in columns], axis=1)
    keypoints = joints.reshape(-1, 17, 2).astype(np.float32)
    scores = np.ones(keypoints.shape[:2], np.float32)
    return replace(clip, keypoints_xy=keypoints, scores=scores, fps=fps), times


def mirrored(clip: SkeletonClip) -> SkeletonClip:
    joints = clip.keypoints_xy[:, COCO17.flip_order] * (-1.0, 1.0) + (clip.width, 0.0)
    return replace(clip, keypoints_xy=joints.astype(np.float32))


def check(segments: tuple[Segment, ...]) -> None:
    (jump,) = segments
    assert jump.family == "jump"
    ((takeoff_s, landing_s),) = jump.jumps
    assert takeoff_s == pytest.approx(JUMP.takeoff_s, abs=0.08)
    assert landing_s == pytest.approx(JUMP.landing_s, abs=0.08)


def test_they_are_under_five_megabytes() -> None:
    assert find_checkpoint(CHECKPOINT).path().stat().st_size < 5_000_000


@pytest.mark.parametrize("fps", [15.0, 25.0, 29.97, 60.0, 120.0])
def test_a_jump_is_found_at_any_frame_rate(network: TemporalNetwork, fps: float) -> None:
    check(found(network, *thinned(JUMP, fps)))


@pytest.mark.parametrize("scale", [0.1, 5.0])
def test_a_jump_is_found_mirrored_and_in_any_size(network: TemporalNetwork, scale: float) -> None:
    sized = replace(JUMP, keypoints_xy=JUMP.keypoints_xy * np.float32(scale))
    check(found(network, sized))
    check(found(network, mirrored(sized)))


@pytest.mark.parametrize("seed", range(5))
def test_nobody_off_the_ice_shows_an_element(network: TemporalNetwork, seed: int) -> None:
    rng = np.random.default_rng((100_500, seed))
    motion = off_ice_motion(rng, 30.0)
    times = np.arange(0.0, 30.0, 0.04)
    xy, _ = draw_camera(rng, motion, (1280, 720)).at(times).project(motion.at(times))
    body = read_body(PoseSequence(xy[:, :17], np.ones((len(times), 17), np.float32)), times)
    assert body is not None
    assert decode_segments(score_frames(network, body, 0.0)) == ()
