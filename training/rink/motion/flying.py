"""Flying entries: a jump off a left forward outside edge whose landing is already the spin.

A flying camel lands on the right foot, a flying sit or upright spin on either. Written for a skater
who turns left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.rink.motion.kinematics.pose import STAND, Pose, pose, varied
from training.rink.motion.phrase import AUTO, Contact, Phrase, Side
from training.rink.performance import SIMULATION_HZ

FLIGHT_RATE = 1.2
"""Revolutions a second in the air, about."""
_LANDS_S = 0.10
"""Before the skater is centred."""


@dataclass(frozen=True)
class Flight:
    """What an entry leads to."""

    centred: float
    """Seconds of the phrase at which the skater is centred."""
    air_s: float
    """Time in the air."""
    side: Side
    """The foot that is landed and spun on."""
    label: str
    """Class of the position."""
    until: float
    """When that foot leaves the ice again."""


_WIND_UP = pose(
    trunk=(16, 2), twist=-26.0, left_hand=(0.75, -0.20, -0.10), right_hand=(-0.50, -0.78, 0.05),
    left_foot=(-0.10, 0.10, -0.88), knee=44.0,
)  # fmt: skip
_STEP_IN = pose(
    trunk=(24, 4), twist=-16.0, left_hand=(0.55, 0.72, -0.05), right_hand=(-0.40, -0.85, 0.05),
    right_foot=(-0.70, -0.30, -0.48), right_ankle=(45, 20), knee=66.0,
)  # fmt: skip
_SWING = pose(
    trunk=(22, 4), twist=2.0, left_hand=(0.40, 0.86, -0.08), right_hand=(0.15, -0.92, -0.02),
    right_foot=(0.05, -0.82, -0.42), right_ankle=(40, 20), knee=58.0,
)  # fmt: skip
_OFF = pose(
    trunk=(18, 2), twist=6.0, left_hand=(0.30, 0.92, 0.10), right_hand=(0.35, -0.88, 0.08),
    right_foot=(0.42, -0.66, -0.36), left_foot=(0.0, 0.03, -0.96), left_ankle=(45, 5),
    right_ankle=(45, 15), knee=26.0,
)  # fmt: skip

_LEVEL = pose(
    pelvis=(50, 0, 0), spine=(10, 0, 0), head=(-36, 0, 0), left_hand=(0.15, 0.96, 0.05),
    right_hand=(0.15, -0.96, 0.05), left_foot=(-0.76, 0.34, -0.26), left_ankle=(55, 25),
    right_foot=(-0.05, -0.52, -0.72), right_ankle=(45, 10),
)  # fmt: skip
_LEVEL_LANDED = pose(
    _LEVEL, pelvis=(60, 0, 0), left_foot=(-0.98, 0.08, -0.02), right_foot=(0.04, 0.0, -0.95),
    right_ankle=(40, 5), knee=34.0,
)  # fmt: skip
_TUCKED = pose(
    trunk=(36, 0), left_hand=(0.70, 0.30, -0.35), right_hand=(0.70, -0.30, -0.35),
    left_foot=(-0.22, 0.08, -0.68), right_foot=(0.80, -0.14, -0.32), left_ankle=(35, 10),
    right_ankle=(40, 20), knees=(10, 15),
)  # fmt: skip
_TUCKED_LANDED = pose(
    _TUCKED, left_foot=(0.02, 0.0, -0.93), right_foot=(0.88, -0.10, -0.28), knee=52.0
)
_CHANGED = pose(
    trunk=(28, 0), left_hand=(0.55, 0.55, -0.20), right_hand=(0.55, -0.55, -0.20),
    left_foot=(-0.30, 0.52, -0.50), right_foot=(0.12, -0.24, -0.78), left_ankle=(40, 20),
    right_ankle=(40, 10),
)  # fmt: skip
_CHANGED_LANDED = pose(
    _CHANGED, left_foot=(0.40, 0.52, -0.50), right_foot=(0.03, 0.0, -0.94), knee=46.0
)


def fly_in(phrase: Phrase, flight: Flight, rng: np.random.Generator) -> float:
    """Keys from the backward glide to the landing; returns the turns there."""
    landing, takeoff = (
        round(t * SIMULATION_HZ) / SIMULATION_HZ
        for t in (flight.centred - _LANDS_S, flight.centred - _LANDS_S - flight.air_s)
    )
    step = takeoff - rng.uniform(0.50, 0.60)
    phrase.flights.append((takeoff, landing))
    _write_path(phrase, takeoff, landing, rng)
    turns = 1.14 + FLIGHT_RATE * (landing - takeoff)
    phrase.facing += [
        (0.0, 0.5, AUTO),
        (step - 0.22, 0.56, AUTO),
        (step + 0.14, 0.98, AUTO),
        (takeoff - 0.20, 1.01, AUTO),
        (takeoff, 1.14, AUTO),
        (landing, turns, AUTO),
    ]
    phrase.contacts += [
        Contact("right", 0.0, step, push=0.22),
        Contact("left", step, takeoff, blade=((0.0, 1.0),),
                pivot=((takeoff - 0.17, 0.0), (takeoff - 0.05, 1.0)),
                heel=((takeoff - 0.10, 0.0), (takeoff, 32.0), (takeoff + 0.1, 50.0))),
        Contact(flight.side, landing, flight.until, blade=((0.0, 0.0),), pivot=((0.0, 1.0),),
                heel=((landing - 0.05, 40.0), (landing, 28.0), (landing + 0.08, 0.0))),
    ]  # fmt: skip
    in_air, landed = _shapes(flight)
    phrase.poses += [
        (0.05, varied(STAND, rng)),
        (step - 0.30, varied(_WIND_UP, rng)),
        (takeoff - 0.36, varied(_STEP_IN, rng)),
        (takeoff - 0.14, varied(_SWING, rng)),
        (takeoff, varied(_OFF, rng)),
        (0.45 * takeoff + 0.55 * landing, varied(in_air, rng)),
        (landing, varied(landed, rng, 0.6)),
    ]
    return turns


def _write_path(phrase: Phrase, takeoff: float, landing: float, rng: np.random.Generator) -> None:
    entry, over = rng.uniform(2.4, 3.4), rng.uniform(0.7, 1.2)
    phrase.path += [
        (0.0, entry, 0.15),
        (takeoff - 0.60, entry, 0.22),
        (takeoff - 0.22, 0.8 * entry, 0.34),
        (takeoff - 0.02, over, 0.0),
        (landing, over, 0.0),
        (landing + 0.25, 0.4 * over, 0.6),
    ]


def _shapes(flight: Flight) -> tuple[Pose, Pose]:
    """In the air, and landed."""
    if flight.label == "CamelSpin":
        return _LEVEL, _LEVEL_LANDED
    return (_TUCKED, _TUCKED_LANDED) if flight.side == "left" else (_CHANGED, _CHANGED_LANDED)
