"""The six jumps, by edge, foot and toe pick of their take-off; written for a skater who turns left.

A jump is an entry, a take-off (`takeoffs`), a flight whose turning follows from the conservation of
angular momentum (`travel`), and a landing (`landings`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from training.rink.motion.jumping.entries import ENTRIES
from training.rink.motion.jumping.habits import Habit, book, draw_habit, possible
from training.rink.motion.jumping.landings import Touchdown, fall, run_out, step_out
from training.rink.motion.jumping.takeoffs import AIR_OPEN, AIR_TIGHT, APPROACHES, TAKEOFFS
from training.rink.motion.kinematics.pose import CHANNELS, Pose, varied
from training.rink.motion.kinematics.travel import GRAVITY
from training.rink.motion.phrase import AUTO, Contact, Mark, Phrase, Side
from training.rink.performance import SIMULATION_HZ, Flaw

PREPARATION_S, CHECK_OUT_S = 2.2, 1.6
"""Seconds of a jump's phrase before the take-off and after the landing."""
_DICTATED_S = -0.40
"""From here to the take-off (at 0) the jump itself says how it is done."""
_HABITUAL = ("pelvis", "spine", "head", "left_hand", "right_hand", "reaches", "knee")
"""Channels of a pose that are free before that; the free leg goes with the edge."""


@dataclass(frozen=True)
class JumpPlan:
    """What is drawn for one jump."""

    kind: str
    turns: int
    """As named: 1 to 4."""
    air_s: float
    """From take-off to landing."""
    speed: float
    """In the air, m/s."""
    turned: float
    """Turns on the ice before the take-off."""
    missing: float
    """Turns on the ice after the landing, until the skater glides backward."""
    lean: float
    """Tangent of the lean on the take-off edge, left of the travel positive."""
    landing_lean: float
    """The same after the landing."""
    tightness: float
    """0 an open position in the air, 1 the tightest."""
    flaws: frozenset[Flaw]
    """What goes wrong."""
    habit: Habit
    """What the rules leave free."""

    @property
    def backward(self) -> float:
        """Facing, in turns, once the landing is over."""
        return self.turns + (1.5 if self.kind == "Axel" else 0.5)

    @property
    def rotations(self) -> float:
        """As the truth counts them."""
        short = self.missing - 0.15 if "under_rotated" in self.flaws else 0.0
        return self.turns + (0.5 if self.kind == "Axel" else 0.0) - short


_AIR_S = {1: (0.36, 0.47), 2: (0.40, 0.54), 3: (0.53, 0.64), 4: (0.63, 0.73)}
_WIDE_AIR_S = {1: (0.34, 0.52), 2: (0.34, 0.58), 3: (0.45, 0.72), 4: (0.60, 0.82)}
"""The same for any skater, recreational to elite."""
_PICK_M = 0.32
"""So far at most a skater travels over a toe pick that stands in the ice."""
_PICK_LIFT_S = 0.035
"""What the toe pick adds to the time in the air."""
_FLAW_RATES: tuple[tuple[Flaw, float], ...] = (
    ("under_rotated", 0.05), ("tilted", 0.06), ("stepped_out", 0.03), ("fell", 0.03),
)  # fmt: skip


def plan_jump(
    kind: str, turns: int, rng: np.random.Generator, *, clean: bool = False, wide: bool = False
) -> JumpPlan:
    """Draw one jump; `wide`: by any skater, see `habits`.

    Raises:
        KeyError: No jump of that kind.
    """
    takeoff = TAKEOFFS[kind]
    draws = rng.random(len(_FLAW_RATES))
    flaws = frozenset(
        flaw
        for (flaw, rate), draw in zip(_FLAW_RATES, draws, strict=True)
        if not clean and draw < rate
    )
    if "fell" in flaws:
        flaws -= {"stepped_out"}
    shortest, longest = _AIR_S[turns]
    air_s = rng.uniform(shortest, longest) + _PICK_LIFT_S * takeoff.picks + 0.02 * takeoff.axel
    missing = rng.uniform(0.08, 0.20) + ("under_rotated" in flaws) * rng.uniform(0.2, 0.35)
    plan = JumpPlan(
        kind=kind,
        turns=turns,
        air_s=round(air_s * SIMULATION_HZ) / SIMULATION_HZ,
        speed=rng.uniform(1.7, 2.9) + 0.2 * turns,
        turned=takeoff.turned * rng.uniform(0.85, 1.1) * (0.85 if turns == 1 else 1.0),
        missing=missing,
        lean=rng.uniform(*takeoff.lean),
        landing_lean=rng.uniform(0.26, 0.44),
        tightness=float(np.clip(rng.normal(0.35 + 0.22 * turns, 0.12), 0.0, 1.0)),
        flaws=flaws,
        habit=book(kind),
    )
    return _widened(plan, rng) if wide else plan


def _widened(plan: JumpPlan, rng: np.random.Generator) -> JumpPlan:
    """The same jump by any skater: a child's and a champion's, early and late turning."""
    takeoff = TAKEOFFS[plan.kind]
    shortest, longest = _WIDE_AIR_S[plan.turns]
    air_s = rng.uniform(shortest, longest) + 0.5 * _PICK_LIFT_S * takeoff.picks
    missing = plan.missing * rng.uniform(0.2, 1.3)
    speed = rng.uniform(1.3, 3.0) + 0.15 * plan.turns
    habit = draw_habit(plan.kind, rng)
    least, most = (0.08, 0.42) if takeoff.axel else (0.10, 0.58)
    return replace(
        plan,
        air_s=round(air_s * SIMULATION_HZ) / SIMULATION_HZ,
        speed=speed,
        turned=float(np.clip(takeoff.turned * rng.uniform(0.55, 1.6), least, most)),
        missing=missing if "under_rotated" not in plan.flaws else plan.missing,
        landing_lean=rng.uniform(0.24, 0.50),
        tightness=float(np.clip(rng.normal(0.25 + 0.2 * plan.turns, 0.28), -0.3, 1.0)),
        habit=replace(habit, pick_s=min(habit.pick_s, _PICK_M / speed)),
    )


def jump(plan: JumpPlan, rng: np.random.Generator) -> Phrase:
    """A jump from its entry to its check-out; `PREPARATION_S` lie before the take-off."""
    start = round(PREPARATION_S * SIMULATION_HZ) / SIMULATION_HZ
    landing = start + plan.air_s
    phrase = Phrase(landing + CHECK_OUT_S)
    phrase.flights.append((start, landing))
    phrase.poses += [(start + t, varied(p, rng)) for t, p in _approached(plan, rng)]
    phrase.poses += _air_poses(plan, start, landing, rng)
    _write_path(phrase, plan, start, landing)
    ENTRIES[plan.habit.entry](phrase, TAKEOFFS[plan.kind].side, start, plan.habit, rng)
    _write_takeoff(phrase, plan, start)
    touchdown = Touchdown(landing, plan.backward, plan.missing, plan.speed, plan.habit)
    if "fell" in plan.flaws:
        fall(phrase, touchdown, rng)
    elif "stepped_out" in plan.flaws:
        step_out(phrase, touchdown, rng)
    else:
        run_out(phrase, touchdown, rng)
    phrase.marks.append(
        Mark(
            label=f"{plan.turns}{plan.kind}",
            start=start - 0.6,
            end=landing + 0.8,
            takeoff=start,
            landing=landing,
            rotations=plan.rotations,
            flaws=plan.flaws,
        )
    )
    return phrase


def _approached(plan: JumpPlan, rng: np.random.Generator) -> list[tuple[float, Pose]]:
    """The keys of a take-off, of which the early ones are this skater's habit.

    Skaters come to the same jump with different arms, backs and knees; only the last half second
    is dictated by the jump.
    """
    habit = APPROACHES[int(rng.integers(len(APPROACHES)))]
    share = rng.uniform(0.75, 1.0)
    approached = []
    own = plan.habit
    for time, key in TAKEOFFS[plan.kind].keys:
        pose = own.adjusted(time, key, plan.kind)
        if time < _DICTATED_S:
            for name in _HABITUAL:
                channel = CHANNELS[name]
                pose[channel] += share * (habit[channel] - pose[channel])
        approached.append((own.tempo * time, pose))
    return approached


def _air_poses(
    plan: JumpPlan, start: float, landing: float, rng: np.random.Generator
) -> list[tuple[float, Pose]]:
    close_s = 0.11 + 0.04 * rng.random() + plan.habit.closes_later_s
    held = varied(AIR_OPEN + plan.tightness * (AIR_TIGHT - AIR_OPEN), rng, 0.7)
    if not plan.habit.is_book:
        close_s = min(close_s, 0.45 * plan.air_s)
        held = possible(held + plan.habit.flying)
    if "tilted" in plan.flaws:
        held[CHANNELS["lean"]] += rng.uniform(0.12, 0.25) * np.array(
            [-0.3, rng.choice((-1.0, 1.0))]
        )
    return [(start + close_s, held), (landing - 0.09, varied(held, rng, 0.2))]


def _write_path(phrase: Phrase, plan: JumpPlan, start: float, landing: float) -> None:
    takeoff = TAKEOFFS[plan.kind]
    entry = plan.speed * (1.5 if takeoff.axel else 1.85) * plan.habit.braking
    edge = plan.lean * GRAVITY / entry**2
    after = 0.70 * plan.speed
    out = plan.landing_lean * GRAVITY / after**2
    phrase.path += [
        (start - 1.00, entry, (0.8 if plan.lean < 0.0 else 0.4) * edge),
        (start - 0.40, entry, 0.8 * edge),
        (start - 0.20, 0.85 * entry + 0.15 * plan.speed, edge),
        (start - 0.02, plan.speed, 0.0),
        (landing, plan.speed, 0.0),
        (landing + 0.30, after, 0.9 * out),
        (landing + 0.90, 0.95 * after, out),
        (landing + 1.45, 0.92 * after, 0.6 * out),
    ]


def _write_takeoff(phrase: Phrase, plan: JumpPlan, start: float) -> None:
    takeoff = TAKEOFFS[plan.kind]
    base = 1.0 if takeoff.axel else 0.5
    air = plan.turns + (0.5 if takeoff.axel else 0.0) - plan.turned - plan.missing
    rate = 0.75 * air / plan.air_s
    turn_s = float(np.clip(2.0 * plan.turned / max(rate, 0.5), 0.18, 0.40))
    habit = plan.habit
    open_by = (0.16 if takeoff.axel else 0.05) - habit.opens
    phrase.facing += [
        (start - turn_s, base - open_by, AUTO),
        (start, base + plan.turned, AUTO),
    ]
    if takeoff.picks:
        other: Side = "left" if takeoff.side == "right" else "right"
        pick_s = habit.pick_s
        planted = Contact(
            other, start - pick_s, start, pick=True, bears=False, blade=((0.0, base),),
            heel=((start - pick_s, 42.0), (start, 40.0), (start + 0.1, 55.0)),
        )  # fmt: skip
        phrase.contacts += [
            Contact(takeoff.side, start - 0.5, start - habit.edge_end_s, push=habit.push),
            planted,
            replace(planted, start=start - 0.5 * pick_s, bears=True),
        ]
    else:
        phrase.contacts.append(
            Contact(takeoff.side, start - 0.5, start, blade=((0.0, base),),
                    pivot=((start - habit.pivot_s, 0.0), (start - 0.05, 1.0)),
                    heel=((start - 0.10, 0.0), (start, 32.0), (start + 0.1, 50.0)))
        )  # fmt: skip
