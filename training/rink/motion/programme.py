"""Whole programmes: elements joined by skating, within the boards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from pipeline.elements import ELEMENTS
from training.rink.body import MIRRORED_JOINTS, Body
from training.rink.motion.clip import LEFT_HANDED, sequence_length, spin_revolutions
from training.rink.motion.gliding import bow, crossovers, faced, stop, stroking
from training.rink.motion.jumps import jump, plan_jump
from training.rink.motion.kinematics.solve import Solution, solve
from training.rink.motion.kinematics.travel import path_over_ice
from training.rink.motion.phrase import Phrase, joined
from training.rink.motion.spins import plan_spin, spin
from training.rink.motion.steps import sequence
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
_BOW_S, _STOP_S = 2.5, 3.5
_AHEAD_M = 5.0
"""Room that a skater wants in front after every stretch."""
_OPEN_PHRASES, _CONTEXT_PHRASES = 4, 4
_PATH_HZ = 20.0

_JUMPS = tuple(element for element in ELEMENTS if element.family == "jump")
_SPINS = tuple(element for element in ELEMENTS if element.family == "spin")

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
    """Makers of the elements in their order."""
    level = int(rng.integers(1, 4))
    jumps_of_level = [e for e in _JUMPS if level <= int(e.label[0]) <= level + 1]

    def jump_maker() -> Maker:
        element = jumps_of_level[int(rng.integers(len(jumps_of_level)))]
        plan = plan_jump(element.kind, int(element.label[0]), rng, clean=clean)
        return partial(jump, plan, rng)

    def spin_maker() -> Maker:
        plan = plan_spin(_SPINS[int(rng.integers(len(_SPINS)))].label, rng)
        return partial(spin, plan, rng)

    jumps: list[Maker] = [jump_maker() for _ in range(max(1, round(1.75 * minutes)))]
    others: list[Maker] = [spin_maker() for _ in range(max(1, round(0.75 * minutes)))]
    for _ in range(int(minutes >= 1.5) + int(minutes >= 3.5)):
        place = int(rng.integers(len(others) + 1))
        others.insert(place, partial(sequence, sequence_length(rng), rng))
    last, rest = others[-1], others[:-1]
    middle = [*jumps[1:], *rest]
    order = rng.permutation(len(middle))
    return [jumps[0], *(middle[i] for i in order), last]


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
    elements = tuple(
        ProgramElement(
            label=mark.label,
            start_s=mark.start,
            takeoff_s=mark.takeoff,
            landing_s=mark.landing,
            end_s=mark.end,
            rotations=mark.rotations,
            spin_revolutions=spin_revolutions(mark, yaw),
            flaws=mark.flaws,
        )
        for mark in phrase.marks
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
