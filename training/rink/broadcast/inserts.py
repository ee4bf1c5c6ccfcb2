"""What a broadcast puts before, between and after the skating."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.types.programme import ShotKind
from training.rink.performance import Program

_NAN = float("nan")
_REPLAYS = 3
_LEAD_S, _TAIL_S = (0.8, 1.4), (0.5, 0.9)
"""How much of a replay lies before and after the jump, or the begin of a spin."""
_SLOWED = (2.0, 4.0)
_LONGEST_REPLAY_S = 9.0
_SPIN_S = 3.0
"""Of a spin or a sequence, this much is replayed."""


@dataclass(frozen=True, kw_only=True)
class Insert:
    """One shot, before it has its place in the video; skating is told by `motion_s`."""

    kind: ShotKind
    seconds: float
    motion_s: float = _NAN
    """Second of the motion at which it begins; NaN where it shows none."""
    slowed: float = 1.0
    repeats: bool = False
    element: int | None = None
    """The element that is replayed."""
    view: str = ""


def before_skating(rng: np.random.Generator) -> list[Insert]:
    """Each of these stands before some programmes."""
    shots = []
    if rng.random() < 0.3:
        shots.append(Insert(kind="black", seconds=rng.uniform(0.4, 1.5)))
    if rng.random() < 0.3:
        shots.append(Insert(kind="nobody", seconds=rng.uniform(3.0, 6.0), view="group"))
    if rng.random() < 0.4:
        shots.append(Insert(kind="graphics", seconds=rng.uniform(2.5, 5.0)))
    return shots


def after_skating(rng: np.random.Generator, motion: Program) -> list[Insert]:
    """One to three replays mostly, people who wait, the score, and black."""
    shots = []
    count = int(rng.choice(_REPLAYS + 1, p=(0.15, 0.35, 0.3, 0.2)))
    numbers = rng.permutation(motion.elements[-1].number + 1)[:count]
    if rng.random() < 0.25:
        shots.append(Insert(kind="nobody", seconds=rng.uniform(2.0, 4.0), view="seats"))
    shots += [replay_of(rng, motion, int(number)) for number in sorted(numbers)]
    if rng.random() < 0.5:
        shots.append(Insert(kind="nobody", seconds=rng.uniform(2.5, 5.0), view="seats"))
    if rng.random() < 0.7:
        shots.append(Insert(kind="graphics", seconds=rng.uniform(3.0, 6.0)))
    if rng.random() < 0.35:
        shots.append(Insert(kind="black", seconds=rng.uniform(0.4, 1.2)))
    return shots


def in_between(rng: np.random.Generator, motion: Program, number: int) -> Insert:
    """What interrupts the skating after an element."""
    draw = rng.random()
    if draw < 0.75:
        return replay_of(rng, motion, number)
    if draw < 0.88:
        return Insert(kind="nobody", seconds=rng.uniform(1.5, 3.0), view="seats")
    return Insert(kind="graphics", seconds=rng.uniform(1.5, 3.0))


def replay_of(rng: np.random.Generator, motion: Program, number: int) -> Insert:
    """An element again, slower: all of a jump, the begin of anything longer."""
    parts = [element for element in motion.elements if element.number == number]
    flights = [part.takeoff_s for part in parts if not np.isnan(part.takeoff_s)]
    begin = (flights[0] if flights else parts[0].start_s + 1.0) - rng.uniform(*_LEAD_S)
    if parts[0].positions or not flights:
        end = begin + _SPIN_S
    else:
        end = parts[-1].landing_s + rng.uniform(*_TAIL_S)
    begin = max(begin, 0.0)
    slowed = min(rng.uniform(*_SLOWED), max(_LONGEST_REPLAY_S / (end - begin), 1.5))
    return Insert(
        kind="replay",
        seconds=(end - begin) * slowed,
        motion_s=begin,
        slowed=float(slowed),
        repeats=bool(rng.random() < 0.3),
        element=number,
    )
