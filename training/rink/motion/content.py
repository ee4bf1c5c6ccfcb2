"""What a programme holds: its elements, drawn as often as in real programmes.

How many of each there are, and which, follows the protocols of 972 real programmes of the season
2016-17 (BuzzFeed News, CC BY 4.0); times in the air and between the jumps of a combination follow
the labels of 371 real short programmes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from training.rink.motion.clip import sequence_length
from training.rink.motion.combinations import AFTER_EULER, EULER, euler_of, jump_combination
from training.rink.motion.jumping.takeoffs import TAKEOFFS
from training.rink.motion.jumps import JumpPlan, jump, plan_jump
from training.rink.motion.phrase import Phrase
from training.rink.motion.positions import POSITIONS
from training.rink.motion.spins import COMBINATION, LAYBACK, SpinPlan, plan_spin, spin, way_s
from training.rink.motion.steps import sequence
from training.rink.performance import SIMULATION_HZ

Maker = Callable[[], Phrase]

_JUMPS: dict[tuple[str, int], int] = {
    ("Lutz", 3): 900, ("Axel", 2): 809, ("Flip", 3): 688, ("Axel", 3): 608, ("Loop", 3): 548,
    ("Salchow", 3): 337, ("Toeloop", 4): 319, ("Toeloop", 3): 190, ("Salchow", 4): 148,
    ("Lutz", 4): 54, ("Flip", 4): 37, ("Loop", 4): 20,
}  # fmt: skip
"""How often a jump stands first in an element; doubles and singles come with the levels below."""
_ANY_JUMP = 0.2
"""Share of jumps of any kind instead."""
_LEVELS = (0.2, 0.3, 0.5)
"""Skaters who turn two times less than those of the protocols, once less, and as often."""
_POPPED, _POPPED_AIR = 0.04, 0.8
"""Jumps that open too early, with fewer turns; their time in the air against a whole one's."""
_AIR_S = {1: (0.40, 0.54), 2: (0.50, 0.66), 3: (0.62, 0.82), 4: (0.68, 0.88)}
_FOLLOWS_AIR = 0.93

_EULERS, _THREE_JUMPS = 0.11, 0.12
"""Shares of the combinations: with an Euler, with three jumps otherwise."""
_FOLLOWERS = {"Toeloop": 0.85, "Loop": 0.15}

_SPINS = {
    COMBINATION: 0.40, "CamelSpin": 0.23, "SitSpin": 0.18, LAYBACK: 0.13, "UprightSpin": 0.06,
}  # fmt: skip
"""As in real programmes, but for more upright spins, which are all but gone from them."""
_ENTRIES = {
    COMBINATION: (0.20, 0.85), "CamelSpin": (0.65, 0.20), "SitSpin": (0.45, 0.40),
    "UprightSpin": (0.35, 0.0), LAYBACK: (0.0, 0.0),
}  # fmt: skip
"""How often a spin begins flying, and how often it changes the foot."""
_FLIGHT_S = {"CamelSpin": (0.30, 0.56), "SitSpin": (0.36, 0.60), "UprightSpin": (0.38, 0.56)}
_UPRIGHTS, _LAYBACKS = (0, 1), (2, 3, 4)
"""Places of both kinds of position, Biellmann's with the laybacks, among the class's positions."""
_LAYBACK_IN_COMBINATION = 0.15
_HOLDS_S = (1.4, 2.7)
"""How long each position of several is held: three turns of each count."""


def planned(rng: np.random.Generator, minutes: float, *, clean: bool) -> list[Maker]:
    """Makers of the elements in their order: a jump first, a spin or a sequence last."""
    level = 1 + int(rng.choice(3, p=_LEVELS))
    solo = [_solo(rng, level, clean=clean) for _ in range(max(1, round(1.1 * minutes)))]
    combined = [_combined(rng, level, clean=clean) for _ in range(max(1, round(0.65 * minutes)))]
    jumps = [*solo, *combined]
    others = [_spin(rng) for _ in range(max(1, round(0.85 * minutes)))]
    for _ in range(int(minutes >= 1.5) + int(minutes >= 3.5)):
        place = int(rng.integers(len(others) + 1))
        others.insert(place, partial(sequence, sequence_length(rng), rng))
    first = jumps.pop(int(rng.integers(len(jumps))))
    last, rest = others[-1], others[:-1]
    middle = [*jumps, *rest]
    order = rng.permutation(len(middle))
    return [first, *(middle[i] for i in order), last]


def _jump_plan(
    rng: np.random.Generator, level: int, *, clean: bool, kind: str | None = None, turns: int = 0
) -> JumpPlan:
    """A jump of this skater; drawn as in the protocols unless kind and turns are given."""
    if kind is None:
        names = list(_JUMPS)
        shares = np.array(list(_JUMPS.values()))
        kind, turns = names[int(rng.choice(len(names), p=shares / shares.sum()))]
        if rng.random() < _ANY_JUMP:
            kind = str(rng.choice(list(TAKEOFFS)))
            turns = int(rng.integers(2, 4 if kind == "Axel" else 5))
        turns = max(turns - (3 - level), 1)
    plan = plan_jump(kind, turns, rng, clean=clean)
    return replace(plan, air_s=_sampled(rng.uniform(*_AIR_S[turns])))


def _sampled(seconds: float) -> float:
    return round(seconds * SIMULATION_HZ) / SIMULATION_HZ


def _solo(rng: np.random.Generator, level: int, *, clean: bool) -> Maker:
    plan = _jump_plan(rng, level, clean=clean)
    if plan.turns > 1 and rng.random() < _POPPED and not clean:
        popped = _jump_plan(rng, level, clean=True, kind=plan.kind, turns=1)
        plan = replace(popped, air_s=_sampled(_POPPED_AIR * plan.air_s), tightness=0.1)
    return partial(jump, plan, rng)


def _combined(rng: np.random.Generator, level: int, *, clean: bool) -> Maker:
    draw = rng.random()
    if draw < _EULERS:
        kinds = [EULER, AFTER_EULER[int(rng.random() < 0.15)]]
    else:
        count = 2 if draw < _EULERS + _THREE_JUMPS else 1
        kinds = [
            str(rng.choice(list(_FOLLOWERS), p=list(_FOLLOWERS.values()))) for _ in range(count)
        ]
    plans = [_jump_plan(rng, level, clean=True)]
    for place, kind in enumerate(kinds):
        last = place == len(kinds) - 1
        plans.append(_follower(rng, level, kind, clean=clean or not last))
    return partial(jump_combination, plans, rng)


def _follower(rng: np.random.Generator, level: int, kind: str, *, clean: bool) -> JumpPlan:
    if kind == EULER:
        return euler_of(plan_jump("Loop", 1, rng, clean=True), rng)
    turns = max(level - int(rng.random() < 0.4), 1)
    plan = _jump_plan(rng, level, clean=clean, kind=kind, turns=turns)
    return replace(plan, air_s=_sampled(_FOLLOWS_AIR * plan.air_s))


def _spin(rng: np.random.Generator) -> Maker:
    kind = str(rng.choice(list(_SPINS), p=list(_SPINS.values())))
    flies, changes = (bool(rng.random() < share) for share in _ENTRIES[kind])
    plan = _combination_spin(rng, changes=changes) if kind == COMBINATION else _held(kind, rng)
    if changes and kind != COMBINATION:
        since = 0.7 + rng.uniform(*_HOLDS_S)
        again = (plan.first, _held(kind, rng).position, since)
        hold_s = since + way_s(0, 0) + 1.0 + rng.uniform(*_HOLDS_S)
        plan = replace(plan, then=(again,), changes=0, hold_s=hold_s)
    if flies and plan.first in _FLIGHT_S:
        plan = replace(
            plan,
            air_s=rng.uniform(*_FLIGHT_S[plan.first]),
            side="left" if plan.first == "SitSpin" and rng.random() < 0.5 else "right",
        )
    elif plan.changes is not None:
        plan = replace(plan, side="left")
    return partial(spin, plan, rng)


def _held(label: str, rng: np.random.Generator) -> SpinPlan:
    """A spin in one position; upright ones and laybacks are told apart, unlike in the classes."""
    if label not in ("UprightSpin", LAYBACK):
        return plan_spin(label, rng)
    places = _UPRIGHTS if label == "UprightSpin" else _LAYBACKS
    choices = [POSITIONS["UprightSpin"][place] for place in places]
    shares = np.array([share for share, _ in choices])
    position = choices[rng.choice(len(choices), p=shares / shares.sum())][1]
    plan = plan_spin("UprightSpin", rng)
    return replace(plan, first=label, position=position, rate=rng.uniform(*position.rates))


def _combination_spin(rng: np.random.Generator, *, changes: bool) -> SpinPlan:
    """A spin of two or three basic positions, two to four holds in all."""
    labels = _holds(rng, feet=2 if changes else 1)
    plans = [[_held(label, rng) for label in held] for held in labels]
    first, *others = [plan for held in plans for plan in held]
    changed = len(plans[0]) - 1 if changes else None
    begins, then = 0.0, []
    for place, plan in enumerate(others):
        begins += rng.uniform(*_HOLDS_S)
        then.append((plan.first, plan.position, begins))
        begins += way_s(place, changed)
    rate = min(first.rate, *(plan.position.rates[1] for plan in others))
    hold_s = begins + 0.3 + rng.uniform(*_HOLDS_S)
    return replace(first, hold_s=hold_s, rate=rate, then=tuple(then), changes=changed)


def _holds(rng: np.random.Generator, *, feet: int) -> list[list[str]]:
    """Positions on each foot, at least two different ones in all."""
    basic = ["CamelSpin", "SitSpin", "UprightSpin"]  # mostly in this order
    while True:
        least, most = (1, 3) if feet > 1 else (2, 4)
        counts = rng.integers(least, most, feet).tolist()
        held = []
        for count in counts:
            chosen: Sequence[str] = [str(name) for name in rng.permutation(basic)[:count]]
            if rng.random() < 0.6:
                chosen = sorted(chosen, key=basic.index)
            held.append([_upright_kind(name, rng) for name in chosen])
        if len({name for names in held for name in names}) > 1:
            return held


def _upright_kind(name: str, rng: np.random.Generator) -> str:
    layback = name == "UprightSpin" and rng.random() < _LAYBACK_IN_COMBINATION
    return LAYBACK if layback else name
