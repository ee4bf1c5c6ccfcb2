"""What a motion is to the rest of the rink: joints over time, and the truth that goes with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.elements import class_index
from training.rink.body import JOINTS, Body

Flaw = Literal["under_rotated", "tilted", "stepped_out", "fell"]

SIMULATION_HZ = 120.0
"""Samples a second of every motion; `Motion.at` gives any other rate."""

RINK_LENGTH_M, RINK_WIDTH_M = 60.0, 30.0
"""Extent of the ice along x and y; the origin is its centre."""

SUPPORT_AIR, SUPPORT_LEFT, SUPPORT_RIGHT, SUPPORT_BOTH = range(4)
"""Values of `Motion.support`: which skate bears the skater."""


@dataclass(frozen=True, kw_only=True)
class Motion:
    """One skater's joints over time, on the rink."""

    times_s: np.ndarray
    """Float64 `(T,)`, from 0 in steps of 1 / `SIMULATION_HZ`."""
    joints: np.ndarray
    """Float32 `(T, J, 3)`, metres, in the order of `training.rink.body.JOINTS`."""
    support: np.ndarray
    """Uint8 `(T,)`, which skate touches the ice: one of the `SUPPORT_` values."""
    body: Body
    """The skater's proportions."""

    def __post_init__(self) -> None:
        T, J = len(self.times_s), len(JOINTS)
        if self.times_s.ndim != 1 or T < 2:
            raise ValueError(f"times_s: expected (T,) with T >= 2, got {self.times_s.shape}")
        if self.joints.shape != (T, J, 3):
            raise ValueError(f"joints: expected {(T, J, 3)}, got {self.joints.shape}")
        if self.support.shape != (T,):
            raise ValueError(f"support: expected {(T,)}, got {self.support.shape}")

    @property
    def duration_s(self) -> float:
        """Length of the motion in seconds."""
        return float(self.times_s[-1])

    def at(self, times_s: np.ndarray) -> np.ndarray:
        """Joints at any times, `(N,)` seconds -> `(N, J, 3)` float32; held still beyond both ends.

        Linear between samples, which at 120 Hz is off by less than 2 mm in the fastest rotation.
        """
        rate = (len(self.times_s) - 1) / self.duration_s
        position = np.clip(np.asarray(times_s, np.float64), 0.0, self.duration_s) * rate
        before = np.minimum(position.astype(np.intp), len(self.times_s) - 2)
        share = (position - before).astype(np.float32)[:, None, None]
        return self.joints[before] * (1.0 - share) + self.joints[before + 1] * share


@dataclass(frozen=True, kw_only=True)
class Performance(Motion):
    """A clip's worth of motion: one element (or none), with its truth."""

    label: str
    """One of `pipeline.elements.LABELS`."""
    mirrored: bool
    """True for a skater who turns clockwise."""
    takeoff_s: float
    """When the last skate leaves the ice; NaN unless a jump."""
    landing_s: float
    """When the landing skate touches the ice; NaN unless a jump."""
    rotations: float
    """Turns of the jump as named (an Axel has half a turn more), less what is missing at the
    landing of an under-rotated one; NaN unless a jump."""
    spin_revolutions: float
    """Turns in the spinning position within the clip; NaN unless a spin."""
    flaws: frozenset[Flaw]
    """What went wrong; empty for a clean element."""

    def __post_init__(self) -> None:
        super().__post_init__()
        class_index(self.label)

    @property
    def class_index(self) -> int:
        """Index of the label among the 28 classes."""
        return class_index(self.label)


@dataclass(frozen=True, kw_only=True)
class ProgramElement:
    """One element of a programme's truth list; times in seconds of the programme."""

    label: str
    """One of `pipeline.elements.LABELS`, never `NoBasic`; or `CombinationSpin`, `LaybackSpin`,
    `Euler`."""
    number: int
    """Of the element in the programme, from 0: the jumps of a combination share it."""
    start_s: float
    """Where its preparation begins."""
    takeoff_s: float
    """Of a jump, or of a spin's flying entry; else NaN."""
    landing_s: float
    """As `takeoff_s`."""
    end_s: float
    """Where its check-out, or exit, is over."""
    rotations: float
    """As in `Performance`."""
    spin_revolutions: float
    """As in `Performance`."""
    flaws: frozenset[Flaw]
    """As in `Performance`."""
    positions: tuple[tuple[str, float, float], ...] = ()
    """`(class, begin, end)` of the positions of a spin."""
    foot_change_s: float = float("nan")
    """When a spin changes the foot; NaN where it does not."""


@dataclass(frozen=True, kw_only=True)
class Program(Motion):
    """A whole programme: one continuous motion and the list of its elements."""

    mirrored: bool
    """True for a skater who turns clockwise."""
    elements: tuple[ProgramElement, ...]
    """In order of time; those of one combination follow closely, others are apart."""


def swapped_support(support: np.ndarray) -> np.ndarray:
    """`Motion.support` of the mirrored skater."""
    return np.array([SUPPORT_AIR, SUPPORT_RIGHT, SUPPORT_LEFT, SUPPORT_BOTH], np.uint8)[support]
