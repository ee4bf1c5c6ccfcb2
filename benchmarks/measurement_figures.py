"""The figures of `benchmarks.measurements`: errors, intervals, one jump's time series."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from benchmarks.measurement_outcomes import AIR_S, FRAMES, Outcome, Table
from benchmarks.reference_jumps import KINDS
from pipeline.elements import ELEMENTS, class_index
from pipeline.measure.measure import measure
from pipeline.measure.records import Measurements
from training.measure.takes import STREAM, Take, draw_act, film

EXAMPLE_SEED = 500_011


def draw(rink: Table, path: Path) -> None:
    """Errors by kind of jump and frame rate, and intervals against truth; rink takes alone."""
    figure, axes = plt.subplots(2, 3, figsize=(16, 9), layout="constrained")
    panels = (
        ("takeoff", "take-off, frames", 1), ("landing", "landing, frames", 1),
        ("air_time", "air time, s", 0), ("turned_in_air", "turned in the air, turns", 0),
    )  # fmt: skip
    rates = ((-0.27, "tab:orange", 25.0), (0.0, "tab:blue", 30.0), (0.27, "tab:green", 60.0))
    for (quantity, title, in_frames), axis in zip(panels, axes.flat, strict=False):
        for shift, colour, fps in rates:
            taken = [one for one in rink[quantity] if one.per_second == fps]
            _boxes(axis, taken, bool(in_frames), shift, colour)
        limit = FRAMES if in_frames else AIR_S if quantity == "air_time" else 0.25
        for side in (-limit, limit):
            axis.axhline(side, color="black", lw=0.8, ls=":")
        axis.set_ylim(-3.0 * limit, 3.0 * limit)
        axis.set_xticks(np.arange(len(KINDS)), KINDS, rotation=30)
        axis.set_title(f"error of {title}")
    _intervals(axes[1, 1], rink["air_time"], "air time, s", (0.2, 0.85))
    _intervals(axes[1, 2], rink["turned_in_air"], "turned in the air, turns", (0.0, 4.5))
    figure.suptitle(
        "Simulated rink, measured less true, at 25 (orange), 30 (blue) and 60 (green) frames a "
        "second; dotted: the targets"
    )
    figure.savefig(path, dpi=70)
    plt.close(figure)


def _boxes(
    axis: plt.Axes, outcomes: Sequence[Outcome], in_frames: bool, shift: float, colour: str
) -> None:
    groups = [
        [
            one.error * (one.per_second if in_frames else 1.0)
            for one in outcomes
            if one.group == kind and one.estimate is not None
        ]
        for kind in KINDS
    ]
    axis.boxplot(
        groups, positions=np.arange(len(KINDS)) + shift, widths=0.2, patch_artist=True,
        boxprops={"facecolor": colour, "alpha": 0.6}, medianprops={"color": "black"},
        flierprops={"markersize": 3}, manage_ticks=False,
    )  # fmt: skip


def _intervals(
    axis: plt.Axes, outcomes: Sequence[Outcome], title: str, span: tuple[float, float]
) -> None:
    """Truth across, the interval up; red where it misses."""
    for one in outcomes:
        if one.estimate is not None:
            colour = "tab:gray" if one.covered else "tab:red"
            axis.plot([one.truth] * 2, [one.estimate.low, one.estimate.high], color=colour, lw=0.8)
            axis.plot(one.truth, one.estimate.value, ".", color=colour, ms=3)
    axis.plot(span, span, color="black", lw=0.8)
    axis.set_xlabel("true")
    axis.set_ylabel("measured, with interval")
    axis.set_title(title)


def draw_example(path: Path) -> None:
    """One simulated jump as its time series show it."""
    seed = (EXAMPLE_SEED, STREAM)
    take = film(draw_act("3Lutz", seed), seed, fps=30.0)
    found = measure(take.pose, take.times_s, ELEMENTS[class_index("3Lutz")])
    figure, axes = plt.subplots(3, 1, figsize=(9, 7), sharex=True, layout="constrained")
    _draw_time_series(axes, found, take)
    figure.suptitle("A simulated 3Lutz at 30 frames a second: measured (blue), true (black)")
    figure.savefig(path, dpi=70)
    plt.close(figure)


def _draw_time_series(axes: Sequence[plt.Axes], found: Measurements, take: Take) -> None:
    series = found.time_series
    assert series is not None
    axes[0].plot(series.times_s, series.hip_height, ".-")
    axes[0].set_ylabel("hip height")
    true = np.sign(take.yaw[-1] - take.yaw[0]) * (take.yaw - take.yaw[0])
    axes[1].plot(take.times_s, true, color="black", lw=0.8)
    axes[1].plot(series.times_s, np.abs(series.turns), ".-")
    axes[1].set_ylabel("turns")
    axes[2].plot(series.times_s, series.confidence, ".-")
    axes[2].set_ylabel("confidence")
    axes[2].set_xlabel("s")
    for axis in axes:
        for quantity, moment in (("takeoff", take.takeoff_s), ("landing", take.landing_s)):
            axis.axvline(moment, color="black", lw=0.8)
            one = found.of(quantity)
            if one is not None and one.estimate is not None:
                axis.axvspan(one.estimate.low, one.estimate.high, color="tab:blue", alpha=0.2)
        for gap in series.gaps:
            axis.axvspan(gap.start_s, gap.end_s, color="tab:red", alpha=0.2)
