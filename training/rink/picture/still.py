"""People who do not move: judges at their table, coaches at the boards, heads before the camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.rink.body import JOINT, JOINTS, Body
from training.rink.camera import HALF_LENGTH_M, HALF_WIDTH_M
from training.rink.performance import SUPPORT_BOTH, Motion
from training.rink.picture.skater.looks import Look, draw_look

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class StillPerson:
    """Somebody at a place, facing a way."""

    motion: Motion
    """A motion that stands still."""
    look: Look
    seated: bool
    defocus_m: float
    """Sigma of the blur at the person's distance, metres: the lens looks past who is close."""


def draw_still_people(
    rng: np.random.Generator, camera: Array, target: Array
) -> tuple[StillPerson, ...]:
    """Whoever stands around: each group is there in some clips only.

    Args:
        rng: Source of every choice.
        camera: `(3,)` where the camera is.
        target: `(2,)` what it looks at, for heads in its way.
    """
    people = []
    if rng.random() < 0.45:
        people += _judges(rng)
    for _ in range(int(rng.choice([0, 1, 2, 4], p=[0.4, 0.25, 0.2, 0.15]))):
        people.append(_at_the_boards(rng))
    if rng.random() < 0.1 and _off_the_ice(camera):
        people += [_in_the_way(rng, camera, target) for _ in range(int(rng.integers(1, 4)))]
    return tuple(people)


def draw_seats(rng: np.random.Generator) -> tuple[StillPerson, ...]:
    """A row that waits for the scores: skater, coaches, whoever sits beside them."""
    return tuple(_judges(rng))


def _off_the_ice(camera: Array) -> bool:
    return bool(abs(camera[0]) > HALF_LENGTH_M + 1.0 or abs(camera[1]) > HALF_WIDTH_M + 1.0)


def _judges(rng: np.random.Generator) -> list[StillPerson]:
    """A row at a long side, behind the boards, at ice level or a step up."""
    side, step = rng.choice((-1.0, 1.0)), rng.uniform(0.0, 0.35)
    first, away = rng.uniform(-9.0, 2.0), rng.uniform(0.9, 1.7)
    places = first + 0.95 * np.arange(int(rng.integers(3, 9)))
    return [
        _person(rng, (x, side * (HALF_WIDTH_M + away), step), -side * np.pi / 2, seated=True)
        for x in places
    ]


def _at_the_boards(rng: np.random.Generator) -> StillPerson:
    away = rng.uniform(0.4, 1.2)
    if rng.random() < 0.7:
        side = rng.choice((-1.0, 1.0))
        place = (rng.uniform(-20.0, 20.0), side * (HALF_WIDTH_M + away), 0.1)
        return _person(rng, place, -side * np.pi / 2, seated=False)
    side = rng.choice((-1.0, 1.0))
    place = (side * (HALF_LENGTH_M + away), rng.uniform(-6.0, 6.0), 0.1)
    return _person(rng, place, np.pi * (side > 0), seated=False)


def _in_the_way(rng: np.random.Generator, camera: Array, target: Array) -> StillPerson:
    """A spectator two to five metres before the lens, whose head reaches into the picture."""
    heading = np.arctan2(*(target - camera[:2])[::-1]) + rng.normal(0.0, 0.25)
    away = rng.uniform(2.0, 5.0)
    x, y = camera[:2] + away * np.array([np.cos(heading), np.sin(heading)])
    floor = camera[2] - 1.62 - away * rng.uniform(0.06, 0.3)
    return _person(
        rng, (x, y, floor), heading, seated=False, defocus_m=float(rng.uniform(0.0, 0.03))
    )


def _person(
    rng: np.random.Generator,
    place: tuple[float, float, float],
    facing: float,
    *,
    seated: bool,
    defocus_m: float = 0.0,
) -> StillPerson:
    body = Body.draw(rng)
    joints = _seated(body, rng) if seated else _standing(body, rng)
    turn = facing + rng.normal(0.0, 0.25)
    cos, sin = np.cos(turn), np.sin(turn)
    placed = joints @ np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]]) + place
    motion = Motion(
        times_s=np.arange(2.0),
        joints=np.repeat(placed[None], 2, axis=0).astype(np.float32),
        support=np.full(2, SUPPORT_BOTH, np.uint8),
        body=body,
    )
    look = draw_look(rng, body.sex, role="official")
    return StillPerson(motion=motion, look=look, seated=seated, defocus_m=defocus_m)


def _standing(body: Body, rng: np.random.Generator) -> Array:
    """Joints `(J, 3)` of a person who faces +x, feet on z = 0."""
    joints = np.zeros((len(JOINTS), 3))
    hip = body.ankle_height + 0.995 * body.leg
    _trunk_and_head(joints, body, np.array([0.0, 0.0, hip]), lean=rng.uniform(-0.03, 0.2))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        foot = np.array([rng.uniform(-0.08, 0.08), sign * (body.hip_width / 2 + 0.03), 0.0])
        _foot(joints, body, side, foot)
        _between(joints, side, ("hip", "knee", "ankle"), np.array([0.03, 0.0, 0.0]))
        _arm(joints, body, side, sign, raised=rng.uniform(0.0, 1.1), out=rng.uniform(0.05, 0.3))
    return joints


def _seated(body: Body, rng: np.random.Generator) -> Array:
    joints = np.zeros((len(JOINTS), 3))
    seat = body.ankle_height + 0.98 * body.shank
    _trunk_and_head(joints, body, np.array([0.0, 0.0, seat]), lean=rng.uniform(0.0, 0.35))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        foot = np.array([body.thigh, sign * (body.hip_width / 2 + 0.04), 0.0])
        _foot(joints, body, side, foot)
        joints[JOINT[f"{side}_knee"]] = foot + _up(seat)
        _arm(joints, body, side, sign, raised=rng.uniform(0.7, 1.2), out=0.12)
    return joints


def _trunk_and_head(joints: Array, body: Body, pelvis: Array, *, lean: float) -> None:
    neck = pelvis + body.trunk * np.array([np.sin(lean), 0.0, np.cos(lean)])
    skull = neck + 0.6 * body.head * np.array([np.sin(0.5 * lean), 0.0, np.cos(0.5 * lean)])
    joints[JOINT["pelvis"]], joints[JOINT["neck"]] = pelvis, neck
    joints[JOINT["head_top"]] = skull + _up(0.4 * body.head)
    joints[JOINT["nose"]] = skull + _ahead(0.1)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        joints[JOINT[f"{side}_eye"]] = skull + _ahead(0.08) + _left(0.03 * sign) + _up(0.03)
        joints[JOINT[f"{side}_ear"]] = skull + _left(0.075 * sign)
        joints[JOINT[f"{side}_shoulder"]] = neck + _left(sign * body.shoulder_width / 2)
        joints[JOINT[f"{side}_hip"]] = pelvis + _left(sign * body.hip_width / 2)


def _ahead(metres: float) -> Array:
    return np.array([metres, 0.0, 0.0])


def _left(metres: float) -> Array:
    return np.array([0.0, metres, 0.0])


def _up(metres: float) -> Array:
    return np.array([0.0, 0.0, metres])


def _foot(joints: Array, body: Body, side: str, foot: Array) -> None:
    joints[JOINT[f"{side}_ankle"]] = foot + _up(body.ankle_height)
    joints[JOINT[f"{side}_toe"]] = foot + _ahead(0.7 * body.blade)
    joints[JOINT[f"{side}_heel"]] = foot - _ahead(0.3 * body.blade)


def _between(joints: Array, side: str, chain: tuple[str, str, str], off: Array) -> None:
    first, middle, last = (JOINT[f"{side}_{name}"] for name in chain)
    joints[middle] = (joints[first] + joints[last]) / 2 + off


def _arm(joints: Array, body: Body, side: str, sign: float, *, raised: float, out: float) -> None:
    """An arm bent at the elbow; `raised` radians between the forearm and hanging down."""
    shoulder = joints[JOINT[f"{side}_shoulder"]]
    elbow = shoulder + body.upper_arm * np.array(
        [0.35 * np.sin(raised), sign * np.sin(out), -np.cos(0.36 * raised)]
    )
    forearm = np.array([np.sin(1.4 * raised), -0.25 * sign * np.sin(raised), -np.cos(1.4 * raised)])
    joints[JOINT[f"{side}_elbow"]] = elbow
    joints[JOINT[f"{side}_wrist"]] = elbow + body.forearm * forearm / np.linalg.norm(forearm)
