"""Whether the rink's jumps are as different as real ones.

    python -m benchmarks.rink.coverage --reference FILE.npz          # by the book
    python -m benchmarks.rink.coverage --reference FILE.npz --wide   # by any skater

Reference: see `benchmarks.reference_jumps`. Real and simulated jumps are measured by one function:
turning, air time, speed, knees, trunk, and where hands and feet are about the pelvis, from 0.6 s
before the take-off to the landing. For every skater, jump and quantity it asks whether the median
lies between the rink's 5th and 95th per cent. It looks at quantities, never at a verdict.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.reference_jumps import KINDS, ReferenceJump, load_reference
from models.command_line import Parser, StatusLine, run_command
from pipeline.types import FloatArray
from training.rink.body import JOINT
from training.rink.motion import perform
from training.rink.performance import SIMULATION_HZ

BEFORE_S = (-0.6, -0.35, -0.2, -0.1, 0.0)
"""Times that are measured, from the take-off; besides 0.12 s after it and half of the flight."""
AIRBORNE_M = 0.05
"""Both skates are so high in flight, as in the reference's table."""
SIMULATED, FEWEST = 60, 3
"""Jumps of a class; takes of a skater's jump without which it is left out."""
SIDES = ("left", "right")
Figures = dict[str, float]


@dataclass(frozen=True)
class Coverage:
    """How many medians lie within the rink's range."""

    inside: int
    asked: int
    outside: Counter[str]
    """Medians outside, by quantity."""

    @property
    def share(self) -> float:
        """Of the medians that lie inside."""
        return self.inside / self.asked


def measure(joints: FloatArray, takeoff_s: float, landing_s: float) -> Figures:
    """All quantities of a jump that turns to the left, joints `(T, J, 3)` at the rink's rate."""
    joints = joints.astype(np.float64)
    yaw, last = _yaw(joints), len(joints) - 1
    speed = np.linalg.norm(np.gradient(joints[:, JOINT["pelvis"], :2], axis=0), axis=1)
    bend = _bend(joints, yaw)

    def at(seconds: float) -> int:
        return int(np.clip(round((takeoff_s + seconds) * SIMULATION_HZ), 0, last))

    air_s = landing_s - takeoff_s
    figures: Figures = {
        "air time": air_s,
        "turn on the ice": yaw[at(0.0)] - yaw[at(-0.4)],
        "turn in the air": yaw[at(air_s)] - yaw[at(0.0)],
        "turn after": yaw[at(air_s + 0.3)] - yaw[at(air_s)],
        "speed before": speed[at(-0.4)] * SIMULATION_HZ,
        "speed in the air": speed[at(0.5 * air_s)] * SIMULATION_HZ,
    }
    figures |= {f"trunk bend {time}": bend[at(time)] for time in BEFORE_S}
    for side in SIDES:
        knee = _knee(joints, side)
        for time in (*BEFORE_S, 0.12, 0.5 * air_s):
            name = f"{time}" if time != 0.5 * air_s else "half way"
            figures[f"{side} knee {name}"] = knee[at(time)]
            for end in ("ankle", "wrist"):
                place = _about_pelvis(joints[at(time)], f"{side}_{end}", yaw[at(time)])
                for axis, value in zip(("ahead", "left", "up"), place, strict=True):
                    figures[f"{side} {end} {axis} {name}"] = float(value)
    return figures


def flight(joints: FloatArray, takeoff_s: float, landing_s: float) -> tuple[float, float]:
    """When both skates are `AIRBORNE_M` above the ice, seconds, about the middle of a flight."""
    ends = [JOINT[f"{side}_{end}"] for side in SIDES for end in ("toe", "heel")]
    high = joints[:, ends, 2].min(axis=1) > AIRBORNE_M
    middle = round(0.5 * (takeoff_s + landing_s) * SIMULATION_HZ)
    low = np.flatnonzero(~high)
    first = int(low[low < middle].max(initial=-1)) + 1
    after = int(low[low > middle].min(initial=len(high)))
    return first / SIMULATION_HZ, (after - 1) / SIMULATION_HZ


def coverage(jumps: Sequence[ReferenceJump], *, wide: bool, simulated: int = SIMULATED) -> Coverage:
    """Compare real jumps with the rink's."""
    real: dict[tuple[str, int, str], list[Figures]] = defaultdict(list)
    for jump in jumps:
        act = jump.act
        figures = measure(act.motion.joints, act.takeoff_s, act.landing_s)
        real[jump.kind, jump.turns, jump.skater].append(figures)
    ranges: dict[tuple[str, int], dict[str, tuple[float, float]]] = {}
    inside = asked = 0
    outside: Counter[str] = Counter()
    for (kind, turns, _), takes in sorted(real.items()):
        if len(takes) < FEWEST:
            continue
        if (kind, turns) not in ranges:
            ranges[kind, turns] = _ranges(kind, turns, wide=wide, count=simulated)
        for name, (low, high) in ranges[kind, turns].items():
            asked += 1
            if low <= np.median([take[name] for take in takes]) <= high:
                inside += 1
            else:
                outside[name] += 1
    return Coverage(inside, asked, outside)


def _ranges(kind: str, turns: int, *, wide: bool, count: int) -> dict[str, tuple[float, float]]:
    rows = []
    for seed in range(count):
        rng = np.random.default_rng([seed, KINDS.index(kind), turns])
        shown = perform(f"{turns}{kind}", rng, mirrored=False, clean=True, wide=wide)
        rows.append(measure(shown.joints, *flight(shown.joints, shown.takeoff_s, shown.landing_s)))
    found = {}
    for name in rows[0]:
        low, high = np.percentile([row[name] for row in rows], (5, 95))
        found[name] = (float(low), float(high))
    return found


def _yaw(joints: FloatArray) -> FloatArray:
    across = joints[:, JOINT["left_hip"]] - joints[:, JOINT["right_hip"]]
    yaw: FloatArray = np.unwrap(np.arctan2(-across[:, 0], across[:, 1])) / (2.0 * np.pi)
    return yaw


def _knee(joints: FloatArray, side: str) -> FloatArray:
    """Bend, degrees `(T,)`."""
    hip, knee, ankle = (joints[:, JOINT[f"{side}_{name}"]] for name in ("hip", "knee", "ankle"))
    thigh, shank = knee - hip, ankle - knee
    lengths = np.linalg.norm(thigh, axis=1) * np.linalg.norm(shank, axis=1)
    bend: FloatArray = np.degrees(
        np.arccos(np.clip(np.einsum("ti,ti->t", thigh, shank) / lengths, -1.0, 1.0))
    )
    return bend


def _bend(joints: FloatArray, yaw: FloatArray) -> FloatArray:
    """How far the trunk leans forward, degrees `(T,)`."""
    trunk = joints[:, JOINT["neck"]] - joints[:, JOINT["pelvis"]]
    trunk = trunk / np.linalg.norm(trunk, axis=1, keepdims=True)
    facing = 2.0 * np.pi * yaw
    forward = trunk[:, 0] * np.cos(facing) + trunk[:, 1] * np.sin(facing)
    bend: FloatArray = np.degrees(np.arcsin(np.clip(forward, -1.0, 1.0)))
    return bend


def _about_pelvis(joints: FloatArray, name: str, yaw: float) -> FloatArray:
    """Ahead, left, up of the pelvis `(3,)`, in lengths of the right leg."""
    hip, knee, ankle = (joints[JOINT[f"right_{part}"]] for part in ("hip", "knee", "ankle"))
    leg = np.linalg.norm(hip - knee) + np.linalg.norm(knee - ankle)
    away = joints[JOINT[name]] - joints[JOINT["pelvis"]]
    cosine, sine = np.cos(2.0 * np.pi * yaw), np.sin(2.0 * np.pi * yaw)
    turned: FloatArray = np.array(
        [away[0] * cosine + away[1] * sine, away[1] * cosine - away[0] * sine, away[2]]
    )
    return turned / leg


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the share and the quantities that lie outside most often; 2 for bad input."""
    parser = Parser(prog="python -m benchmarks.rink.coverage")
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--wide", action="store_true", help="jumps by any skater")
    parsed = parser.parse_args(arguments)
    status = StatusLine()

    def run() -> int:
        found = coverage(load_reference(parsed.reference), wide=parsed.wide)
        print(f"{found.inside} of {found.asked} medians inside: {found.share:.3f}")
        for name, count in found.outside.most_common(12):
            print(f"  {name}: {count} outside")
        return 0

    return run_command(run, status, interrupted="interrupted")


if __name__ == "__main__":
    sys.exit(main())
