"""Rotations, two-bone limbs and the skeleton that hangs from the pelvis; everything over time.

Axes: x forward, y left, z up. `T` samples come first in every array.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.rink.body import JOINT, JOINT_MASSES, JOINTS, Body
from training.rink.motion.kinematics.curves import Array, smooth_step, soft_ceiling
from training.rink.motion.kinematics.pose import CHANNELS

SIDES = ("left", "right")
UP = np.array([0.0, 0.0, 1.0])
_REACH = 0.995
_BLADE_AHEAD = 0.64
"""Share of the blade that lies ahead of the ankle."""


def unit(vectors: Array) -> Array:
    """Vectors `(..., 3)` scaled to length 1."""
    squared = np.einsum("...i,...i->...", vectors, vectors)
    return vectors / np.sqrt(np.maximum(squared, 1e-18))[..., None]


def dot(a: Array, b: Array) -> Array:
    """Inner products of `(..., 3)` with `(..., 3)`, `(..., 1)`."""
    return np.einsum("...i,...i->...", a, b)[..., None]


def cross(a: Array, b: Array) -> Array:
    """Cross products of `(T, 3)` with `(T, 3)`; numpy's own is several times slower."""
    a, b = np.broadcast_arrays(a, b)
    out = np.empty_like(a)
    out[..., 0] = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    out[..., 1] = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    out[..., 2] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return out


def turn(angles: Array) -> Array:
    """Rotations about z, radians `(T,)` -> `(T, 3, 3)`."""
    c, s = np.cos(angles), np.sin(angles)
    out = np.zeros((len(angles), 3, 3))
    out[:, 0, 0] = out[:, 1, 1] = c
    out[:, 0, 1], out[:, 1, 0] = -s, s
    out[:, 2, 2] = 1.0
    return out


def _bent(forward: Array, left: Array, turned: Array) -> Array:
    """Turn left about z, then tilt forward and left, degrees `(T,)` -> `(T, 3, 3)`."""
    a, b = np.radians(forward), np.radians(left)
    ca, sa, cb, sb = np.cos(a), np.sin(a), np.cos(b), np.sin(b)
    tilt = np.empty((len(a), 3, 3))  # R_y(a) R_x(-b)
    tilt[:, 0, 0], tilt[:, 0, 1], tilt[:, 0, 2] = ca, -sa * sb, sa * cb
    tilt[:, 1, 0], tilt[:, 1, 1], tilt[:, 1, 2] = 0.0, cb, sb
    tilt[:, 2, 0], tilt[:, 2, 1], tilt[:, 2, 2] = -sa, -ca * sb, ca * cb
    return turn(np.radians(turned)) @ tilt


def leaning(axis: Array) -> Array:
    """The smallest rotation that takes z to `axis` `(T, 3)` of length 1 -> `(T, 3, 3)`."""
    x, y, z = axis.T
    h = 1.0 / (1.0 + z)
    out = np.empty((len(axis), 3, 3))
    out[:, 0, 0], out[:, 0, 1], out[:, 0, 2] = 1.0 - h * x * x, -h * x * y, x
    out[:, 1, 0], out[:, 1, 1], out[:, 1, 2] = -h * x * y, 1.0 - h * y * y, y
    out[:, 2, 0], out[:, 2, 1], out[:, 2, 2] = -x, -y, z
    return out


def apply(rotations: Array, vectors: Array) -> Array:
    """`(T, 3, 3)` applied to `(3,)`, `(T, 3)` or `(T, J, 3)`."""
    if vectors.ndim == 1:
        return rotations @ vectors
    if vectors.ndim == 2:
        return np.einsum("tij,tj->ti", rotations, vectors)
    return vectors @ rotations.transpose(0, 2, 1)


def limb(
    root: Array, target: Array, bend: Array, lengths: tuple[float, float]
) -> tuple[Array, Array]:
    """Two-bone limb from `root` towards `target`, the middle joint towards `bend`.

    Args:
        root: `(T, 3)` hip or shoulder.
        target: `(T, 3)` where ankle or wrist should be; out of reach, the limb stretches that way.
        bend: `(T, 3)` any vector with a part square to the limb.
        lengths: Of both bones.

    Returns:
        Middle and end joint, `(T, 3)` each.
    """
    upper, lower = lengths
    offset = target - root
    reach = np.sqrt(np.maximum(dot(offset, offset), 1e-12))
    direction = np.where(reach > 1e-5, offset / reach, -UP)
    total = upper + lower
    reach = soft_ceiling(reach, _REACH * total, 0.02 * total)
    reach = np.maximum(reach, abs(upper - lower) + 0.2 * total)
    along = (upper * upper - lower * lower + reach * reach) / (2.0 * reach)
    aside = np.sqrt(np.maximum(upper * upper - along * along, 0.0))
    bend = unit(bend - direction * dot(bend, direction))
    return root + direction * along + bend * aside, root + direction * reach


def _carried(start: Array, direction: Array, vector: Array) -> Array:
    """`vector` taken along by the smallest rotation of the fixed `start` onto `direction`."""
    axis = cross(np.broadcast_to(start, direction.shape), direction)
    cosine = np.maximum(dot(direction, start), -0.98)
    return vector * cosine + cross(axis, vector) + axis * dot(axis, vector) / (1.0 + cosine)


def knee_direction(offset: Array, turned_out: Array) -> Array:
    """Where a knee points, from the vector hip -> ankle: forward for a leg straight down.

    Args:
        offset: `(T, 3)` in the skater's frame.
        turned_out: `(T,)` radians, positive to the left.
    """
    forward = np.stack([np.cos(turned_out), np.sin(turned_out), np.zeros_like(turned_out)], axis=-1)
    return _carried(-UP, unit(offset), forward)


def _elbow_direction(offset: Array, sign: float, swivel: Array) -> Array:
    """Elbows of hanging arms point back, a little outwards; of raised ones outwards and down."""
    direction = unit(offset)
    T = len(direction)
    hanging = _carried(-UP, direction, np.broadcast_to((-0.91, sign * 0.41, 0.0), (T, 3)))
    raised = np.broadcast_to((-0.15, sign * 0.88, -0.45), (T, 3))
    height = smooth_step((direction[:, 2:] + 0.2) / 0.9)
    pole = hanging + height * (raised - hanging)
    pole = unit(pole - direction * dot(pole, direction))
    return pole * np.cos(swivel)[:, None] + cross(direction, pole) * np.sin(swivel)[:, None]


@dataclass(frozen=True)
class Upper:
    """The skater in the skater's frame, pelvis at the origin, and what the legs hang from."""

    joints: Array
    """`(T, J, 3)`; knees, ankles and blades are those of the pose, not of the skates on the ice."""
    legs: dict[str, Array]
    """Hip -> ankle by side, `(T, 3)`, as the pose has it."""


def skeleton(poses: Array, body: Body, bearing: Array) -> Upper:
    """Joints in the skater's frame, from poses `(T, C)`.

    Args:
        poses: Channels over time.
        body: Proportions.
        bearing: `(T, 2)`, 1 while the left, right leg stands on the ice: it is then taken to be
            under the hip, as far bent as the pose's `knee` says.
    """
    joints = np.zeros((len(poses), len(JOINTS), 3))
    hips = _bent(*poses[:, CHANNELS["pelvis"]].T)
    chest = hips @ _bent(*poses[:, CHANNELS["spine"]].T)
    head = chest @ _bent(*poses[:, CHANNELS["head"]].T)
    neck = body.trunk * chest[:, :, 2]
    joints[:, JOINT["neck"]] = neck
    for name, place in _head_points(body).items():
        joints[:, JOINT[name]] = neck + apply(head, place)
    arms = np.radians(poses[:, CHANNELS["pelvis"]][:, 2] + poses[:, CHANNELS["spine"]][:, 2])
    facing = turn(arms)
    legs = {}
    for index, (side, sign) in enumerate(zip(SIDES, (1.0, -1.0), strict=True)):
        shoulder = neck + 0.5 * sign * body.shoulder_width * chest[:, :, 1]
        _place_arm(joints, side, shoulder, poses, body=body, facing=facing)
        hip = 0.5 * sign * body.hip_width * hips[:, :, 1]
        joints[:, JOINT[f"{side}_hip"]] = hip
        free = body.leg * poses[:, CHANNELS[f"{side}_foot"]]
        standing = np.zeros_like(free)
        standing[:, 2] = -bent_leg(poses[:, CHANNELS["knee"]][:, 0], body)
        share = bearing[:, index, None]
        legs[side] = free * (1.0 - share) + standing * share
        turned = np.radians(sign * poses[:, CHANNELS["knees"]][:, index])
        knee, ankle = limb(
            hip, hip + legs[side], knee_direction(legs[side], turned), (body.thigh, body.shank)
        )
        joints[:, JOINT[f"{side}_knee"]], joints[:, JOINT[f"{side}_ankle"]] = knee, ankle
        joints[:, JOINT[f"{side}_toe"]] = joints[:, JOINT[f"{side}_heel"]] = ankle
    return Upper(joints, legs)


def bent_leg(knee: Array, body: Body) -> Array:
    """Distance hip to ankle at a knee bend in degrees."""
    thigh, shank = body.thigh, body.shank
    squared = thigh * thigh + shank * shank + 2.0 * thigh * shank * np.cos(np.radians(knee))
    return np.sqrt(squared)


def _head_points(body: Body) -> dict[str, Array]:
    size = body.head
    points = {
        "head_top": np.array([0.0, 0.0, size]),
        "nose": np.array([0.38 * size, 0.0, 0.50 * size]),
    }
    for side, sign in (("left", 1.0), ("right", -1.0)):
        points[f"{side}_eye"] = np.array([0.31 * size, sign * 0.11 * size, 0.61 * size])
        points[f"{side}_ear"] = np.array([0.02 * size, sign * 0.26 * size, 0.53 * size])
    return points


def _place_arm(
    joints: Array, side: str, shoulder: Array, poses: Array, *, body: Body, facing: Array
) -> None:
    sign = 1.0 if side == "left" else -1.0
    index = SIDES.index(side)
    hand = unit(poses[:, CHANNELS[f"{side}_hand"]]) * poses[:, CHANNELS["reaches"]][:, index, None]
    swivel = np.radians(-sign * poses[:, CHANNELS["elbows"]][:, index])
    elbow, wrist = limb(
        shoulder,
        shoulder + body.arm * apply(facing, hand),
        apply(facing, _elbow_direction(hand, sign, swivel)),
        (body.upper_arm, body.forearm),
    )
    joints[:, JOINT[f"{side}_shoulder"]] = shoulder
    joints[:, JOINT[f"{side}_elbow"]] = elbow
    joints[:, JOINT[f"{side}_wrist"]] = wrist


@dataclass(frozen=True)
class Foot:
    """How a skate stands over time."""

    forward: Array
    """`(T, 3)`, along the blade from tail to tip, length 1."""
    up: Array
    """`(T, 3)`, from the blade to the ankle, length 1."""

    def blended(self, other: Foot, share: Array) -> Foot:
        """`share` `(T, 1)` of the other foot's attitude."""
        forward = unit(self.forward + share * (other.forward - self.forward))
        up = self.up + share * (other.up - self.up)
        return Foot(forward, unit(up - forward * dot(up, forward)))

    def blade(self, ankle: Array, body: Body) -> tuple[Array, Array]:
        """Tip and tail, `(T, 3)` each, of the blade under `ankle`."""
        sole = ankle - body.ankle_height * self.up
        tip = sole + _BLADE_AHEAD * body.blade * self.forward
        return tip, tip - body.blade * self.forward

    def ankle_over(self, point: Array, share: Array, body: Body) -> Array:
        """The ankle, when the blade stands on `point` with the place `share` of its length.

        `share` `(T,)` runs from 0 at the tail to 1 at the tip.
        """
        ahead = ((1.0 - _BLADE_AHEAD - share) * body.blade)[:, None]
        return point + ahead * self.forward + body.ankle_height * self.up


def free_foot(knee: Array, ankle: Array, bend: Array, ankle_pose: Array, sign: float) -> Foot:
    """The attitude of a foot off the ice, which hangs from its shank.

    Args:
        knee: `(T, 3)`.
        ankle: `(T, 3)`.
        bend: `(T, 3)` where the knee points.
        ankle_pose: `(T, 2)` degrees: toes pointed, foot turned out.
        sign: 1 for the left foot, -1 for the right one.
    """
    shank = unit(ankle - knee)
    front = unit(bend - shank * dot(bend, shank))
    pointed, out = np.radians(ankle_pose).T
    out = sign * out
    # Left seen from above is right about the shank, which points down.
    front = front * np.cos(out)[:, None] - cross(shank, front) * np.sin(out)[:, None]
    c, s = np.cos(pointed)[:, None], np.sin(pointed)[:, None]
    return Foot(front * c + shank * s, front * s - shank * c)


def centre_of_mass(joints: Array) -> Array:
    """`(T, J, 3)` -> `(T, 3)`."""
    return np.einsum("j,tji->ti", JOINT_MASSES, joints)


def inertia_and_swing(joints: Array, body: Body, step: float) -> tuple[Array, Array]:
    """About the skater's long axis through the centre of mass, per unit of mass.

    Args:
        joints: `(T, J, 3)` in the skater's frame.
        body: Proportions.
        step: Seconds between samples.

    Returns:
        Moment of inertia `(T,)`, and the angular momentum `(T,)` of limbs that move within the
        frame.
    """
    flat = (joints - centre_of_mass(joints)[:, None])[..., :2]
    inertia = body.core_inertia + np.einsum("j,tji,tji->t", JOINT_MASSES, flat, flat)
    velocity = np.gradient(flat, step, axis=0)
    swing = flat[..., 0] * velocity[..., 1] - flat[..., 1] * velocity[..., 0]
    return inertia, swing @ JOINT_MASSES
