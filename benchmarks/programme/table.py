"""The figures as tables, each beside what is to be reached."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.programme.clips import ClipOutcome
from benchmarks.programme.real import RealScores
from benchmarks.programme.runs import Cost
from benchmarks.programme.scores import MOMENT_FRAMES, OVERLAPS, Scores
from benchmarks.programme.shots import AfterCuts
from training.programme.metrics import Counts

COSTED_S = 240.0
"""Length of the programme that the time is told for."""
GIB = 2**30
JUMPS = "jumps with take-off and landing within 3 frames at 25 fps, of all"


@dataclass(frozen=True)
class Row:
    """One figure."""

    name: str
    text: str
    """As it is shown."""
    value: float
    reach: float
    goal: float
    less: bool = False
    """Whether less is better."""

    @property
    def reached(self) -> bool:
        """Whether it is as good as it must be."""
        return self.value <= self.reach if self.less else self.value >= self.reach


def score_rows(scores: Scores) -> list[Row]:
    """Elements and jumps."""
    f1, whole = scores.labelled_f1, scores.unlabelled_f1
    return [
        _share("segments with the right class, F1@50", f1[50], 0.85, 0.93),
        _share("segments without class, F1@50", whole[50], 0.95, 0.97),
        _share("the same, F1@75", whole[75], 0.90, 0.95),
        _share("the same, F1@90", whole[90], 0.60, 0.75),
        _share(JUMPS, scores.jumps, 0.90, 0.97),
        Row("edit score", f"{scores.edit:.1f}", scores.edit, 85, 92),
        Row(
            "false elements a minute", f"{scores.false_per_minute:.2f}", scores.false_per_minute,
            0.3, 0.1, less=True,
        ),
    ]  # fmt: skip


def shot_rows(cuts: Counts, after: AfterCuts | None) -> list[Row]:
    """Cuts, and the skater after them."""
    rows = [_share("cuts found, F1", cuts.f1, 0.95, 0.99)]
    if after is not None and after.frames:
        rows.append(
            _share("the skater's box right in the second after a cut", after.share, 0.95, 0.99)
        )
    return rows


def cost_rows(costs: Sequence[tuple[float, Cost]]) -> list[Row]:
    """Time and memory of runs over videos of some seconds."""
    seconds = sum(video_s for video_s, _ in costs)
    wall, cpu = (
        sum(getattr(cost, name) for _, cost in costs) / seconds * COSTED_S / 60
        for name in ("wall_s", "cpu_s")
    )
    peak = max(cost.peak_bytes for _, cost in costs) / GIB
    return [
        Row("minutes for 4 minutes of it", f"{wall:.1f} (CPU: {cpu:.1f})", wall, 4, 2, less=True),
        Row("peak memory, GiB", f"{peak:.2f}", peak, 3, 2, less=True),
    ]


def clip_rows(outcomes: Sequence[ClipOutcome]) -> list[Row]:
    """Real uncut clips, with a jump and without."""
    seen = [one for one in outcomes if one.seen is not None]
    empty = [one for one in outcomes if one.seen is None]
    rows = []
    if seen:
        alone = sum(one.found and one.false == 0 for one in seen)
        kind = sum(one.kind_in_two for one in seen)
        rows += [
            _of("real uncut clips: the jump and nothing else, within 4 frames", alone, len(seen)),
            _of("the kind right or second", kind, len(seen)),
        ]
    if empty:
        false = sum(one.false for one in empty)
        name = f"real clips without an element ({len(empty)}): false elements"
        rows.append(Row(name, str(false), false, 0, 0, less=True))
    return rows


def real_table(scores: RealScores) -> str:
    """Figures on real programmes; nothing was to be reached."""
    lines = [
        (JUMPS, scores.found),
        ("of those, kind right", scores.kind),
        ("of those, kind right or second", scores.kind_in_two),
        ("false jumps a minute", scores.false_per_minute),
        ("flying spins found as such", scores.flying),
        *((f"moments, mAP within {k} frames", scores.moments[k]) for k in MOMENT_FRAMES),
    ]
    head = f"| {scores.programmes} real programmes, {scores.jumps} jumps | |\n|---|---|\n"
    return head + "\n".join(f"| {name} | {value:.3f} |" for name, value in lines)


def goal_table(rows: Sequence[Row]) -> str:
    """All figures beside what is to be reached."""
    lines = ["| figure | today | reach | goal |", "|---|---|---|---|"]
    lines += [f"| {row.name} | {row.text} | {row.reach:g} | {row.goal:g} |" for row in rows]
    return "\n".join(lines)


def detail_table(scores: Scores, kinds: float) -> str:
    """F1 at every overlap, the precision of moments, and shots named rightly, a share of 1."""
    return "\n".join(
        [
            f"| F1 at an overlap of | {' | '.join(f'{k} %' for k in OVERLAPS)} |",
            f"|---|{'---|' * len(OVERLAPS)}",
            f"| with the right class | {_values(scores.labelled_f1, OVERLAPS)} |",
            f"| without class | {_values(scores.unlabelled_f1, OVERLAPS)} |",
            "",
            f"| moments within | {' | '.join(f'{k} frames' for k in MOMENT_FRAMES)} |",
            f"|---|{'---|' * len(MOMENT_FRAMES)}",
            f"| take-offs and landings, mAP | {_values(scores.moments, MOMENT_FRAMES)} |",
            "",
            f"Of the time, {kinds:.1%} is in shots of the right kind (skating, replay, close-up,"
            " graphics, black, nobody).",
        ]
    )


def clip_table(outcomes: Sequence[ClipOutcome]) -> str:
    """What was found in each real clip."""
    lines = ["| real clip | found | |", "|---|---|---|"]
    for one in outcomes:
        told = "no element is there" if one.seen is None else _judged(one)
        lines.append(f"| {one.file} | {', '.join(one.codes) or 'nothing'} | {told} |")
    return "\n".join(lines)


def _judged(outcome: ClipOutcome) -> str:
    assert outcome.seen is not None
    if not outcome.found:
        return f"{outcome.seen.kind} missed"
    order = "first" if outcome.kind_first else "second" if outcome.kind_in_two else "no"
    return f"{outcome.seen.kind} found; kind is {order} choice"


def _share(name: str, value: float, reach: float, goal: float) -> Row:
    return Row(name, "none to find" if math.isnan(value) else f"{value:.3f}", value, reach, goal)


def _of(name: str, part: int, whole: int) -> Row:
    return Row(name, f"{part} of {whole}", part, whole, whole)


def _values(figures: Mapping[int, float], keys: Sequence[int]) -> str:
    return " | ".join(f"{figures[key]:.3f}" for key in keys)
