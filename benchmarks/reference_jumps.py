"""Real jumps in three dimensions as acts before the rink's cameras (the form of FS-Jump3D).

The reference holds takes `x0, x1, ...` `(T, J, 3)` in millimetres at 60 frames a second, `joints`,
`skater` and `jump`, with a table `FILE_measured.csv` beside it. It is measured, never shipped.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

from training.measure.takes import Act
from training.rink.body import JOINT, JOINTS, Body
from training.rink.performance import SIMULATION_HZ, Motion

RATE_HZ = 60.0
KINDS = ("Toeloop", "Salchow", "Loop", "Flip", "Lutz", "Axel")

_PARTS = {
    "shoulder": "sho", "elbow": "elb", "wrist": "wri", "hip": "hip", "knee": "kne",
    "ankle": "ank", "toe": "toe", "heel": "heel", "eye": "eye", "ear": "ear",
}  # fmt: skip
_SHORT = {
    f"{side}_{part}": f"{side[0]}{short}"
    for side in ("left", "right")
    for part, short in _PARTS.items()
} | {"nose": "nose", "pelvis": "pelvis", "head_top": "vertex"}


@dataclass(frozen=True)
class ReferenceJump:
    """One real jump."""

    act: Act
    """Its take-off and landing are those of the table: both feet 5 cm off the ice."""
    skater: str
    kind: str
    turns: int
    """Whole turns of its name, as this skater usually does this jump."""
    peak: float
    """Fastest turning of the table, turns a second."""


def load_reference(path: Path) -> list[ReferenceJump]:
    """All single jumps; left out are those that turn unlike the skater's others (pops)."""
    rows = list(csv.DictReader(path.with_name(f"{path.stem}_measured.csv").open()))
    turned = defaultdict(list)
    for row in rows:
        turned[row["skater"], row["jump"]].append(float(row["rotations_in_window"]))
    jumps = []
    with np.load(path, allow_pickle=True) as data:
        names = [str(name) for name in data["joints"]]
        for row in rows:
            usual = float(np.median(turned[row["skater"], row["jump"]]))
            if row["jump"] not in KINDS or abs(float(row["rotations_in_window"]) - usual) > 0.45:
                continue
            turns = round(usual - (0.5 if row["jump"] == "Axel" else 0.0))
            jumps.append(
                ReferenceJump(
                    act=_act(data[f"x{row['index']}"] / 1000.0, names, row, turns),
                    skater=row["skater"], kind=row["jump"], turns=turns,
                    peak=float(row["peak_rev_per_s"]),
                )
            )  # fmt: skip
    return jumps


def _act(take: np.ndarray, names: list[str], row: dict[str, str], turns: int) -> Act:
    """A take in the rink's joints and rate, the ice at height 0, its path about the middle."""
    joints = np.zeros((len(take), len(JOINTS), 3))
    for name in JOINTS:
        if name != "neck":
            joints[:, JOINT[name]] = take[:, names.index(_SHORT[name])]
    joints[:, JOINT["neck"]] = 0.5 * (
        joints[:, JOINT["left_shoulder"]] + joints[:, JOINT["right_shoulder"]]
    )
    joints[..., :2] -= joints[:, JOINT["pelvis"], :2].mean(axis=0)
    feet = [JOINT[f"{side}_{end}"] for side in ("left", "right") for end in ("toe", "heel")]
    joints[..., 2] -= np.percentile(joints[:, feet, 2].min(axis=1), 20)
    seconds = np.arange(len(take)) / RATE_HZ
    times = np.arange(int(seconds[-1] * SIMULATION_HZ) + 1) / SIMULATION_HZ
    motion = Motion(
        times_s=times,
        joints=CubicSpline(seconds, joints)(times).astype(np.float32),
        support=np.zeros(len(times), np.uint8),
        body=Body.draw(np.random.default_rng(0)),  # only for the camera, which frames a height
    )
    return Act(
        motion=motion,
        label=f"{turns}{row['jump']}",
        takeoff_s=int(row["takeoff_frame"]) / RATE_HZ,
        landing_s=int(row["landing_frame"]) / RATE_HZ,
        spin_revolutions=float("nan"),
    )
