"""Take-off and landing: every pair of moments is weighed, and what remains open is an interval.

The network of `learned` gives evidence at every sample for a take-off, a landing and being in the
air; a pair's score is their sum, against the score of there being no flight at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.measure.flight_features import RATE_HZ, flight_features, sample_times
from pipeline.measure.learned import flight_network
from pipeline.measure.signals import Array, Body

SHORTEST, LONGEST = 7, 66
"""Samples that a flight may last: 0.12 to 1.1 s."""

AIRBORNE_UNIT = 6.0
"""Samples in the air that weigh as much as a moment's evidence."""

DRAWS = 480
"""Pairs of moments that stand for what remains open."""


@dataclass(frozen=True)
class Flight:
    """The likeliest flight; seconds of the clip's time stamps."""

    takeoff_s: Array
    """`(DRAWS,)` moments that fit; their spread is the uncertainty."""
    landing_s: Array
    """`(DRAWS,)` the landings that belong to them."""
    likely: float
    """Probability that there is a flight at all."""

    @property
    def span_s(self) -> tuple[float, float]:
        """Take-off and landing, the middle of what fits."""
        return float(np.median(self.takeoff_s)), float(np.median(self.landing_s))

    @property
    def air_s(self) -> Array:
        """`(DRAWS,)`."""
        return self.landing_s - self.takeoff_s


LIKELY, CLEAR = 0.5, 0.9
"""A flight is seen from the first probability on, and is certain from the second."""
_MOST = 12
"""Flights of one sequence that are told apart."""


def find_flights(body: Body) -> tuple[Flight, ...]:
    """Every flight that is likelier than not; where there is none, the likeliest, however unlikely.

    Pairs of moments that overlap in time stand for the same flight, each with the likeliest pair
    that is left. The certain flights come first, the longest and so the highest before others.

    Raises:
        ValueError: A sequence shorter than the shortest flight.
    """
    times = sample_times(body)
    if len(times) <= SHORTEST:
        raise ValueError(f"{len(times)} samples are fewer than the shortest flight's {SHORTEST}")
    pairs, nothing = weighed_pairs(flight_network()(flight_features(body)))
    first = np.arange(len(pairs))[:, None]
    last = first + SHORTEST + np.arange(pairs.shape[1])
    flights: list[Flight] = []
    while pairs.max() > 0 and len(flights) < _MOST:
        start, length = np.unravel_index(pairs.argmax(), pairs.shape)
        same = (first < start + SHORTEST + length) & (last > start)
        weight = (1.0 - nothing) * float(pairs[same].sum())
        likely = weight / (weight + nothing)
        if flights and likely < LIKELY:
            break
        flights.append(_drawn(np.where(same, pairs, 0.0), times, body.step_s, likely))
        pairs = np.where(same, 0.0, pairs)
    return tuple(sorted(flights, key=lambda f: (f.likely < CLEAR, -float(np.median(f.air_s)))))


def _drawn(pairs: Array, times: Array, frame_s: float, likely: float) -> Flight:
    """A flight by what its pairs of moments weigh, `(N, D)`."""
    D = pairs.shape[1]
    weights = pairs.reshape(-1)
    random = np.random.default_rng(0).random((3, DRAWS))
    # Evenly through the distribution, so that quantiles are smooth.
    place = np.searchsorted(np.cumsum(weights), (np.arange(DRAWS) + 0.5) / DRAWS * weights.sum())
    first, length = np.divmod(np.minimum(place, len(weights) - 1), D)
    # A frame shows a moment; when within it the skate left the ice, nobody can see.
    takeoff = times[0] + first / RATE_HZ + (random[0] - 0.5) * frame_s
    landing = times[0] + (first + length + SHORTEST) / RATE_HZ + (random[1] - 0.5) * frame_s
    mixed = random[2].argsort()  # neighbours alike would meet the same courses of the heading
    return Flight(takeoff[mixed], landing[mixed], likely)


def weighed_pairs(evidence: Array) -> tuple[Array, float]:
    """From evidence `(N, 3)` to the probability of every flight, and of there being none.

    Returns:
        `(N, D)` summing to 1: row = sample of the take-off, column = length from `SHORTEST` on;
        the probability of no flight.
    """
    N = len(evidence)
    takeoff, landing, airborne = evidence.T
    before = np.concatenate([[0.0], np.cumsum(airborne)[:-1]]) / AIRBORNE_UNIT
    first = np.arange(N)[:, None]
    last = first + np.arange(SHORTEST, min(LONGEST, N - 1) + 1)
    inside = last < N
    last = np.minimum(last, N - 1)
    scores = (takeoff - before)[first] + (landing + before)[last]
    scores = np.where(inside, scores, -np.inf)
    best = max(float(scores.max()), flight_network().nothing)
    weights = np.exp(scores - best)
    none = float(np.exp(flight_network().nothing - best))
    total = float(weights.sum())
    return weights / total, none / (none + total)
