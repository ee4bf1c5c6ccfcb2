"""Skeleton sequences with the truth beside them: what `pipeline.measure` is fitted and tested on.

A take is a motion in front of a random camera, sampled at any frame rate, with the errors of a pose
estimator. Jumps may also be drawn `loose`: with air times, spans and frame rates that say nothing
about the kind of jump, so that a detector cannot learn how long a flight usually is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from pipeline.elements import ELEMENTS, class_index
from pipeline.types import PoseSequence
from training.rink.body import JOINT, JOINTS, Body
from training.rink.camera import draw_camera, draw_size
from training.rink.motion import perform
from training.rink.motion.clip import LEFT_HANDED, placed
from training.rink.motion.jumps import PREPARATION_S, jump, plan_jump
from training.rink.motion.kinematics.solve import solve
from training.rink.performance import SIMULATION_HZ, Motion
from training.rink.scene import streams
from training.rink.skeletons import EstimatorNoise, disturbed, joint_boxes

Array = NDArray[np.float64]

STREAM = 5
"""Second number of these takes' seeds: 0 to 4 are the rink's clips, pictures and programmes."""

FRAME_RATES = (25.0, 30000 / 1001, 30.0, 50.0, 60.0)
"""Frames a second that a take may have."""

_AIR_S = {1: (0.24, 0.48), 2: (0.27, 0.56), 3: (0.40, 0.70), 4: (0.52, 0.78)}
_FLAWED = 0.1
_FADES_S = 0.06
"""The rink's skaters push with full force up to the take-off. A real push fades: the body flies
already while the toe still rolls off the ice. Loose jumps leave the ice up to so much later."""
_LIFTED = np.array(
    [
        0.0 if name.endswith(("ankle", "toe", "heel")) else 0.5 if name.endswith("knee") else 1.0
        for name in JOINTS
    ]
)
"""How much of a lift each joint takes part in: a longer leg, above a skate that stays."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """A motion and what is true of it."""

    motion: Motion
    label: str
    """One of `pipeline.elements.LABELS`."""
    takeoff_s: float
    """NaN unless a jump."""
    landing_s: float
    """NaN unless a jump."""
    spin_revolutions: float
    """NaN unless a spin."""


@dataclass(frozen=True, kw_only=True)
class Take:
    """What a pose estimator saw of an act, T frames, and the truth."""

    pose: PoseSequence
    times_s: NDArray[np.float64]
    """`(T,)`."""
    fps: float
    label: str
    takeoff_s: float
    """NaN unless a jump."""
    landing_s: float
    """NaN unless a jump."""
    yaw: NDArray[np.float64]
    """`(T,)` where hips and shoulders face on average, turns, counter-clockwise from above."""
    facing: NDArray[np.float64]
    """`(T,)` the same against the camera, in 0..1: 0 faces it, 0.25 faces the picture's right."""
    position: NDArray[np.str_]
    """`(T,)` `camel`, `sit` or `upright`, by rules in three dimensions."""
    spin_revolutions: float
    """NaN unless a spin."""


def draw_act(label: str, seed: Sequence[int]) -> Act:
    """An act of a class as the rink's clips show it."""
    shown = perform(label, streams(seed)["motion"])
    return Act(
        motion=shown, label=label, takeoff_s=shown.takeoff_s, landing_s=shown.landing_s,
        spin_revolutions=shown.spin_revolutions,
    )  # fmt: skip


def draw_loose_jump(label: str, seed: Sequence[int]) -> Act:
    """A jump whose air time and span follow the rotations only loosely.

    Raises:
        ValueError: The label is no jump.
    """
    element = ELEMENTS[class_index(label)]
    if element.family != "jump":
        raise ValueError(f"{label} is not a jump")
    rng = np.random.default_rng((*seed, 0))
    turns = int(element.label[0])
    while True:
        plan = plan_jump(element.kind, turns, rng, clean=bool(rng.random() > _FLAWED))
        air_s = round(rng.uniform(*_AIR_S[turns]) * SIMULATION_HZ) / SIMULATION_HZ
        phrase = jump(replace(plan, air_s=air_s), rng).enlivened(rng)
        takeoff, landing = phrase.flights[0]
        start = takeoff - rng.uniform(0.25, PREPARATION_S - 0.35)
        end = min(landing + rng.uniform(0.25, 1.3), phrase.duration - 0.05)
        body = Body.draw(rng)
        solution = solve(phrase, body, start=start, end=end)
        joints = placed(solution.joints, rng, mirrored=bool(rng.random() < LEFT_HANDED))
        if joints is None:
            continue
        begins = float(solution.travel.times[0])
        since = solution.travel.times - takeoff
        joints[..., 2] += _pushes(since, air_s, rng)[:, None] * _LIFTED
        motion = Motion(
            times_s=np.arange(len(joints)) / SIMULATION_HZ, joints=joints.astype(np.float32),
            support=solution.support, body=body,
        )  # fmt: skip
        return Act(
            motion=motion, label=label, takeoff_s=takeoff - begins + rng.uniform(0.0, _FADES_S),
            landing_s=landing - begins, spin_revolutions=float("nan"),
        )  # fmt: skip


def _pushes(since: Array, air_s: float, rng: np.random.Generator) -> Array:
    """By how much the body is lifted over its skates, metres, against seconds since the take-off.

    Real skaters leave the ice with straighter legs, and push earlier, than the rink's; and each in
    an own way. Nothing of this changes how the body falls while it is in the air.
    """
    straighter = rng.uniform(0.0, 0.1)
    lift = np.full_like(since, straighter)
    for contact, side in ((0.0, 1.0), (air_s, -1.0)):
        before = side * (contact - since)  # seconds away from the flight, positive on the ice
        width = rng.uniform(0.03, 0.06)
        centre = 2.0 * width + rng.uniform(0.0, 0.05)
        lift -= straighter * (1.0 - norm.cdf((centre - before) / width))
        depth, reach = rng.uniform(-0.05, 0.05), rng.uniform(0.03, 0.07)
        away = np.maximum(before, 0.0) / reach
        lift += depth * away**3 * np.exp(-away)
    return lift


def film(
    act: Act,
    seed: Sequence[int],
    *,
    fps: float | None = None,
    noise: EstimatorNoise | None = EstimatorNoise(),  # noqa: B008 - frozen
) -> Take:
    """A take of an act: a random camera that follows the skater, and the estimator's errors.

    Args:
        act: What happens.
        seed: Of camera, frame rate, phase and noise.
        fps: Frames a second; drawn when None.
        noise: None gives exact joints with scores 1.
    """
    rng = np.random.default_rng((*seed, 1))
    size, drawn = draw_size(rng), FRAME_RATES[rng.choice(5, p=(0.25, 0.15, 0.25, 0.15, 0.2))]
    rate = fps or drawn
    camera = draw_camera(rng, act.motion, size)
    first = rng.uniform(0.0, 1.0 / rate)
    times = np.arange(first, act.motion.duration_s, 1.0 / rate)
    joints = act.motion.at(times)
    xy, _ = camera.at(times).project(joints)
    keypoints, scores = xy[:, :17], np.ones(xy[:, :17].shape[:2], np.float32)
    if noise is not None:
        in_air = (times >= act.takeoff_s) & (times < act.landing_s)
        keypoints, scores = disturbed(
            rng, keypoints, noise, boxes=joint_boxes(xy), in_air=in_air, fps=rate
        )
    return Take(
        pose=PoseSequence(keypoints, scores), times_s=times, fps=rate, label=act.label,
        takeoff_s=act.takeoff_s, landing_s=act.landing_s, yaw=yaw_turns(joints),
        facing=_facing(joints, camera.position),
        position=_positions(joints), spin_revolutions=act.spin_revolutions,
    )  # fmt: skip


def yaw_turns(joints: NDArray[np.floating]) -> NDArray[np.float64]:
    """Where hips and shoulders face on average, unwrapped turns `(T,)`, from joints `(T, J, 3)`."""
    across = np.zeros((len(joints), 2))
    for pair in ("hip", "shoulder"):
        span = joints[:, JOINT[f"left_{pair}"], :2] - joints[:, JOINT[f"right_{pair}"], :2]
        across += span / np.linalg.norm(span, axis=1, keepdims=True).clip(1e-6)
    turns: NDArray[np.float64] = np.unwrap(np.arctan2(-across[:, 0], across[:, 1])) / (2.0 * np.pi)
    return turns


def _facing(joints: NDArray[np.floating], position: NDArray[np.float64]) -> NDArray[np.float64]:
    """`Take.facing` of joints `(T, J, 3)` before a camera at `position`."""
    away = joints[:, JOINT["pelvis"], :2] - position[:2]
    bearing = np.arctan2(away[:, 1], away[:, 0]) / (2.0 * np.pi)
    turns: NDArray[np.float64] = (yaw_turns(joints) - bearing - 0.5) % 1.0
    return turns


def _positions(joints: NDArray[np.floating]) -> NDArray[np.str_]:
    """Spin position by the thigh, the trunk and the free leg, each frame by itself."""

    def at(name: str) -> Array:
        return joints[:, JOINT[name]].astype(np.float64)

    left_stands = at("left_ankle")[:, 2] < at("right_ankle")[:, 2]
    bends, rises = [], []
    for side in ("left", "right"):
        thigh, shank = (
            at(f"{side}_knee") - at(f"{side}_hip"),
            at(f"{side}_ankle") - at(f"{side}_knee"),
        )
        lengths = np.linalg.norm(thigh, axis=1) * np.linalg.norm(shank, axis=1)
        bends.append(np.degrees(np.arccos(np.clip((thigh * shank).sum(axis=1) / lengths, -1, 1))))
        leg = at(f"{side}_ankle") - at(f"{side}_hip")
        rises.append(leg[:, 2] / np.linalg.norm(leg, axis=1))
    trunk = at("neck") - at("pelvis")
    level = trunk[:, 2] / np.linalg.norm(trunk, axis=1)
    sits = np.where(left_stands, bends[0], bends[1]) > 75.0
    free = np.where(left_stands, rises[1], rises[0])
    camel = (level < 0.5) & (np.abs(free) < 0.5)
    return np.where(sits, "sit", np.where(camel, "camel", "upright"))
