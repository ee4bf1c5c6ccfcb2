"""A whole video: its shots, and the elements found in it.

Where an element begins and ends, here and in the simulated rink's truth alike:

- a jump or combination from 0.6 s before its first take-off to 0.8 s after its last landing
  (`pipeline.programme.frame_classes.ENTRY_S`, `RUN_OUT_S`);
- a spin from 1 s before its first position is held (the step in, the first turn) to 1 s after the
  last one is (its way out);
- a sequence from its first step to its last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.elements import LABELS
from pipeline.messages import Message
from pipeline.types.analysis import Provenance
from pipeline.types.basic import FloatArray, check_shape
from pipeline.types.video import VideoInfo

ShotKind = Literal["skating", "replay", "close_up", "graphics", "black", "nobody"]
"""What a shot shows; elements are looked for in `skating` alone."""
Transition = Literal["start", "cut", "fade"]
"""How a shot begins: with the video, by a hard cut, or by a cross-fade."""
ElementFamily = Literal["jump", "combination", "spin", "sequence"]
SpinPosition = Literal["camel", "sit", "upright", "layback"]

COMBINATION_SPIN, LAYBACK_SPIN = "CombinationSpin", "LaybackSpin"
"""Labels of elements that the 28 classes do not hold; a combination of jumps has none."""
EULER = "Euler"
"""Label of the hop between two jumps of a combination."""


@dataclass(frozen=True)
class Shot:
    """What one camera shows from one cut to the next; seconds since the file's first frame."""

    start_s: float
    end_s: float
    kind: ShotKind
    begins: Transition = "cut"

    def __post_init__(self) -> None:
        if not self.end_s > self.start_s:
            raise ValueError(f"a shot from {self.start_s} to {self.end_s} s is empty")


@dataclass(frozen=True)
class Candidate:
    """A class that an element, or one jump of it, may be."""

    label: str
    """One of the 28."""
    probability: float

    def __post_init__(self) -> None:
        if self.label not in LABELS:
            raise ValueError(f"label: {self.label!r} is not one of the 28 classes")


@dataclass(frozen=True)
class Measured:
    """A quantity measured from the skeleton, and the interval meant to hold the truth."""

    value: float
    low: float
    high: float
    """The truth lies between `low` and `high` in 95 of 100 cases."""
    unit: str
    """`s`, `cm`, `turns` or `turns/s`."""


@dataclass(frozen=True)
class FoundJump:
    """One jump of an element; seconds since the file's first frame."""

    takeoff_s: float
    landing_s: float
    candidates: tuple[Candidate, ...]
    """The likeliest jump first; its probabilities are the ensemble's over all 28 classes."""
    analysis: str = ""
    """Its analysis folder, relative to the programme's; empty where it was not classified."""
    measurements: Mapping[str, Measured] = field(default_factory=dict)
    """By name, those of `pipeline.measure.records.JUMP` that can be told, without the moments."""
    euler: bool = False
    """Whether it is the short hop between two jumps, which no class is for."""

    @property
    def label(self) -> str:
        """The likeliest kind, or `Euler`; empty where it was not classified."""
        if self.euler:
            return EULER
        return self.candidates[0].label if self.candidates else ""

    @property
    def air_s(self) -> float:
        """Time in the air."""
        return self.landing_s - self.takeoff_s


@dataclass(frozen=True)
class FoundPosition:
    """One position of a spin; seconds since the file's first frame."""

    position: SpinPosition
    start_s: float
    end_s: float


@dataclass(frozen=True)
class FoundElement:
    """One element as the machine found it; seconds since the file's first frame."""

    number: int
    """From 1, in order of time."""
    family: ElementFamily
    start_s: float
    """A jump's begins shortly before its take-off, a spin's with its first turn."""
    end_s: float
    code: str
    """As protocols write it, without level: `3Lz+3T`, `FCSp`, `CoSp`, `StSq`; see
    `pipeline.programme.element_code`."""
    confidence: float
    """0 to 1: that there is an element of this family here."""
    jumps: tuple[FoundJump, ...] = ()
    """Of a jump, one; of a combination, all in order."""
    positions: tuple[FoundPosition, ...] = ()
    """Of a spin."""
    flying: bool = False
    """Whether a flight is seen at a spin's entry."""
    candidates: tuple[Candidate, ...] = ()
    """What a spin or sequence may be, the likeliest first."""
    analysis: str = ""
    """Analysis folder of a spin or sequence, relative to the programme's; empty: none."""
    measurements: Mapping[str, Measured] = field(default_factory=dict)
    """Of a spin by name, those of `pipeline.measure.records.SPIN` that can be told."""

    def __post_init__(self) -> None:
        if not self.end_s > self.start_s:
            raise ValueError(
                f"element {self.number} from {self.start_s} to {self.end_s} s is empty"
            )
        jumps = {"jump": 1, "combination": 2}.get(self.family, 0)
        if len(self.jumps) < jumps or (len(self.jumps) > jumps and self.family != "combination"):
            raise ValueError(f"a {self.family} of {len(self.jumps)} jumps")

    @property
    def label(self) -> str:
        """Its class: one of the 28, `CombinationSpin`, `LaybackSpin`; jumps joined by `+`."""
        if self.jumps:
            return "+".join(jump.label for jump in self.jumps)
        held = tuple(dict.fromkeys(p.position for p in self.positions))
        if len(held) > 1:
            return COMBINATION_SPIN
        if held == ("layback",):
            return LAYBACK_SPIN
        return self.candidates[0].label if self.candidates else ""

    @property
    def rivals(self) -> tuple[tuple[Candidate, ...], ...]:
        """What each jump, or the whole, may be; nothing of what the 28 classes do not hold.

        Of a layback spin or one of several positions they know single positions alone, which it
        is not.
        """
        if self.label in (COMBINATION_SPIN, LAYBACK_SPIN):
            return ()
        return tuple(part.candidates for part in self.jumps or (self,))


@dataclass(frozen=True)
class FrameScores:
    """What the temporal network says of every moment, and what it saw, N samples."""

    times_s: NDArray[np.float64]
    """`(N,)` seconds since the file's first frame, increasing; gaps where nobody skates."""
    probabilities: FloatArray
    """`(N, K)` of `pipeline.programme.frame_classes.FRAME_CLASSES`."""
    moments: FloatArray
    """`(N, 2)` how surely a take-off, and a landing, is at this sample."""
    hip_height: FloatArray
    """`(N,)` of the skater's hips over their usual height, in trunk-and-leg lengths."""

    def __post_init__(self) -> None:
        N = len(self.times_s)
        check_shape("probabilities", self.probabilities, N, None)
        check_shape("moments", self.moments, N, 2)
        check_shape("hip_height", self.hip_height, N)


@dataclass(frozen=True)
class Programme:
    """Everything that was found in one video."""

    profile: str
    """Name of the profile that ran."""
    video: VideoInfo
    shots: tuple[Shot, ...]
    """In order of time, from `video.start_s` to where the reading ended, without gaps."""
    elements: tuple[FoundElement, ...]
    """In order of time."""
    frame_scores: FrameScores
    provenance: Mapping[str, Provenance]
    """`detector`, `pose`, `temporal` and every classifier."""
    timings_s: Mapping[str, float]
    """`decode`, `detect`, `pose`, `temporal`, `classify`, `total`."""
    read_until_s: float
    """Where the reading ended: the span's end, or where the file breaks off."""
    warnings: tuple[Message, ...] = field(default=())
    """What the user should read."""
