"""Everything that the files of a sheet are made of, put together once."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.sheet.plan import PlanComparison, compare_plan
from pipeline.sheet.review_files import Review
from pipeline.sheet.rows import Corrected, Row
from pipeline.sheet.rules import Finding, check_rules
from pipeline.sheet.season import BaseValue, Season, SegmentRules, base_value, load_season
from pipeline.types import Programme


@dataclass(frozen=True)
class Sheet:
    """A programme as a person left it."""

    programme: Programme
    review: Review
    corrected: Corrected
    plan: PlanComparison
    season: Season | None
    """Whose rules and base values were chosen; None: none."""
    rules: SegmentRules | None
    findings: tuple[Finding, ...]
    """What the rules say; empty without any."""

    @property
    def frame_s(self) -> float:
        """How long a frame lasts."""
        return 1.0 / self.programme.video.fps

    def base_value(self, row: Row) -> BaseValue | None:
        """What a row counts in the chosen season; None: not known, or none was chosen."""
        return None if self.season is None else base_value(self.season, row.code)


def make_sheet(programme: Programme, review: Review) -> Sheet:
    """Apply what a person added: corrections, plan, rules.

    Raises:
        InputError: The corrections do not fit, or there is no such season.
    """
    corrected = review.history.corrected(programme)
    season = load_season(review.season) if review.season else None
    rules = season.segments.get(review.segment) if season else None
    known = [row.parsed for row in corrected.rows]
    elements = [element for element in known if element is not None]
    findings = check_rules(elements, rules) if rules else ()
    plan = compare_plan(corrected, review.plan)
    return Sheet(programme, review, corrected, plan, season, rules, findings)
