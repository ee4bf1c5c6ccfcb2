"""Whole programmes: elements joined by skating, within the boards."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from training.rink.body import MIRRORED_JOINTS, Body
from training.rink.motion.between import PIECE_S, closing, link, opening
from training.rink.motion.clip import LEFT_HANDED, spin_revolutions
from training.rink.motion.content import Maker, planned
from training.rink.motion.gliding import faced
from training.rink.motion.kinematics.solve import Solution, solve
from training.rink.motion.phrase import Mark, Phrase, joined
from training.rink.motion.route import EDGE, Route
from training.rink.performance import SIMULATION_HZ, Program, ProgramElement, swapped_support

_CANDIDATES, _STEPS, _ATTEMPTS = 16, 400, 8
_ONE_ELEMENT_S = 1.5
"""Between landing and take-off of two jumps of one combination, at most."""
_CLOSING_S = 6.0
"""Kept free for the end, about."""


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
        phrases = _skate(Route(place, heading), rng, 60.0 * minutes, clean=clean)
        if phrases is None:
            continue
        phrase = joined(phrases).enlivened(rng)
        solution = solve(phrase, body)
        joints = _turned(solution.joints, place, heading)
        if (np.abs(joints[..., :2]).max(axis=(0, 1)) < EDGE).all():
            return _performed(phrase, solution, joints, body, mirrored)
    raise RuntimeError(f"no programme of {minutes:g} min found that stays on the rink")


def _skate(
    start: Route, rng: np.random.Generator, seconds: float, *, clean: bool
) -> list[Phrase] | None:
    """Phrases of a programme; None where the skater ends in a corner time and again."""
    opened = start.grown([opening(rng)])
    if start.outside(opened.phrases) > 0.0:
        return None
    makers = planned(rng, seconds / 60.0, clean=clean)
    lengths = np.array([make().duration for make in makers])
    gap = max(seconds - opened.seconds - _CLOSING_S - lengths.sum(), 0.0) / len(makers)
    begins = opened.seconds + np.cumsum(lengths) - lengths + gap * np.arange(1, len(makers) + 1)
    trail = [opened]
    for _ in range(_STEPS):
        route = trail[-1]
        done = route.elements == len(makers)
        if done:
            make: Maker | None = partial(closing, rng)
        elif route.seconds + 1.5 * PIECE_S > begins[route.elements]:
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


def _drawn(route: Route, rng: np.random.Generator, make: Maker | None) -> list[Phrase] | None:
    """A stretch of linking skating, and what is made after it, that stay within the boards."""
    for _ in range(_CANDIDATES):
        drawn = [link(rng)] if make is None else [link(rng), make()]
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
            foot_change_s=mark.foot_change,
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
