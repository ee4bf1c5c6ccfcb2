"""How many clips of each class: as unevenly as the challenge's training data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.elements import LABELS

TOTAL_CLIPS = 19_993
KNOWN_COUNTS = {"Sequence": 6_099, "4Loop": 7, "1Salchow": 11}
SALCHOWS, ALL_SALCHOWS = ("3Salchow", "2Salchow", "4Salchow"), 613
RARE, RARE_BELOW = 8, 30
"""Published of the challenge's training data: its size, three classes, all Salchows together, and
that eight classes have fewer than thirty clips."""

ASSUMED_ORDER = (
    "NoBasic", "CamelSpin", "SitSpin", "UprightSpin", "2Axel", "3Lutz", "3Toeloop", "3Flip",
    "3Loop", "3Axel", "2Toeloop", "4Toeloop", "1Axel", "2Lutz", "2Loop", "2Flip",
    "4Lutz", "1Loop", "1Toeloop", "1Lutz", "4Flip", "1Flip", "4Loop",
)  # fmt: skip
"""Assumption: the other classes from common to rare. Nothing is published about them; the last
seven are, with 1Salchow, the eight rare ones."""

_SALCHOW_SHARES = (0.6, 0.3, 0.1)  # Assumption, like the order above


def challenge_counts() -> dict[str, int]:
    """Clips of every class in the challenge's training data: published counts, others assumed.

    Counts that are not published fall log-linearly along `ASSUMED_ORDER`, in two pieces: to
    `RARE_BELOW` at the first rare class, and from there to 4Loop's seven; the first piece begins
    where all counts together give `TOTAL_CLIPS`.
    """
    rest = TOTAL_CLIPS - KNOWN_COUNTS["Sequence"] - ALL_SALCHOWS
    low, high = float(RARE_BELOW), float(rest)
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if _falling(middle).sum() < rest else (low, middle)
    counts = dict(zip(ASSUMED_ORDER, np.rint(_falling(low)).astype(int).tolist(), strict=True))
    others = ALL_SALCHOWS - KNOWN_COUNTS["1Salchow"]
    shared = zip(SALCHOWS, _SALCHOW_SHARES, strict=True)
    counts |= {label: round(others * share) for label, share in shared} | KNOWN_COUNTS
    counts["NoBasic"] += TOTAL_CLIPS - sum(counts.values())
    return {label: counts[label] for label in LABELS}


def _falling(first: float) -> np.ndarray:
    ranks = np.arange(len(ASSUMED_ORDER))
    knots = (0, len(ASSUMED_ORDER) - RARE + 1, len(ASSUMED_ORDER) - 1)
    heights = np.log([first, RARE_BELOW - 1, KNOWN_COUNTS["4Loop"]])
    falling: np.ndarray = np.exp(np.interp(ranks, knots, heights))
    return falling


def shared_out(clips: int, labels: Sequence[str]) -> dict[str, int]:
    """`clips` shared among classes in the challenge's proportions, by largest remainders."""
    counts = challenge_counts()
    weights = np.array([counts[label] for label in labels], dtype=float)
    exact = clips * weights / weights.sum()
    shares = np.floor(exact).astype(int)
    for index in np.argsort(shares - exact, kind="stable")[: clips - int(shares.sum())]:
        shares[index] += 1
    return dict(zip(labels, shares.tolist(), strict=True))
