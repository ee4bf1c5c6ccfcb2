"""Clips of one class: a phrase, the stretch of it that is shown, a place on the rink, the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipeline.elements import ELEMENTS, Element, class_index
from training.rink.body import MIRRORED_JOINTS, Body
from training.rink.motion.gliding import faced, linking, no_element
from training.rink.motion.jumps import jump, plan_jump
from training.rink.motion.kinematics.solve import Solution, solve
from training.rink.motion.phrase import Mark, Phrase, joined
from training.rink.motion.spins import ENTRY_S, plan_spin, spin
from training.rink.motion.steps import sequence
from training.rink.performance import (
    RINK_LENGTH_M,
    RINK_WIDTH_M,
    SIMULATION_HZ,
    Motion,
    Performance,
    swapped_support,
)

LEFT_HANDED = 0.12
"""Share of skaters who turn clockwise."""
_MARGIN_M = 1.2
_SETTLE_S = 0.30
"""Simulated before and after a clip, so that its ends are like its middle."""
_LANDED_S = 0.36
"""So much of a landing at least is shown, however long the flight was."""
_DRAWS = 40
_ANGLES = 48


@dataclass(frozen=True)
class Staging:
    """A phrase and the part of it that a clip shows, in seconds of the phrase."""

    phrase: Phrase
    start: float
    end: float


def perform(
    label: str,
    rng: np.random.Generator,
    *,
    body: Body | None = None,
    mirrored: bool | None = None,
    clean: bool = False,
    margins_s: float = 0.0,
    wide: bool = False,
) -> Performance:
    """A clip of one class, somewhere on the rink.

    Length and the element's place in the clip are drawn in the same way for all jumps, and in the
    same way for all spins.

    Args:
        label: One of `pipeline.elements.LABELS`.
        rng: Source of every choice.
        body: The skater; drawn when absent.
        mirrored: True turns clockwise, False counter-clockwise; drawn when absent.
        clean: No falls, step-outs, tilts or missing rotation.
        margins_s: Up to so many seconds more of the skating before and after, each drawn.
        wide: Any skater instead of one by the book: children and adults, recreational to elite,
            jumps as different as `habits` says.

    Raises:
        ValueError: The label is none of the 28.
    """
    element = ELEMENTS[class_index(label)]
    body = Body.draw(rng, wide=wide) if body is None else body
    mirrored = bool(rng.random() < LEFT_HANDED) if mirrored is None else mirrored
    for _ in range(_DRAWS):
        staging = _stage(element, rng, clean=clean, wide=wide)
        if margins_s:
            staging = _loosened(staging, margins_s, rng)
        solution = solve(
            staging.phrase, body, start=staging.start - _SETTLE_S, end=staging.end + _SETTLE_S
        )
        joints = placed(solution.joints, rng, mirrored=mirrored)
        if joints is not None:
            return _cut(element, staging, solution, joints, body=body, mirrored=mirrored)
    raise RuntimeError(f"{label}: no draw of {_DRAWS} fits the rink")


def warm_up(seconds: float, rng: np.random.Generator) -> Motion:
    """Somebody who skates about, or waits, without an element, somewhere on the rink."""
    body, mirrored = Body.draw(rng), bool(rng.random() < LEFT_HANDED)
    for _ in range(_DRAWS):
        solution = solve(no_element(seconds, rng).enlivened(rng), body, end=seconds)
        joints = placed(solution.joints, rng, mirrored=mirrored)
        if joints is not None:
            return Motion(
                times_s=np.arange(len(joints)) / SIMULATION_HZ,
                joints=joints.astype(np.float32),
                support=swapped_support(solution.support) if mirrored else solution.support,
                body=body,
            )
    raise RuntimeError(f"no draw of {_DRAWS} fits the rink")


def _stage(element: Element, rng: np.random.Generator, *, clean: bool, wide: bool) -> Staging:
    if element.family == "jump":
        return _stage_jump(element, rng, clean=clean, wide=wide)
    if element.family == "spin":
        return _stage_spin(element, rng)
    seconds = sequence_length(rng) if element.family == "sequence" else _other_length(rng)
    write = sequence if element.family == "sequence" else no_element
    phrase = write(seconds + 2.0 * _SETTLE_S, rng).enlivened(rng)
    start = _SETTLE_S
    return Staging(phrase, start, start + seconds)


def _loosened(staging: Staging, margins_s: float, rng: np.random.Generator) -> Staging:
    """The same with more of the skating before and after; what is an element stays one."""
    before, after = rng.uniform(0.0, margins_s, 2)
    lead, run_out = (linking(seconds + 2.0 * _SETTLE_S, rng) for seconds in (before, after))
    phrases = faced([lead, staging.phrase, run_out], lead.start_facing % 1.0, rng)
    place = next(n for n, phrase in enumerate(phrases) if phrase is staging.phrase)
    later = sum(phrase.duration for phrase in phrases[:place])
    phrase = joined(phrases).enlivened(rng)
    return Staging(phrase, staging.start + later - before, staging.end + later + after)


def _jump_length(rng: np.random.Generator) -> float:
    """About 44 frames at 25 to 30 frames a second."""
    return float(np.clip(1.60 * math.exp(rng.normal(0.0, 0.13)), 1.45, 2.3))


def _spin_length(rng: np.random.Generator) -> float:
    """Several seconds: enough for three revolutions between entry and exit."""
    return float(np.clip(5.2 * math.exp(rng.normal(0.0, 0.25)), 3.8, 9.5))


def sequence_length(rng: np.random.Generator) -> float:
    """Seconds of a sequence: about 364 frames at 25 to 30 frames a second."""
    return float(np.clip(rng.normal(13.2, 2.2), 8.5, 19.0))


def _other_length(rng: np.random.Generator) -> float:
    lengths = (_jump_length, _spin_length, sequence_length)
    return lengths[int(rng.choice(3, p=(0.5, 0.35, 0.15)))](rng)


def _stage_jump(element: Element, rng: np.random.Generator, *, clean: bool, wide: bool) -> Staging:
    plan = plan_jump(element.kind, int(element.label[0]), rng, clean=clean, wide=wide)
    phrase = jump(plan, rng).enlivened(rng)
    takeoff_s, landing_s = phrase.flights[0]
    start, end = jump_span(takeoff_s, landing_s, rng)
    return Staging(phrase, start, max(end, landing_s + _LANDED_S) if wide else end)


def jump_span(takeoff_s: float, landing_s: float, rng: np.random.Generator) -> tuple[float, float]:
    """When a jump's clip begins and ends, seconds; whatever the jump."""
    # Late enough for the first frames to show skating, not yet the entry that tells the jump.
    seconds, share = _jump_length(rng), rng.uniform(0.51, 0.59)
    start = 0.5 * (takeoff_s + landing_s) - share * seconds
    return start, start + seconds


def _stage_spin(element: Element, rng: np.random.Generator) -> Staging:
    seconds = _spin_length(rng)
    centred = rng.uniform(0.2, 1.2)
    after = rng.uniform(0.4, 0.9) if rng.random() < 0.5 else -rng.uniform(0.5, 1.5)
    plan = plan_spin(element.label, rng, hold_s=seconds - centred - after)
    phrase = spin(plan, rng).enlivened(rng)
    start = ENTRY_S - centred
    return Staging(phrase, start, start + seconds)


def placed(joints: np.ndarray, rng: np.random.Generator, *, mirrored: bool) -> np.ndarray | None:
    """Joints `(T, J, 3)` turned and moved to a random place on the ice, or None if none fits."""
    joints = joints.copy()
    if mirrored:
        joints = joints[:, MIRRORED_JOINTS]
        joints[..., 1] *= -1.0
    ground = joints[::4, :, :2].reshape(-1, 2)
    room = np.array([RINK_LENGTH_M, RINK_WIDTH_M]) - 2.0 * _MARGIN_M
    for angle in rng.uniform(0.0, 2.0 * np.pi, _ANGLES):
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        turned = ground @ turn.T
        low, high = turned.min(axis=0), turned.max(axis=0)
        spare = room - (high - low)
        if (spare >= 0.0).all():
            place = -0.5 * (low + high) + (rng.random(2) - 0.5) * spare
            joints[..., :2] = joints[..., :2] @ turn.T + place
            return joints
    return None


def _cut(
    element: Element,
    staging: Staging,
    solution: Solution,
    joints: np.ndarray,
    *,
    body: Body,
    mirrored: bool,
) -> Performance:
    times = solution.travel.times
    first = int(np.searchsorted(times, staging.start - 0.5 / SIMULATION_HZ))
    last = first + round((staging.end - staging.start) * SIMULATION_HZ)
    shown = slice(first, last + 1)
    support = solution.support[shown]
    mark = staging.phrase.marks[0] if staging.phrase.marks else Mark(element.label, 0.0, 0.0)
    mark = mark.moved(-float(times[first]))
    return Performance(
        times_s=np.arange(last + 1 - first) / SIMULATION_HZ,
        joints=joints[shown].astype(np.float32),
        support=swapped_support(support) if mirrored else support,
        body=body,
        label=element.label,
        mirrored=mirrored,
        takeoff_s=mark.takeoff,
        landing_s=mark.landing,
        rotations=mark.rotations,
        spin_revolutions=spin_revolutions(mark, solution.travel.yaw[shown]),
        flaws=mark.flaws,
    )


def spin_revolutions(mark: Mark, yaw: np.ndarray) -> float:
    """Turns within a spin's position, from the facing `(T,)` in radians; NaN for other elements.

    The mark's times count from the first sample.
    """
    if mark.spin is None:
        return float("nan")
    last = len(yaw) - 1
    begin, end = (int(np.clip(round(t * SIMULATION_HZ), 0, last)) for t in mark.spin)
    return abs(float(yaw[end] - yaw[begin])) / (2.0 * math.pi)
