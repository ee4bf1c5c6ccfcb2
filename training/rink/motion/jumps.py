"""The six jumps, by edge, foot and toe pick of their take-off; written for a skater who turns left.

Times count from the take-off, or from the landing. The figures (how far the body has turned when it
leaves the ice, where arms and free leg are, how the knee bends) are rounded from motion capture of
competitive skaters and from the technical descriptions of the jumps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from training.rink.motion.phrase import AUTO, Contact, Mark, Phrase, Side
from training.rink.motion.pose import CHANNELS, STAND, Pose, pose, varied
from training.rink.motion.travel import GRAVITY
from training.rink.performance import SIMULATION_HZ, Flaw

PREPARATION_S, CHECK_OUT_S = 2.2, 1.6
"""Seconds of a jump's phrase before the take-off and after the landing."""
_PICK_S = 0.11


@dataclass(frozen=True)
class Takeoff:
    """How one kind of jump leaves the ice."""

    side: Side
    """The foot whose edge it is."""
    picks: bool
    """Whether the toe pick of the other foot takes the skater off."""
    lean: tuple[float, float]
    """Range of the tangent of the lean on the take-off edge: left of the travel is positive."""
    turned: float
    """Turns of the body between the edge and the take-off."""
    knee: float
    """Deepest bend before the push, degrees."""
    keys: tuple[tuple[float, Pose], ...]
    """Poses up to the take-off."""
    axel: bool = False
    """Whether it leaves the ice forward."""
    extra: tuple[tuple[float, float], ...] = field(default=())


def _held(*keys: tuple[float, Pose]) -> tuple[tuple[float, Pose], ...]:
    return keys


_COMMON_RISE = {"left_hand": (0.36, -0.12, -0.24), "right_hand": (0.46, 0.32, -0.20)}

_RISEN_ON_LEFT_PICK = pose(
    trunk=(2.0, -3.0), twist=-15.0, left_hand=(0.36, -0.05, -0.32), right_hand=(0.48, 0.40, -0.28),
    left_foot=(0.0, 0.05, -0.95), right_foot=(0.36, 0.05, -0.86), knee=34.0,
    left_ankle=(45.0, 5.0), right_ankle=(25.0, 5.0), lean=(-0.26, 0.0),
)  # fmt: skip
_RISEN_ON_RIGHT_PICK = pose(
    trunk=(0.0, -4.0), twist=-15.0, left_hand=(0.38, -0.13, -0.28), right_hand=(0.48, 0.37, -0.16),
    left_foot=(0.50, 0.02, -0.78), right_foot=(0.05, 0.1, -0.95), knee=35.0,
    left_ankle=(20.0, 5.0), right_ankle=(45.0, 5.0), lean=(-0.26, 0.0),
)  # fmt: skip

_TOELOOP = _held(
    (-0.60, pose(trunk=(46, 3), twist=-25.0, left_hand=(0.61, 0.25, -0.42),
                 right_hand=(-0.20, -1.0, 0.12), left_foot=(0.02, 0.35, -0.72), knee=72.0)),
    (-0.35, pose(trunk=(48, -2), twist=-26.0, left_hand=(0.64, 0.26, -0.44),
                 right_hand=(-0.22, -0.98, 0.08), left_foot=(-0.45, 0.45, -0.66), knee=86.0,
                 left_ankle=(35.0, 15.0), lean=(0.0, 0.0))),
    (-0.22, pose(trunk=(39, -8), twist=-31.0, left_hand=(0.68, 0.23, -0.36),
                 right_hand=(0.10, -0.97, -0.02), left_foot=(-0.72, 0.30, -0.58), knee=86.0,
                 left_ankle=(45.0, 25.0), lean=(-0.05, 0.0))),
    (-0.10, pose(trunk=(22, -10), twist=-24.0, left_hand=(0.45, 0.18, -0.38),
                 right_hand=(0.42, -0.40, -0.55), left_foot=(-0.62, 0.15, -0.68), knee=66.0,
                 left_ankle=(40.0, 10.0), right_foot=(0.38, 0.18, -0.68), lean=(-0.18, 0.0))),
    (-0.05, pose(trunk=(10, -8), twist=-16.0, left_hand=(0.34, 0.10, -0.38),
                 right_hand=(0.43, 0.20, -0.62), left_foot=(-0.30, 0.10, -0.82), knee=48.0,
                 right_foot=(0.42, 0.15, -0.73), lean=(-0.23, 0.0))),
    (0.0, _RISEN_ON_LEFT_PICK),
)  # fmt: skip

_FLIP = _held(
    (-0.60, pose(trunk=(38, 8), twist=-4.0, left_hand=(0.76, 0.36, 0.02),
                 right_hand=(-0.18, -0.98, 0.2), right_foot=(-0.82, -0.12, -0.45), knee=70.0,
                 right_ankle=(40.0, 15.0))),
    (-0.35, pose(trunk=(42, 8), twist=-4.0, left_hand=(0.76, 0.32, -0.20),
                 right_hand=(0.05, -1.0, 0.05), right_foot=(-0.86, -0.22, -0.36), knee=80.0,
                 right_ankle=(50.0, 20.0), lean=(0.0, 0.0))),
    (-0.22, pose(trunk=(39, 4), twist=-4.0, left_hand=(0.68, 0.20, -0.28),
                 right_hand=(0.30, -0.78, -0.28), right_foot=(-0.78, -0.10, -0.48), knee=76.0,
                 right_ankle=(50.0, 20.0), lean=(-0.05, 0.0))),
    (-0.10, pose(trunk=(27, -5), twist=-6.0, left_hand=(0.32, 0.12, -0.52),
                 right_hand=(0.28, -0.10, -0.80), right_foot=(-0.52, 0.08, -0.62), knee=52.0,
                 right_ankle=(38.0, 8.0), left_foot=(0.10, 0.36, -0.78), lean=(-0.18, 0.0))),
    (-0.05, pose(trunk=(10, -6), twist=-10.0, left_hand=(0.24, 0.05, -0.50),
                 right_hand=(0.32, 0.44, -0.52), right_foot=(-0.24, 0.18, -0.84), knee=46.0,
                 left_foot=(0.32, 0.34, -0.80), lean=(-0.23, 0.0))),
    (0.0, _RISEN_ON_RIGHT_PICK),
)  # fmt: skip

_LUTZ = _held(
    (-1.40, pose(trunk=(26, -4), twist=-8.0, left_hand=(0.70, 0.45, -0.15),
                 right_hand=(-0.25, -0.92, 0.10), right_foot=(-0.55, -0.12, -0.70), knee=55.0,
                 right_ankle=(40.0, 15.0))),
    (-0.60, pose(trunk=(42, 3), twist=-8.0, left_hand=(0.82, 0.28, -0.16),
                 right_hand=(-0.05, -0.98, 0.22), right_foot=(-0.74, -0.06, -0.58), knee=74.0,
                 right_ankle=(45.0, 15.0))),
    (-0.35, pose(trunk=(44, 3), twist=-8.0, left_hand=(0.80, 0.26, -0.20),
                 right_hand=(0.08, -0.98, 0.16), right_foot=(-0.84, -0.10, -0.42), knee=84.0,
                 right_ankle=(50.0, 20.0), lean=(0.0, 0.0))),
    (-0.22, pose(trunk=(41, 2), twist=-5.0, left_hand=(0.74, 0.20, -0.30),
                 right_hand=(0.28, -0.80, -0.22), right_foot=(-0.78, -0.06, -0.50), knee=80.0,
                 right_ankle=(50.0, 20.0), lean=(-0.05, 0.0))),
    (-0.10, pose(trunk=(28, -5), twist=-6.0, left_hand=(0.32, 0.15, -0.56),
                 right_hand=(0.24, -0.15, -0.80), right_foot=(-0.50, 0.10, -0.64), knee=56.0,
                 right_ankle=(38.0, 8.0), left_foot=(0.12, 0.32, -0.78), lean=(-0.18, 0.0))),
    (-0.05, pose(trunk=(10, -6), twist=-10.0, left_hand=(0.24, 0.06, -0.52),
                 right_hand=(0.30, 0.46, -0.52), right_foot=(-0.22, 0.20, -0.84), knee=46.0,
                 left_foot=(0.34, 0.32, -0.80), lean=(-0.23, 0.0))),
    (0.0, _RISEN_ON_RIGHT_PICK),
)  # fmt: skip

_LOOP = _held(
    (-0.75, pose(trunk=(34, 2), twist=-22.0, left_hand=(0.64, 0.44, -0.34),
                 right_hand=(0.0, -0.98, 0.14), left_foot=(0.32, 0.12, -0.88), knee=42.0)),
    (-0.35, pose(trunk=(40, 2), twist=-14.0, left_hand=(0.74, 0.34, -0.36),
                 right_hand=(0.02, -0.98, 0.07), left_foot=(0.50, 0.16, -0.80), knee=54.0,
                 left_ankle=(15.0, 5.0), lean=(-0.06, 0.0))),
    (-0.22, pose(trunk=(26, 0), twist=-6.0, left_hand=(0.72, 0.12, -0.10),
                 right_hand=(0.52, -0.76, 0.02), left_foot=(0.54, 0.16, -0.74), knee=54.0,
                 left_ankle=(20.0, 5.0), lean=(-0.16, 0.0))),
    (-0.10, pose(trunk=(4, -3), twist=-9.0, left_hand=(0.50, 0.08, -0.25),
                 right_hand=(0.64, -0.20, -0.40), left_foot=(0.52, 0.0, -0.68), knee=60.0,
                 left_ankle=(25.0, 5.0), lean=(-0.24, 0.0))),
    (-0.05, pose(trunk=(-2, -3), twist=-8.0, left_hand=(0.40, -0.06, -0.36),
                 right_hand=(0.48, 0.36, -0.42), left_foot=(0.48, -0.12, -0.70), knee=52.0,
                 left_ankle=(30.0, 5.0), lean=(-0.22, 0.0))),
    (0.0, pose(trunk=(0, 2), twist=-8.0, left_hand=(0.37, -0.30, -0.12),
               right_hand=(0.44, 0.28, -0.18), left_foot=(0.38, -0.26, -0.74), knee=35.0,
               right_foot=(0.0, 0.05, -0.96), left_ankle=(35.0, 5.0), right_ankle=(45.0, 5.0),
               lean=(-0.22, 0.0))),
)  # fmt: skip

_SALCHOW = _held(
    (-0.75, pose(trunk=(28, 6), twist=-9.0, left_hand=(0.75, 0.28, -0.20),
                 right_hand=(-0.50, -0.86, -0.22), right_foot=(-0.76, -0.22, -0.58), knee=42.0,
                 right_ankle=(50.0, 20.0))),
    (-0.50, pose(trunk=(32, 5), twist=-7.0, left_hand=(0.72, 0.25, -0.38),
                 right_hand=(-0.12, -0.98, -0.22), right_foot=(-0.30, -0.50, -0.80), knee=42.0,
                 right_ankle=(35.0, 15.0))),
    (-0.35, pose(trunk=(35, 2), twist=-11.0, left_hand=(0.72, 0.22, -0.37),
                 right_hand=(0.28, -0.95, -0.22), right_foot=(0.10, -0.44, -0.84), knee=48.0,
                 lean=(-0.06, 0.0))),
    (-0.22, pose(trunk=(30, -2), twist=-16.0, left_hand=(0.74, 0.06, -0.22),
                 right_hand=(0.58, -0.72, -0.28), right_foot=(0.24, -0.26, -0.74), knee=58.0,
                 right_ankle=(20.0, 5.0), lean=(-0.15, 0.0))),
    (-0.10, pose(trunk=(14, -5), twist=-22.0, left_hand=(0.48, 0.02, -0.22),
                 right_hand=(0.62, -0.02, -0.50), right_foot=(0.30, -0.06, -0.70), knee=60.0,
                 right_ankle=(20.0, 5.0), lean=(-0.22, 0.0))),
    (-0.05, pose(trunk=(4, -4), twist=-22.0, left_hand=(0.36, -0.08, -0.32),
                 right_hand=(0.50, 0.34, -0.42), right_foot=(0.34, -0.02, -0.74), knee=52.0,
                 right_ankle=(25.0, 5.0), lean=(-0.20, 0.0))),
    (0.0, pose(trunk=(0, 2), twist=-20.0, left_hand=(0.38, -0.26, -0.15),
               right_hand=(0.46, 0.28, -0.18), right_foot=(0.26, -0.05, -0.84), knee=34.0,
               left_foot=(0.0, 0.0, -0.96), left_ankle=(45.0, 5.0), right_ankle=(30.0, 5.0),
               lean=(-0.18, 0.0))),
)  # fmt: skip

_AXEL = _held(
    (-0.85, pose(trunk=(36, -2), twist=8.0, left_hand=(0.50, 0.55, -0.55),
                 right_hand=(0.10, -0.50, -0.80), left_foot=(0.10, 0.10, -0.82), knee=64.0)),
    (-0.55, pose(trunk=(38, 6), twist=4.0, left_hand=(0.62, 0.66, -0.20),
                 right_hand=(0.60, -0.20, -0.40), right_foot=(-0.66, -0.18, -0.66), knee=76.0,
                 right_ankle=(35.0, 25.0))),
    (-0.38, pose(trunk=(28, 8), twist=6.0, left_hand=(0.30, 0.78, -0.40),
                 right_hand=(0.10, -0.70, -0.60), right_foot=(-0.80, -0.05, -0.42), knee=78.0,
                 right_ankle=(50.0, 30.0), lean=(0.02, 0.0))),
    (-0.24, pose(trunk=(14, 6), twist=10.0, left_hand=(-0.45, 0.40, -0.74),
                 right_hand=(-0.50, -0.20, -0.78), right_foot=(-0.74, -0.10, -0.42), knee=72.0,
                 right_ankle=(50.0, 25.0), lean=(-0.06, 0.0))),
    (-0.15, pose(trunk=(6, 4), twist=2.0, left_hand=(-0.15, 0.05, -0.92),
                 right_hand=(0.10, -0.40, -0.80), right_foot=(-0.38, -0.36, -0.68), knee=58.0,
                 right_ankle=(40.0, 15.0), lean=(-0.16, 0.0))),
    (-0.07, pose(trunk=(6, 3), twist=-18.0, left_hand=(0.48, -0.10, -0.62),
                 right_hand=(0.64, -0.36, -0.06), right_foot=(0.10, -0.48, -0.66), knee=50.0,
                 right_ankle=(30.0, 10.0), lean=(-0.16, 0.0))),
    (0.0, pose(trunk=(4, 1), twist=-26.0, left_hand=(0.40, -0.34, -0.08),
               right_hand=(0.54, 0.04, 0.18), right_foot=(0.26, -0.40, -0.58), knee=24.0,
               left_foot=(0.0, 0.05, -0.97), left_ankle=(45.0, 5.0), right_ankle=(30.0, 5.0),
               lean=(-0.10, 0.0))),
)  # fmt: skip

TAKEOFFS: dict[str, Takeoff] = {
    "Toeloop": Takeoff("right", True, (0.14, 0.32), 0.33, 88.0, _TOELOOP),
    "Loop": Takeoff("right", False, (0.36, 0.60), 0.47, 62.0, _LOOP),
    "Salchow": Takeoff("left", False, (0.34, 0.58), 0.47, 60.0, _SALCHOW),
    "Flip": Takeoff("left", True, (0.14, 0.30), 0.34, 80.0, _FLIP),
    "Lutz": Takeoff("left", True, (-0.34, -0.16), 0.34, 84.0, _LUTZ),
    "Axel": Takeoff("left", False, (0.22, 0.42), 0.20, 78.0, _AXEL, axel=True),
}
"""Every kind of jump, by the name that the classes use."""

_OPEN = pose(
    trunk=(4, 0), twist=-10.0, left_hand=(0.50, 0.05, -0.20), right_hand=(0.50, -0.05, -0.18),
    left_foot=(0.14, -0.06, -0.90), right_foot=(-0.04, 0.0, -0.96), knee=18.0,
    left_ankle=(50.0, 5.0), right_ankle=(50.0, 5.0), lean=(-0.23, 0.0),
)  # fmt: skip
_TIGHT = pose(
    trunk=(1, 0), twist=-15.0, head=(4.0, 0.0, 12.0), left_hand=(0.33, -0.40, -0.10),
    right_hand=(0.35, 0.13, -0.06), left_foot=(0.19, -0.30, -0.87),
    right_foot=(-0.07, 0.03, -0.985), knee=14.0, left_ankle=(55.0, 40.0),
    right_ankle=(55.0, 0.0), lean=(-0.25, 0.0),
)  # fmt: skip

_LANDING: tuple[tuple[float, Pose], ...] = (
    (-0.06, pose(_TIGHT, left_hand=(0.36, -0.42, -0.14), left_foot=(0.22, -0.24, -0.88),
                 right_foot=(0.02, 0.05, -0.985), right_ankle=(40.0, 5.0), knee=16.0)),
    (0.0, pose(trunk=(7, 1), twist=-15.0, left_hand=(0.39, -0.54, -0.18),
               right_hand=(0.42, -0.08, -0.22), left_foot=(0.20, -0.32, -0.84), knee=22.0,
               right_foot=(0.0, 0.0, -0.97), left_ankle=(50.0, 30.0), lean=(-0.26, 0.0))),
    (0.08, pose(trunk=(20, -3), twist=-12.0, left_hand=(0.50, -0.62, -0.38),
                right_hand=(0.44, -0.48, -0.46), left_foot=(0.28, -0.36, -0.74), knee=46.0,
                left_ankle=(45.0, 30.0), lean=(-0.30, 0.0))),
    (0.16, pose(trunk=(36, -3), twist=-1.0, left_hand=(0.68, -0.10, -0.64),
                right_hand=(0.48, -0.66, -0.50), left_foot=(0.58, -0.16, -0.70), knee=58.0,
                left_ankle=(35.0, 30.0), lean=(-0.28, 0.0))),
    (0.28, pose(trunk=(42, -2), twist=8.0, left_hand=(0.48, 0.76, -0.30),
                right_hand=(0.54, -0.76, -0.40), left_foot=(0.56, 0.45, -0.62), knee=64.0,
                left_ankle=(35.0, 10.0), lean=(-0.18, 0.0))),
    (0.40, pose(trunk=(36, -9), twist=10.0, left_hand=(0.16, 0.97, 0.06),
                right_hand=(0.34, -0.90, -0.26), left_foot=(0.12, 0.80, -0.55), knee=68.0,
                left_ankle=(40.0, 20.0), lean=(-0.08, 0.0))),
    (0.60, pose(trunk=(24, -15), twist=7.0, left_hand=(-0.16, 0.96, 0.24),
                right_hand=(0.06, -0.99, -0.14), left_foot=(-0.58, 0.62, -0.46), knee=66.0,
                left_ankle=(50.0, 10.0))),
    (0.90, pose(trunk=(16, -18), twist=-2.0, left_hand=(-0.18, 0.96, 0.22),
                right_hand=(0.02, -0.99, -0.10), left_foot=(-0.76, 0.32, -0.50), knee=56.0,
                left_ankle=(50.0, 10.0))),
    (1.45, pose(trunk=(14, -12), left_hand=(0.10, 0.95, 0.05), right_hand=(0.10, -0.95, 0.02),
                left_foot=(-0.60, 0.20, -0.66), knee=40.0, left_ankle=(45.0, 20.0))),
)  # fmt: skip


_STUMBLE = pose(
    trunk=(34, 6), left_hand=(0.55, 0.70, -0.20), right_hand=(0.50, -0.80, -0.10),
    right_foot=(-0.25, -0.25, -0.80), knee=58.0,
)  # fmt: skip
_FALLEN = pose(
    pelvis=(-32, 14, 0), spine=(16, 4, 0), head=(6, 0, 0), left_hand=(-0.30, 0.55, -0.62),
    right_hand=(-0.45, -0.40, -0.70), left_foot=(0.80, 0.18, 0.05), right_foot=(0.88, -0.12, 0.02),
    left_ankle=(25, 25), right_ankle=(25, 25),
)  # fmt: skip


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

    @property
    def rotations(self) -> float:
        """As the truth counts them."""
        short = self.missing - 0.15 if "under_rotated" in self.flaws else 0.0
        return self.turns + (0.5 if self.kind == "Axel" else 0.0) - short


_AIR_S = {1: (0.36, 0.47), 2: (0.40, 0.55), 3: (0.53, 0.65), 4: (0.63, 0.73)}
_FLAW_RATES: tuple[tuple[Flaw, float], ...] = (
    ("under_rotated", 0.05), ("tilted", 0.06), ("stepped_out", 0.03), ("fell", 0.03),
)  # fmt: skip


def plan_jump(kind: str, turns: int, rng: np.random.Generator, *, clean: bool = False) -> JumpPlan:
    """Draw one jump.

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
    air_s = rng.uniform(shortest, longest) + (0.05 if takeoff.axel else 0.0)
    missing = rng.uniform(0.08, 0.20) + ("under_rotated" in flaws) * rng.uniform(0.2, 0.35)
    return JumpPlan(
        kind=kind,
        turns=turns,
        air_s=round(air_s * SIMULATION_HZ) / SIMULATION_HZ,
        speed=rng.uniform(2.2, 3.6) + 0.2 * turns,
        turned=takeoff.turned * rng.uniform(0.85, 1.1) * (0.85 if turns == 1 else 1.0),
        missing=missing,
        lean=rng.uniform(*takeoff.lean),
        landing_lean=rng.uniform(0.26, 0.44),
        tightness=float(np.clip(rng.normal(0.35 + 0.22 * turns, 0.12), 0.0, 1.0)),
        flaws=flaws,
    )


def jump(plan: JumpPlan, rng: np.random.Generator) -> Phrase:
    """A jump from its entry to its check-out; `PREPARATION_S` lie before the take-off."""
    start = round(PREPARATION_S * SIMULATION_HZ) / SIMULATION_HZ
    landing = start + plan.air_s
    phrase = Phrase(landing + CHECK_OUT_S)
    takeoff = TAKEOFFS[plan.kind]
    phrase.flights.append((start, landing))
    phrase.poses += [(start + t, varied(p, rng)) for t, p in takeoff.keys]
    phrase.poses += _air_poses(plan, start, landing, rng)
    _write_path(phrase, plan, start, landing)
    _ENTRIES[plan.kind](phrase, start, rng)
    _write_takeoff(phrase, plan, start)
    _LANDINGS.get(next(iter(plan.flaws & _LANDINGS.keys()), ""), _write_landing)(
        phrase, plan, landing, rng
    )
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


def _air_poses(
    plan: JumpPlan, start: float, landing: float, rng: np.random.Generator
) -> list[tuple[float, Pose]]:
    close_s = 0.11 + 0.04 * rng.random()
    held = varied(_OPEN + plan.tightness * (_TIGHT - _OPEN), rng, 0.7)
    if "tilted" in plan.flaws:
        held[CHANNELS["lean"]] += rng.uniform(0.12, 0.25) * np.array(
            [-0.3, rng.choice((-1.0, 1.0))]
        )
    return [(start + close_s, held), (landing - 0.09, varied(held, rng, 0.2))]


def _write_path(phrase: Phrase, plan: JumpPlan, start: float, landing: float) -> None:
    takeoff = TAKEOFFS[plan.kind]
    entry = plan.speed * (1.25 if takeoff.axel else 1.5)
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
    open_by = 0.16 if takeoff.axel else 0.05
    phrase.facing += [
        (start - turn_s, base - open_by, AUTO),
        (start, base + plan.turned, AUTO),
    ]
    if takeoff.picks:
        other: Side = "left" if takeoff.side == "right" else "right"
        phrase.contacts += [
            Contact(takeoff.side, start - 0.5, start - 0.25, push=0.30),
            Contact(other, start - _PICK_S, start, pick=True, blade=((0.0, base),),
                    heel=((start - _PICK_S, 42.0), (start, 40.0), (start + 0.1, 55.0))),
        ]  # fmt: skip
    else:
        phrase.contacts.append(
            Contact(takeoff.side, start - 0.5, start, blade=((0.0, base),),
                    pivot=((start - 0.17, 0.0), (start - 0.05, 1.0)),
                    heel=((start - 0.10, 0.0), (start, 32.0), (start + 0.1, 50.0)))
        )  # fmt: skip


def _final_facing(plan: JumpPlan) -> float:
    return (1.5 if plan.kind == "Axel" else 0.5) + plan.turns


def _touch_down(phrase: Phrase, plan: JumpPlan, landing: float, until: float) -> None:
    """The right back outside edge of the landing: toe pick first, the turning fades out."""
    base = _final_facing(plan)
    turn_s = 0.10 + 0.30 * plan.missing
    phrase.facing += [(landing, base - plan.missing, AUTO), (landing + turn_s, base, AUTO)]
    phrase.contacts.append(
        Contact("right", landing, until, blade=((0.0, base),),
                pivot=((landing, 1.0), (landing + turn_s, 0.0)),
                heel=((landing - 0.05, 40.0), (landing, 28.0), (landing + 0.06, 0.0)))
    )  # fmt: skip


def _write_landing(
    phrase: Phrase, plan: JumpPlan, landing: float, rng: np.random.Generator
) -> None:
    base = _final_facing(plan)
    _touch_down(phrase, plan, landing, phrase.duration)
    phrase.facing += [
        (landing + 0.55, base + 0.10, AUTO),
        (landing + 1.0, base + 0.11, AUTO),
        (phrase.duration, base, AUTO),
    ]
    phrase.poses += [(landing + t, varied(p, rng)) for t, p in _LANDING]


def _write_step_out(
    phrase: Phrase, plan: JumpPlan, landing: float, rng: np.random.Generator
) -> None:
    """The free foot comes down too early, and the skater turns forward on it."""
    base, step = _final_facing(plan), landing + rng.uniform(0.22, 0.34)
    _touch_down(phrase, plan, landing, step)
    phrase.facing += [(step + 0.35, base + 0.5, AUTO), (phrase.duration, base + 1.0, AUTO)]
    phrase.contacts += [
        Contact("left", step, step + 0.6, blade=((0.0, base + 0.5),), push=0.1),
        Contact("right", step + 0.6, phrase.duration, blade=((0.0, base + 1.0),)),
    ]
    phrase.poses += [(landing + t, varied(p, rng)) for t, p in _LANDING if t < 0.12]
    phrase.poses += [
        (step + 0.15, varied(_STUMBLE, rng)),
        (step + 0.60, varied(pose(_STUMBLE, trunk=(18, 4), knee=44.0), rng)),
        (phrase.duration - 0.1, varied(STAND, rng)),
    ]


def _write_fall(phrase: Phrase, plan: JumpPlan, landing: float, rng: np.random.Generator) -> None:
    """The edge slips away and the skater slides on the hip."""
    base = _final_facing(plan)
    down = landing + rng.uniform(0.42, 0.60)
    _touch_down(phrase, plan, landing, landing + 0.16)
    phrase.facing += [
        (down, base + rng.uniform(-0.1, 0.25), AUTO),
        (phrase.duration, base + rng.uniform(0.0, 0.4), AUTO),
    ]
    phrase.path = [key for key in phrase.path if key[0] <= landing]
    phrase.path += [(down, 0.75 * plan.speed, 0.1), (phrase.duration, 0.2, 0.0)]
    phrase.sinking.append((landing + 0.10, down, 0.15))
    phrase.poses += [(landing + t, varied(p, rng)) for t, p in _LANDING if t < 0.12]
    phrase.poses += [
        (down, varied(_FALLEN, rng)),
        (phrase.duration - 0.1, varied(_FALLEN, rng)),
    ]


_LANDINGS = {"stepped_out": _write_step_out, "fell": _write_fall}


def _enter_from_three_turn(side: Side) -> Callable[[Phrase, float, np.random.Generator], None]:
    def enter(phrase: Phrase, start: float, rng: np.random.Generator) -> None:
        turn_at = start - rng.uniform(0.85, 1.25)
        lead = STAND.copy()
        phrase.facing += [
            (0.0, 0.0, AUTO), (turn_at - 0.35, 0.04, AUTO), (turn_at + 0.15, 0.44, AUTO),
        ]  # fmt: skip
        phrase.contacts.append(
            Contact(side, 0.0, start - 0.45, blade=((turn_at - 0.09, 0.0), (turn_at + 0.09, 0.5)))
        )
        phrase.poses += [(0.2, varied(lead, rng))]

    return enter


def _enter_backward(side: Side) -> Callable[[Phrase, float, np.random.Generator], None]:
    def enter(phrase: Phrase, start: float, rng: np.random.Generator) -> None:
        phrase.facing += [(0.0, 0.5, AUTO), (start - 0.6, 0.48, AUTO)]
        phrase.contacts.append(Contact(side, 0.0, start - 0.45))

    return enter


def _enter_axel(phrase: Phrase, start: float, rng: np.random.Generator) -> None:
    step = start - rng.uniform(0.48, 0.6)
    phrase.facing += [(0.0, 0.5, AUTO), (step - 0.25, 0.56, AUTO)]
    phrase.contacts += [
        Contact("right", 0.0, step, push=0.25),
        Contact("left", step, start - 0.45, blade=((0.0, 1.0),)),
    ]


_ENTRIES: dict[str, Callable[[Phrase, float, np.random.Generator], None]] = {
    "Toeloop": _enter_from_three_turn("right"),
    "Salchow": _enter_from_three_turn("left"),
    "Flip": _enter_from_three_turn("left"),
    "Loop": _enter_backward("right"),
    "Lutz": _enter_backward("left"),
    "Axel": _enter_axel,
}
