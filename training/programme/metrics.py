"""How well segments and moments are found: F1 at an overlap, edit score, spotting precision.

F1@k and the edit score are those of temporal action segmentation (Lea et al., CVPR 2017); mean
average precision within some frames is that of event spotting (Hong et al., ECCV 2022).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Segment:
    """A stretch of time with a class."""

    start: float
    end: float
    """After `start`, in the same unit."""
    label: Hashable


@dataclass(frozen=True)
class Counts:
    """What was found rightly, wrongly, and not."""

    hits: int = 0
    false: int = 0
    missed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.hits + other.hits, self.false + other.false, self.missed + other.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where there was nothing to find or to say."""
        told = 2 * self.hits + self.false + self.missed
        return 2 * self.hits / told if told else 1.0

    @property
    def recall(self) -> float:
        """Share of what there was to find; 1 where there was nothing."""
        there = self.hits + self.missed
        return self.hits / there if there else 1.0


def overlap(one: Segment, other: Segment) -> float:
    """Intersection over union of two stretches of time."""
    inside = min(one.end, other.end) - max(one.start, other.start)
    return max(inside, 0.0) / (max(one.end, other.end) - min(one.start, other.start))


def matched(
    predicted: Sequence[Segment], true: Sequence[Segment], min_iou: float, *, labels: bool = True
) -> Counts:
    """Each predicted segment takes the true one that it overlaps most, if nobody has it yet.

    Args:
        predicted: In order of time.
        true: In order of time.
        min_iou: Overlap that counts as found.
        labels: Whether the classes must agree.
    """
    taken: set[int] = set()
    for segment in predicted:
        ious = [
            overlap(segment, other) if not labels or segment.label == other.label else 0.0
            for other in true
        ]
        best = int(np.argmax(ious)) if ious else -1
        if best >= 0 and ious[best] >= min_iou and best not in taken:
            taken.add(best)
    return Counts(len(taken), len(predicted) - len(taken), len(true) - len(taken))


def both_moments_right(
    predicted: Sequence[tuple[float, float]], true: Sequence[tuple[float, float]], tolerance: float
) -> int:
    """How many true jumps have take-off and landing found, each within a tolerance.

    Args:
        predicted: Take-offs and landings.
        true: The same; no two lie as near as the tolerance, so each has one that fits at most.
        tolerance: In the unit of the moments.
    """
    left = list(predicted)
    hits = 0
    for takeoff, landing in true:
        near = [
            jump for jump in left
            if max(abs(jump[0] - takeoff), abs(jump[1] - landing)) <= tolerance + 1e-9
        ]  # fmt: skip
        if near:
            left.remove(near[0])
            hits += 1
    return hits


def edit_score(predicted: Sequence[Hashable], true: Sequence[Hashable]) -> float:
    """100 less the percentage of classes to change, insert or delete; the order alone counts."""
    if not predicted and not true:
        return 100.0
    row = list(range(len(true) + 1))
    for i, one in enumerate(predicted, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(true, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (one != other))
    return 100.0 * (1 - row[-1] / max(len(predicted), len(true)))


def average_precision(
    predicted: Sequence[tuple[int, float, float]],
    true: Sequence[tuple[int, float]],
    tolerance: float,
) -> float:
    """Area under precision and recall of one kind of moment, over any number of videos.

    Args:
        predicted: `(video, moment, confidence)`.
        true: `(video, moment)`.
        tolerance: How far off a moment may be, in the unit of the moments.

    Returns:
        0 to 1; NaN where there is no true moment.
    """
    if not true:
        return float("nan")
    taken = [False] * len(true)
    hits = []
    for video, moment, _ in sorted(predicted, key=lambda spot: -spot[2]):
        near = [
            (abs(moment - other), i)
            for i, (at, other) in enumerate(true)
            if at == video and not taken[i] and abs(moment - other) <= tolerance
        ]
        hits.append(bool(near))
        if near:
            taken[min(near)[1]] = True
    found = np.cumsum(hits)
    precision = found / np.arange(1, len(hits) + 1)
    # Precision at a recall is the best at that recall or beyond.
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best[np.array(hits, bool)].sum() / len(true)) if hits else 0.0
