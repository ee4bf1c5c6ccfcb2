"""A phrase: what a stretch of skating consists of, before any body performs it.

A phrase holds keys over time: poses, the path of the centre of mass, which way the skater faces,
and when which skate stands on the ice. Phrases join one after the other; `solve` turns them into
joints.

Turns count from the direction of travel, positive to the left: 0 is forward, 0.5 backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from training.rink.motion.kinematics.pose import NUM_CHANNELS, Pose, varied
from training.rink.performance import Flaw

Side = Literal["left", "right"]

_SWAY_S = 0.45
AUTO = float("nan")
"""Velocity of a key that the curve chooses for itself."""


@dataclass(frozen=True)
class Contact:
    """A skate on the ice, from `start` to `end`, in seconds of the phrase."""

    side: Side
    start: float
    end: float
    blade: tuple[tuple[float, float], ...] = ()
    """(time, turns) of the blade against the travel: multiples of 0.5 are an edge, what lies
    between is a turn. Empty: forward or backward, whichever is nearer to how the skater faces."""
    push: float = 0.0
    """After `end` the skate pushes this far outwards (metres; inwards if negative) and leaves."""
    ahead: float = 0.0
    """Metres along the travel from the place under the centre of mass."""
    aside: float = 0.0
    """Metres to the left of the travel from there."""
    pivot: tuple[tuple[float, float], ...] = ()
    """(time, share): how far the blade turns with the skater rather than along its trace."""
    heel: tuple[tuple[float, float], ...] = ()
    """(time, degrees) by which the heel is lifted, the tip staying on the ice."""
    pick: bool = False
    """The toe pick is planted: its tip stands still, where it must be at `end`."""
    bears: bool = True
    """Whether the skate bears the skater, or only touches the ice."""

    def moved(self, seconds: float, turns: float) -> Contact:
        """The same contact, later and against another count of turns."""
        return replace(
            self,
            start=self.start + seconds,
            end=self.end + seconds,
            blade=tuple((t + seconds, b + turns) for t, b in self.blade),
            pivot=tuple((t + seconds, share) for t, share in self.pivot),
            heel=tuple((t + seconds, angle) for t, angle in self.heel),
        )


@dataclass(frozen=True)
class Mark:
    """An element within a phrase: what becomes truth. Times in seconds of the phrase."""

    label: str
    start: float
    end: float
    takeoff: float = AUTO
    landing: float = AUTO
    rotations: float = AUTO
    spin: tuple[float, float] | None = None
    """When the spinning position is held."""
    flaws: frozenset[Flaw] = frozenset()
    positions: tuple[tuple[str, float, float], ...] = ()
    """`(class, begin, end)` of the positions of a spin."""
    foot_change: float = AUTO
    """When a spin changes the foot."""

    def moved(self, seconds: float) -> Mark:
        """The same element, later."""
        spin = None if self.spin is None else (self.spin[0] + seconds, self.spin[1] + seconds)
        return replace(
            self,
            start=self.start + seconds,
            end=self.end + seconds,
            takeoff=self.takeoff + seconds,
            landing=self.landing + seconds,
            foot_change=self.foot_change + seconds,
            spin=spin,
            positions=tuple((name, a + seconds, b + seconds) for name, a, b in self.positions),
        )


@dataclass(frozen=True)
class Fall:
    """The pelvis goes down to the ice and comes up again; times in seconds of the phrase."""

    starts: float
    down: float
    rises: float
    up: float
    height: float
    """Of the pelvis in between, metres."""

    def moved(self, seconds: float) -> Fall:
        """The same fall, later."""
        return Fall(
            self.starts + seconds,
            self.down + seconds,
            self.rises + seconds,
            self.up + seconds,
            self.height,
        )


@dataclass
class Phrase:
    """Keys of a stretch of skating; times from 0 to `duration`."""

    duration: float
    poses: list[tuple[float, Pose]] = field(default_factory=list)
    path: list[tuple[float, float, float]] = field(default_factory=list)
    """(time, speed of the centre of mass in m/s, curvature of its path in 1/m, left positive)."""
    facing: list[tuple[float, float, float]] = field(default_factory=list)
    """(time, turns, turns a second or `AUTO`)."""
    contacts: list[Contact] = field(default_factory=list)
    flights: list[tuple[float, float]] = field(default_factory=list)
    """(take-off, landing) of every flight; `facing` has keys at both."""
    falls: list[Fall] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    sway: list[tuple[float, Pose]] = field(default_factory=list)
    """(time, difference to the pose): nobody holds still; see `enlivened`."""

    @property
    def start_facing(self) -> float:
        """Turns at the begin."""
        return self.facing[0][1]

    @property
    def end_facing(self) -> float:
        """Turns at the end."""
        return self.facing[-1][1]

    def moved(self, seconds: float, turns: float) -> Phrase:
        """The same phrase, later and against another count of turns."""
        return Phrase(
            duration=self.duration + seconds,
            poses=[(t + seconds, p) for t, p in self.poses],
            path=[(t + seconds, v, k) for t, v, k in self.path],
            facing=[(t + seconds, f + turns, w) for t, f, w in self.facing],
            contacts=[contact.moved(seconds, turns) for contact in self.contacts],
            flights=[(a + seconds, b + seconds) for a, b in self.flights],
            falls=[fall.moved(seconds) for fall in self.falls],
            marks=[mark.moved(seconds) for mark in self.marks],
        )

    def enlivened(self, rng: np.random.Generator, amount: float = 0.4) -> Phrase:
        """The same phrase with the small movements that no pose is free of."""
        times = np.arange(-0.5, self.duration + 1.0, _SWAY_S)
        still = np.zeros(NUM_CHANNELS)
        return replace(self, sway=[(float(t), varied(still, rng, amount)) for t in times])


def joined(phrases: Sequence[Phrase]) -> Phrase:
    """One phrase after the other, as one.

    Raises:
        ValueError: A phrase begins facing another way than the one before it ended.
    """
    whole = Phrase(0.0)
    turns = phrases[0].start_facing
    for phrase in phrases:
        difference = turns - phrase.start_facing
        if abs(difference - round(difference)) > 1e-6:
            raise ValueError(
                f"a phrase ends facing {turns % 1.0:.2f} turns from the travel, "
                f"the next begins at {phrase.start_facing % 1.0:.2f}"
            )
        later = phrase.moved(whole.duration, float(np.round(difference)))
        for name in ("poses", "path", "contacts", "flights", "falls", "marks"):
            getattr(whole, name).extend(getattr(later, name))
        whole.facing.extend(later.facing)
        whole.duration = later.duration
        turns = later.end_facing
    return whole
