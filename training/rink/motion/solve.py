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
from training.rink.motion.curves import Array, smooth_step
from training.rink.motion.kinematics import (
    SIDES,
    apply,
    bent_leg,
    centre_of_mass,
    dot,
    free_foot,
    knee_direction,
    limb,
    skeleton,
    unit,
)
from training.rink.motion.phrase import Phrase
from training.rink.motion.pose import CHANNELS
from training.rink.motion.skates import Skate, bearing_shares, plan_skate
from training.rink.motion.travel import Travel, curve, plan_facing, plan_height, plan_travel
from training.rink.performance import SIMULATION_HZ, SUPPORT_AIR

_SHORTEST_LEG = 0.3
_SOFTEN = 1.0
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
    bearing = bearing_shares(phrase.contacts, times)
    upper = skeleton(poses, body, bearing)
    facing = plan_facing(phrase, times, flights, upper.joints, body)
    travel = plan_travel(phrase, times, poses, facing)

    centre = centre_of_mass(upper.joints)
    legs = bent_leg(poses[:, CHANNELS["knee"]][:, 0], body)
    above_skates = body.ankle_height + legs + centre[:, 2]
    skates = {side: plan_skate(side, phrase.contacts, travel, above_skates, body) for side in SIDES}
    centre = apply(travel.frame, centre)
    joints = apply(travel.frame, upper.joints)
    ground = travel.position - centre[:, :2]
    standing = _standing(joints, ground, skates, bearing, legs)
    for begin, until, height in phrase.sinking:
        share = smooth_step((times - begin) / (until - begin))
        standing = standing * (1.0 - share) + height * share
    pelvis = plan_height(standing + centre[:, 2], flights) - centre[:, 2]
    joints += np.concatenate([ground, pelvis[:, None]], axis=1)[:, None]
    lift = np.zeros(len(times))
    for flight in flights:
        lift[flight] = (pelvis - standing)[flight]
    for index, side in enumerate(SIDES):
        wanted = apply(travel.frame, upper.legs[side])
        _place_leg(joints, side, wanted, skates[side], lift, travel, poses, body)
    return Solution(travel, joints, _support(joints, skates, flights))


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
    joints: Array, ground: Array, skates: dict[str, Skate], bearing: Array, legs: Array
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
    used = bearing + 1e-6
    used = used / used.sum(axis=1, keepdims=True)
    return used[:, 0] * heights[0] + used[:, 1] * heights[1]


def _place_leg(
    joints: Array,
    side: str,
    wanted: Array,
    skate: Skate,
    lift: Array,
    travel: Travel,
    poses: Array,
    body: Body,
) -> None:
    index, sign = (0, 1.0) if side == "left" else (1, -1.0)
    hip = joints[:, JOINT[f"{side}_hip"]]
    stood = skate.ankle.copy()
    stood[:, 2] += lift
    ankle = hip + wanted + skate.share * (stood - hip - wanted)
    ankle = gaussian_filter1d(ankle, _SOFTEN, axis=0, mode="nearest")
    turned = np.radians(sign * poses[:, CHANNELS["knees"]][:, index])
    own = np.einsum("tji,tj->ti", travel.frame, ankle - hip)
    bend = apply(travel.frame, knee_direction(own, turned))
    bend = unit(bend + 0.7 * skate.share * (skate.foot.forward - bend))
    for _ in range(2):
        knee, ankle = limb(hip, ankle, bend, (body.thigh, body.shank))
        foot = free_foot(knee, ankle, bend, poses[:, CHANNELS[f"{side}_ankle"]], sign)
        foot = foot.blended(skate.foot, skate.share)
        tip, tail = foot.blade(ankle, body)
        under = np.minimum(np.minimum(tip[:, 2], tail[:, 2]), 0.0)
        if under.min() > -1e-3:
            break
        ankle[:, 2] -= under
    for name, place in (("knee", knee), ("ankle", ankle), ("toe", tip), ("heel", tail)):
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
