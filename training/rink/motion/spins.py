"""Spins in one position or several; written for a skater who turns left.

The forward spins stand on the left foot and are entered from a tightening left forward outside
edge, the back spins stand on the right foot and are entered from a right forward inside edge. Both
leave on a right back outside edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.rink.motion.flying import FLIGHT_RATE, Flight, fly_in
from training.rink.motion.kinematics.pose import CHANNELS, STAND, Pose, pose, swapped, varied
from training.rink.motion.phrase import AUTO, Contact, Mark, Phrase, Side
from training.rink.motion.positions import POSITIONS, Position

ENTRY_S, EXIT_S = 1.9, 1.3
"""Seconds of a spin's phrase before the skater is centred, and after the last turn."""


@dataclass(frozen=True)
class SpinPlan:
    """What is drawn for one spin."""

    first: str
    """Class of its first position."""
    position: Position
    side: Side
    """The foot that is spun on."""
    rate: float
    """Revolutions a second at its fastest."""
    hold_s: float
    """From centred to the exit."""
    drift: float
    """How fast the centre travels, m/s."""
    then: tuple[tuple[str, Position, float], ...] = ()
    """`(class, position, second)` of further positions: each begins at a second since the skater
    is centred."""
    changes: int | None = None
    """Which of the further positions is the first on the other foot."""
    air_s: float = 0.0
    """Time in the air of a flying entry; 0 for a spin that is stepped into."""

    @property
    def label(self) -> str:
        """The spin's class, or what it is called without one."""
        labels = {self.first, *(label for label, _, _ in self.then)}
        return self.first if len(labels) == 1 else COMBINATION

    @property
    def step_s(self) -> float:
        """When the foot is changed, seconds since the skater is centred; NaN for never."""
        return float("nan") if self.changes is None else self.then[self.changes][2] + _STEP_S


COMBINATION, LAYBACK = "CombinationSpin", "LaybackSpin"
"""Spins that have no class of their own among the 28."""
_CHANGE_S, _CHANGE_FOOT_S = 0.7, 1.25
"""From one position to the next; the same where the foot is changed."""
_TURNS = ((0.0, 1.0),)
"""Of a contact's `pivot`: the blade turns with the skater."""
_STEP_S = 0.5
"""After leaving a position, until the other foot is on the ice."""


def plan_spin(label: str, rng: np.random.Generator, *, hold_s: float | None = None) -> SpinPlan:
    """Draw one spin.

    Raises:
        KeyError: The label is no spin.
    """
    choices = POSITIONS[label]
    chosen = rng.choice(len(choices), p=np.array([share for share, _ in choices]))
    position = choices[chosen][1]
    return SpinPlan(
        first=label,
        position=position,
        side="right" if rng.random() < 0.3 else "left",
        rate=rng.uniform(*position.rates),
        hold_s=rng.uniform(3.0, 6.5) if hold_s is None else hold_s,
        drift=abs(rng.normal(0.0, 0.05)) + 0.01,
    )


_WIND_UP = pose(
    trunk=(14, 2), twist=-28.0, left_hand=(0.75, -0.25, -0.10), right_hand=(-0.55, -0.75, 0.05),
    left_foot=(0.05, 0.06, -0.90), right_foot=(-0.50, -0.10, -0.70), knee=46.0,
)  # fmt: skip
_STEP_IN = pose(
    trunk=(16, 4), twist=-18.0, left_hand=(0.55, 0.70, 0.0), right_hand=(-0.35, -0.88, 0.05),
    right_foot=(-0.66, -0.30, -0.50), right_ankle=(45, 20), knee=54.0,
)  # fmt: skip
_SWING = pose(
    trunk=(8, 2), twist=8.0, left_hand=(0.30, 0.92, 0.05), right_hand=(0.35, -0.88, 0.05),
    right_foot=(0.10, -0.80, -0.42), right_ankle=(45, 20), knee=40.0,
)  # fmt: skip
_GATHER = pose(
    trunk=(6, 0), left_hand=(0.45, 0.45, -0.20), right_hand=(0.45, -0.45, -0.20),
    right_foot=(0.10, -0.05, -0.86), right_ankle=(15, 5), knee=30.0,
)  # fmt: skip
_CHECK_OUT = pose(
    trunk=(14, -8), left_hand=(0.10, 0.96, 0.12), right_hand=(0.20, -0.94, 0.02),
    left_foot=(-0.72, 0.28, -0.54), left_ankle=(50, 15), knee=42.0,
)  # fmt: skip


def spin(plan: SpinPlan, rng: np.random.Generator) -> Phrase:
    """A spin from its wind-up to its check-out; the skater is centred after `ENTRY_S`."""
    centred, leave = ENTRY_S, ENTRY_S + plan.hold_s
    phrase = Phrase(leave + EXIT_S)
    until = leave if plan.changes is None else centred + plan.step_s
    if plan.air_s:
        turns = fly_in(phrase, Flight(centred, plan.air_s, plan.side, plan.first, until), rng)
    else:
        turns = _step_in(phrase, plan, centred, until, rng)
    _write_path(phrase, plan, centred, leave)
    end = _write_turning(phrase, plan, centred, leave, turns)
    _write_contacts(phrase, plan, centred, leave, end)
    _write_poses(phrase, plan, centred, leave, rng)
    spun = (centred, leave - 0.3)
    takeoff, landing = phrase.flights[0] if phrase.flights else (AUTO, AUTO)
    phrase.marks.append(
        Mark(
            plan.label,
            centred - 1.0,
            leave + 0.7,
            takeoff=takeoff,
            landing=landing,
            spin=spun,
            positions=_positions(plan, spun),
            foot_change=centred + plan.step_s,
        )
    )
    return phrase


def _positions(plan: SpinPlan, spun: tuple[float, float]) -> tuple[tuple[str, float, float], ...]:
    """`(class, begin, end)` of every position that is held."""
    begins = [spun[0]]
    for place, (_, _, since) in enumerate(plan.then):
        begins.append(spun[0] + since + way_s(place, plan.changes))
    ends = [*(spun[0] + since for _, _, since in plan.then), spun[1]]
    labels = [plan.first, *(label for label, _, _ in plan.then)]
    return tuple(zip(labels, begins, ends, strict=True))


def way_s(place: int, changes: int | None) -> float:
    """How long it takes into one of the further positions; see `SpinPlan`."""
    return _CHANGE_FOOT_S if place == changes else _CHANGE_S


def _step_in(
    phrase: Phrase, plan: SpinPlan, centred: float, until: float, rng: np.random.Generator
) -> float:
    """Keys up to where the turning begins; returns the turns there."""
    entry = rng.uniform(2.3, 3.3)
    phrase.path += [
        (0.0, entry, 0.18),
        (centred - 0.95, entry, 0.25),
        (centred - 0.35, 0.62 * entry, 0.75),
        (centred + 0.10, plan.drift + 0.10, 0.8),
    ]
    pivot = ((centred - 0.30, 0.0), (centred + 0.05, 1.0))
    begins = centred - 0.42
    if plan.side == "left":
        phrase.facing += [(0.0, 0.5, AUTO), (centred - 1.25, 0.56, AUTO)]
        phrase.facing += [(centred - 0.75, 1.0, AUTO), (begins, 1.08, 0.35)]
        step = centred - 0.90
        phrase.contacts += [
            Contact("right", 0.0, step, push=0.20),
            Contact("left", step, until, blade=((0.0, 1.0),), pivot=pivot, push=0.12),
        ]
        return 1.08
    phrase.facing += [(0.0, 0.0, AUTO), (centred - 0.9, 0.0, AUTO), (begins, 0.08, 0.35)]
    step = centred - 1.2
    phrase.contacts += [
        Contact("left", 0.0, step, push=0.20),
        Contact("right", step, until, blade=((0.0, 0.0),), pivot=pivot),
    ]
    return 0.08


def _write_path(phrase: Phrase, plan: SpinPlan, centred: float, leave: float) -> None:
    phrase.path.append((centred + 0.50, plan.drift, 0.0))
    if plan.changes is not None:
        step = centred + plan.step_s
        phrase.path += [
            (step - 0.40, plan.drift, 0.0), (step, 0.55, 0.3), (step + 0.50, plan.drift, 0.0),
        ]  # fmt: skip
    phrase.path += [
        (leave - 0.15, plan.drift, 0.0),
        (leave + 0.35, 1.5, 0.35),
        (leave + 1.1, 1.7, 0.55),
    ]


def _write_turning(
    phrase: Phrase, plan: SpinPlan, centred: float, leave: float, turns: float
) -> float:
    """Facing keys; returns the turns at which the skater glides out backward."""
    begins = phrase.facing[-1][0]
    keys = max(int((2.0 if plan.changes is None else 5.0) * plan.hold_s), 4)
    times = np.linspace(begins, leave - 0.05, keys)
    rates = _rate(plan, times - centred)
    for before, after, slow, fast in zip(times, times[1:], rates, rates[1:], strict=False):
        turns += 0.5 * (slow + fast) * (after - before)
        phrase.facing.append((after, turns, fast))
    stop_s = 0.55
    end = float(np.ceil(turns + 0.32 * rates[-1] * stop_s - 0.5) + 0.5)
    phrase.facing += [(leave + stop_s, end, AUTO), (phrase.duration, end, AUTO)]
    return end


def _rate(plan: SpinPlan, since: np.ndarray) -> np.ndarray:
    """Revolutions a second, against seconds since the skater is centred."""
    slowest = FLIGHT_RATE if plan.air_s else 0.35
    built = np.clip((since + 0.42) / 0.9, 0.0, 1.0)
    gathered = np.clip((since - 0.5) / (0.5 * plan.hold_s), 0.0, 1.0)
    fastest = plan.rate * (0.78 + 0.22 * gathered * (2.0 - gathered))
    rate = slowest + (fastest - slowest) * built * built * (3.0 - 2.0 * built)
    if plan.changes is None:
        return rate
    return rate * (1.0 - 0.55 * np.exp(-(((since - plan.step_s) / 0.35) ** 2)))


def _write_contacts(
    phrase: Phrase, plan: SpinPlan, centred: float, leave: float, end: float
) -> None:
    if plan.changes is not None:
        other: Side = "right" if plan.side == "left" else "left"
        step = centred + plan.step_s
        phrase.contacts.append(Contact(other, step, leave, blade=((0.0, 0.0),), pivot=_TURNS))
    phrase.contacts.append(
        Contact("right", leave, phrase.duration, blade=((0.0, end),),
                pivot=((leave, 1.0), (leave + 0.5, 0.0)))
    )  # fmt: skip


def _write_poses(
    phrase: Phrase, plan: SpinPlan, centred: float, leave: float, rng: np.random.Generator
) -> None:
    position = plan.position
    held = varied(position.pose, rng)
    through = held if position.through is None else varied(position.through, rng)
    final = held + (position.gathered_pose - position.pose)
    poses = {
        "step_in": varied(_STEP_IN, rng),
        "swing": varied(_SWING, rng),
        "through": through,
        "final": final,
        "gather": varied(_GATHER, rng),
    }
    if plan.side == "right":
        poses = {name: swapped(p) for name, p in poses.items()}
        for name in ("step_in", "swing"):  # the arms lead to the left on either foot
            poses[name][CHANNELS["spine"]][2] *= -1.0
    if plan.changes is not None:
        poses["gather"] = swapped(poses["gather"])
    later = 0.5 + min(rng.uniform(0.3, 1.2), 0.2 * plan.hold_s)
    last, further = _further_poses(plan, poses["final"], centred, rng)
    if not plan.air_s:
        phrase.poses += [
            (0.05, varied(STAND, rng)),
            (centred - 1.35, varied(_WIND_UP, rng)),
            (centred - 0.70, poses["step_in"]),
            (centred - 0.22, poses["swing"]),
        ]
    phrase.poses += [
        (centred + 0.45, poses["through"]),
        (centred + later, poses["through"]),
        (centred + later + 0.7, poses["final"]),
        *further,
        (leave - 0.45, varied(last, rng, 0.3)),
        (leave - 0.04, poses["gather"]),
        (leave + 0.60, varied(_CHECK_OUT, rng)),
        (phrase.duration - 0.05, varied(_CHECK_OUT, rng, 0.5)),
    ]


def _further_poses(
    plan: SpinPlan, last: Pose, centred: float, rng: np.random.Generator
) -> tuple[Pose, list[tuple[float, Pose]]]:
    """The last pose that is held, and the keys from the first one to it."""
    right, keys = plan.side == "right", []
    for place, (_, position, since) in enumerate(plan.then):
        at = centred + since
        keys.append((at, varied(last, rng, 0.3)))
        if place == plan.changes:
            right = not right
            gather = varied(_GATHER, rng)
            keys.append((at + 0.85 * _STEP_S, swapped(gather) if right else gather))
        last = varied(position.gathered_pose, rng)
        last = swapped(last) if right else last
        keys.append((at + way_s(place, plan.changes), last))
    return last, keys
