"""People who do not skate: they stand, walk, run, hop, bend, sit down, wave and turn around.

A finder that has only seen skaters takes anything for an element that no skater does between them.
Limbs swing at the joints of one plane; what matters is that nothing here is an element.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from training.rink.body import JOINT, JOINTS, Body
from training.rink.performance import SIMULATION_HZ, SUPPORT_BOTH, Motion

Array = NDArray[np.float64]

_BLEND_S = 0.18
_SPELL_S = (1.5, 9.0)


@dataclass
class _Course:
    """Angles in radians and speeds, `(T,)` or a number each; sides are left, right."""

    hips: tuple[Array | float, Array | float] = (0.05, 0.05)
    """Of the thighs, forward from straight down."""
    knees: tuple[Array | float, Array | float] = (0.1, 0.1)
    """How far they are bent."""
    lean: Array | float = 0.05
    """Of the trunk, forward."""
    arms: tuple[Array | float, Array | float] = (0.1, 0.1)
    """Of the upper arms, forward."""
    raised: tuple[Array | float, Array | float] = (0.15, 0.15)
    """Of the upper arms, sideways."""
    elbows: tuple[Array | float, Array | float] = (0.3, 0.3)
    """How far they are bent."""
    speed: Array | float = 0.0
    """Forward, m/s."""
    turning: Array | float = 0.0
    """Radians a second."""
    lift: Array | float = 0.0
    """Of the lower foot above the ground, metres."""


def _stand(rng: np.random.Generator, t: Array) -> _Course:
    raised = rng.uniform(0.05, 0.6)
    return _Course(raised=(raised, raised), elbows=(rng.uniform(0.1, 1.8), rng.uniform(0.1, 1.8)))


def _walk(rng: np.random.Generator, t: Array) -> _Course:
    pace, reach = rng.uniform(0.75, 1.1), rng.uniform(0.3, 0.5)
    swing = np.sin(2 * np.pi * pace * t)
    knees = tuple(0.1 + 0.9 * np.clip(np.cos(2 * np.pi * pace * t + s), 0, 1) ** 2
                  for s in (0.0, np.pi))  # fmt: skip
    return _Course(
        hips=(reach * swing + 0.1, 0.1 - reach * swing),
        knees=(knees[0], knees[1]),
        arms=(-0.8 * reach * swing, 0.8 * reach * swing),
        speed=3.0 * pace * reach,
        turning=rng.normal(0.0, 0.15),
    )


def _run(rng: np.random.Generator, t: Array) -> _Course:
    pace, reach = rng.uniform(1.2, 1.7), rng.uniform(0.55, 0.9)
    phase = 2 * np.pi * pace * t
    knees = tuple(0.35 + 1.5 * np.clip(np.cos(phase + s), 0, 1) ** 2 for s in (0.0, np.pi))
    return _Course(
        hips=(reach * np.sin(phase) + 0.2, 0.2 - reach * np.sin(phase)),
        knees=(knees[0], knees[1]),
        lean=rng.uniform(0.05, 0.3),
        arms=(-0.7 * reach * np.sin(phase), 0.7 * reach * np.sin(phase)),
        elbows=(1.5, 1.5),
        speed=rng.uniform(2.5, 6.0),
        turning=rng.normal(0.0, 0.2),
        lift=rng.uniform(0.02, 0.12) * np.clip(np.sin(2 * phase + 0.8), 0, 1),
    )


def _hop(rng: np.random.Generator, t: Array) -> _Course:
    """Up and down on the spot, without turning around."""
    every, air = rng.uniform(0.7, 2.0), rng.uniform(0.15, 0.45)
    since = t % every
    flight = np.clip(since * (air - since), 0.0, None) * 9.81 / 2.0
    crouch = np.exp(-0.5 * ((since - every + 0.12) / 0.09) ** 2) + np.exp(
        -0.5 * ((since - air - 0.1) / 0.09) ** 2
    )
    depth = rng.uniform(0.3, 0.9)
    swing = np.asarray(rng.uniform(0.0, 1.5) * (since < air), np.float64)
    return _Course(
        hips=(depth * crouch, depth * crouch),
        knees=(1.7 * depth * crouch, 1.7 * depth * crouch),
        lean=0.5 * depth * crouch,
        arms=(swing, swing),
        lift=flight,
    )


def _bend(rng: np.random.Generator, t: Array) -> _Course:
    share = 0.5 - 0.5 * np.cos(2 * np.pi * t / rng.uniform(2.0, 5.0))
    knee = rng.uniform(0.0, 1.0)
    return _Course(
        hips=(0.5 * knee * share, 0.5 * knee * share),
        knees=(knee * share, knee * share),
        lean=rng.uniform(0.8, 1.9) * share,
        arms=(1.2 * share, 1.2 * share),
    )


def _sit(rng: np.random.Generator, t: Array) -> _Course:
    share = 0.5 - 0.5 * np.cos(2 * np.pi * np.clip(t / rng.uniform(3.0, 8.0), 0.0, 0.5))
    deep = rng.uniform(1.2, 2.0)
    return _Course(
        hips=(deep * share, deep * share),
        knees=(1.1 * deep * share, 1.1 * deep * share),
        lean=rng.uniform(0.1, 0.7) * share,
        arms=(0.6 * share, 0.6 * share),
    )


def _balance(rng: np.random.Generator, t: Array) -> _Course:
    """On one leg, the other stretched behind or in front: as in a camel spin, but not turning."""
    sway = 0.08 * np.sin(2 * np.pi * rng.uniform(0.2, 0.6) * t)
    free = rng.choice((-1.0, -1.0, 1.0)) * rng.uniform(0.4, 1.6)
    raised = rng.uniform(0.4, 1.6)
    hips = (0.05 + sway, free + sway)
    knees = (rng.uniform(0.0, 0.5), rng.uniform(0.0, 0.5))
    left = rng.random() < 0.5
    return _Course(
        hips=hips if left else hips[::-1],
        knees=knees if left else knees[::-1],
        lean=float(np.clip(-rng.uniform(0.5, 1.1) * free, -0.3, 1.55)),
        raised=(raised, raised),
        speed=rng.uniform(0.0, 0.6) if rng.random() < 0.5 else 0.0,
        turning=rng.normal(0.0, 0.2),
    )


def _wave(rng: np.random.Generator, t: Array) -> _Course:
    pace, middle = rng.uniform(0.3, 2.0), rng.uniform(0.6, 2.2)
    up = middle + 0.6 * np.sin(2 * np.pi * pace * t)
    both = rng.random() < 0.5
    return _Course(raised=(up, up if both else 0.15), elbows=(rng.uniform(0.0, 1.5), 0.2))


def _turn(rng: np.random.Generator, t: Array) -> _Course:
    """Around on the spot, step by step."""
    every = rng.uniform(0.5, 1.0)
    step = (
        np.clip(np.sin(2 * np.pi * t / every), 0, 1),
        np.clip(-np.sin(2 * np.pi * t / every), 0, 1),
    )
    rate = rng.choice((-1.0, 1.0)) * rng.uniform(0.8, 2.5)
    return _Course(
        hips=(0.4 * step[0], 0.4 * step[1]), knees=(0.8 * step[0], 0.8 * step[1]), turning=rate
    )


_ACTIVITIES: tuple[tuple[float, Callable[[np.random.Generator, Array], _Course]], ...] = (
    (0.12, _stand), (0.2, _walk), (0.14, _run), (0.1, _hop), (0.1, _bend), (0.1, _sit),
    (0.12, _balance), (0.06, _wave), (0.06, _turn),
)  # fmt: skip
"""With how often each is chosen."""


def off_ice_motion(rng: np.random.Generator, seconds: float) -> Motion:
    """Some seconds of somebody who does not skate."""
    body = Body.draw(rng)
    T = int(seconds * SIMULATION_HZ) + 1
    t = np.arange(T) / SIMULATION_HZ
    tracks = _blended(rng, t)
    sway = gaussian_filter1d(rng.standard_normal((11, T)), 0.17 * SIMULATION_HZ, axis=1)
    tracks[:11] += 0.03 * sway / sway.std()
    joints = _posed(tracks, body, rng)
    return Motion(
        times_s=t, joints=joints.astype(np.float32), support=np.full(T, SUPPORT_BOTH, np.uint8),
        body=body,
    )  # fmt: skip


def _blended(rng: np.random.Generator, t: Array) -> Array:
    """Channels `(14, T)` of one activity after the other."""
    shares = np.array([share for share, _ in _ACTIVITIES])
    at, tracks = 0, np.zeros((14, len(t)))
    while at < len(t):
        stop = min(at + int(rng.uniform(*_SPELL_S) * SIMULATION_HZ), len(t))
        activity = _ACTIVITIES[rng.choice(len(shares), p=shares / shares.sum())][1]
        course = activity(rng, t[: stop - at])
        rows = [value for field in fields(course) for value in _rows(getattr(course, field.name))]
        tracks[:, at:stop] = [np.broadcast_to(row, stop - at) for row in rows]
        at = stop
    lift = tracks[-1].copy()
    smooth = gaussian_filter1d(tracks, _BLEND_S * SIMULATION_HZ / 3.0, axis=1, mode="nearest")
    smooth[-1] = lift
    return smooth


def _rows(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _posed(tracks: Array, body: Body, rng: np.random.Generator) -> Array:
    """Joints `(T, J, 3)` in metres."""
    hips, knees, lean = tracks[0:2], tracks[2:4], tracks[4]
    arms, raised, elbows = tracks[5:7], tracks[7:9], tracks[9:11]
    speed, turning, lift = tracks[11], tracks[12], tracks[13]
    yaw = rng.uniform(0, 2 * np.pi) + np.cumsum(turning) / SIMULATION_HZ
    up = np.array([0.0, 0.0, 1.0])
    ahead = np.stack([np.cos(yaw), np.sin(yaw), 0.0 * yaw], axis=1)
    left = np.stack([-np.sin(yaw), np.cos(yaw), 0.0 * yaw], axis=1)

    def swung(angle: Array) -> Array:  # from straight down, forward
        return np.sin(angle)[:, None] * ahead - np.cos(angle)[:, None] * up

    joints = np.zeros((tracks.shape[1], len(JOINTS), 3))
    trunk = -swung(-lean)
    neck = body.trunk * trunk
    joints[:, JOINT["neck"]] = neck
    face = np.cross(left, trunk)  # forward of the head
    _put_head(joints, neck + 0.55 * body.head * trunk, (face, left, trunk), body.head)
    for side, name in enumerate(("left", "right")):
        out = left if side == 0 else -left
        hip = 0.5 * body.hip_width * out
        knee = hip + body.thigh * swung(hips[side])
        ankle = knee + body.shank * swung(hips[side] - knees[side])
        shoulder = neck - 0.04 * trunk + 0.5 * body.shoulder_width * out
        away = np.sin(raised[side])[:, None] * out
        near = np.cos(raised[side])[:, None]
        elbow = shoulder + body.upper_arm * (near * swung(arms[side]) + away)
        wrist = elbow + body.forearm * (near * swung(arms[side] + elbows[side]) + away)
        for part, place in (("hip", hip), ("knee", knee), ("ankle", ankle), ("elbow", elbow),
                            ("shoulder", shoulder), ("wrist", wrist), ("toe", ankle + 0.18 * ahead),
                            ("heel", ankle - 0.06 * ahead)):  # fmt: skip
            joints[:, JOINT[f"{name}_{part}"]] = place
    lowest = joints[..., 2].min(axis=1)
    travelled = np.cumsum(speed[:, None] * ahead, axis=0) / SIMULATION_HZ
    middle = travelled[:, :2].mean(axis=0)
    # Nobody leaves the hall: a long way is folded back like a walk to and fro.
    folded = np.abs((travelled[:, :2] - middle + 10.0) % 40.0 - 20.0) - 10.0
    joints[..., :2] += folded[:, None]
    joints[..., 2] += (body.ankle_height + lift - lowest)[:, None]
    return joints


def _put_head(
    joints: Array, middle: Array, axes: tuple[Array, Array, Array], length: float
) -> None:
    """Places on a head, with its axes forward, to the left and up."""
    for name, *shares in (
        ("nose", 0.42, 0.0, 0.0), ("left_eye", 0.36, 0.14, 0.14), ("right_eye", 0.36, -0.14, 0.14),
        ("left_ear", 0.0, 0.3, 0.06), ("right_ear", 0.0, -0.3, 0.06), ("head_top", 0.0, 0.0, 0.45),
    ):  # fmt: skip
        away = sum(float(share) * axis for share, axis in zip(shares, axes, strict=True))
        joints[:, JOINT[str(name)]] = middle + length * np.asarray(away)
