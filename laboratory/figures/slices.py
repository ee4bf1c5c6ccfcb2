"""Where a voter errs most: groups of clips that two or three properties describe, found unasked.

The score is SliceLine's (Sagadeeva and Boehm, SIGMOD 2021): how far a group's error lies above the
mean, less a price for being small. Its search prunes a space of thousands of properties; here are
some sixty, so that every group of up to three is counted, and nothing is missed. (The package
`sliceline`, BSD-3, was looked at: its matrix products and scikit-learn are for the larger space.)

Whoever tries thousands of groups finds bad ones in noise too. So the search sees half of the
sources, and the error that is told of a group is that of the other half.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from laboratory.figures.confusion import GROUPINGS
from laboratory.figures.intervals import wilson
from laboratory.table.clips import ClipTable
from laboratory.table.facts import NUMBERS
from laboratory.table.filters import Filter, Range, Rows, column_of
from pipeline.types import IntArray

ALPHA = 0.95
"""Weight of the error against the size, SliceLine's default."""
SMALLEST = 20
"""Clips of the half that is searched; or one in a hundred, if that is more."""
PARTS = 5
"""Into which numbers are cut, with as many clips each."""
MOST_PROPERTIES = 3
"""Of a group; a longer one nobody reads."""
MOST_WORDS = 10
"""Of a column of words, the most frequent ones."""
MOST_ALIKE = 0.5
"""Shared clips over all clips of two groups: above it only the worse of the two is told."""


@dataclass(frozen=True)
class Slice:
    """A group of clips."""

    where: Filter
    """Conditions that describe it."""
    clips: int
    """In both halves."""
    errors: int
    searched: float
    """Error in the half that was searched."""
    held_out: float
    """Error in the other half, 0..1; NaN where it has no such clip."""
    interval: tuple[float, float]
    """Of `held_out`, 95 %."""
    usual: float
    """Error of all chosen clips."""
    score: float
    """SliceLine's, in the searched half; above 0 it is worse than the rest."""


@dataclass(frozen=True)
class _Property:
    column: str
    where: Filter
    rows: Rows


def worst_slices(table: ClipTable, rows: Rows, voter: str, *, most: int = 12) -> list[Slice]:
    """Groups of one to three properties on which a voter errs more than on all, the worst first.

    Properties are the true class's family, kind and turns, and the facts of clips that are known.
    What the networks say (margin, agreement) is none: it goes with errors, but causes none.
    """
    chosen = np.flatnonzero(rows & table.labelled)
    wrong = ~table.right(voter)[chosen]
    properties = list(_properties(table, chosen))
    if not wrong.any() or wrong.all() or not properties:
        return []
    searched = _half(table.facts["source"][chosen])
    found = _Search(properties, searched, wrong).best()
    told: list[tuple[Slice, Rows]] = []
    for group, score in found:
        members = np.logical_and.reduce([properties[i].rows for i in group])
        if all(_alike(members, other) <= MOST_ALIKE for _, other in told):
            where = Filter(voter)
            for i in group:
                where = where.narrowed(properties[i].where)
            told.append((_slice(where, members, searched, wrong, score=score), members))
        if len(told) == most:
            break
    return [found for found, _ in told]


def _slice(where: Filter, members: Rows, searched: Rows, wrong: Rows, *, score: float) -> Slice:
    there, apart = members & searched, members & ~searched
    held_out = float(wrong[apart].mean()) if apart.any() else float("nan")
    low, high = wilson(int(wrong[apart].sum()), int(apart.sum()))
    return Slice(
        where, int(members.sum()), int(wrong[members].sum()), float(wrong[there].mean()),
        held_out, (float(low), float(high)), float(wrong.mean()), score,
    )  # fmt: skip


def _alike(one: Rows, other: Rows) -> float:
    return float((one & other).sum() / (one | other).sum())


def _half(sources: NDArray[np.str_]) -> Rows:
    """`(n,)` every second source by a fixed draw: clips of one are all in it, or none."""
    names, of_clip = np.unique(sources, return_inverse=True)
    drawn = np.random.default_rng(0).permutation(len(names)) % 2 == 0
    return np.asarray(drawn[of_clip])


def _properties(table: ClipTable, chosen: IntArray) -> Iterator[_Property]:
    """Those that hold for some but not for all of the chosen clips."""
    every = chain(_classes(table.labels[chosen]), _numbers(table, chosen), _words(table, chosen))
    for found in every:
        if 0 < found.rows.sum() < len(chosen):
            yield found


def _classes(labels: IntArray) -> Iterator[_Property]:
    for by in ("family", "kind", "turns"):
        grouping = GROUPINGS[by]
        groups = grouping.of_class[labels]
        for group, name in enumerate(grouping.names):
            # Of kinds and turns only jumps': the others' are their families.
            if by == "family" or by == "kind" or name.isdecimal():
                yield _Property(by, Filter(true=grouping.classes(group)), groups == group)


def _numbers(table: ClipTable, chosen: IntArray) -> Iterator[_Property]:
    for name in NUMBERS:
        values = column_of(table, name, "")[chosen]
        known = values[~np.isnan(values)]
        if not len(known):
            continue
        edges = np.unique(np.quantile(known, np.linspace(0, 1, PARTS + 1)).astype(np.float32))
        for low, high in pairwise(edges):
            # The next number below, so that no clip is in two parts.
            top = high if high == edges[-1] else np.nextafter(high, np.float32(-np.inf))
            where = Filter(ranges={name: Range(float(low), float(top))})
            yield _Property(name, where, (values >= low) & (values <= top))


def _words(table: ClipTable, chosen: IntArray) -> Iterator[_Property]:
    for name in ("box_source", "split", "source"):
        if name not in table.facts:
            continue
        values = table.facts[name][chosen]
        words, counts = np.unique(values, return_counts=True)
        for place in np.argsort(-counts, kind="stable")[:MOST_WORDS].tolist():
            if words[place]:
                where = Filter(words={name: frozenset({str(words[place])})})
                yield _Property(name, where, values == words[place])


class _Search:
    """Counts every group of up to three properties of different columns.

    A property is a bit a clip, so that a group is counted by `and` and the number of ones: exact,
    and no matrix product, whose threads wait for one another on a busy machine.

    Args:
        properties: P of them, over n clips.
        searched: `(n,)` the half that is seen.
        wrong: `(n,)` the voter's errors.
    """

    def __init__(self, properties: Sequence[_Property], searched: Rows, wrong: Rows) -> None:
        self._held = np.stack([_packed(p.rows[searched]) for p in properties])  # (P, W)
        self._wrong = _packed(wrong[searched])
        self._column = [p.column for p in properties]
        self._clips = int(searched.sum())
        self._mean = float(wrong[searched].mean()) if self._clips else 0.0
        self._least = max(SMALLEST, self._clips // 100)

    def best(self, most: int = 500) -> list[tuple[tuple[int, ...], float]]:
        """Groups and scores above 0, the highest first; of equals the one of fewer properties."""
        if not 0 < self._mean < 1:
            return []
        found = sorted(self._groups((), self._held), key=lambda g: (-round(g[1], 9), len(g[0])))
        return found[:most]

    def _groups(
        self, group: tuple[int, ...], with_each: NDArray[np.uint64]
    ) -> Iterator[tuple[tuple[int, ...], float]]:
        """Every group that goes on from one; `with_each` `(P, W)`: its clips with each property."""
        first = group[-1] + 1 if group else 0
        columns = {self._column[place] for place in group}
        clips = np.bitwise_count(with_each[first:]).sum(axis=1, dtype=np.int64)
        errors = np.bitwise_count(with_each[first:] & self._wrong).sum(axis=1, dtype=np.int64)
        for place, size, wrong in zip(range(first, len(with_each)), clips, errors, strict=True):
            if size < self._least or self._column[place] in columns:
                continue
            worse = wrong / size / self._mean - 1.0
            score = float(ALPHA * worse - (1 - ALPHA) * (self._clips / size - 1.0))
            if score > 0:
                yield (*group, place), score
            if len(group) < MOST_PROPERTIES - 1:
                yield from self._groups((*group, place), with_each & with_each[place])


def _packed(rows: Rows) -> NDArray[np.uint64]:
    """A bit a clip, in words of 64."""
    padded = np.zeros(-(-len(rows) // 64) * 64, dtype=bool)
    padded[: len(rows)] = rows
    return np.packbits(padded).view(np.uint64)
