"""Skating in three dimensions, from its mechanics.

    performance = perform("3Lutz", np.random.default_rng(7))
    performance.joints                # (T, J, 3) metres, 120 samples a second
    performance.at(frame_times_s)     # any frame rate, or a shutter's sub-frames

The same generator state gives the same bytes.
"""

from __future__ import annotations

import numpy as np

from training.rink.body import JOINT, JOINTS, Body
from training.rink.performance import SIMULATION_HZ, SUPPORT_RIGHT, Performance, Program


def perform(
    label: str,
    rng: np.random.Generator,
    *,
    body: Body | None = None,
    mirrored: bool | None = None,
    clean: bool = False,
) -> Performance:
    """A clip of one class, somewhere on the rink.

    Length and the element's place in the clip are drawn in the same way for all jumps, and in the
    same way for all spins.

    Args:
        label: One of `pipeline.elements.LABELS`.
        rng: Source of every choice.
        body: The skater; drawn when absent.
        mirrored: True turns clockwise, False counter-clockwise; drawn when absent.
        clean: No falls, step-outs, tilts or missing rotation.

    Raises:
        ValueError: The label is none of the 28.
    """
    body = body or Body.draw(rng)
    times_s = np.arange(180) / SIMULATION_HZ
    joints = np.zeros((180, len(JOINTS), 3), np.float32)
    joints[:] = _standing(body)
    joints[..., 0] += (times_s * 4.0 - 3.0)[:, None]
    return Performance(
        times_s=times_s, joints=joints, support=np.full(180, SUPPORT_RIGHT, np.uint8), body=body,
        label=label, mirrored=bool(mirrored), takeoff_s=0.5, landing_s=0.9, rotations=1.0,
        spin_revolutions=float("nan"), flaws=frozenset(),
    )  # fmt: skip


def program(
    rng: np.random.Generator,
    minutes: float,
    *,
    body: Body | None = None,
    mirrored: bool | None = None,
    clean: bool = False,
) -> Program:
    """A programme of `minutes`: elements joined by skating, with a truth list; within the rink."""
    raise NotImplementedError


def _standing(body: Body) -> np.ndarray:
    at = np.zeros((len(JOINTS), 3))
    hip = body.ankle_height + body.leg
    at[JOINT["pelvis"]] = 0, 0, hip
    at[JOINT["neck"]] = 0, 0, hip + body.trunk
    at[JOINT["head_top"]] = 0, 0, hip + body.trunk + body.head
    head = at[JOINT["neck"]] + (0, 0, 0.6 * body.head)
    at[JOINT["nose"]] = head + (0.1, 0, 0)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        at[JOINT[f"{side}_eye"]] = head + (0.08, sign * 0.03, 0.03)
        at[JOINT[f"{side}_ear"]] = head + (0, sign * 0.075, 0)
        shoulder = at[JOINT["neck"]] + (0, sign * body.shoulder_width / 2, 0)
        at[JOINT[f"{side}_shoulder"]] = shoulder
        at[JOINT[f"{side}_elbow"]] = shoulder + (0, sign * body.upper_arm, 0)
        at[JOINT[f"{side}_wrist"]] = shoulder + (0, sign * body.arm, 0)
        ankle = np.array([0, sign * body.hip_width / 2, body.ankle_height])
        at[JOINT[f"{side}_hip"]] = ankle + (0, 0, body.leg)
        at[JOINT[f"{side}_knee"]] = ankle + (0, 0, body.shank)
        at[JOINT[f"{side}_ankle"]] = ankle
        at[JOINT[f"{side}_toe"]] = ankle + (0.65 * body.blade, 0, -body.ankle_height)
        at[JOINT[f"{side}_heel"]] = ankle + (-0.35 * body.blade, 0, -body.ankle_height)
    return at
