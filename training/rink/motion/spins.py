"""Spins in one position or several; written for a skater who turns left.

The forward spins stand on the left foot and are entered from a tightening left forward outside
edge, the back spins stand on the right foot and are entered from a right forward inside edge. Both
leave on a right back outside edge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from training.rink.motion.kinematics.pose import CHANNELS, STAND, Pose, pose, swapped, varied
from training.rink.motion.phrase import AUTO, Contact, Mark, Phrase, Side

ENTRY_S, EXIT_S = 1.9, 1.3
"""Seconds of a spin's phrase before the skater is centred, and after the last turn."""


@dataclass(frozen=True)
class Position:
    """One of the positions in which a spin may be held."""

    pose: Pose
    """On the left foot."""
    rates: tuple[float, float]
    """Range of the turning, revolutions a second."""
    gathered: Pose | None = None
    """Where the arms go as the spin gets faster; None: they stay."""
    through: Pose | None = None
    """A position that is held for a moment on the way."""

    @property
    def gathered_pose(self) -> Pose:
        """Where the skater is once the spin is fast."""
        return self.pose if self.gathered is None else self.gathered


def _position(
    base: Pose, rates: tuple[float, float], **gathered: tuple[float, ...] | float
) -> Position:
    return Position(base, rates, pose(base, **gathered) if gathered else None)


_CAMEL = pose(
    pelvis=(68, 0, 0), spine=(14, 0, 0), head=(-42, 0, 0), left_hand=(0.15, 0.97, 0.05),
    right_hand=(0.15, -0.97, 0.05), right_foot=(-1.02, -0.06, 0.10), right_ankle=(60, 25),
    knees=(4, 25), knee=10,
)  # fmt: skip
_SIT = pose(
    pelvis=(32, 0, 0), spine=(26, 0, 0), head=(-30, 0, 0), left_hand=(0.80, 0.10, -0.45),
    right_hand=(0.80, -0.10, -0.45), right_foot=(0.93, -0.08, -0.26), right_ankle=(45, 25),
    knees=(10, 15), knee=118,
)  # fmt: skip
_SCRATCH = pose(
    pelvis=(2, 0, 0), spine=(-2, 0, 0), left_hand=(0.62, 0.45, -0.05),
    right_hand=(0.62, -0.45, -0.05), right_foot=(0.30, 0.10, -0.88), right_ankle=(50, 15),
    knees=(0, 20), knee=7,
)  # fmt: skip
_LAYBACK = pose(
    pelvis=(10, 0, 0), spine=(-62, 0, 0), head=(-38, 0, 0), left_hand=(-0.42, 0.36, 0.72),
    right_hand=(-0.42, -0.36, 0.72), right_foot=(-0.58, -0.34, -0.48), right_ankle=(60, 30),
    knees=(6, 45), knee=14,
)  # fmt: skip
_BIELLMANN = pose(
    pelvis=(50, 0, 0), spine=(-42, 0, 0), head=(-22, 0, 0), left_hand=(-0.72, 0.02, 0.55),
    right_hand=(-0.72, -0.02, 0.55), right_foot=(-0.42, -0.05, 0.80), right_ankle=(35, 10),
    knees=(3, 10), knee=6,
)  # fmt: skip

POSITIONS: dict[str, tuple[tuple[float, Position], ...]] = {
    "CamelSpin": (
        (0.40, _position(_CAMEL, (1.6, 2.4))),
        (0.20, _position(_CAMEL, (1.6, 2.4), left_hand=(0.92, 0.28, 0.10),
                         right_hand=(-0.62, -0.55, 0.10))),
        (0.22, _position(_CAMEL, (1.7, 2.5), left_hand=(-0.75, 0.30, 0.05),
                         right_hand=(-0.75, -0.30, 0.05))),
        (0.18, _position(pose(_CAMEL, pelvis=(62, -28, 0), spine=(4, -22, -20), head=(-20, 0, -15),
                              right_foot=(-1.0, -0.12, 0.20)), (1.6, 2.2),
                         left_hand=(-0.10, 0.70, 0.65), right_hand=(-0.10, -0.70, -0.55))),
    ),
    "SitSpin": (
        (0.50, _position(_SIT, (1.8, 3.0))),
        (0.20, _position(_SIT, (1.8, 2.8), left_hand=(0.55, -0.25, -0.35),
                         right_hand=(0.55, 0.25, -0.35), spine=(38, 0, 0))),
        (0.15, _position(pose(_SIT, pelvis=(42, 0, 0), spine=(34, 0, 0),
                              right_foot=(-0.30, 0.05, -0.42), right_ankle=(50, 10), knee=114),
                         (1.8, 2.7), left_hand=(0.85, 0.25, -0.1), right_hand=(0.85, -0.25, -0.1))),
        (0.15, _position(pose(_SIT, pelvis=(40, 0, 0), spine=(40, 0, 0), knees=(10, 50),
                              right_foot=(0.42, 0.30, -0.10), right_ankle=(30, 20)), (1.9, 2.9),
                         left_hand=(0.60, -0.10, -0.50), right_hand=(0.60, 0.05, -0.50))),
    ),
    "UprightSpin": (
        (0.28, _position(_SCRATCH, (2.3, 3.5), left_hand=(0.34, -0.28, -0.18),
                         right_hand=(0.34, 0.28, -0.14), right_foot=(0.14, 0.20, -0.93))),
        (0.14, _position(_SCRATCH, (2.2, 3.3), left_hand=(0.05, 0.10, 0.95),
                         right_hand=(0.05, -0.10, 0.95), right_foot=(0.12, 0.19, -0.93))),
        (0.28, _position(_LAYBACK, (1.6, 2.5))),
        (0.10, _position(pose(_LAYBACK, spine=(-48, 24, 10)), (1.6, 2.4),
                         left_hand=(-0.25, 0.80, 0.40), right_hand=(-0.40, -0.10, 0.85))),
        (0.20, Position(_BIELLMANN, (1.7, 2.6), through=_LAYBACK)),
    ),
}  # fmt: skip
"""Each class's positions with how often they are chosen."""


@dataclass(frozen=True)
class SpinPlan:
    """What is drawn for one spin."""

    label: str
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


COMBINATION, LAYBACK = "CombinationSpin", "LaybackSpin"
"""Spins that have no class of their own among the 28."""
_LAYBACKS = (2, 3, 4)
"""Places of the layback positions, Biellmann's too, among those of an upright spin."""
_CHANGE_S = 0.7
"""From one position to the next."""
_HOLDS_S = (2.2, 3.4)
"""How long each position of several is held: three turns of each count."""


def plan_combination_spin(rng: np.random.Generator) -> SpinPlan:
    """Draw a spin of two or three basic positions on one foot."""
    count = 3 if rng.random() < 0.6 else 2
    labels = [str(label) for label in rng.permutation(list(POSITIONS))[:count]]
    first = plan_spin(labels[0], rng, hold_s=0.0)
    begins, then = 0.0, []
    for label in labels[1:]:
        begins += rng.uniform(*_HOLDS_S)
        then.append((label, plan_spin(label, rng, hold_s=0.0).position, begins))
    rate = min(first.rate, *(position.rates[1] for _, position, _ in then))
    hold_s = begins + rng.uniform(*_HOLDS_S)
    return replace(first, hold_s=hold_s, rate=rate, then=tuple(then))


def plan_layback(rng: np.random.Generator) -> SpinPlan:
    """Draw an upright spin in a layback position."""
    choices = [POSITIONS["UprightSpin"][place] for place in _LAYBACKS]
    shares = np.array([share for share, _ in choices])
    position = choices[rng.choice(len(choices), p=shares / shares.sum())][1]
    plan = plan_spin("UprightSpin", rng)
    return replace(plan, label=LAYBACK, position=position, rate=rng.uniform(*position.rates))


def plan_spin(label: str, rng: np.random.Generator, *, hold_s: float | None = None) -> SpinPlan:
    """Draw one spin.

    Raises:
        KeyError: The label is no spin.
    """
    choices = POSITIONS[label]
    chosen = rng.choice(len(choices), p=np.array([share for share, _ in choices]))
    position = choices[chosen][1]
    return SpinPlan(
        label=label,
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
    _write_path(phrase, plan, centred, leave, rng)
    end = _write_turning(phrase, plan, centred, leave)
    _write_contacts(phrase, plan, centred, leave, end)
    _write_poses(phrase, plan, centred, leave, rng)
    label = COMBINATION if plan.then else plan.label
    spun = (centred, leave - 0.3)
    phrase.marks.append(
        Mark(label, centred - 1.0, leave + 0.7, spin=spun, positions=_positions(plan, spun))
    )
    return phrase


def _positions(plan: SpinPlan, spun: tuple[float, float]) -> tuple[tuple[str, float, float], ...]:
    """`(class, begin, end)` of every position that is held."""
    begins = [spun[0], *(spun[0] + since + _CHANGE_S for _, _, since in plan.then)]
    ends = [*(spun[0] + since for _, _, since in plan.then), spun[1]]
    labels = [plan.label, *(label for label, _, _ in plan.then)]
    return tuple(zip(labels, begins, ends, strict=True))


def _write_path(
    phrase: Phrase, plan: SpinPlan, centred: float, leave: float, rng: np.random.Generator
) -> None:
    entry = rng.uniform(2.3, 3.3)
    phrase.path += [
        (0.0, entry, 0.18),
        (centred - 0.95, entry, 0.25),
        (centred - 0.35, 0.62 * entry, 0.75),
        (centred + 0.10, plan.drift + 0.10, 0.8),
        (centred + 0.50, plan.drift, 0.0),
        (leave - 0.15, plan.drift, 0.0),
        (leave + 0.35, 1.5, 0.35),
        (leave + 1.1, 1.7, 0.55),
    ]


def _write_turning(phrase: Phrase, plan: SpinPlan, centred: float, leave: float) -> float:
    """Facing keys; returns the turns at which the skater glides out backward."""
    if plan.side == "left":
        phrase.facing += [(0.0, 0.5, AUTO), (centred - 1.25, 0.56, AUTO)]
        phrase.facing += [(centred - 0.75, 1.0, AUTO), (centred - 0.42, 1.08, 0.35)]
        turns = 1.08
    else:
        phrase.facing += [
            (0.0, 0.0, AUTO),
            (centred - 0.9, 0.0, AUTO),
            (centred - 0.42, 0.08, 0.35),
        ]
        turns = 0.08
    times = np.linspace(centred - 0.42, leave - 0.05, max(int(2.0 * plan.hold_s), 4))
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
    built = np.clip((since + 0.42) / 0.9, 0.0, 1.0)
    gathered = np.clip((since - 0.5) / (0.5 * plan.hold_s), 0.0, 1.0)
    fastest = plan.rate * (0.78 + 0.22 * gathered * (2.0 - gathered))
    return 0.35 + (fastest - 0.35) * built * built * (3.0 - 2.0 * built)


def _write_contacts(
    phrase: Phrase, plan: SpinPlan, centred: float, leave: float, end: float
) -> None:
    pivot = ((centred - 0.30, 0.0), (centred + 0.05, 1.0))
    if plan.side == "left":
        step = centred - 0.90
        phrase.contacts += [
            Contact("right", 0.0, step, push=0.20),
            Contact("left", step, leave, blade=((0.0, 1.0),), pivot=pivot, push=0.12),
        ]
    else:
        step = centred - 1.2
        phrase.contacts += [
            Contact("left", 0.0, step, push=0.20),
            Contact("right", step, leave, blade=((0.0, 0.0),), pivot=pivot),
        ]
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
    later = 0.5 + min(rng.uniform(0.3, 1.2), 0.2 * plan.hold_s)
    last, further = poses["final"], []
    for _, next_position, since in plan.then:
        further.append((centred + since, varied(last, rng, 0.3)))
        last = varied(next_position.gathered_pose, rng)
        last = swapped(last) if plan.side == "right" else last
        further.append((centred + since + _CHANGE_S, last))
    phrase.poses += [
        (0.05, varied(STAND, rng)),
        (centred - 1.35, varied(_WIND_UP, rng)),
        (centred - 0.70, poses["step_in"]),
        (centred - 0.22, poses["swing"]),
        (centred + 0.45, poses["through"]),
        (centred + later, poses["through"]),
        (centred + later + 0.7, poses["final"]),
        *further,
        (leave - 0.45, varied(last, rng, 0.3)),
        (leave - 0.04, poses["gather"]),
        (leave + 0.60, varied(_CHECK_OUT, rng)),
        (phrase.duration - 0.05, varied(_CHECK_OUT, rng, 0.5)),
    ]
