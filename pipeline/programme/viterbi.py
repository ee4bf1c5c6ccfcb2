"""The likeliest course of frame classes, where not everything can follow everything.

A hidden Markov model whose states are `FRAME_CLASSES`: what the network says of each sample, what
each change of state costs, and how surely a take-off or a landing is where a flight begins or ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.programme.frame_classes import FRAME_CLASSES, SPIN_CLASSES
from pipeline.types import FloatArray, IntArray

_NEVER = np.inf
_EVIDENCE = 0.35
"""Weight of one sample: neighbours say nearly the same, and must not count as so many witnesses."""
_MOMENT = 1.0
"""Weight of a take-off's or a landing's evidence."""
_FLOOR = 1e-3
_HELD = [name for name in SPIN_CLASSES if name != "changing"]
_COSTS: dict[tuple[str, str], float] = {
    ("other", "entry"): 2.0,
    ("other", "air"): 4.0,
    ("other", "changing"): 3.0,
    ("other", "sequence"): 5.0,
    ("entry", "air"): 0.0,
    ("air", "landing"): 0.0,
    ("air", "changing"): 0.5,
    ("air", "other"): 4.0,
    ("landing", "other"): 0.0,
    ("landing", "entry"): 1.0,
    ("landing", "air"): 1.0,
    ("landing", "changing"): 1.0,
    ("landing", "sequence"): 3.0,
    ("changing", "other"): 1.0,
    ("changing", "air"): 1.0,
    ("changing", "entry"): 4.0,
    ("changing", "sequence"): 4.0,
    ("sequence", "other"): 3.0,
    ("sequence", "entry"): 3.0,
    ("sequence", "changing"): 4.0,
    ("sequence", "air"): 6.0,
    **{("changing", position): 1.0 for position in _HELD},
    **{(position, "changing"): 1.0 for position in _HELD},
    **{(position, "other"): 4.0 for position in _HELD},
    **{("air", position): 1.0 for position in _HELD},
}
"""Of every change of state that happens at all."""


def costs() -> NDArray[np.float64]:
    """`(K, K)` from the state of the row to that of the column; infinite where it never goes."""
    table = np.full((len(FRAME_CLASSES),) * 2, _NEVER)
    np.fill_diagonal(table, 0.0)
    for (before, after), cost in _COSTS.items():
        table[FRAME_CLASSES.index(before), FRAME_CLASSES.index(after)] = cost
    return table


def likeliest_course(probabilities: FloatArray, moments: FloatArray) -> IntArray:
    """The state of every sample, `(N,)` places in `FRAME_CLASSES`.

    A sequence may begin and end in the middle of anything.

    Args:
        probabilities: `(N, K)` of the states.
        moments: `(N, 2)` of a take-off and a landing.
    """
    N, K = probabilities.shape
    seen = _EVIDENCE * np.log(np.maximum(probabilities.astype(np.float64), _FLOOR))
    nearby = np.log(np.maximum(_widened(moments.astype(np.float64)), _FLOOR))
    table = costs()
    air = FRAME_CLASSES.index("air")
    others = np.arange(K) != air
    score = seen[0].copy()
    came_from = np.zeros((N, K), np.int64)
    for n in range(1, N):
        arriving = score[:, None] - table
        arriving[others, air] += _MOMENT * nearby[n, 0]
        arriving[air, others] += _MOMENT * nearby[n, 1]
        came_from[n] = arriving.argmax(axis=0)
        score = arriving[came_from[n], np.arange(K)] + seen[n]
    course = np.empty(N, np.int64)
    course[-1] = score.argmax()
    for n in range(N - 1, 0, -1):
        course[n - 1] = came_from[n, course[n]]
    return course


def _widened(moments: NDArray[np.float64]) -> NDArray[np.float64]:
    """The highest of each sample and its two neighbours, `(N, 2)`."""
    padded = np.pad(moments, ((1, 1), (0, 0)))
    return np.asarray(np.max([padded[:-2], padded[1:-1], padded[2:]], axis=0))
