"""Skating on edges: strokes, turns on one foot, steps from foot to foot, twizzles and long poses.

An edge is a foot, a direction and a side of the blade; which way the path curves follows from the
three. Every function gives a phrase that begins and ends on the ice at speed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from training.rink.motion.kinematics.pose import CHANNELS, Pose, pose, swapped, varied
from training.rink.motion.kinematics.travel import GRAVITY
from training.rink.motion.phrase import AUTO, Contact, Phrase, Side

TurnKind = Literal["three", "bracket", "rocker", "counter"]


@dataclass(frozen=True)
class Edge:
    """What a skater glides on."""

    side: Side
    backward: bool
    outside: bool

    @property
    def curve(self) -> float:
        """1 if the path bends to the left of the travel, -1 to the right.

        The skater leans to the left on the left foot's outside and the right foot's inside edge;
        left of the skater is left of the travel when skating forward.
        """
        leans_left = (self.side == "left") == self.outside
        return 1.0 if leans_left != self.backward else -1.0

    @property
    def facing(self) -> float:
        """Turns from the direction of travel."""
        return 0.5 if self.backward else 0.0

    @property
    def other_side(self) -> Side:
        """The free foot."""
        return "right" if self.side == "left" else "left"

    def after(self, kind: TurnKind) -> Edge:
        """The edge on which a turn on one foot ends."""
        changes_edge = kind in ("three", "bracket")
        return replace(self, backward=not self.backward, outside=self.outside ^ changes_edge)


@dataclass(frozen=True)
class Flow:
    """How a stretch is skated."""

    speed: float
    """Metres a second."""
    lean: float
    """Tangent of the lean."""
    seconds: float
    """How long."""

    def curvature(self, edge: Edge) -> float:
        """Of the path on that edge, 1/m."""
        return self.bend(edge.curve)

    def bend(self, curve: float) -> float:
        """Curvature of the path that is bent to the left by 1 or to the right by -1, 1/m."""
        return curve * self.lean * GRAVITY / max(self.speed, _SLOW) ** 2

    def turned(self, curve: float) -> float:
        """Radians by which the path turns meanwhile; it takes time to bend it."""
        return 0.8 * self.bend(curve) * self.speed * self.seconds


_SLOW = 1.2
"""Speed in m/s below which lean no longer follows from the curve."""
_OVER_S = 0.16
"""Half the time in which a skater turns over while stepping from foot to foot."""

ARMS: tuple[tuple[tuple[float, float, float], tuple[float, float, float]], ...] = (
    ((0.10, 0.96, 0.05), (0.10, -0.96, 0.05)),
    ((0.15, 0.80, -0.45), (0.15, -0.80, -0.45)),
    ((0.66, 0.22, 0.02), (0.66, -0.22, 0.02)),
    ((0.05, 0.30, 0.92), (0.20, -0.92, 0.08)),
    ((0.12, 0.32, 0.90), (0.12, -0.32, 0.90)),
    ((0.86, 0.25, 0.12), (-0.50, -0.80, 0.08)),
    ((0.40, -0.28, -0.06), (0.42, 0.26, 0.02)),
    ((-0.30, 0.42, -0.80), (-0.30, -0.42, -0.80)),
    ((0.20, 0.92, 0.26), (0.42, 0.30, 0.16)),
    ((0.72, 0.10, 0.55), (-0.30, -0.60, -0.70)),
)
"""Arm positions (left hand, right hand) that choreography is made of."""

FREE_LEGS: dict[str, tuple[tuple[float, float, float], tuple[float, float]]] = {
    "behind": ((-0.58, -0.10, -0.74), (40, 20)),
    "front": ((0.50, -0.06, -0.80), (35, 10)),
    "side": ((0.02, -0.56, -0.76), (40, 15)),
    "attitude": ((-0.52, -0.22, -0.52), (50, 25)),
    "beside": ((0.02, -0.02, -0.93), (15, 8)),
    "crossed": ((-0.28, 0.16, -0.86), (40, 10)),
    "high": ((-0.88, -0.12, -0.34), (55, 20)),
    "passe": ((0.24, -0.10, -0.62), (50, 15)),
}
"""Where the free leg may be (ankle, and how the foot hangs) for a skater on the left foot."""


def glide_pose(
    side: Side,
    rng: np.random.Generator,
    *,
    free: str = "behind",
    arms: int = 0,
    trunk: tuple[float, float] = (8.0, 0.0),
    twist: float = 0.0,
    knee: float = 40.0,
) -> Pose:
    """A pose on one foot; `trunk`, `twist` and `free` as for the left one."""
    foot, ankle = FREE_LEGS[free]
    left, right = ARMS[arms]
    result = pose(
        trunk=trunk, twist=twist, left_hand=left, right_hand=right, right_foot=foot,
        right_ankle=ankle, knee=knee,
    )  # fmt: skip
    return varied(swapped(result) if side == "right" else result, rng)


def glide(
    edge: Edge,
    flow: Flow,
    shape: Pose,
    *,
    coming_from: float | None = None,
    push: float = 0.0,
    aside: float = 0.0,
) -> Phrase:
    """One edge held.

    Args:
        edge: Foot, direction and side of the blade.
        flow: Speed, lean and time.
        shape: The pose.
        coming_from: Turns of the skater at the begin; where they differ by half a turn from the
            edge's, the skater steps over from forward to backward, turning into the curve.
        push: How far the skate pushes at the end, metres outwards.
        aside: Where the skate is put, metres to the left of the travel.
    """
    seconds = flow.seconds
    start = edge.facing if coming_from is None else coming_from
    facing = edge.facing + float(np.round(start - edge.facing + 0.1 * edge.curve))
    return Phrase(
        seconds,
        poses=_held(shape, edge.side, seconds),
        path=[(0.4 * seconds, flow.speed, flow.curvature(edge))],
        facing=[
            (-_OVER_S, start, AUTO),
            (_OVER_S, facing, AUTO),
            (seconds - _OVER_S, facing, AUTO),
        ],
        contacts=[
            Contact(
                edge.side,
                0.0,
                seconds,
                blade=((0.0, facing),),
                push=push,
                aside=aside,
                pivot=((-0.05, 0.7), (0.10, 0.0)) if facing != start else (),
            )
        ],
    )


def _held(shape: Pose, side: Side, seconds: float) -> list[tuple[float, Pose]]:
    """A pose that is taken, held, and given up so that the free foot is ready for the ice."""
    gathered = shape.copy()
    for name, share in (("pelvis", 0.6), ("spine", 0.4)):
        gathered[CHANNELS[name]] *= 1.0 - share
    free = "right" if side == "left" else "left"
    (ahead, aside, down), ankle = FREE_LEGS["beside"]
    gathered[CHANNELS[f"{free}_foot"]] = (ahead, aside if side == "left" else -aside, down)
    gathered[CHANNELS[f"{free}_ankle"]] = ankle
    taken = min(0.45 * seconds, 0.4)
    keys = [(taken, shape), (seconds - 0.03, gathered)]
    if seconds - 0.45 > taken + 0.1:
        keys.insert(1, (seconds - 0.45, shape))
    return keys


def one_foot_turn(
    edge: Edge, kind: TurnKind, flow: Flow, poses: tuple[Pose, Pose], *, push: float = 0.0
) -> Phrase:
    """A turn from forward to backward, or back, on one foot, in the middle of the phrase.

    In a three-turn and a rocker the skater turns into the curve, in a bracket and a counter against
    it; rocker and counter go over into a curve to the other side.
    """
    seconds = flow.seconds
    after = edge.after(kind)
    into = 1.0 if kind in ("three", "rocker") else -1.0
    turned = 0.5 * into * edge.curve
    start, end = edge.facing, edge.facing + turned
    middle = 0.5 * seconds
    entry, exit_pose = poses
    rise = 0.5 * (entry + exit_pose)
    rise[CHANNELS["knee"]] = 18.0  # the knee stretches over the turn
    return Phrase(
        seconds,
        poses=[(0.15 * seconds, entry), (middle, rise), (0.85 * seconds, exit_pose)],
        path=[
            (0.25 * seconds, flow.speed, flow.curvature(edge)),
            (0.75 * seconds, 0.94 * flow.speed, flow.curvature(after)),
        ],
        facing=[
            (0.0, start, AUTO),
            (middle - 0.20, start + 0.06 * turned, AUTO),
            (middle + 0.14, start + 0.92 * turned, AUTO),
            (middle + 0.28, end, AUTO),
        ],
        contacts=[
            Contact(edge.side, 0.0, seconds, push=push,
                    blade=((middle - 0.08, start), (middle + 0.08, end)))
        ],
    )  # fmt: skip


def twizzle(edge: Edge, revolutions: int, flow: Flow, shape: Pose, *, direction: float) -> Phrase:
    """Quick turns on one foot that travel on: a whole number of them."""
    seconds, start = flow.seconds, edge.facing
    end = start + direction * revolutions
    ramp, first, last = 0.3, 0.12, seconds - 0.18
    rate = direction * revolutions / (last - first - ramp)
    return Phrase(
        seconds,
        poses=[(0.25, shape), (seconds - 0.25, shape)],
        path=[(0.5 * seconds, flow.speed, 0.4 * flow.curvature(edge))],
        facing=[
            (first, start, AUTO),
            (first + ramp, start + 0.5 * rate * ramp, rate),
            (last - ramp, end - 0.5 * rate * ramp, rate),
            (last, end, AUTO),
        ],
        contacts=[
            Contact(edge.side, 0.0, seconds, blade=((first + ramp, start), (last - ramp, end)),
                    pivot=((first, 0.0), (first + 0.1, 1.0), (last - 0.1, 1.0), (last, 0.0)))
        ],
    )  # fmt: skip


def two_feet(
    facings: tuple[float, float],
    body_facing: float,
    flow: Flow,
    shape: Pose,
    *,
    curve: float,
    stance: tuple[tuple[float, float], tuple[float, float]],
    coming_from: float,
) -> Phrase:
    """A glide on both feet: spread eagle, Ina Bauer, or simply side by side.

    Args:
        facings: Turns of the left and right blade against the travel.
        body_facing: Turns of the skater.
        flow: Speed, lean and time.
        shape: The pose; its legs follow the skates.
        curve: 1 bends left, -1 right, 0 straight.
        stance: (ahead, aside) of the left and right skate, metres in the direction of travel.
        coming_from: Turns at the begin.
    """
    seconds = flow.seconds
    offset = float(np.round(coming_from - body_facing))
    body_facing += offset
    sides: tuple[Side, Side] = ("left", "right")
    contacts = [
        Contact(
            side,
            0.05,
            seconds,
            blade=((0.0, facing + offset),),
            ahead=a,
            aside=b,
            pivot=((-0.05, 0.7), (0.2, 0.0)),
        )
        for side, facing, (a, b) in zip(sides, facings, stance, strict=True)
    ]
    return Phrase(
        seconds,
        poses=[(0.35, shape), (seconds - 0.3, shape)],
        path=[(0.5 * seconds, flow.speed, flow.bend(curve))],
        facing=[
            (-0.1, coming_from, AUTO),
            (0.3, body_facing, AUTO),
            (seconds - 0.1, body_facing, AUTO),
        ],
        contacts=contacts,
    )
