"""The plan beside the list as it stands: planned, seen, missing, extra, different, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.programme.element_code import ElementCode, JumpCode
from pipeline.programme.planned import Relation, compare, read_plan
from pipeline.sheet.rows import Corrected, Row

_UNKNOWN = {
    "jump": ElementCode("jump", (JumpCode("?", 0),)),
    "combination": ElementCode("jump", (JumpCode("?", 0), JumpCode("?", 0))),
    "spin": ElementCode("spin", position="?"),
    "sequence": ElementCode("sequence", sequence="?"),
}
"""Stand for an element that the machine could not name: of its family, like no other."""


@dataclass(frozen=True)
class PlannedRow:
    """One planned element, one that was seen, or a pair of both."""

    planned: str
    """Code as planned; empty: it was not."""
    row: Row | None
    """What was seen; None: nothing."""
    relation: Relation


@dataclass(frozen=True)
class PlanComparison:
    """A whole plan against a whole list."""

    rows: tuple[PlannedRow, ...]
    unread: tuple[tuple[int, str], ...]
    """`(line, text)` of what is not an element; lines count from 1."""

    def of(self, row: Row) -> PlannedRow | None:
        """The entry of a row; None without one."""
        return next(
            (one for one in self.rows if one.row is not None and one.row.key == row.key), None
        )

    def count(self, relation: Literal["as planned", "different", "missing", "extra"]) -> int:
        """How many entries of a kind there are."""
        return sum(one.relation == relation for one in self.rows)


def compare_plan(corrected: Corrected, text: str) -> PlanComparison:
    """A pasted plan against the list; without a plan there are no rows."""
    plan = read_plan(text)
    if not plan.elements:
        return PlanComparison((), plan.unread)
    seen = [row.parsed or _UNKNOWN[row.family] for row in corrected.rows]
    rows = tuple(
        PlannedRow(
            "" if pair.planned is None else str(plan.elements[pair.planned]),
            None if pair.seen is None else corrected.rows[pair.seen],
            pair.relation,
        )
        for pair in compare(plan.elements, seen)
    )
    return PlanComparison(rows, plan.unread)
