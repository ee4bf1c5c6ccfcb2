"""The likeliest course: against every course there is, and never an impossible one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
import pytest

from pipeline.programme import viterbi
from pipeline.programme.frame_classes import FRAME_CLASSES
from pipeline.programme.viterbi import costs, likeliest_course

K = len(FRAME_CLASSES)
AIR = FRAME_CLASSES.index("air")


def score_of(course: Sequence[int], probabilities: np.ndarray, moments: np.ndarray) -> float:
    """What a course scores, term by term."""

    def told(value: float, weight: float) -> float:
        return weight * float(np.log(max(float(value), viterbi._FLOOR)))

    table = costs()
    score = sum(told(probabilities[n, k], viterbi._EVIDENCE) for n, k in enumerate(course))
    for n, (before, after) in enumerate(pairwise(course), 1):
        score -= table[before, after]
        near = moments[max(n - 1, 0) : n + 2]
        if before != AIR == after:
            score += told(near[:, 0].max(), viterbi._MOMENT)
        if before == AIR != after:
            score += told(near[:, 1].max(), viterbi._MOMENT)
    return float(score)


def drawn(seed: int, N: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(K, 0.3), N).astype(np.float32)
    return probabilities, rng.random((N, 2)).astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
def test_no_other_course_is_likelier(seed: int) -> None:
    probabilities, moments = drawn(seed, 3)
    best = max(score_of(course, probabilities, moments) for course in product(range(K), repeat=3))
    found = likeliest_course(probabilities, moments)
    assert score_of(found.tolist(), probabilities, moments) == pytest.approx(best)


def test_only_what_can_follow_follows() -> None:
    table = costs()
    assert np.isinf(table[FRAME_CLASSES.index("entry"), FRAME_CLASSES.index("landing")])
    course = likeliest_course(*drawn(7, 400))
    assert all(np.isfinite(table[before, after]) for before, after in pairwise(course))


def test_a_flight_is_preferred_where_its_moments_are() -> None:
    probabilities = np.full((30, K), 0.01, np.float32)
    probabilities[:, FRAME_CLASSES.index("other")] = 0.9
    probabilities[8:23, FRAME_CLASSES.index("other")] = 0.05
    probabilities[8:23, AIR] = 0.6
    moments = np.zeros((30, 2), np.float32)
    moments[10, 0] = moments[20, 1] = 1.0
    course = likeliest_course(probabilities, moments)
    flying = np.flatnonzero(course == AIR)
    assert abs(flying[0] - 10) <= 1
    assert abs(flying[-1] + 1 - 20) <= 1
