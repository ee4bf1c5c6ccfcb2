"""How a jump comes down: on the right back outside edge, or not quite.

Times count from the landing. Poses after the same sources as those of the take-offs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.rink.motion.jumping.habits import Habit, lift, possible
from training.rink.motion.jumping.takeoffs import AIR_TIGHT
from training.rink.motion.kinematics.pose import STAND, Pose, pose, varied
from training.rink.motion.phrase import AUTO, Contact, Fall, Phrase, Side

_RUN_OUT: tuple[tuple[float, Pose], ...] = (
    (-0.06, pose(AIR_TIGHT, left_hand=(0.36, -0.42, -0.14), left_foot=(0.22, -0.24, -0.88),
                 right_foot=(0.02, 0.05, -0.985), right_ankle=(40.0, 5.0), knee=16.0)),
    (0.0, pose(trunk=(7, 1), twist=-15.0, left_hand=(0.39, -0.54, -0.18),
               right_hand=(0.42, -0.08, -0.22), left_foot=(0.20, -0.32, -0.84), knee=22.0,
               right_foot=(0.0, 0.0, -0.97), left_ankle=(50.0, 30.0), lean=(-0.26, 0.0))),
    (0.08, pose(trunk=(20, -3), twist=-12.0, left_hand=(0.50, -0.62, -0.38),
                right_hand=(0.44, -0.48, -0.46), left_foot=(0.32, -0.38, -0.72), knee=46.0,
                left_ankle=(25.0, 30.0), lean=(-0.30, 0.0))),
    (0.16, pose(trunk=(36, -3), twist=-1.0, left_hand=(0.68, -0.10, -0.64),
                right_hand=(0.48, -0.66, -0.50), left_foot=(0.60, -0.18, -0.66), knee=58.0,
                left_ankle=(8.0, 30.0), lean=(-0.28, 0.0))),
    (0.28, pose(trunk=(42, -2), twist=8.0, left_hand=(0.48, 0.76, -0.30),
                right_hand=(0.54, -0.76, -0.40), left_foot=(0.60, 0.48, -0.58), knee=64.0,
                left_ankle=(5.0, 10.0), lean=(-0.18, 0.0))),
    (0.40, pose(trunk=(36, -9), twist=10.0, left_hand=(0.16, 0.97, 0.06),
                right_hand=(0.34, -0.90, -0.26), left_foot=(0.12, 0.80, -0.55), knee=68.0,
                left_ankle=(40.0, 20.0), lean=(-0.08, 0.0))),
    (0.60, pose(trunk=(24, -15), twist=7.0, left_hand=(-0.16, 0.96, 0.24),
                right_hand=(0.06, -0.99, -0.14), left_foot=(-0.58, 0.62, -0.46), knee=66.0,
                left_ankle=(50.0, 10.0))),
    (0.90, pose(trunk=(16, -18), twist=-2.0, left_hand=(-0.18, 0.96, 0.22),
                right_hand=(0.02, -0.99, -0.10), left_foot=(-0.76, 0.32, -0.50), knee=56.0,
                left_ankle=(50.0, 10.0))),
    (1.45, pose(trunk=(14, -12), left_hand=(0.10, 0.95, 0.05), right_hand=(0.10, -0.95, 0.02),
                left_foot=(-0.60, 0.20, -0.66), knee=40.0, left_ankle=(45.0, 20.0))),
)  # fmt: skip


_STUMBLE = pose(
    trunk=(34, 6), left_hand=(0.55, 0.70, -0.20), right_hand=(0.50, -0.80, -0.10),
    right_foot=(-0.25, -0.25, -0.80), knee=58.0,
)  # fmt: skip
_FALLEN = pose(
    pelvis=(-32, 14, 0), spine=(16, 4, 0), head=(6, 0, 0), left_hand=(-0.30, 0.55, -0.62),
    right_hand=(-0.45, -0.40, -0.70), left_foot=(0.80, 0.18, 0.05), right_foot=(0.88, -0.12, 0.02),
    left_ankle=(25, 25), right_ankle=(25, 25),
)  # fmt: skip
_KNEELING = pose(
    trunk=(40, 0), left_hand=(0.45, 0.20, -0.75), right_hand=(0.45, -0.20, -0.75), knee=116.0,
)  # fmt: skip
_BOTH: tuple[tuple[Side, float], ...] = (("left", 0.11), ("right", -0.11))
GETTING_UP_S = 2.6
"""Seconds by which a fall makes the phrase of a jump longer."""


@dataclass(frozen=True)
class Touchdown:
    """When and how a jump meets the ice."""

    at: float
    """Seconds of the phrase."""
    backward: float
    """Facing, in turns, in which the skater glides backward afterwards."""
    missing: float
    """Turns that the skater is short of it at the landing."""
    speed: float
    """Metres a second."""
    habit: Habit
    """How this skater lands."""

    def struck(self, described: Pose, rng: np.random.Generator) -> Pose:
        """A pose as this skater strikes it."""
        drawn = varied(described, rng)
        if self.habit.is_book:
            return drawn
        own = possible(drawn + self.habit.landing)
        lift("left_foot", own, 0.10)
        return own


def _touch(phrase: Phrase, touchdown: Touchdown, until: float) -> None:
    """The right skate from the toe pick to the edge, while the turning fades out."""
    landing, facing = touchdown.at, touchdown.backward
    turn_s = 0.10 + 0.30 * touchdown.missing
    phrase.facing += [
        (landing, facing - touchdown.missing, AUTO),
        (landing + turn_s, facing, AUTO),
    ]
    phrase.contacts.append(
        Contact("right", landing, until, blade=((0.0, facing),),
                pivot=((landing, 1.0), (landing + turn_s, 0.0)),
                heel=((landing - 0.05, 40.0), (landing, 28.0), (landing + 0.06, 0.0)))
    )  # fmt: skip


def run_out(phrase: Phrase, touchdown: Touchdown, rng: np.random.Generator) -> None:
    """A right back outside edge that is held: arms open, the free leg passes and stretches back."""
    landing, facing = touchdown.at, touchdown.backward
    _touch(phrase, touchdown, phrase.duration)
    phrase.facing += [
        (landing + 0.55, facing + 0.10, AUTO),
        (landing + 1.0, facing + 0.11, AUTO),
        (phrase.duration, facing, AUTO),
    ]
    phrase.poses += [(landing + t, touchdown.struck(p, rng)) for t, p in _RUN_OUT]


def step_out(phrase: Phrase, touchdown: Touchdown, rng: np.random.Generator) -> None:
    """The free foot comes down too early, and the skater turns forward on it."""
    facing = touchdown.backward
    step = touchdown.at + rng.uniform(0.22, 0.34)
    _touch(phrase, touchdown, step)
    phrase.facing += [(step + 0.35, facing + 0.5, AUTO), (phrase.duration, facing + 1.0, AUTO)]
    phrase.contacts += [
        Contact("left", step, step + 0.6, blade=((0.0, facing + 0.5),), push=0.1,
                pivot=((step - 0.05, 0.7), (step + 0.15, 0.0))),
        Contact("right", step + 0.6, phrase.duration, blade=((0.0, facing + 1.0),),
                pivot=((step + 0.55, 0.7), (step + 0.75, 0.0))),
    ]  # fmt: skip
    phrase.poses += [(touchdown.at + t, touchdown.struck(p, rng)) for t, p in _RUN_OUT if t < 0.12]
    phrase.poses += [
        (step + 0.15, varied(_STUMBLE, rng)),
        (step + 0.60, varied(pose(_STUMBLE, trunk=(18, 4), knee=44.0), rng)),
        (phrase.duration - 0.1, varied(STAND, rng)),
    ]


def fall(phrase: Phrase, touchdown: Touchdown, rng: np.random.Generator) -> None:
    """The edge slips away, the skater slides on the hip, and gets up again."""
    landing, facing = touchdown.at, touchdown.backward
    down = landing + rng.uniform(0.50, 0.65)
    up = down + rng.uniform(1.3, 1.7)
    stands = up + 0.9
    phrase.duration += GETTING_UP_S
    _touch(phrase, touchdown, landing + 0.20)
    slid = facing + rng.uniform(-0.1, 0.25)
    phrase.facing += [(down, slid, AUTO), (up, slid + 0.05, AUTO), (stands, facing + 0.5, AUTO)]
    phrase.path = [key for key in phrase.path if key[0] <= landing]
    phrase.path += [(down, 0.75 * touchdown.speed, 0.1), (up, 0.25, 0.0), (stands, 0.5, 0.0)]
    phrase.falls.append(Fall(landing + 0.06, down, up, stands - 0.1, height=0.17))
    phrase.contacts += [
        Contact(side, up + 0.25, phrase.duration, aside=aside, blade=((0.0, facing + 0.5),),
                pivot=((up, 1.0), (stands, 0.0)))
        for side, aside in _BOTH
    ]  # fmt: skip
    phrase.poses += [(landing + t, touchdown.struck(p, rng)) for t, p in _RUN_OUT if t < 0.05]
    phrase.poses += [
        (down, varied(_FALLEN, rng)),
        (up, varied(_FALLEN, rng)),
        (up + 0.45, varied(_KNEELING, rng)),
        (stands + 0.1, varied(STAND, rng)),
        (phrase.duration - 0.1, varied(STAND, rng)),
    ]
