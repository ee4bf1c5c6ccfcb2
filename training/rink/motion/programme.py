"""Whole programmes: elements joined by skating, within the boards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from training.rink.body import MIRRORED_JOINTS, Body
from training.rink.motion.clip import LEFT_HANDED, sequence_length, spin_revolutions
from training.rink.motion.combinations import FOLLOWERS, jump_combination
from training.rink.motion.gliding import bow, crossovers, faced, stop, stroking
from training.rink.motion.jumps import JumpPlan, jump, plan_jump
from training.rink.motion.kinematics.solve import Solution, solve
from training.rink.motion.kinematics.travel import path_over_ice
from training.rink.motion.phrase import Mark, Phrase, joined
from training.rink.motion.spins import (
    COMBINATION,
    LAYBACK,
    plan_combination_spin,
    plan_layback,
    plan_spin,
    spin,
)
from training.rink.motion.steps import sequence
from training.rink.motion.takeoffs import TAKEOFFS
from training.rink.performance import (
    RINK_LENGTH_M,
    RINK_WIDTH_M,
    SIMULATION_HZ,
    Program,
    ProgramElement,
    swapped_support,
)

_EDGE = np.array([RINK_LENGTH_M, RINK_WIDTH_M]) / 2.0 - 0.2
_ROOM = _EDGE - 1.6
"""Where the centre of mass may be: arms and lean take the rest."""
_CANDIDATES, _STEPS, _ATTEMPTS = 16, 400, 8
_PIECE_S = 3.2
_ONE_ELEMENT_S = 1.0
"""Between landing and take-off of two jumps of one combination, at most."""
_BOW_S, _STOP_S = 2.5, 3.5
_AHEAD_M = 5.0
"""Room that a skater wants in front after every stretch."""
_OPEN_PHRASES, _CONTEXT_PHRASES = 4, 4
_PATH_HZ = 20.0

KINDS = tuple(TAKEOFFS)
"""The six jumps."""
_THREE_JUMPS = 0.2
"""Share of the combinations that have three jumps."""
_SPIN_SHARES = {
    COMBINATION: 0.40, "CamelSpin": 0.23, "SitSpin": 0.18, LAYBACK: 0.13, "UprightSpin": 0.06,
}  # fmt: skip
"""As in real programmes, but for more upright spins, which are all but gone from them."""

Maker = Callable[[], Phrase]


@dataclass(frozen=True)
class _Route:
    """The phrases so far, and where they lead on the rink.

    How a curve runs through a key depends on the keys around it. So the way is only known up to the
    last phrases, the open ones, and following it from there takes a few of the phrases before.
    """

    place: np.ndarray
    """`(2,)`, where the open phrases begin."""
    heading: float
    """Radians, which way they set out."""
    phrases: tuple[Phrase, ...] = ()
    """All so far."""
    settled: int = 0
    """How many of them are not open."""
    seconds: float = 0.0
    elements: int = 0
    """How many elements are done."""

    @property
    def facing(self) -> float:
        """Turns of the skater at the end, 0 or 0.5."""
        return self.phrases[-1].end_facing % 1.0

    def outside(self, more: Sequence[Phrase]) -> float:
        """How many metres some more phrases would lead off the rink, room ahead counted; or 0."""
        path, heading = self._path(more)
        ahead = path[-1] + _AHEAD_M * np.array([np.cos(heading[-1]), np.sin(heading[-1])])
        return float(np.maximum(np.abs(np.vstack([path, ahead])) - _ROOM, 0.0).max())

    def grown(self, more: Sequence[Phrase]) -> _Route:
        """The route with some more phrases."""
        phrases = (*self.phrases, *more)
        settled = max(len(phrases) - _OPEN_PHRASES, self.settled)
        path, heading = self._path(more)
        first = round(_seconds(phrases[self.settled : settled]) * _PATH_HZ)
        return _Route(
            path[first],
            float(heading[first]),
            phrases,
            settled,
            self.seconds + _seconds(more),
            self.elements + any(phrase.marks for phrase in more),
        )

    def _path(self, more: Sequence[Phrase]) -> tuple[np.ndarray, np.ndarray]:
        """From the begin of the open phrases on: positions on the rink and headings."""
        context = self.phrases[max(self.settled - _CONTEXT_PHRASES, 0) : self.settled]
        path, heading = path_over_ice(
            joined([*context, *self.phrases[self.settled :], *more]), rate_hz=_PATH_HZ
        )
        first = round(_seconds(context) * _PATH_HZ)
        turned = self.heading - heading[first]
        cosine, sine = np.cos(turned), np.sin(turned)
        turn = np.array([[cosine, -sine], [sine, cosine]])
        return (path[first:] - path[first]) @ turn.T + self.place, heading[first:] + turned


def _seconds(phrases: Sequence[Phrase]) -> float:
    return sum(phrase.duration for phrase in phrases)


def program(
    rng: np.random.Generator,
    minutes: float,
    *,
    body: Body | None = None,
    mirrored: bool | None = None,
    clean: bool = False,
) -> Program:
    """A programme of about `minutes`: elements joined by skating, with their truth.

    Args:
        rng: Source of every choice.
        minutes: Length, from 1 to 6.
        body: The skater; drawn when absent.
        mirrored: True turns clockwise, False counter-clockwise; drawn when absent.
        clean: No falls, step-outs, tilts or missing rotation.

    Raises:
        ValueError: `minutes` is out of range.
    """
    if not 1.0 <= minutes <= 6.0:
        raise ValueError(f"minutes: expected 1 to 6, got {minutes:g}")
    body = Body.draw(rng) if body is None else body
    mirrored = bool(rng.random() < LEFT_HANDED) if mirrored is None else mirrored
    for _ in range(_ATTEMPTS):
        place = (rng.random(2) - 0.5) * np.array([12.0, 8.0])
        heading = float(rng.uniform(0.0, 2.0 * np.pi))
        phrases = _skate(_Route(place, heading), rng, 60.0 * minutes, clean=clean)
        if phrases is None:
            continue
        phrase = joined(phrases).enlivened(rng)
        solution = solve(phrase, body)
        joints = _turned(solution.joints, place, heading)
        if (np.abs(joints[..., :2]).max(axis=(0, 1)) < _EDGE).all():
            return _performed(phrase, solution, joints, body, mirrored)
    raise RuntimeError(f"no programme of {minutes:g} min found that stays on the rink")


def _skate(
    start: _Route, rng: np.random.Generator, seconds: float, *, clean: bool
) -> list[Phrase] | None:
    """Phrases of a programme; None where the skater ends in a corner time and again."""
    makers = _planned(rng, seconds / 60.0, clean=clean)
    lengths = np.array([make().duration for make in makers])
    gap = max(seconds - _BOW_S - _STOP_S - lengths.sum(), 0.0) / len(makers)
    begins = _BOW_S + np.cumsum(lengths) - lengths + gap * np.arange(1, len(makers) + 1)
    trail = [start.grown([bow(_BOW_S, rng)])]
    for _ in range(_STEPS):
        route = trail[-1]
        done = route.elements == len(makers)
        if done:
            make: Maker | None = partial(stop, _STOP_S, rng)
        elif route.seconds + 1.5 * _PIECE_S > begins[route.elements]:
            make = makers[route.elements]
        else:
            make = None
        phrases = _drawn(route, rng, make)
        if phrases is None:  # no way on from here: go back a little and take another
            del trail[max(len(trail) - int(rng.integers(1, 4)), 1) :]
            continue
        trail.append(route.grown(phrases))
        if done:
            return list(trail[-1].phrases)
    return None


def _planned(rng: np.random.Generator, minutes: float, *, clean: bool) -> list[Maker]:
    """Makers of the elements in their order.

    How many of each there are, and which, follows the protocols of 972 real programmes of the
    season 2016-17 (BuzzFeed News, CC BY 4.0).
    """
    level = int(rng.integers(1, 4))
    solo = [partial(_solo, rng, level, clean=clean) for _ in range(max(1, round(1.1 * minutes)))]
    combined = [partial(_combined, rng, level) for _ in range(max(1, round(0.65 * minutes)))]
    jumps = [make() for make in (*solo, *combined)]
    others = [_spin(rng) for _ in range(max(1, round(0.85 * minutes)))]
    for _ in range(int(minutes >= 1.5) + int(minutes >= 3.5)):
        place = int(rng.integers(len(others) + 1))
        others.insert(place, partial(sequence, sequence_length(rng), rng))
    first = jumps.pop(int(rng.integers(len(jumps))))
    last, rest = others[-1], others[:-1]
    middle = [*jumps, *rest]
    order = rng.permutation(len(middle))
    return [first, *(middle[i] for i in order), last]


def _plan_of(
    rng: np.random.Generator, level: int, kinds: Sequence[str], *, clean: bool
) -> JumpPlan:
    kind = kinds[int(rng.integers(len(kinds)))]
    turns = min(level + int(rng.integers(2)), 3 if kind == "Axel" else 4)
    return plan_jump(kind, turns, rng, clean=clean)


def _solo(rng: np.random.Generator, level: int, *, clean: bool) -> Maker:
    return partial(jump, _plan_of(rng, level, KINDS, clean=clean), rng)


def _combined(rng: np.random.Generator, level: int) -> Maker:
    count = 3 if rng.random() < _THREE_JUMPS else 2
    plans = [_plan_of(rng, level, KINDS, clean=True)]
    plans += [_plan_of(rng, max(level - 1, 1), FOLLOWERS, clean=True) for _ in range(count - 1)]
    return partial(jump_combination, plans, rng)


def _spin(rng: np.random.Generator) -> Maker:
    kinds, shares = zip(*_SPIN_SHARES.items(), strict=True)
    kind = kinds[int(rng.choice(len(kinds), p=shares))]
    if kind == COMBINATION:
        return partial(spin, plan_combination_spin(rng), rng)
    if kind == LAYBACK:
        return partial(spin, plan_layback(rng), rng)
    return partial(spin, plan_spin(kind, rng), rng)


def _piece(rng: np.random.Generator) -> Phrase:
    """A few seconds of stroking or crossovers."""
    seconds = _PIECE_S * rng.uniform(0.7, 1.3)
    if rng.random() < 0.3:
        return stroking(seconds, rng, speed=rng.uniform(3.5, 4.5))
    curve = 1.0 if rng.random() < 0.6 else -1.0
    backward = bool(rng.random() < 0.6)
    return crossovers(seconds, rng, backward=backward, curve=curve, speed=rng.uniform(3.5, 4.5))


def _drawn(route: _Route, rng: np.random.Generator, make: Maker | None) -> list[Phrase] | None:
    """A stretch of linking skating, and what is made after it, that stay within the boards."""
    for _ in range(_CANDIDATES):
        drawn = [_piece(rng)] if make is None else [_piece(rng), make()]
        phrases = faced(drawn, route.facing, rng)
        if route.outside(phrases) == 0.0:
            return phrases
    return None


def _turned(joints: np.ndarray, place: np.ndarray, heading: float) -> np.ndarray:
    cosine, sine = np.cos(heading), np.sin(heading)
    joints[..., :2] = joints[..., :2] @ np.array([[cosine, sine], [-sine, cosine]]) + place
    return joints


def _performed(
    phrase: Phrase, solution: Solution, joints: np.ndarray, body: Body, mirrored: bool
) -> Program:
    if mirrored:
        joints = joints[:, MIRRORED_JOINTS] * np.array([1.0, -1.0, 1.0])
    yaw = solution.travel.yaw
    numbers = _numbers(phrase.marks)
    elements = tuple(
        ProgramElement(
            label=mark.label,
            number=number,
            start_s=mark.start,
            takeoff_s=mark.takeoff,
            landing_s=mark.landing,
            end_s=mark.end,
            rotations=mark.rotations,
            spin_revolutions=spin_revolutions(mark, yaw),
            flaws=mark.flaws,
            positions=mark.positions,
        )
        for number, mark in zip(numbers, phrase.marks, strict=True)
    )
    support = solution.support
    return Program(
        times_s=np.arange(len(joints)) / SIMULATION_HZ,
        joints=joints.astype(np.float32),
        support=swapped_support(support) if mirrored else support,
        body=body,
        mirrored=mirrored,
        elements=elements,
    )


def _numbers(marks: Sequence[Mark]) -> list[int]:
    """Of each mark's element: a jump that leaves from a landing edge goes with the one before.

    Linking skating lies between any two elements, so that a short gap is a combination's own.
    """
    apart = [
        not (after.takeoff - before.landing < _ONE_ELEMENT_S) for before, after in pairwise(marks)
    ]
    return [0, *np.cumsum(apart).tolist()]
