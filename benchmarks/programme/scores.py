"""What is counted in one programme, and the figures over several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from benchmarks.programme.listed import ListedElement, all_jumps, all_parts
from training.programme.metrics import (
    Counts,
    average_precision,
    both_moments_right,
    edit_score,
    matched,
)

OVERLAPS = (10, 25, 50, 75, 90)
"""Intersection over union in percent that counts as found."""
FALSE_OVERLAP = 10
"""What overlaps nothing true by so many percent is a false element."""
FRAME_S = 1 / 25
JUMP_FRAMES = 3
MOMENT_FRAMES = (1, 2, 4)


@dataclass(frozen=True)
class ProgrammeCounts:
    """What was right and wrong in one programme."""

    name: str
    video_s: float
    labelled: Mapping[int, Counts]
    """By overlap: every jump of a combination by itself, and the class must be right."""
    unlabelled: Mapping[int, Counts]
    """By overlap: whole elements, whatever they are."""
    jumps: Counts
    """Hits have take-off and landing within `JUMP_FRAMES`."""
    edit: float
    found: tuple[ListedElement, ...]
    true: tuple[ListedElement, ...]

    @property
    def false(self) -> int:
        """Elements where there is none."""
        return self.unlabelled[FALSE_OVERLAP].false


def count(
    name: str, video_s: float, found: Sequence[ListedElement], true: Sequence[ListedElement]
) -> ProgrammeCounts:
    """Hold what was found against the truth."""
    parts, true_parts = all_parts(found), all_parts(true)
    whole, true_whole = [e.whole for e in found], [e.whole for e in true]
    jumps, true_jumps = all_jumps(found), all_jumps(true)
    right = both_moments_right(jumps, true_jumps, JUMP_FRAMES * FRAME_S)
    return ProgrammeCounts(
        name=name,
        video_s=video_s,
        labelled={k: matched(parts, true_parts, k / 100) for k in OVERLAPS},
        unlabelled={k: matched(whole, true_whole, k / 100, labels=False) for k in OVERLAPS},
        jumps=Counts(right, len(jumps) - right, len(true_jumps) - right),
        edit=edit_score([p.label for p in parts], [p.label for p in true_parts]),
        found=tuple(found),
        true=tuple(true),
    )


@dataclass(frozen=True)
class Scores:
    """The figures over some programmes; shares of 1, but for the edit score."""

    programmes: int
    minutes: float
    elements: int
    """True ones."""
    labelled_f1: Mapping[int, float]
    """By overlap in percent."""
    unlabelled_f1: Mapping[int, float]
    jumps: float
    """Share of the true jumps with take-off and landing right."""
    edit: float
    """0 to 100, mean over the programmes."""
    false_per_minute: float
    moments: Mapping[int, float]
    """Mean average precision of take-offs and landings, by tolerance in frames."""


def scores(counts: Sequence[ProgrammeCounts]) -> Scores:
    """Figures over at least one programme; hits and errors are added up before they are rated."""
    minutes = sum(one.video_s for one in counts) / 60
    jumps = reduce(add, (one.jumps for one in counts), Counts())
    return Scores(
        programmes=len(counts),
        minutes=minutes,
        elements=sum(len(one.true) for one in counts),
        labelled_f1={
            k: reduce(add, (one.labelled[k] for one in counts), Counts()).f1 for k in OVERLAPS
        },
        unlabelled_f1={
            k: reduce(add, (one.unlabelled[k] for one in counts), Counts()).f1 for k in OVERLAPS
        },
        jumps=jumps.recall,
        edit=float(np.mean([one.edit for one in counts])),
        false_per_minute=sum(one.false for one in counts) / minutes,
        moments=moment_precision(
            [(one.found, [jump for e in one.true for jump in e.jumps]) for one in counts]
        ),
    )


def moment_precision(
    videos: Sequence[tuple[Sequence[ListedElement], Sequence[tuple[float, float]]]],
) -> dict[int, float]:
    """Mean average precision of take-offs and landings within some frames of 25 a second.

    Args:
        videos: Elements found, and the true take-offs and landings, of each video.
    """
    moments: dict[int, list[float]] = {tolerance: [] for tolerance in MOMENT_FRAMES}
    for place in (0, 1):
        true = [(n, _frame(j[place])) for n, (_, jumps) in enumerate(videos) for j in jumps]
        spots = [
            (n, _frame(jump[place]), element.confidence)
            for n, (found, _) in enumerate(videos)
            for element in found
            for jump in element.jumps
        ]
        for tolerance in MOMENT_FRAMES:
            moments[tolerance].append(average_precision(spots, true, tolerance))
    return {tolerance: float(np.mean(both)) for tolerance, both in moments.items()}


def _frame(moment_s: float) -> float:
    return float(round(moment_s / FRAME_S))
