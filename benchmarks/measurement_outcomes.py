"""What was measured of a take beside the truth, and how near it should be."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.measure.records import Estimate

FRAMES, AIR_S = 2.0, 0.08
"""The targets: frames at take-off and landing, seconds of air time."""


@dataclass(frozen=True)
class Outcome:
    """One quantity of one take: what was measured, and the truth."""

    group: str
    estimate: Estimate | None
    truth: float
    per_second: float = float("nan")
    """Frames a second of the take."""

    @property
    def error(self) -> float:
        """Measured less true; NaN where it could not be told."""
        return float("nan") if self.estimate is None else self.estimate.value - self.truth

    @property
    def covered(self) -> bool:
        """Whether the interval holds the truth."""
        return self.estimate is not None and self.estimate.low <= self.truth <= self.estimate.high


Table = dict[str, list[Outcome]]
