"""Reads an element from joints and blades in three dimensions, by the rules of skating alone.

The rules are those that a judge applies: edge and foot of the take-off, toe pick or none, turns in
the air; the position of a spin. They know nothing of how the rink makes its motion, so they are its
examiner: where they read another element than was performed, the motion is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.rink.body import JOINT, JOINT_MASSES, MIRRORED_JOINTS

Array = np.ndarray
Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")

_ON_ICE_M = 0.02
_SHORTEST_FLIGHT_S = 0.25
_SPIN_RATE, _SPIN_TURNS, _SPIN_SPEED = 1.0, 2.5, 0.9
_SEQUENCE_MOVES, _SEQUENCE_MOVES_A_SECOND = 4, 0.4


@dataclass(frozen=True)
class Takeoff:
    """How a jump left the ice, for a skater who turns left."""

    side: Side
    """Foot whose edge it was."""
    backward: bool
    """Whether the skater glided backward on it."""
    outside: bool
    """Whether the blade stood on its outside edge."""
    picked: bool
    """Whether the other foot's toe pick took the skater off."""

    @property
    def kind(self) -> str | None:
        """The jump that leaves the ice so; None if no jump does."""
        return _KINDS.get((self.side, self.backward, self.outside, self.picked))


_KINDS: dict[tuple[Side, bool, bool, bool], str] = {
    ("right", True, True, True): "Toeloop",
    ("right", True, True, False): "Loop",
    ("left", True, False, False): "Salchow",
    ("left", True, False, True): "Flip",
    ("left", True, True, True): "Lutz",
    ("left", False, True, False): "Axel",
}


@dataclass(frozen=True)
class Reading:
    """What was seen."""

    label: str | None
    """One of the classes, or None where the rules fit none."""
    clockwise: bool = False
    """Whether the skater turns clockwise; the take-off below is then mirrored."""
    takeoff_s: float = float("nan")
    landing_s: float = float("nan")
    takeoff: Takeoff | None = None
    landed_backward_outside: bool = False
    """Whether the landing was on the right back outside edge, as it should be."""
    rotations: float = float("nan")
    """Turns of the body from just before the take-off to just after the landing."""
    revolutions: float = float("nan")
    """Turns of a spin."""


class _Skater:
    """Joints over time and what follows from them directly."""

    def __init__(self, joints: Array, rate_hz: float) -> None:
        self.joints = np.asarray(joints, np.float64)
        self.rate = rate_hz

    def __len__(self) -> int:
        return len(self.joints)

    def at(self, name: str) -> Array:
        """One joint, `(T, 3)`."""
        return self.joints[:, JOINT[name]]

    def samples(self, seconds: float) -> int:
        """Samples in so many seconds."""
        return round(seconds * self.rate)

    def mirrored(self) -> _Skater:
        """The skater seen in a mirror."""
        swapped = self.joints[:, MIRRORED_JOINTS] * np.array([1.0, -1.0, 1.0])
        return _Skater(swapped, self.rate)

    def yaw(self) -> Array:
        """Where hips and shoulders face on average, turns `(T,)`."""
        across = self.at("left_hip") - self.at("right_hip")
        across = across / np.linalg.norm(across, axis=1, keepdims=True)
        return np.unwrap(np.arctan2(-across[:, 0], across[:, 1])) / (2.0 * np.pi)

    def lowest(self, side: Side) -> Array:
        """Height of the lower end of a blade, `(T,)` metres."""
        return np.minimum(self.at(f"{side}_toe")[:, 2], self.at(f"{side}_heel")[:, 2])

    def on_ice(self, side: Side) -> Array:
        """Whether a blade touches the ice, `(T,)`."""
        return self.lowest(side) < _ON_ICE_M

    def blade(self, side: Side) -> Array:
        """Tail to tip, `(T, 3)`."""
        return self.at(f"{side}_toe") - self.at(f"{side}_heel")

    def velocity(self, name: str) -> Array:
        """Of a joint, `(T, 3)` m/s."""
        return np.gradient(self.at(name), 1.0 / self.rate, axis=0)

    def ankle_tilt(self, side: Side) -> Array:
        """How far an ankle stands to the left of its blade, `(T,)` metres."""
        blade = self.blade(side)[:, :2]
        left = np.stack([-blade[:, 1], blade[:, 0]], axis=1)
        left /= np.linalg.norm(left, axis=1, keepdims=True)
        away = self.at(f"{side}_ankle")[:, :2] - self.at(f"{side}_heel")[:, :2]
        return np.einsum("ti,ti->t", away, left)


def read(joints: Array, rate_hz: float) -> Reading:
    """The element in joints `(T, J, 3)` of the rink's layout, sampled at `rate_hz`."""
    skater = _Skater(joints, rate_hz)
    flight = _longest(np.minimum(skater.lowest("left"), skater.lowest("right")) > _ON_ICE_M)
    if flight is not None and flight[1] - flight[0] > skater.samples(_SHORTEST_FLIGHT_S):
        return _read_jump(skater, *flight)
    spin = _read_spin(skater)
    if spin is not None:
        return spin
    return Reading("Sequence" if _dances(skater) else "NoBasic")


def _longest(mask: Array) -> tuple[int, int] | None:
    """First sample of the longest run of True, and the first after it."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    if len(edges) == 0:
        return None
    runs = edges.reshape(-1, 2)
    begin, end = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    return int(begin), int(end)


def _read_jump(skater: _Skater, takeoff: int, landing: int) -> Reading:
    yaw = skater.yaw()
    clockwise = bool(yaw[landing - 1] < yaw[takeoff])
    if clockwise:
        skater, yaw = skater.mirrored(), -yaw
    way = _read_takeoff(skater, takeoff)
    before = max(takeoff - skater.samples(0.30), 0)
    after = min(landing + skater.samples(0.30), len(skater) - 1)
    rotations = float(yaw[after] - yaw[before])
    kind = way.kind
    label = None
    if kind is not None:
        turns = round(rotations - (0.6 if kind == "Axel" else 0.0))
        label = f"{turns}{kind}"
    return Reading(
        label=label,
        clockwise=clockwise,
        takeoff_s=takeoff / skater.rate,
        landing_s=landing / skater.rate,
        takeoff=way,
        landed_backward_outside=_landed_well(skater, landing),
        rotations=rotations,
    )


def _read_takeoff(skater: _Skater, takeoff: int) -> Takeoff:
    last = slice(max(takeoff - skater.samples(0.04), 0), takeoff)
    glide = slice(max(takeoff - skater.samples(0.34), 0), max(takeoff - skater.samples(0.20), 1))
    bears = {side: float(skater.on_ice(side)[last].mean()) for side in SIDES}
    leaves: Side = "left" if bears["left"] > bears["right"] else "right"
    other: Side = "right" if leaves == "left" else "left"
    picked = skater.on_ice(leaves)[glide].mean() < 0.5
    side = other if picked else leaves
    backward = _glides_backward(skater, side, glide)
    leans_left = float(np.median(skater.ankle_tilt(side)[glide])) > 0.0
    return Takeoff(side, backward, outside=leans_left == (side == "left"), picked=bool(picked))


def _glides_backward(skater: _Skater, side: Side, during: slice) -> bool:
    blade = skater.blade(side)[during, :2]
    velocity = skater.velocity(f"{side}_ankle")[during, :2]
    return float(np.median(np.einsum("ti,ti->t", blade, velocity))) < 0.0


def _landed_well(skater: _Skater, landing: int) -> bool:
    last = min(landing + skater.samples(0.35), len(skater))
    after = slice(max(last - skater.samples(0.15), landing), last)
    if skater.on_ice("right")[after].mean() < 0.5:
        return False
    leans_left = float(np.median(skater.ankle_tilt("right")[after])) > 0.0
    return _glides_backward(skater, "right", after) and not leans_left


def _read_spin(skater: _Skater) -> Reading | None:
    yaw = skater.yaw()
    window = skater.samples(0.25)
    rate = np.zeros(len(yaw))
    rate[window:-window] = (yaw[2 * window :] - yaw[: -2 * window]) * skater.rate / (2 * window)
    centre = np.einsum("j,tji->ti", JOINT_MASSES, skater.joints)[:, :2]
    moved = np.linalg.norm(centre[2 * window :] - centre[: -2 * window], axis=1)
    speed = np.zeros(len(yaw))
    speed[window:-window] = moved * skater.rate / (2 * window)
    span = _longest((np.abs(rate) > _SPIN_RATE) & (speed < _SPIN_SPEED))
    if span is None or abs(yaw[span[1] - 1] - yaw[span[0]]) < _SPIN_TURNS:
        return None
    begin, end = span
    turns = float(yaw[end - 1] - yaw[begin])
    third = slice(begin + (end - begin) // 3, end)
    return Reading(_position(skater, third), clockwise=turns < 0.0, revolutions=abs(turns))


def _position(skater: _Skater, held: slice) -> str:
    """Sit: the skating knee bent to the square; camel: trunk and free leg level; else upright."""
    low = {side: float(np.median(skater.at(f"{side}_ankle")[held, 2])) for side in SIDES}
    stands: Side = "left" if low["left"] < low["right"] else "right"
    free: Side = "right" if stands == "left" else "left"
    if _knee_bend(skater, stands, held) > 75.0:
        return "SitSpin"
    trunk = (skater.at("neck") - skater.at("pelvis"))[held]
    level = trunk[:, 2] / np.linalg.norm(trunk, axis=1)
    knee_back = skater.at(f"{free}_ankle")[held, 2] - skater.at(f"{free}_hip")[held, 2]
    along = np.linalg.norm((skater.at(f"{free}_ankle") - skater.at(f"{free}_hip"))[held], axis=1)
    leg_level = knee_back / along
    if np.median(level) < 0.5 and abs(np.median(leg_level)) < 0.5:
        return "CamelSpin"
    return "UprightSpin"


def _knee_bend(skater: _Skater, side: Side, during: slice) -> float:
    thigh = (skater.at(f"{side}_knee") - skater.at(f"{side}_hip"))[during]
    shank = (skater.at(f"{side}_ankle") - skater.at(f"{side}_knee"))[during]
    cosine = np.einsum("ti,ti->t", thigh, shank) / (
        np.linalg.norm(thigh, axis=1) * np.linalg.norm(shank, axis=1)
    )
    return float(np.degrees(np.arccos(np.clip(np.median(cosine), -1.0, 1.0))))


def _dances(skater: _Skater) -> bool:
    """Whether turns, high free legs and gestures follow each other as in a sequence."""
    moves = _changes_of_facing(skater) + _high_legs(skater) + _gestures(skater)
    seconds = len(skater) / skater.rate
    return moves >= _SEQUENCE_MOVES and moves / seconds >= _SEQUENCE_MOVES_A_SECOND


def _changes_of_facing(skater: _Skater) -> int:
    """How often the skater goes over from forward to backward or back while travelling."""
    pelvis = skater.velocity("pelvis")[:, :2]
    heading = np.arctan2(pelvis[:, 1], pelvis[:, 0]) / (2.0 * np.pi)
    facing = np.cos(2.0 * np.pi * (skater.yaw() - heading))
    moving = np.linalg.norm(pelvis, axis=1) > 1.0
    clear = facing[moving & (np.abs(facing) > 0.5)] > 0.0
    return int(np.count_nonzero(np.diff(clear.astype(np.int8))))


def _high_legs(skater: _Skater) -> int:
    """How often a free leg is held near the height of the hip, as in a spiral."""
    count = 0
    for side in SIDES:
        leg = skater.at(f"{side}_hip")[:, 2].mean()
        count += _raised(skater.at(f"{side}_ankle")[:, 2] > 0.7 * leg)
    return count


def _gestures(skater: _Skater) -> int:
    """How often a hand is raised above the head while travelling."""
    speed = np.linalg.norm(skater.velocity("pelvis")[:, :2], axis=1)
    return sum(
        _raised((skater.at(f"{side}_wrist")[:, 2] > skater.at("nose")[:, 2]) & (speed > 1.0))
        for side in SIDES
    )


def _raised(mask: Array) -> int:
    return int(np.count_nonzero(np.diff(mask.astype(np.int8)) == 1) + mask[0])
