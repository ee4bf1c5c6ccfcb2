"""Which clips are looked at: conditions that narrow a table, and the address that keeps them.

A `Filter` is a value: two views with the same one show the same clips, and
`Filter.of_query(f.query) == f`. Who opens an address of another version, or one that was cut off
or written by hand, gets the conditions that can be understood, and is told of the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode

import numpy as np
from numpy.typing import NDArray

from laboratory.table.clips import ClipTable
from laboratory.table.facts import NUMBERS
from laboratory.table.predictions import UNKNOWN
from pipeline.elements import LABELS, NUM_CLASSES, class_index
from pipeline.types import FloatArray

OF_VOTER = ("confidence", "margin", "entropy")
"""Numbers that depend on the voter."""
RANGES = (*OF_VOTER, "agreement", *NUMBERS)
"""Columns of numbers."""
CHOICES = ("box_source", "split", "source")
"""Columns of words."""
NONE = "none"
"""In an address: no class known, no answer, no word."""
MOST_TEXT = 200
VIEW = "view."
"""How names begin in an address that tell how clips are shown, not which."""

Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; NaN is in no range."""

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"range: expected low <= high, got {self.low} and {self.high}")


@dataclass(frozen=True)
class Filter:
    """Conditions that all hold; without any, every clip is shown."""

    voter: str = ""
    """Whose class, confidence, margin and mistakes are meant; empty: the table's first."""
    true: frozenset[int] = frozenset()
    """Class indices, `UNKNOWN` among them; empty: all."""
    said: frozenset[int] = frozenset()
    """Classes that the voter gives, `MISSED` among them; empty: all."""
    right: bool | None = None
    """Only its right answers, or only its wrong ones; clips without a class are neither."""
    ranges: Mapping[str, Range] = field(default_factory=dict)
    """Column of `RANGES` -> what is in it."""
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Column of `CHOICES` -> words of which it is one."""
    text: str = ""
    """Part of the stem; blanks part words that must all be there, in any case and order."""

    @property
    def query(self) -> str:
        """The address's part behind `?`, the same for equal filters."""
        pairs = [("voter", self.voter)] if self.voter else []
        for name, classes in (("true", self.true), ("said", self.said)):
            pairs += [(name, NONE if c < 0 else LABELS[c]) for c in sorted(classes)]
        if self.right is not None:
            pairs.append(("right", "yes" if self.right else "no"))
        pairs += [(name, _range_text(self.ranges[name])) for name in RANGES if name in self.ranges]
        for name in CHOICES:
            pairs += [(name, f"={word}") for word in sorted(self.words.get(name, ()))]
        if self.text:
            pairs.append(("text", self.text))
        return urlencode(pairs)

    @classmethod
    def of_query(cls, query: str) -> tuple[Filter, tuple[str, ...]]:
        """A filter from an address, and the parts of it that mean nothing."""
        found, strange = cls(), []
        for name, value in parse_qsl(
            query.lstrip("?"), keep_blank_values=True, max_num_fields=None
        ):
            if name.startswith(VIEW):
                continue
            try:
                found = found.with_pair(name, value)
            except ValueError:
                strange.append(f"{name}={value}")
        return found, tuple(strange)

    def with_pair(self, name: str, value: str) -> Filter:
        """This filter and one more condition as an address has it.

        Raises:
            ValueError: It means nothing.
        """
        if name == "voter":
            return replace(self, voter=value)
        if name in ("true", "said"):
            index = UNKNOWN if value == NONE else class_index(value)
            return replace(self, **{name: getattr(self, name) | {index}})
        if name == "right" and value in ("yes", "no"):
            return replace(self, right=value == "yes")
        if name in RANGES:
            return replace(self, ranges={**self.ranges, name: _range_of(value)})
        if name in CHOICES and value.startswith("="):
            words = self.words.get(name, frozenset()) | {value[1:]}
            return replace(self, words={**self.words, name: words})
        if name == "text" and len(value) <= MOST_TEXT:
            return replace(self, text=value)
        raise ValueError(f"{name}={value}: means nothing")

    def without(self, name: str) -> Filter:
        """This filter without the conditions on one column, as when its chip is taken away."""
        if name in self.ranges:
            return replace(self, ranges={n: r for n, r in self.ranges.items() if n != name})
        if name in self.words:
            return replace(self, words={n: w for n, w in self.words.items() if n != name})
        return replace(self, **{name: getattr(Filter(), name)})

    def narrowed(self, other: Filter) -> Filter:
        """Only what both show, where `other` names no other voter and no other text.

        A range of both becomes that of `other`.
        """
        return replace(
            self,
            true=_both(self.true, other.true),
            said=_both(self.said, other.said),
            right=self.right if other.right is None else other.right,
            ranges={**self.ranges, **other.ranges},
            words={**self.words, **other.words},
        )

    def rows(self, table: ClipTable) -> Rows:
        """`(N,)` which clips are shown.

        A voter or a column that the table does not have matches no clip, so that an address of
        another run never shows the wrong ones.
        """
        voter = voter_of(table, self.voter)
        if voter is None:
            return np.zeros(len(table), dtype=bool)
        rows = np.ones(len(table), dtype=bool)
        for classes, column in ((self.true, table.labels), (self.said, table.voters[voter].said)):
            if classes:
                shown = np.zeros(NUM_CLASSES + 1, dtype=bool)  # the last one is -1
                shown[list(classes)] = True
                rows &= shown[column]
        if self.right is not None:
            rows &= (table.right(voter) == self.right) & table.labelled
        for name, found in self.ranges.items():
            values = column_of(table, name, voter)
            with np.errstate(over="ignore", invalid="ignore"):
                rows &= (values >= found.low) & (values <= found.high)
        for name, words in self.words.items():
            facts = table.facts.get(name)
            rows &= False if facts is None else np.isin(facts, sorted(words))
        return rows & _with_text(table.stems, self.text)


def _both(one: frozenset[int], other: frozenset[int]) -> frozenset[int]:
    """Classes of two conditions; an empty one holds for all classes."""
    return one & other if one and other else one or other


def voter_of(table: ClipTable, name: str) -> str | None:
    """The voter that a filter means; None where the table has none of that name."""
    if not name:
        return next(iter(table.voters), None)
    return name if name in table.voters else None


def column_of(table: ClipTable, name: str, voter: str) -> FloatArray:
    """A column of `RANGES`, `(N,)`; NaN where nothing is known."""
    if name in OF_VOTER:
        values: FloatArray = getattr(table.voters[voter], name)
        return values
    if name == "agreement":
        return table.agreement
    return table.facts.get(name, np.full(len(table), np.nan, dtype=np.float32))


def _with_text(stems: NDArray[np.str_], text: str) -> Rows:
    rows = np.ones(len(stems), dtype=bool)
    words = text.lower().split()
    if words:
        folded = np.strings.lower(stems)
        for word in words:
            rows &= np.strings.find(folded, word) >= 0
    return rows


def _range_text(found: Range) -> str:
    low, high = ("" if math.isinf(edge) else repr(edge) for edge in (found.low, found.high))
    return f"{low}..{high}"


def _range_of(text: str) -> Range:
    low, dots, high = text.partition("..")
    if not dots:
        raise ValueError(f"{text}: expected low..high")
    return Range(float(low) if low else -math.inf, float(high) if high else math.inf)
