"""What measuring gives: numbers with intervals or reasons, moments to look at, time series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.elements import Element
from pipeline.types.basic import check_shape

Array = NDArray[np.float64]

Kind = Literal["jump", "spin"]
"""As what a skeleton sequence is measured."""
Decider = Literal["person", "verdict", "skeleton"]
"""Who says so: the user, the networks' verdict, or what is seen in the skeleton."""

Quantity = Literal[
    "takeoff", "landing", "air_time", "height", "turned_in_air", "turned_in_all",
    "jump_speed", "spin_turns", "spin_speed", "degrees_per_frame",
]  # fmt: skip
"""What may be measured."""

JUMP: tuple[Quantity, ...] = (
    "takeoff", "landing", "air_time", "height", "turned_in_air", "turned_in_all", "jump_speed",
    "degrees_per_frame",
)  # fmt: skip
"""What is measured of a jump."""
SPIN: tuple[Quantity, ...] = ("spin_turns", "spin_speed", "degrees_per_frame")
"""What is measured of a spin."""
MOMENTS: tuple[Quantity, ...] = ("takeoff", "landing")
"""Stamps; everything else does not depend on where the clock begins."""

UNITS: Mapping[Quantity, str] = {
    "takeoff": "s", "landing": "s", "air_time": "s", "height": "cm", "turned_in_air": "turns",
    "turned_in_all": "turns", "jump_speed": "turns/s", "spin_turns": "turns",
    "spin_speed": "turns/s", "degrees_per_frame": "degrees",
}  # fmt: skip


@dataclass(frozen=True)
class Estimate:
    """A number and the interval that should hold the truth in 95 of 100 cases."""

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"value {self.value} lies outside {self.low} to {self.high}")

    def earlier(self, by_s: float) -> Estimate:
        """The same moment on a clock that begins later."""
        return Estimate(self.value - by_s, self.low - by_s, self.high - by_s)


@dataclass(frozen=True)
class Reason:
    """Why this video does not tell."""

    code: str
    """Key of `REASONS`, for translations."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Numbers of the sentence."""

    @property
    def sentence(self) -> str:
        """The reason in English."""
        return REASONS[self.code].format(**self.values)


REASONS: Mapping[str, str] = {
    "untrained": "the pose network is untrained, so its skeletons are noise",
    "no_skeleton": "hardly any frame of this clip has a skeleton",
    "few_poses": "there are only {fps:.0f} skeletons per second, too few for fast rotation or "
    "short flights; analyse a shorter span",
    "small": "the skater is too small: trunk and leg take {pixels:.0f} pixels",
    "short": "the clip is too short to show a take-off and a landing",
    "no_flight": "the rise and fall of the body shows no flight",
    "begins_late": "the clip begins in the air or exactly at take-off",
    "ends_early": "the clip ends in the air or exactly at landing",
    "gap_takeoff": "there is no skeleton around the take-off",
    "gap_landing": "there is no skeleton around the landing",
    "unsteady": "the skeleton is too unsteady to show when the skates leave and touch the ice",
    "gaps": "in most frames the skeleton is missing, or left and right are swapped",
    "facing": "the skeleton does not show the facing direction clearly enough",
    "margin": "the clip does not show {before:.2f} s before the take-off and {after:.2f} s after "
    "the landing",
    "no_spin": "no fast rotation is detected",
}
"""Every reason, as an English sentence."""


@dataclass(frozen=True)
class Measurement:
    """One quantity: an estimate, or the reason why this video does not tell."""

    quantity: Quantity
    estimate: Estimate | None
    reason: Reason | None = None
    """None exactly where there is an estimate."""

    def __post_init__(self) -> None:
        if (self.estimate is None) == (self.reason is None):
            raise ValueError(f"{self.quantity}: expected an estimate or a reason, and not both")

    @property
    def unit(self) -> str:
        """Unit of the estimate."""
        return UNITS[self.quantity]


def untold(reason: Reason, *quantities: Quantity) -> tuple[Measurement, ...]:
    """Measurements that all lack an estimate for the same reason."""
    return tuple(Measurement(quantity, None, reason) for quantity in quantities)


@dataclass(frozen=True)
class Span:
    """A named stretch of the clip, seconds of its time stamps."""

    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class LookHere:
    """A stretch to be looked at slowly, by a person: what no skeleton can decide."""

    start_s: float
    end_s: float
    speed: float
    """Of the replay; 0.25 is a quarter of the real speed."""
    code: str
    """Key of `LOOK_FOR`, for translations."""

    @property
    def sentence(self) -> str:
        """What to look for, in English."""
        return LOOK_FOR[self.code]


LOOK_FOR: Mapping[str, str] = {
    "takeoff": "take-off: the edge and the toe pick, which a skeleton that ends at the ankle does "
    "not show",
    "landing": "landing: direction of the blade as it touches the ice, and what follows",
    "spin_entry": "entry: the edge, and when the spin becomes centred",
    "spin_unclear": "position: the skeleton does not show which of the three it is",
}
"""Everything to look for, as English sentences."""


_Stretch = TypeVar("_Stretch", Span, LookHere)


@dataclass(frozen=True)
class TimeSeries:
    """Courses over time for a plot or a time line, T frames."""

    times_s: Array
    """`(T,)` seconds of the clip's time stamps."""
    hip_height: Array
    """`(T,)` in lengths of trunk and leg, the camera's slow motion taken away."""
    turns: Array
    """`(T,)` turns since the first frame; NaN in a gap."""
    confidence: Array
    """`(T,)` mean score of the joints."""
    phases: tuple[Span, ...]
    """`entry`, `air`, `exit` of a jump; positions of a spin; empty where neither was found."""
    gaps: tuple[Span, ...]
    """Where the turning is not drawn: `missing` (no skeleton) or `exchanged` (left and right)."""

    def __post_init__(self) -> None:
        for name in ("hip_height", "turns", "confidence"):
            check_shape(name, getattr(self, name), *self.times_s.shape)


@dataclass(frozen=True)
class Measurements:
    """Everything that one skeleton sequence tells."""

    element: Element
    """What the verdict takes it for."""
    fps: float
    """Poses a second."""
    measured: tuple[Measurement, ...]
    look_here: tuple[LookHere, ...]
    time_series: TimeSeries | None
    """None where the skeleton is too poor for any course."""
    by_person: bool = False
    """Whether a person set take-off and landing."""
    kind: Kind | None = None
    """As what it is measured; None where neither jump nor spin is seen or named."""
    decided_by: Decider = "verdict"
    """Who says that it is measured so."""
    flights: tuple[Span, ...] = ()
    """Flights that are seen, whatever the verdict; the clearest and highest first."""
    turning: Span | None = None
    """A stretch of fast turning that is more than a jump's, whatever the verdict."""

    def of(self, quantity: Quantity) -> Measurement | None:
        """One of the measurements; None where the element has no such quantity."""
        return next((m for m in self.measured if m.quantity == quantity), None)

    def counted_from(self, origin_s: float) -> Measurements:
        """The same with every moment counted from a stamp, as players do from the first frame."""
        return replace(
            self,
            measured=tuple(_counted_from(one, origin_s) for one in self.measured),
            look_here=tuple(_span_from(look, origin_s) for look in self.look_here),
            time_series=None
            if self.time_series is None
            else _series_from(self.time_series, origin_s),
            flights=tuple(_span_from(flight, origin_s) for flight in self.flights),
            turning=None if self.turning is None else _span_from(self.turning, origin_s),
        )


def _counted_from(one: Measurement, origin_s: float) -> Measurement:
    if one.quantity not in MOMENTS or one.estimate is None:
        return one
    return replace(one, estimate=one.estimate.earlier(origin_s))


def _span_from(span: _Stretch, origin_s: float) -> _Stretch:
    return replace(span, start_s=span.start_s - origin_s, end_s=span.end_s - origin_s)


def _series_from(series: TimeSeries, origin_s: float) -> TimeSeries:
    return replace(
        series,
        times_s=series.times_s - origin_s,
        phases=tuple(_span_from(span, origin_s) for span in series.phases),
        gaps=tuple(_span_from(span, origin_s) for span in series.gaps),
    )
