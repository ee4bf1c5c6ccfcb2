"""What was taken for what: the 28 classes or groups of them, one voter or the difference of two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from laboratory.table.clips import ClipTable
from laboratory.table.filters import Rows
from laboratory.table.voters import MISSED
from pipeline.elements import BY_FAMILY, ELEMENTS, Element
from pipeline.types import IntArray

By = Literal["class", "family", "kind", "turns"]


@dataclass(frozen=True)
class Grouping:
    """Classes put together; every class is in one group."""

    names: tuple[str, ...]
    """G groups, as skating orders them: labels of classes, families, kinds, or turns in the name
    of a jump (elements that are no jumps by their family)."""
    of_class: IntArray
    """`(28,)` the group of every class."""

    def classes(self, group: int) -> frozenset[int]:
        """Class indices of a group."""
        return frozenset(np.flatnonzero(self.of_class == group).tolist())


def _key(element: Element, by: By) -> str:
    if by == "class":
        return element.label
    if by == "kind":
        return element.kind
    turns = by == "turns" and element.family == "jump"
    return element.label[0] if turns else element.family


def _grouping(by: By) -> Grouping:
    keys = [_key(element, by) for element in ELEMENTS]
    names = list(dict.fromkeys(keys[index] for index in BY_FAMILY))
    if by == "turns":
        names.sort(key=lambda name: (not name.isdecimal(), name if name.isdecimal() else ""))
    return Grouping(tuple(names), np.array([names.index(key) for key in keys]))


GROUPINGS: dict[By, Grouping] = {by: _grouping(by) for by in get_args(By)}


@dataclass(frozen=True)
class Confusion:
    """What a voter takes clips for."""

    counts: IntArray
    """`(G, G)` clips by true group (rows) and given group (columns)."""
    missed: IntArray
    """`(G,)` clips of a group without an answer."""

    @property
    def shares(self) -> NDArray[np.float64]:
        """`(G, G)` of the clips of the row, also those without an answer; 0 where it has none."""
        clips = self.counts.sum(axis=1) + self.missed
        return np.asarray(self.counts / np.maximum(clips, 1)[:, None])


def confusion(table: ClipTable, rows: Rows, voter: str, grouping: Grouping) -> Confusion:
    """Count the chosen clips whose class is known."""
    chosen = rows & table.labelled
    G = len(grouping.names)
    said = table.voters[voter].said[chosen]
    true = grouping.of_class[table.labels[chosen]]
    given = np.where(said == MISSED, G, grouping.of_class[np.maximum(said, 0)])
    counts = np.bincount(true * (G + 1) + given, minlength=G * (G + 1)).reshape(G, G + 1)
    return Confusion(counts[:, :G], counts[:, G])


def difference(first: Confusion, second: Confusion) -> NDArray[np.float64]:
    """`(G, G)` shares of the first less those of the second.

    On the diagonal more is better, beside it worse.
    """
    return first.shares - second.shares


def occurring(*found: Confusion) -> IntArray:
    """Groups that are true or given somewhere, in their order."""
    used = np.add.reduce([f.counts.sum(0) + f.counts.sum(1) + f.missed for f in found])
    return np.flatnonzero(used).astype(np.int64)


def clustered(found: Confusion) -> IntArray:
    """The groups that occur, those that are taken for one another side by side.

    Average linkage over how seldom two are confused, in the order in which neighbours are most
    alike (Bar-Joseph et al., 2001).
    """
    used = occurring(found)
    if len(used) < 3:
        return used
    shares = found.shares[np.ix_(used, used)]
    apart = 1.0 - (shares + shares.T) / 2
    np.fill_diagonal(apart, 0.0)
    tree = linkage(squareform(apart, checks=False), "average", optimal_ordering=True)
    return used[leaves_list(tree)]
