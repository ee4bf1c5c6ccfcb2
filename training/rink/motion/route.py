"""Where a programme's phrases lead on the rink, so that it stays within the boards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.rink.motion.kinematics.travel import path_over_ice
from training.rink.motion.phrase import Phrase, joined
from training.rink.performance import RINK_LENGTH_M, RINK_WIDTH_M

EDGE = np.array([RINK_LENGTH_M, RINK_WIDTH_M]) / 2.0 - 0.2
"""Where joints may be, metres from the middle."""
_ROOM = EDGE - 1.6
"""Where the centre of mass may be: arms and lean take the rest."""
_AHEAD_M = 5.0
"""Room that a skater wants in front after every stretch."""
_OPEN_PHRASES, _CONTEXT_PHRASES = 4, 4
_PATH_HZ = 20.0


@dataclass(frozen=True)
class Route:
    """The phrases so far, and where they lead on the rink.

    How a curve runs through a key depends on the keys around it. So the way is only known up to the
    last phrases, the open ones, and following it from there takes a few of the phrases before.
    """

    place: np.ndarray
    """`(2,)`, where the open phrases begin."""
    heading: float
    """Radians, which way they set out."""
    phrases: tuple[Phrase, ...] = ()
    """All so far."""
    settled: int = 0
    """How many of them are not open."""
    seconds: float = 0.0
    elements: int = 0
    """How many elements are done."""

    @property
    def facing(self) -> float:
        """Turns of the skater at the end, 0 or 0.5."""
        return self.phrases[-1].end_facing % 1.0

    def outside(self, more: Sequence[Phrase]) -> float:
        """How many metres some more phrases would lead off the rink, room ahead counted; or 0."""
        path, heading = self._path(more)
        ahead = path[-1] + _AHEAD_M * np.array([np.cos(heading[-1]), np.sin(heading[-1])])
        return float(np.maximum(np.abs(np.vstack([path, ahead])) - _ROOM, 0.0).max())

    def grown(self, more: Sequence[Phrase]) -> Route:
        """The route with some more phrases."""
        phrases = (*self.phrases, *more)
        settled = max(len(phrases) - _OPEN_PHRASES, self.settled)
        path, heading = self._path(more)
        first = round(seconds_of(phrases[self.settled : settled]) * _PATH_HZ)
        return Route(
            path[first],
            float(heading[first]),
            phrases,
            settled,
            self.seconds + seconds_of(more),
            self.elements + any(phrase.marks for phrase in more),
        )

    def _path(self, more: Sequence[Phrase]) -> tuple[np.ndarray, np.ndarray]:
        """From the begin of the open phrases on: positions on the rink and headings."""
        context = self.phrases[max(self.settled - _CONTEXT_PHRASES, 0) : self.settled]
        path, heading = path_over_ice(
            joined([*context, *self.phrases[self.settled :], *more]), rate_hz=_PATH_HZ
        )
        first = round(seconds_of(context) * _PATH_HZ)
        turned = self.heading - heading[first]
        cosine, sine = np.cos(turned), np.sin(turned)
        turn = np.array([[cosine, -sine], [sine, cosine]])
        return (path[first:] - path[first]) @ turn.T + self.place, heading[first:] + turned


def seconds_of(phrases: Sequence[Phrase]) -> float:
    """Length of some phrases in all."""
    return sum(phrase.duration for phrase in phrases)
