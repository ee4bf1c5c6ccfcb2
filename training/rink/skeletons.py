"""Skeleton clips without pictures, as a pose estimator would have found them: for InfoGCN.

    clip = skeleton_clip("3Lutz", (7,))
    clip.keypoints_xy, clip.scores, clip.class_index

The noise follows what AlphaPose does on competition jumps: mean confidence 0.51, in the air 0.45,
in the worst clips 0.2; joints jitter with the skater's size, left and right change places, joints
and whole frames are lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.skeletons import COCO17
from pipeline.settings import settings
from pipeline.types import FloatArray
from training.rink.camera import Views
from training.rink.scene import Shot, draw_shot

STREAM = 3
"""Second number of these clips' seeds: 0 and 1 are data sets, 2 is pictures."""

_EXTREMITIES = np.array(
    [name.endswith(("wrist", "ankle", "elbow", "knee")) for name in COCO17.joints]
)

_ARMS, _LEGS = (
    np.array([name.endswith(parts) for name in COCO17.joints])
    for parts in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
)

_LIMBS = tuple(
    np.array([name in (f"{side}_{upper}", f"{side}_{lower}") for name in COCO17.joints])
    for side in ("left", "right")
    for upper, lower in (("elbow", "wrist"), ("knee", "ankle"))
)
_TRUNK = np.array([name.endswith(("shoulder", "hip")) for name in COCO17.joints])
_SWAPPED_CLIPS = 1.0 / 3.0


@settings(kw_only=True)
class EstimatorNoise:
    """How bad the pose estimator is; each clip draws its own strength from 0.3 to 1.7 of these."""

    jitter: float = 0.02
    """Standard deviation of a joint, in box heights; extremities twice that."""
    drift_s: float = 0.08
    """Time over which half of the jitter stays the same."""
    swaps: float = 0.03
    """Share of time with left and right exchanged, in spells."""
    half_swaps: float = 0.0
    """Share of time with left and right exchanged in the arms alone, and as much in the legs."""
    spell_s: float = 0.12
    """Mean length of such a spell, and of a lost joint's."""
    lost: float = 0.04
    """Share of time that a joint is lost: far off and of low confidence."""
    missing_frames: float = 0.003
    """Share of frames without any skeleton (AlphaPose missed 2 of 816)."""
    limbs_lost: float = 0.0
    """Share of time that an arm or a leg, all its joints at once, is lost like that."""
    swapped_for_s: float = 0.0
    """Once in every third clip, left and right are exchanged for so long on average."""
    quick_jitter: float = 0.0
    """So much more jitter for each box height a second that a joint moves within the box: limbs
    that turn fast are blurred."""
    lag_s: float = 0.0
    """Quick joints are found where they were so long ago."""
    confidence: float = 0.513
    """Mean score on the ice."""
    confidence_in_air: float = 0.447
    """Mean score in flight."""


@dataclass(frozen=True, kw_only=True)
class SkeletonClip:
    """One clip's skeletons, T frames."""

    keypoints_xy: FloatArray
    """`(T, 17, 2)` COCO joints in pixels; NaN in frames without a skeleton."""
    scores: FloatArray
    """`(T, 17)` in 0..1; 0 in frames without a skeleton."""
    boxes_xyxy: FloatArray
    """`(T, 4)` around the true joints, about as the skater's outline; may reach outside."""
    class_index: int
    fps: float
    width: int
    height: int
    takeoff_s: float
    """NaN unless a jump."""
    landing_s: float
    """NaN unless a jump."""


def skeleton_clip(
    label: str,
    seed: Sequence[int],
    *,
    noise: EstimatorNoise | None = EstimatorNoise(),  # noqa: B008 - frozen
    take: int = 0,
    margins_s: float = 0.0,
    wide: bool = False,
) -> SkeletonClip:
    """One clip of a class; without noise, that of `scene.draw_scene` for the same seed.

    Other takes show the same motion to another camera and with other noise, at half the cost.
    `margins_s` and `wide` as in `draw_scene`.
    """
    shot = draw_shot(label, seed, take=take, margins_s=margins_s, wide=wide)
    views = shot.camera.at(shot.times_s)
    xy, _ = views.project(shot.performance.at(shot.times_s))
    boxes = joint_boxes(xy)
    keypoints = xy[:, :17]
    scores = np.ones(keypoints.shape[:2], np.float32)
    if noise is not None:
        rng = np.random.default_rng((*seed, 1, take) if take else (*seed, 1))
        keypoints, scores = disturbed(
            rng, keypoints, noise, boxes=boxes, in_air=_in_air(shot), fps=float(shot.fps)
        )
    return _clip(shot, views, keypoints, scores, boxes)


def disturbed(
    rng: np.random.Generator,
    keypoints: FloatArray,
    noise: EstimatorNoise,
    *,
    boxes: FloatArray,
    in_air: NDArray[np.bool_],
    fps: float,
) -> tuple[FloatArray, FloatArray]:
    """What an estimator makes of exact joints `(T, 17, 2)`: joints and scores `(T, 17)`."""
    T = len(keypoints)
    strength = rng.uniform(0.3, 1.7)
    heights = np.maximum(boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0])[:, None]
    error = _errors(rng, T, noise.drift_s * fps) * np.where(_EXTREMITIES, 2.0, 1.0)[:, None]
    error *= noise.jitter * strength
    if noise.quick_jitter or noise.lag_s:
        velocity = _own_velocity(keypoints, heights, fps)
        error *= 1.0 + noise.quick_jitter * np.linalg.norm(velocity, axis=-1, keepdims=True)
        error -= noise.lag_s * strength * velocity
    lost = _spells(rng, (T, 17), noise.lost * strength, noise.spell_s * fps)
    if noise.limbs_lost:
        for limb in _LIMBS:
            spells = _spells(rng, (T, 1), noise.limbs_lost * strength, noise.spell_s * fps)
            lost |= spells & limb[None, :]
    error += lost[..., None] * 0.12 * rng.standard_normal((T, 17, 2))
    noisy = keypoints + error * heights[..., None]
    swapped = _spells(rng, (T, 1), noise.swaps * strength, noise.spell_s * fps)[:, 0]
    noisy[swapped] = noisy[swapped][:, COCO17.flip_order]
    if noise.half_swaps:
        for half in (_ARMS, _LEGS):
            spells = _spells(rng, (T, 1), noise.half_swaps * strength, noise.spell_s * fps)[:, 0]
            exchanged = noisy[:, COCO17.flip_order]
            noisy = np.where(spells[:, None, None] & half[None, :, None], exchanged, noisy)
    if noise.swapped_for_s and rng.random() < _SWAPPED_CLIPS:
        length = max(1, round(rng.exponential(noise.swapped_for_s) * fps))
        first = int(rng.integers(max(T - length, 1)))
        noisy[first : first + length] = noisy[first : first + length][:, COCO17.flip_order]
    scores = _scores(rng, np.linalg.norm(error, axis=-1), noise, in_air) * np.where(lost, 0.35, 1.0)
    absent = rng.random(T) < noise.missing_frames * strength
    noisy[absent], scores[absent] = np.nan, 0.0
    return noisy.astype(np.float32), scores.astype(np.float32)


def _own_velocity(
    keypoints: FloatArray, heights: NDArray[np.floating], fps: float
) -> NDArray[np.float64]:
    """How joints `(T, 17, 2)` move against the middle of the trunk, box heights a second."""
    if len(keypoints) < 2:
        return np.zeros(keypoints.shape)
    own = keypoints - keypoints[:, _TRUNK].mean(axis=1, keepdims=True)
    velocity: NDArray[np.float64] = np.gradient(own / heights[..., None], axis=0) * fps
    return velocity


def _errors(rng: np.random.Generator, T: int, drift: float) -> NDArray[np.float64]:
    """Errors `(T, 17, 2)` of unit variance, half of it white and half slow."""
    white = rng.standard_normal((T, 17, 2))
    slow = np.empty_like(white)
    keep = np.exp(-1.0 / max(drift, 1e-3))
    fresh = np.sqrt(1.0 - keep**2) * rng.standard_normal((T, 17, 2))
    slow[0] = rng.standard_normal((17, 2))
    for frame in range(1, T):
        slow[frame] = keep * slow[frame - 1] + fresh[frame]
    mixed: NDArray[np.float64] = np.sqrt(0.5) * (white + slow)
    return mixed


def _spells(
    rng: np.random.Generator, shape: tuple[int, int], share: float, length: float
) -> NDArray[np.bool_]:
    """Where something is wrong, in spells of `length` frames on average that fill `share`."""
    length = max(length, 1.0)
    starts = rng.random(shape) < share / length
    ends = np.arange(shape[0])[:, None] + rng.geometric(1.0 / length, shape)
    until = np.maximum.accumulate(np.where(starts, ends, 0), axis=0)
    wrong: NDArray[np.bool_] = until > np.arange(shape[0])[:, None]
    return wrong


def _scores(
    rng: np.random.Generator,
    error: NDArray[np.floating],
    noise: EstimatorNoise,
    in_air: NDArray[np.bool_],
) -> NDArray[np.floating]:
    """Scores that fall with the error, with a level for the clip as bad clips have."""
    level = rng.beta(6.0, 2.0) / 0.75
    mean = np.where(in_air, noise.confidence_in_air, noise.confidence)[:, None] * level
    wobble = 1.0 + 0.2 * rng.standard_normal(error.shape)
    scores: NDArray[np.floating] = np.clip(mean * wobble * (1.15 - 3.0 * error), 0.03, 0.98)
    return scores


def joint_boxes(xy: FloatArray) -> FloatArray:
    """Boxes `(T, 4)` of all joints, wider by what hands, boots and clothes add."""
    low, high = xy.min(axis=1), xy.max(axis=1)
    margin = 0.04 * (high - low).max(axis=1, keepdims=True)
    return np.concatenate([low - margin, high + margin], axis=1).astype(np.float32)


def _in_air(shot: Shot) -> NDArray[np.bool_]:
    performance = shot.performance
    flying: NDArray[np.bool_] = (shot.times_s >= performance.takeoff_s) & (
        shot.times_s < performance.landing_s
    )
    return flying


def _clip(
    shot: Shot, views: Views, keypoints: FloatArray, scores: FloatArray, boxes: FloatArray
) -> SkeletonClip:
    return SkeletonClip(
        keypoints_xy=keypoints,
        scores=scores,
        boxes_xyxy=boxes,
        class_index=shot.performance.class_index,
        fps=float(shot.fps),
        width=views.width,
        height=views.height,
        takeoff_s=shot.performance.takeoff_s,
        landing_s=shot.performance.landing_s,
    )
