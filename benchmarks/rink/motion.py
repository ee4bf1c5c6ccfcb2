"""Compares the rink's jumps with motion capture of real ones, and draws both.

    python -m benchmarks.rink.motion --reference FILE.npz --out docs/rink

The reference holds takes `x0, x1, ...` `(T, J, 3)` in millimetres at 60 frames a second, `joints`,
`skater` and `jump`, with a table `FILE_measured.csv` beside it (the form of FS-Jump3D). Real and
simulated jumps are measured by the same function; only distributions are drawn and printed, no
single take.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import gaussian_filter1d

from models.command_line import Parser
from training.rink.body import JOINT
from training.rink.motion import perform

RATE_HZ = 60.0
KINDS = ("Toeloop", "Salchow", "Loop", "Flip", "Lutz", "Axel")
_LIFTED_M = 0.05
_WINDOW = (-0.9, 1.1)
"""Seconds of the time courses around the take-off."""

_SHORT = {
    "lsho": "left_shoulder", "rsho": "right_shoulder", "lhip": "left_hip", "rhip": "right_hip",
    "lkne": "left_knee", "rkne": "right_knee", "lank": "left_ankle", "rank": "right_ankle",
    "ltoe": "left_toe", "rtoe": "right_toe", "lheel": "left_heel", "rheel": "right_heel",
    "lwri": "left_wrist", "rwri": "right_wrist", "pelvis": "pelvis",
}  # fmt: skip


@dataclass(frozen=True)
class Jump:
    """One jump, real or simulated, turning to the left."""

    kind: str
    turns: int
    joints: dict[str, np.ndarray]
    """Metres, `(T, 3)` each, at `RATE_HZ`."""
    apex: int
    """A frame in the air."""

    def at(self, name: str) -> np.ndarray:
        """One joint, `(T, 3)`."""
        return self.joints[name]


@dataclass(frozen=True)
class Measured:
    """What one jump measures: single figures, and courses over `_WINDOW`."""

    figures: dict[str, float]
    courses: dict[str, np.ndarray]


def main() -> None:
    """Measure, print the medians, draw the figures."""
    parser = Parser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--takes", type=int, default=20, help="simulated jumps of each class")
    arguments = parser.parse_args()
    real = _measured(_real_jumps(arguments.reference))
    simulated = _measured(_simulated_jumps(sorted(real), arguments.takes))
    _print_table(real, simulated)
    arguments.out.mkdir(parents=True, exist_ok=True)
    _draw_figures(real, simulated, arguments.out / "jumps_measured.png")
    _draw_courses(real, simulated, arguments.out / "jumps_over_time.png")


Groups = dict[tuple[str, int], list[Measured]]


def _measured(jumps: list[Jump]) -> Groups:
    groups: Groups = defaultdict(list)
    for jump in jumps:
        groups[jump.kind, jump.turns].append(measure(jump))
    return {key: found for key, found in groups.items() if len(found) >= 4}


def _real_jumps(reference: Path) -> list[Jump]:
    table = reference.with_name(f"{reference.stem}_measured.csv")
    rows = list(csv.DictReader(table.open()))
    rotations = defaultdict(list)
    for row in rows:
        rotations[row["skater"], row["jump"]].append(float(row["rotations_in_window"]))
    jumps = []
    with np.load(reference, allow_pickle=True) as data:
        names = [str(name) for name in data["joints"]]
        for row in rows:
            usual = float(np.median(rotations[row["skater"], row["jump"]]))
            suspect = abs(float(row["rotations_in_window"]) - usual) > 0.45
            if row["jump"] not in KINDS or suspect:
                continue
            take = data[f"x{row['index']}"] / 1000.0
            joints = {long: take[:, names.index(short)] for short, long in _SHORT.items()}
            apex = (int(row["takeoff_frame"]) + int(row["landing_frame"])) // 2
            half = 0.5 if row["jump"] == "Axel" else 0.0
            jumps.append(Jump(row["jump"], round(usual - half), joints, apex))
    return jumps


def _simulated_jumps(classes: list[tuple[str, int]], takes: int) -> list[Jump]:
    jumps = []
    for kind, turns in classes:
        for seed in range(takes):
            rng = np.random.default_rng([seed, KINDS.index(kind), turns])
            shown = perform(f"{turns}{kind}", rng, mirrored=False, clean=True)
            frames = shown.at(np.arange(int(shown.duration_s * RATE_HZ)) / RATE_HZ)
            joints = {name: frames[:, JOINT[name]].astype(np.float64) for name in _SHORT.values()}
            apex = round(0.5 * (shown.takeoff_s + shown.landing_s) * RATE_HZ)
            jumps.append(Jump(kind, turns, joints, apex))
    return jumps


def measure(jump: Jump) -> Measured:
    """Everything that is compared, of one jump."""
    low = np.minimum.reduce(
        [jump.at(f"{side}_{end}")[:, 2] for side in ("left", "right") for end in ("toe", "heel")]
    )
    takeoff = _edge_of_flight(low, jump.apex, -1)
    landing = _edge_of_flight(low, jump.apex, 1)
    flight = slice(takeoff, landing + 1)
    yaw = _yaw(jump)
    rate = np.gradient(gaussian_filter1d(yaw, 1.5)) * RATE_HZ
    pelvis = gaussian_filter1d(jump.at("pelvis"), 2.0, axis=0)
    velocity = np.gradient(pelvis, axis=0) * RATE_HZ
    speed = np.hypot(velocity[:, 0], velocity[:, 1])
    knees = {side: _knee(jump, side) for side in ("left", "right")}
    tilt, bend = _trunk(jump)
    leg = _length(jump, "hip", "knee") + _length(jump, "knee", "ankle")
    ground = pelvis[max(takeoff - 40, 0) : takeoff, 2].min()

    def before(seconds: float) -> int:
        return max(takeoff - round(seconds * RATE_HZ), 0)

    figures = {
        "air time (s)": (landing - takeoff) / RATE_HZ,
        "foot height (cm)": 100.0 * float(low[flight].max() - low[before(0.3) : takeoff].min()),
        "peak rotation (rev/s)": float(rate[flight].max()),
        "turned at take-off (rev)": float(yaw[takeoff] - yaw[before(0.4)]),
        "turns in the air (rev)": float(yaw[landing] - yaw[takeoff]),
        "trunk tilt in the air (deg)": float(np.median(tilt[flight])),
        "trunk bend before (deg)": float(np.median(bend[before(0.4) : before(0.2)])),
        "left knee in the air (deg)": float(np.median(knees["left"][flight])),
        "right knee in the air (deg)": float(np.median(knees["right"][flight])),
        "deepest landing knee (deg)": float(knees["right"][landing : landing + 24].max()),
        "speed kept (out / in)": float(speed[jump.apex] / speed[before(0.4)]),
        "path turn before (deg)": _path_turn(velocity, before(0.55), before(0.2)),
    }
    courses = {
        "pelvis height (legs)": (pelvis[:, 2] - ground) / leg,
        "rotation (rev/s)": rate,
        "right knee (deg)": knees["right"],
        "left knee (deg)": knees["left"],
        "trunk bend (deg)": bend,
        "trunk tilt (deg)": tilt,
    }
    at = np.arange(round(_WINDOW[0] * RATE_HZ), round(_WINDOW[1] * RATE_HZ) + 1) + takeoff
    inside = (at >= 0) & (at < len(low))
    cut = {
        name: np.where(inside, values[np.clip(at, 0, len(low) - 1)], np.nan)
        for name, values in courses.items()
    }
    return Measured(figures, cut)


def _edge_of_flight(low: np.ndarray, apex: int, step: int) -> int:
    """The last frame, going from the apex by `step`, in which both feet are clear of the ice."""
    near = low[max(apex - 50, 0) : apex] if step < 0 else low[apex : apex + 50]
    ice = near.min() + _LIFTED_M
    frame = apex
    while 0 < frame < len(low) - 1 and low[frame + step] > ice:
        frame += step
    return frame


def _yaw(jump: Jump) -> np.ndarray:
    across = jump.at("left_hip") - jump.at("right_hip")
    return np.unwrap(np.arctan2(-across[:, 0], across[:, 1])) / (2.0 * np.pi)


def _length(jump: Jump, start: str, end: str) -> float:
    bone = jump.at(f"right_{start}") - jump.at(f"right_{end}")
    return float(np.median(np.linalg.norm(bone, axis=1)))


def _knee(jump: Jump, side: str) -> np.ndarray:
    thigh = jump.at(f"{side}_knee") - jump.at(f"{side}_hip")
    shank = jump.at(f"{side}_ankle") - jump.at(f"{side}_knee")
    cosine = (thigh * shank).sum(1) / np.linalg.norm(thigh, axis=1) / np.linalg.norm(shank, axis=1)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def _trunk(jump: Jump) -> tuple[np.ndarray, np.ndarray]:
    """Degrees from upright in any direction, and forward only."""
    neck = 0.5 * (jump.at("left_shoulder") + jump.at("right_shoulder"))
    trunk = neck - jump.at("pelvis")
    trunk = trunk / np.linalg.norm(trunk, axis=1, keepdims=True)
    facing = 2.0 * np.pi * _yaw(jump)
    forward = trunk[:, 0] * np.cos(facing) + trunk[:, 1] * np.sin(facing)
    return np.degrees(np.arccos(trunk[:, 2])), np.degrees(np.arcsin(forward))


def _path_turn(velocity: np.ndarray, begin: int, end: int) -> float:
    heading = np.unwrap(np.arctan2(velocity[begin : end + 1, 1], velocity[begin : end + 1, 0]))
    return float(np.degrees(heading[-1] - heading[0]))


def _print_table(real: Groups, simulated: Groups) -> None:
    names = list(next(iter(real.values()))[0].figures)
    for name in names:
        print(f"\n{name}")
        for kind, turns in sorted(real, key=lambda key: (key[1], KINDS.index(key[0]))):
            pairs = [
                np.percentile([one.figures[name] for one in group[kind, turns]], (25, 50, 75))
                for group in (real, simulated)
            ]
            text = "   ".join(f"{a:7.2f} {b:7.2f} {c:7.2f}" for a, b, c in pairs)
            print(f"  {turns}{kind:8s} {text}")


def _draw_figures(real: Groups, simulated: Groups, path: Path) -> None:
    """One panel a figure: quartiles of real and simulated jumps by class."""
    names = list(next(iter(real.values()))[0].figures)
    keys = sorted(real, key=lambda key: (key[1], KINDS.index(key[0])))
    figure, axes = plt.subplots(3, 4, figsize=(17, 10), layout="constrained")
    for name, axis in zip(names, axes.flat, strict=True):
        for shift, colour, groups in ((-0.18, "tab:blue", real), (0.18, "tab:orange", simulated)):
            axis.boxplot(
                [[one.figures[name] for one in groups[key]] for key in keys],
                positions=np.arange(len(keys)) + shift, widths=0.3, showfliers=False,
                patch_artist=True, boxprops={"facecolor": colour, "alpha": 0.6},
                medianprops={"color": "black"}, manage_ticks=False,
            )  # fmt: skip
        axis.set_xticks(np.arange(len(keys)), [f"{t}{k[:4]}" for k, t in keys], rotation=60)
        axis.set_title(name, fontsize=10)
    figure.suptitle("Jumps by class: motion capture (blue), rink (orange); quartiles and range")
    figure.savefig(path, dpi=60)
    plt.close(figure)


def _draw_courses(real: Groups, simulated: Groups, path: Path) -> None:
    """Medians and quartiles over time, doubles and triples together, by kind."""
    names = list(next(iter(real.values()))[0].courses)
    seconds = np.arange(round(_WINDOW[0] * RATE_HZ), round(_WINDOW[1] * RATE_HZ) + 1) / RATE_HZ
    figure, axes = plt.subplots(
        len(names), len(KINDS), figsize=(18, 14), sharex=True, sharey="row", layout="constrained"
    )
    for row, name in enumerate(names):
        for column, kind in enumerate(KINDS):
            turns = max(t for k, t in real if k == kind)
            for colour, groups in (("tab:blue", real), ("tab:orange", simulated)):
                _band(axes[row, column], seconds, groups[kind, turns], name, colour)
            if row == 0:
                axes[row, column].set_title(f"{turns}{kind}")
        axes[row, 0].set_ylabel(name)
    figure.suptitle("Seconds from the take-off: motion capture (blue), rink (orange); quartiles")
    figure.savefig(path, dpi=60)
    plt.close(figure)


def _band(
    axis: plt.Axes, seconds: np.ndarray, group: list[Measured], name: str, colour: str
) -> None:
    stack = np.array([one.courses[name] for one in group])
    enough = np.isfinite(stack).sum(axis=0) >= 4
    if not enough.any():
        return
    low, middle, high = np.nanpercentile(stack[:, enough], (25, 50, 75), axis=0)
    axis.fill_between(seconds[enough], low, high, color=colour, alpha=0.3)
    axis.plot(seconds[enough], middle, color=colour)


if __name__ == "__main__":
    main()
