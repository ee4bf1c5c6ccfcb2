"""Elements of several parts: jumps landed and left on one edge, spins of several positions.

None of them has a class of its own among the 28; programmes are full of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from training.rink.motion.jumps import JumpPlan, jump
from training.rink.motion.kinematics.travel import GRAVITY
from training.rink.motion.phrase import Contact, Phrase
from training.rink.motion.takeoffs import TAKEOFFS
from training.rink.performance import SIMULATION_HZ

FOLLOWERS = ("Toeloop", "Loop")
"""Jumps that leave from a right back outside edge, on which every jump is landed."""

_OWN_S = 0.38
"""From here to the take-off the following jump says what is done."""
_RUN_OUT_S = 0.17
"""So long after the landing the jump before still does."""
_GAPS_S = (0.46, 0.80)
"""From landing to take-off; real ones are mostly under a second."""


def jump_combination(plans: Sequence[JumpPlan], rng: np.random.Generator) -> Phrase:
    """Two or three jumps, each from the landing of the one before; one mark a jump.

    Args:
        plans: The first of any kind, the others of `FOLLOWERS`; all but the last without a fall or
            a step-out.
        rng: Source of every choice.

    Raises:
        ValueError: A jump cannot follow another one.
    """
    phrase = jump(plans[0], rng)
    for before, plan in pairwise(plans):
        if plan.kind not in FOLLOWERS or before.flaws & {"fell", "stepped_out"}:
            raise ValueError(f"{plan.turns}{plan.kind} cannot follow {before.turns}{before.kind}")
        slowed = replace(plan, speed=0.82 * before.speed)
        phrase = _followed(phrase, before, slowed, jump(slowed, rng), rng)
    return phrase


def _followed(
    first: Phrase, before: JumpPlan, plan: JumpPlan, second: Phrase, rng: np.random.Generator
) -> Phrase:
    """One phrase of two jumps: the first up to its landing, the second from its take-off on."""
    landing = first.flights[-1][1]
    gap = round(rng.uniform(*_GAPS_S) * SIMULATION_HZ) / SIMULATION_HZ
    takeoff = landing + gap
    backward = _backward(first)
    second = second.moved(takeoff - second.flights[0][0], backward - 0.5)
    own = takeoff - min(_OWN_S, gap - 0.08)
    edge = plan.lean * GRAVITY / before.speed**2
    contacts = [c for c in first.contacts if c.start < landing - 1e-6]
    (touch,) = (c for c in first.contacts if c.side == "right" and abs(c.start - landing) < 1e-6)
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


def _backward(phrase: Phrase) -> float:
    """Facing in which the skater glides backward after the last landing."""
    landing = phrase.flights[-1][1]
    return next(turns for time, turns, _ in phrase.facing if time > landing + 1e-6)


def _edge(touch: Contact, plan: JumpPlan, own: Sequence[Contact], second: Phrase) -> list[Contact]:
    """The landing edge, from which the next jump leaves, and what follows it."""
    takeoff = second.flights[0][0]
    if TAKEOFFS[plan.kind].picks:
        return [replace(touch, end=takeoff - 0.30, push=0.28), *own]
    (leaving,) = (c for c in second.contacts if c.side == "right" and abs(c.end - takeoff) < 1e-6)
    after = [c for c in own if c.start >= takeoff]
    pivot, heel = (*touch.pivot, *leaving.pivot), (*touch.heel, *leaving.heel)
    return [replace(touch, end=takeoff, pivot=pivot, heel=heel), *after]
