"""From a phrase to joints: the body that skates it, on the ice and in the air.

On the ice the skates stand where the force of the ice, which points along the balance axis, passes
through the centre of mass: gliding on a curve of radius r at speed v leans the skater inwards by
atan(v^2 / (g r)). In the air the centre of mass flies a parabola and the skater turns with constant
angular momentum, so pulling the arms in spins faster.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from training.rink.body import JOINT, Body
from training.rink.motion.kinematics.curves import Array, smooth_step
from training.rink.motion.kinematics.pose import CHANNELS
from training.rink.motion.kinematics.skates import Skate, bearing_shares, plan_skate
from training.rink.motion.kinematics.skeleton import (
    SIDES,
    Upper,
    apply,
    bent_leg,
    centre_of_mass,
    free_foot,
    knee_direction,
    limb,
    skeleton,
    unit,
)
from training.rink.motion.kinematics.travel import (
    Travel,
    curve,
    plan_facing,
    plan_height,
    plan_travel,
)
from training.rink.motion.phrase import Phrase
from training.rink.performance import SIMULATION_HZ, SUPPORT_AIR

_PASSES = 3
_LIFTS, _DEPTH = 4, 2e-3
"""How often a free foot that dips into the ice is lifted, and how deep it may remain."""
_SHORTEST_LEG = 0.3
_INERTIA = 3.0
"""Samples (standard deviation) over which limbs take up a new movement."""
_SOFTEN = 1.7
"""Samples (standard deviation) over which a foot takes up and leaves the ice's speed."""


@dataclass(frozen=True)
class Solution:
    """A phrase performed by a body."""

    travel: Travel
    """Path, facing and lean."""
    joints: Array
    """`(T, J, 3)` float64; the path starts at the origin, heading along x."""
    support: Array
    """`(T,)` uint8, see `training.rink.performance`."""


def solve(phrase: Phrase, body: Body, *, start: float = 0.0, end: float | None = None) -> Solution:
    """Perform a phrase, or the part of it between `start` and `end` seconds.

    Raises:
        ValueError: A flight lies across `start` or `end`.
    """
    end = phrase.duration if end is None else end
    first, last = round(start * SIMULATION_HZ), round(end * SIMULATION_HZ)
    times = np.arange(first, last + 1) / SIMULATION_HZ
    flights = _flights(phrase, first, last)
    poses = curve(phrase.poses, times)
    if phrase.sway:
        poses += curve(phrase.sway, times)
    poses = gaussian_filter1d(poses, _INERTIA, axis=0, mode="nearest")
    bearing = bearing_shares(phrase.contacts, times)
    upper = skeleton(poses, body, bearing)
    shape = upper.joints
    for _ in range(_PASSES):
        facing = plan_facing(phrase, times, flights, shape, body)
        travel = plan_travel(phrase, times, poses, facing)
        act = _Act(phrase, body, travel, flights, poses, bearing, upper)
        joints, pelvis, skates = act.place(centre_of_mass(shape))
        shape = apply(travel.frame.transpose(0, 2, 1), joints - pelvis[:, None])
    return Solution(travel, joints, _support(joints, skates, flights))


@dataclass(frozen=True)
class _Act:
    """Everything that is known before the legs find the ice."""

    phrase: Phrase
    body: Body
    travel: Travel
    flights: list[slice]
    poses: Array
    bearing: Array
    upper: Upper

    def place(self, centre: Array) -> tuple[Array, Array, dict[str, Skate]]:
        """Joints in the world, pelvis and skates.

        Args:
            centre: `(T, 3)`, the centre of mass in the skater's frame, as far as it is known: the
                legs' share in it depends on where the skates stand, hence the passes.
        """
        body, travel = self.body, self.travel
        legs = bent_leg(self.poses[:, CHANNELS["knee"]][:, 0], body)
        above_skates = body.ankle_height + legs + centre[:, 2]
        skates = {
            side: plan_skate(side, self.phrase.contacts, travel, above_skates, body)
            for side in SIDES
        }
        centre = apply(travel.frame, centre)
        joints = apply(travel.frame, self.upper.joints)
        ground = travel.position - centre[:, :2]
        standing = self._sunk(_standing(joints, ground, skates, self, legs))
        height = plan_height(standing + centre[:, 2], self.flights) - centre[:, 2]
        pelvis = np.concatenate([ground, height[:, None]], axis=1)
        joints += pelvis[:, None]
        lift = np.zeros(len(height))
        for flight in self.flights:
            lift[flight] = (height - standing)[flight]
        for side in SIDES:
            _place_leg(joints, side, self, skates[side], lift)
        return joints, pelvis, skates

    def _sunk(self, standing: Array) -> Array:
        times = self.travel.times
        for fall in self.phrase.falls:
            share = smooth_step((times - fall.starts) / (fall.down - fall.starts))
            share -= smooth_step((times - fall.rises) / (fall.up - fall.rises))
            standing = standing + share * (fall.height - standing)
        return standing


def _flights(phrase: Phrase, first: int, last: int) -> list[slice]:
    flights = []
    for takeoff, landing in phrase.flights:
        a, b = round(takeoff * SIMULATION_HZ) - first, round(landing * SIMULATION_HZ) - first
        if b < 0 or a > last - first:
            continue
        if a < 1 or b >= last - first:
            raise ValueError(f"the flight from {takeoff:.2f} s to {landing:.2f} s is cut")
        flights.append(slice(a, b + 1))
    return flights


def _standing(
    joints: Array, ground: Array, skates: dict[str, Skate], act: _Act, legs: Array
) -> Array:
    """Height of the pelvis `(T,)` that gives the leg which bears the skater its length."""
    heights = []
    for side in SIDES:
        hip = joints[:, JOINT[f"{side}_hip"]]
        away = ground + hip[:, :2] - skates[side].ankle[:, :2]
        room = legs * legs - np.einsum("ti,ti->t", away, away)
        least = (_SHORTEST_LEG * legs) ** 2
        # A smooth maximum: a leg that cannot reach stays steep enough to stand on.
        room = 0.5 * (room + least + np.sqrt((room - least) ** 2 + (0.2 * legs) ** 4))
        heights.append(skates[side].ankle[:, 2] + np.sqrt(room) - hip[:, 2])
    used = (act.bearing + 1e-9) / (act.bearing + 1e-9).sum(axis=1, keepdims=True)
    borne = np.where(act.bearing.sum(axis=1) > 1e-3, np.arange(len(used)), 0)
    used = used[np.maximum.accumulate(borne)]  # in between, as it was last
    for flight in act.flights:
        middle = (flight.start + flight.stop) // 2
        used[flight.start : middle] = used[flight.start]
        used[middle : flight.stop] = used[flight.stop - 1]
    return used[:, 0] * heights[0] + used[:, 1] * heights[1]


def _place_leg(joints: Array, side: str, act: _Act, skate: Skate, lift: Array) -> None:
    index, sign = (0, 1.0) if side == "left" else (1, -1.0)
    body, frame, poses = act.body, act.travel.frame, act.poses
    hip = joints[:, JOINT[f"{side}_hip"]]
    free = hip + apply(frame, act.upper.legs[side])
    stood = skate.ankle.copy()
    stood[:, 2] += lift
    ankle = free + skate.share * (stood - free)
    ankle = gaussian_filter1d(ankle, _SOFTEN, axis=0, mode="nearest")
    turned = np.radians(sign * poses[:, CHANNELS["knees"]][:, index])
    bend = apply(frame, knee_direction(np.einsum("tji,tj->ti", frame, ankle - hip), turned))
    bend = unit(bend + 0.7 * skate.share * (skate.foot.forward - bend))

    def reach(ankle: Array) -> tuple[Array, Array, Array, Array]:
        knee, ankle = limb(hip, ankle, bend, (body.thigh, body.shank))
        foot = free_foot(knee, ankle, bend, poses[:, CHANNELS[f"{side}_ankle"]], sign)
        tip, tail = foot.blended(skate.foot, skate.share).blade(ankle, body)
        return knee, ankle, tip, tail

    placed = reach(ankle)
    for _ in range(_LIFTS):
        under = np.minimum(np.minimum(placed[2][:, 2], placed[3][:, 2]), 0.0)
        if under.min() > -_DEPTH:
            break
        ankle[:, 2] -= under
        placed = reach(ankle)
    for name, place in zip(("knee", "ankle", "toe", "heel"), placed, strict=True):
        joints[:, JOINT[f"{side}_{name}"]] = place


def _support(joints: Array, skates: dict[str, Skate], flights: list[slice]) -> Array:
    support = np.zeros(len(joints), np.uint8)
    for bit, side in enumerate(SIDES):
        low = np.minimum(joints[:, JOINT[f"{side}_toe"], 2], joints[:, JOINT[f"{side}_heel"], 2])
        touching = (skates[side].share[:, 0] > 0.99) & (low < 0.02)
        support |= touching.astype(np.uint8) << bit
    for flight in flights:
        support[flight.start + 1 : flight.stop - 1] = SUPPORT_AIR
    return support
