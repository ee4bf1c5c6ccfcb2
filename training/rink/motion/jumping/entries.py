"""How a skater comes to the edge of a jump's take-off: by a turn, a mohawk, a step, or backward.

Times are seconds of the phrase; the entry ends half a second before the take-off.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from training.rink.motion.jumping.habits import Entry, Habit
from training.rink.motion.kinematics.pose import STAND, varied
from training.rink.motion.phrase import AUTO, Contact, Phrase, Side


def _three_turn(
    phrase: Phrase, side: Side, start: float, habit: Habit, rng: np.random.Generator
) -> None:
    turn_at = start - rng.uniform(*habit.glide_s)
    _turn_backward(phrase, turn_at)
    phrase.contacts.append(
        Contact(side, 0.0, start - 0.45, blade=((turn_at - 0.09, 0.0), (turn_at + 0.09, 0.5)))
    )
    phrase.poses += [(0.2, varied(STAND, rng))]


def _mohawk(
    phrase: Phrase, side: Side, start: float, habit: Habit, rng: np.random.Generator
) -> None:
    """From one foot forward to the other backward."""
    other: Side = "left" if side == "right" else "right"
    step = start - rng.uniform(*habit.glide_s)
    _turn_backward(phrase, step)
    phrase.contacts += [
        Contact(other, 0.0, step, blade=((0.0, 0.0),), push=0.15),
        Contact(side, step, start - 0.45, blade=((0.0, 0.5),)),
    ]
    phrase.poses += [(0.2, varied(STAND, rng))]


def _turn_backward(phrase: Phrase, at: float) -> None:
    phrase.facing += [(0.0, 0.0, AUTO), (at - 0.35, 0.04, AUTO), (at + 0.15, 0.44, AUTO)]


def _backward(
    phrase: Phrase, side: Side, start: float, habit: Habit, rng: np.random.Generator
) -> None:
    phrase.facing += [(0.0, 0.5, AUTO), (start - 0.6, 0.48, AUTO)]
    phrase.contacts.append(Contact(side, 0.0, start - 0.45))


def _axel(phrase: Phrase, side: Side, start: float, habit: Habit, rng: np.random.Generator) -> None:
    step = start - rng.uniform(*habit.glide_s)
    phrase.facing += [(0.0, 0.5, AUTO), (step - 0.25, 0.56, AUTO)]
    if step < start - 0.6:  # long before the take-off the skater glides forward
        phrase.facing.append((step + 0.12, 0.86, AUTO))
    phrase.contacts += [
        Contact("right", 0.0, step, push=0.25),
        Contact(side, step, start - 0.45, blade=((0.0, 1.0),)),
    ]


ENTRIES: dict[Entry, Callable[[Phrase, Side, float, Habit, np.random.Generator], None]] = {
    "three_turn": _three_turn,
    "mohawk": _mohawk,
    "backward": _backward,
    "axel": _axel,
}
"""Each writes facing, contacts and poses into the phrase: take-off foot, take-off time, habit."""
