"""How well `pipeline.measure` measures, on the simulated rink and on motion capture of real jumps.

    python -m benchmarks.measurements --reference FILE.npz --out docs/measurements

Rink: seeds from 500,000 on. Reference: see `benchmarks.reference_jumps`;
every take is filmed by random cameras that follow the skater, at 30 frames a second, and disturbed
as a pose estimator does. Of the reference only figures over many takes are printed; the pictures
are drawn from rink takes alone.

The reference's table counts a flight while both feet are 5 cm off the ice. What is measured is the
time between the skates' last and first touch of the ice; the table's moments are carried over by
free fall: `T^2 = T_5cm^2 + 8 * 0.05 m / g`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.measurement_figures import draw, draw_example
from benchmarks.measurement_outcomes import AIR_S, FRAMES, Outcome, Table
from benchmarks.reference_jumps import RATE_HZ, load_reference
from models.command_line import Parser
from pipeline.elements import ELEMENTS, class_index
from pipeline.measure.jump import AFTER_S, BEFORE_S, GRAVITY
from pipeline.measure.measure import measure
from pipeline.measure.signals import read_body
from pipeline.measure.spin import spin_positions
from training.measure.takes import STREAM, Act, Take, draw_act, film

FIRST_SEED = 500_000
CLEAR_M = 0.05
JUMPS = tuple(element.label for element in ELEMENTS if element.family == "jump")
SPINS = tuple(element.label for element in ELEMENTS if element.family == "spin")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the tables, draw the figures; 1 when a target is missed."""
    parser = Parser(prog="python -m benchmarks.measurements")
    parser.add_argument("--reference", type=Path, help="leave out for the rink alone")
    parser.add_argument("--out", type=Path, required=True, help="folder of the figures")
    parser.add_argument("--jumps", type=int, default=115, help="rink jumps a frame rate")
    parser.add_argument("--spins", type=int, default=60, help="rink spins a frame rate")
    parser.add_argument("--cameras", type=int, default=1, help="cameras a reference take")
    parsed = parser.parse_args(arguments)
    parsed.out.mkdir(parents=True, exist_ok=True)
    rink = _rink_jumps(parsed.jumps)
    _print_table("rink, jumps", rink, by=lambda one: f"{one.per_second:.0f} fps")
    _print_spins(parsed.spins)
    reached = True
    if parsed.reference is not None:
        real = _reference_jumps(parsed.reference, parsed.cameras)
        _print_table("motion capture, 30 fps", real, by=lambda one: one.group)
        reached = _print_targets(real)
    draw(rink, parsed.out / "jumps.png")
    draw_example(parsed.out / "example.png")
    return 0 if reached else 1


def _rink_jumps(count: int) -> Table:
    table: Table = {}
    for number in range(count):
        label = JUMPS[number % len(JUMPS)]
        for fps in (25.0, 30.0, 60.0):
            seed = (FIRST_SEED + number, STREAM)
            act = draw_act(label, seed)
            _add_jump(table, film(act, seed, fps=fps), label[1:], label)
    return table


def _reference_jumps(path: Path, cameras: int) -> Table:
    table: Table = {}
    for number, jump in enumerate(load_reference(path)):
        label = f"{jump.turns}{jump.kind}"
        for camera in range(cameras):
            seed = (FIRST_SEED + number, STREAM, camera)
            take = film(_to_contact(jump.act), seed, fps=30.0)
            _add_jump(table, take, jump.kind, label, skater=jump.skater)
    return table


def _to_contact(act: Act) -> Act:
    """From the table's frames, with both feet clear of the ice, to the skates' last touch."""
    half_frame = 0.5 / RATE_HZ
    clear = act.landing_s - act.takeoff_s + 2.0 * half_frame
    longer = 0.5 * (np.sqrt(clear**2 + 8.0 * CLEAR_M / GRAVITY) - clear) + half_frame
    return replace(act, takeoff_s=act.takeoff_s - longer, landing_s=act.landing_s + longer)


def _add_jump(table: Table, take: Take, kind: str, label: str, skater: str = "") -> None:
    """Measure a take and note every quantity."""
    found = measure(take.pose, take.times_s, ELEMENTS[class_index(label)])
    air = take.landing_s - take.takeoff_s

    def yaw(time: float) -> float:
        return float(np.interp(time, take.times_s, take.yaw))

    in_air = abs(yaw(take.landing_s) - yaw(take.takeoff_s))
    in_all = abs(yaw(take.landing_s + AFTER_S) - yaw(take.takeoff_s - BEFORE_S))
    truths = {
        "takeoff": take.takeoff_s, "landing": take.landing_s, "air_time": air,
        "height": 100.0 * GRAVITY * air**2 / 8.0, "turned_in_air": in_air,
        "turned_in_all": in_all, "jump_speed": in_air / air,
    }  # fmt: skip
    for quantity, truth in truths.items():
        one = found.of(quantity)
        outcome = Outcome(kind, one.estimate if one else None, truth, take.fps)
        table.setdefault(quantity, []).append(outcome)
        if skater and quantity in ("takeoff", "landing", "air_time"):
            table.setdefault(f"{quantity} of {skater}", []).append(outcome)


def _line(name: str, outcomes: Sequence[Outcome]) -> str:
    errors = np.array([one.error for one in outcomes])
    told = np.isfinite(errors)
    if not told.any():
        return f"  {name:22s} n {len(outcomes):4d}  told   0 %"
    sizes = np.abs(errors[told])
    widths = [o.estimate.high - o.estimate.low for o in outcomes if o.estimate is not None]
    covered = np.mean([one.covered for one in outcomes if one.estimate is not None])
    return (
        f"  {name:22s} n {len(outcomes):4d}  told {100 * told.mean():3.0f} %  bias "
        f"{np.median(errors[told]):+7.3f}  median {np.median(sizes):6.3f}  90 % "
        f"{np.percentile(sizes, 90):6.3f}  interval {np.median(widths):6.3f}  holds the truth in "
        f"{100 * covered:5.1f} %"
    )


def _print_table(title: str, table: Table, by: Callable[[Outcome], str]) -> None:
    print(f"\n{title}: errors, width of the interval, and how often it holds the truth")
    for quantity, outcomes in table.items():
        print(_line(quantity, outcomes))
        if quantity in ("takeoff", "landing", "air_time", "turned_in_air"):
            for group in dict.fromkeys(by(one) for one in outcomes):
                print(_line(f"  {group}", [one for one in outcomes if by(one) == group]))


def _print_targets(table: Table) -> bool:
    """The targets for the reference; whether all are reached."""
    frames = np.array(
        [
            [abs(one.error) * one.per_second for one in table[quantity]]
            for quantity in ("takeoff", "landing")
        ]
    )
    with np.errstate(invalid="ignore"):
        both = float(np.mean((frames <= FRAMES).all(axis=0)))
        air = float(np.mean([abs(one.error) <= AIR_S for one in table["air_time"]]))
    held = float(np.mean([one.covered for one in table["air_time"] if one.estimate]))
    goals = (
        ("take-off and landing within 2 frames", both, 0.90),
        ("air time within 0.08 s", air, 0.90),
        ("air time's interval holds the truth", held, 0.95),
    )
    print("\ntargets, takes that could not be told counted as missed:")
    for name, share, goal in goals:
        verdict = "reached" if share >= goal else "missed"
        print(f"  {name:38s} {100 * share:5.1f} % of {100 * goal:.0f} %  {verdict}")
    return all(share >= goal for _, share, goal in goals)


def _spin_takes(count: int) -> Iterator[Take]:
    for number in range(count):
        seed = (FIRST_SEED + number, STREAM)
        act = draw_act(SPINS[number % len(SPINS)], seed)
        for fps in (25.0, 30.0, 60.0):
            yield film(act, seed, fps=fps)


def _print_spins(count: int) -> None:
    """Turns over the span that was measured, and positions frame by frame."""
    turns: list[Outcome] = []
    pairs: dict[tuple[str, str], int] = {}
    for take in _spin_takes(count):
        found = measure(take.pose, take.times_s, ELEMENTS[class_index(take.label)])
        one, body = found.of("spin_turns"), read_body(take.pose, take.times_s)
        if one is None or one.estimate is None or found.time_series is None or body is None:
            turns.append(Outcome(take.label, None, take.spin_revolutions, take.fps))
            continue
        first, last = found.time_series.phases[0].start_s, found.time_series.phases[-1].end_s
        true = np.interp([first, last], take.times_s, take.yaw)
        turns.append(Outcome(take.label, one.estimate, abs(true[1] - true[0]), take.fps))
        inside = (take.times_s >= first) & (take.times_s <= last)
        for true_one, read in zip(
            take.position[inside], np.array(spin_positions(body))[inside], strict=True
        ):
            pairs[str(true_one), str(read)] = pairs.get((str(true_one), str(read)), 0) + 1
    _print_table("rink, spins", {"spin_turns": turns}, by=lambda one: one.group)
    for fps in (25.0, 30.0, 60.0):
        print(_line(f"  {fps:.0f} fps", [one for one in turns if one.per_second == fps]))
    within = np.mean([abs(one.error) <= 0.5 for one in turns])
    print(f"  within half a turn: {100 * within:.1f} %")
    print("  positions, frames: true position, then what was read")
    for position in ("camel", "sit", "upright"):
        total = sum(n for (true_one, _), n in pairs.items() if true_one == position)
        read = {
            name: 100 * pairs.get((position, name), 0) / max(total, 1)
            for name in ("camel", "sit", "upright", "unclear")
        }
        print(f"    {position:8s} " + "  ".join(f"{k} {v:5.1f} %" for k, v in read.items()))


if __name__ == "__main__":
    sys.exit(main())
