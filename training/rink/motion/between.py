"""What a programme holds beside its elements: how it opens, what links them, how it closes."""

from __future__ import annotations

import numpy as np

from training.rink.motion.gliding import (
    both_feet,
    bow,
    crossovers,
    faced,
    long_glide,
    stop,
    stroking,
    transition,
)
from training.rink.motion.kinematics.edges import ARMS
from training.rink.motion.kinematics.pose import STAND, pose, varied
from training.rink.motion.phrase import AUTO, Contact, Phrase, joined
from training.rink.motion.steps import Choreographer

PIECE_S = 3.2
"""About how long a linking stretch is."""
_PACE = (3.3, 4.6)
_BOW_S, _STOP_S = (2.2, 3.2), (2.8, 3.8)
_MOVES = {"spiral": 0.28, "eagle": 0.27, "lunge": 0.15, "turn": 0.20, "twizzle": 0.10}
"""What sequences are made of, alone between two elements."""


def opening(rng: np.random.Generator) -> Phrase:
    """Standing ready, with or without a bow, perhaps after a few strokes to the place."""
    draw = rng.random()
    if draw < 0.3:
        return bow(rng.uniform(*_BOW_S), rng)
    still = _standing(rng.uniform(1.5, 4.0), rng)
    if draw < 0.6:
        return still
    strokes = stroking(rng.uniform(2.0, 6.0), rng, speed=rng.uniform(1.8, 3.2))
    pieces = [strokes, stop(rng.uniform(*_STOP_S), rng), still]
    return joined(faced(pieces, pieces[0].start_facing, rng))


def closing(rng: np.random.Generator) -> Phrase:
    """Gliding out to a final pose, and bows."""
    bows = [bow(rng.uniform(*_BOW_S), rng) for _ in range(int(rng.integers(0, 3)))]
    return joined([stop(rng.uniform(*_STOP_S), rng), *bows])


def _standing(seconds: float, rng: np.random.Generator) -> Phrase:
    """Waiting in a pose on both feet, and getting ready to skate."""
    left, right = ARMS[int(rng.integers(len(ARMS)))]
    trunk = (rng.uniform(-8, 16), rng.uniform(-10, 10))
    shape = varied(
        pose(STAND, trunk=trunk, twist=rng.uniform(-20, 20), left_hand=left, right_hand=right,
             knee=rng.uniform(6.0, 22.0)), rng
    )  # fmt: skip
    return Phrase(
        seconds,
        poses=[(0.1, shape), (0.7 * seconds, varied(shape, rng, 0.3)),
               (0.98 * seconds, varied(STAND, rng))],
        path=[(0.0, 0.02, 0.0), (seconds, 0.02, 0.0)],
        facing=[(0.0, 0.0, AUTO), (0.5 * seconds, 0.0, AUTO), (seconds, 0.0, AUTO)],
        contacts=[
            Contact("left", 0.0, seconds, aside=0.12, pivot=((0.0, 1.0),)),
            Contact("right", 0.0, seconds, aside=-0.12, pivot=((0.0, 1.0),)),
        ],
    )  # fmt: skip


def link(rng: np.random.Generator) -> Phrase:
    """A few seconds of skating that is no element."""
    seconds = PIECE_S * rng.uniform(0.7, 1.3)
    draw = rng.random()
    if draw < 0.22:
        return _moves(rng)
    if draw < 0.30:
        return transition(seconds, rng)
    if draw < 0.36:
        return long_glide(seconds, rng)
    if draw < 0.40:
        return both_feet(0.6 * seconds, rng)
    if draw < 0.60:
        return stroking(seconds, rng, speed=rng.uniform(*_PACE))
    curve = 1.0 if rng.random() < 0.6 else -1.0
    backward = bool(rng.random() < 0.6)
    return crossovers(seconds, rng, backward=backward, curve=curve, speed=rng.uniform(*_PACE))


def _moves(rng: np.random.Generator) -> Phrase:
    """One or two moves as in a sequence, with a step before and after."""
    dance = Choreographer(rng)
    dance.speed = rng.uniform(*_PACE)
    dance.step()
    for _ in range(1 + int(rng.random() < 0.25)):
        getattr(dance, str(rng.choice(list(_MOVES), p=list(_MOVES.values()))))()
        dance.step()
    return joined(dance.phrases)
