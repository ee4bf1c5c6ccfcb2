"""Jump combinations: every jump leaves from the edge on which the one before was landed.

They have no class of their own among the 28; programmes are full of them. An Euler is landed on the
left back inside edge, from which Salchow and flip leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from training.rink.motion.jumping.takeoffs import TAKEOFFS
from training.rink.motion.jumps import JumpPlan, jump
from training.rink.motion.kinematics.pose import pose, varied
from training.rink.motion.kinematics.travel import GRAVITY
from training.rink.motion.phrase import Contact, Phrase
from training.rink.performance import SIMULATION_HZ

FOLLOWERS = ("Toeloop", "Loop")
"""Jumps that leave from a right back outside edge, on which every jump but an Euler is landed."""
AFTER_EULER = ("Salchow", "Flip")
"""Jumps that leave from a left back inside edge, on which an Euler is landed."""
EULER = "Euler"
"""Kind and label of a jump that joins two others; a Loop's take-off, hardly off the ice."""

_OWN_S = 0.38
"""From here to the take-off the following jump says what is done."""
_RUN_OUT_S = 0.30
"""So long after the landing, at most, the jump before still does."""
_GAP_S, _GAPS_S = (0.79, 0.11), (0.48, 1.10)
"""From landing to take-off, mean and deviation, least and most: as in 371 real programmes."""
_EULER_GAPS_S, _EULER_AIR_S = (0.48, 0.75), (0.26, 0.38)

_EULER_AIR = pose(
    trunk=(6, 0), twist=-6.0, left_hand=(0.45, 0.50, -0.25), right_hand=(0.45, -0.50, -0.25),
    left_foot=(0.05, 0.02, -0.95), right_foot=(-0.16, -0.10, -0.90), left_ankle=(45, 5),
    right_ankle=(45, 10), lean=(-0.12, 0.0),
)  # fmt: skip
_EULER_LANDED = pose(
    trunk=(20, 4), twist=-8.0, left_hand=(0.70, 0.40, -0.25), right_hand=(0.05, -0.90, -0.20),
    right_foot=(-0.58, -0.24, -0.66), right_ankle=(45, 20), knee=48.0,
)  # fmt: skip


def jump_combination(plans: Sequence[JumpPlan], rng: np.random.Generator) -> Phrase:
    """Two jumps or more, each from the landing of the one before; one mark a jump.

    Args:
        plans: The first of any kind but `EULER`, the others of `FOLLOWERS` and `EULER`, after it of
            `AFTER_EULER`; all but the last without a fall or a step-out.
        rng: Source of every choice.

    Raises:
        ValueError: A jump cannot follow another one.
    """
    phrase = jump(plans[0], rng)
    for before, plan in pairwise(plans):
        kinds = AFTER_EULER if before.kind == EULER else (*FOLLOWERS, EULER)
        if plan.kind not in kinds or before.flaws & {"fell", "stepped_out"}:
            raise ValueError(f"{plan.turns}{plan.kind} cannot follow {before.turns}{before.kind}")
        slowed = replace(plan, speed=0.86 * before.speed)
        second = _euler(slowed, rng) if plan.kind == EULER else jump(slowed, rng)
        phrase = _followed(phrase, before, slowed, second, rng)
    return phrase


def euler_of(plan: JumpPlan, rng: np.random.Generator) -> JumpPlan:
    """The plan of an Euler, from that of a single Loop."""
    air_s = round(rng.uniform(*_EULER_AIR_S) * SIMULATION_HZ) / SIMULATION_HZ
    return replace(plan, kind=EULER, air_s=air_s, tightness=0.0, flaws=frozenset())


def _euler(plan: JumpPlan, rng: np.random.Generator) -> Phrase:
    """A Loop's take-off, a hop with open arms, a landing on the left back inside edge."""
    phrase = jump(replace(plan, kind="Loop"), rng)
    ((takeoff, landing),) = phrase.flights
    (mark,) = phrase.marks
    return replace(
        phrase,
        marks=[replace(mark, label=EULER)],
        poses=[key for key in phrase.poses if key[0] < takeoff + 1e-6]
        + [(0.5 * (takeoff + landing), varied(_EULER_AIR, rng))]
        + [(landing + 0.02, varied(_EULER_AIR, rng, 0.5))]
        + [(landing + 0.20, varied(_EULER_LANDED, rng))],
        contacts=[
            replace(c, side="left") if abs(c.start - landing) < 1e-6 else c for c in phrase.contacts
        ],
    )


def _followed(
    first: Phrase, before: JumpPlan, plan: JumpPlan, second: Phrase, rng: np.random.Generator
) -> Phrase:
    """One phrase of two jumps: the first up to its landing, the second from its take-off on."""
    landing = first.flights[-1][1]
    gap = round(_gap_s(before, rng) * SIMULATION_HZ) / SIMULATION_HZ
    takeoff = landing + gap
    backward = _backward(first)
    second = second.moved(takeoff - second.flights[0][0], backward - 0.5)
    own = takeoff - min(_OWN_S, gap - 0.08)
    edge = plan.lean * GRAVITY / before.speed**2
    contacts = [c for c in first.contacts if c.start < landing - 1e-6]
    (touch,) = (c for c in first.contacts if abs(c.start - landing) < 1e-6)
    own_contacts = [c for c in second.contacts if c.start > takeoff - _OWN_S]
    return replace(
        first,
        duration=second.duration,
        poses=[key for key in first.poses if key[0] < min(landing + _RUN_OUT_S, own - 0.05)]
        + [key for key in second.poses if key[0] >= own],
        path=[key for key in first.path if key[0] <= landing + 1e-6]
        + [(takeoff - 0.16, 0.86 * before.speed, edge)]
        + [key for key in second.path if key[0] > takeoff - 0.1],
        facing=[key for key in first.facing if key[0] <= landing + 1e-6]
        + [key for key in first.facing if landing < key[0] < takeoff - 0.3][:1]
        + [key for key in second.facing if key[0] > takeoff - 0.42],
        contacts=[*contacts, *_edge(touch, plan, own_contacts, second)],
        flights=[*first.flights, *second.flights],
        falls=second.falls,
        marks=[*first.marks, *second.marks],
    )


def _gap_s(before: JumpPlan, rng: np.random.Generator) -> float:
    if before.kind == EULER:
        return float(rng.uniform(*_EULER_GAPS_S))
    return float(np.clip(rng.normal(*_GAP_S), *_GAPS_S))


def _backward(phrase: Phrase) -> float:
    """Facing in which the skater glides backward after the last landing."""
    landing = phrase.flights[-1][1]
    return next(turns for time, turns, _ in phrase.facing if time > landing + 1e-6)


def _edge(touch: Contact, plan: JumpPlan, own: Sequence[Contact], second: Phrase) -> list[Contact]:
    """The landing edge, from which the next jump leaves, and what follows it."""
    takeoff = second.flights[0][0]
    if plan.kind != EULER and TAKEOFFS[plan.kind].picks:
        return [replace(touch, end=takeoff - 0.30, push=0.28), *own]
    (leaving,) = (c for c in second.contacts if abs(c.end - takeoff) < 1e-6)
    after = [c for c in own if c.start >= takeoff]
    pivot, heel = (*touch.pivot, *leaving.pivot), (*touch.heel, *leaving.heel)
    return [replace(touch, end=takeoff, pivot=pivot, heel=heel), *after]
