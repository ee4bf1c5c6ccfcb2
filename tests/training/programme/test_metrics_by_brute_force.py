"""The measures against second implementations, written from their definitions by brute force."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from training.programme.metrics import (
    Counts,
    Segment,
    average_precision,
    both_moments_right,
    edit_score,
    matched,
)

FRAMES = 60


def random_segments(rng: np.random.Generator, labels: str) -> list[Segment]:
    """On whole frames, in order, not overlapping."""
    edges = np.sort(rng.choice(FRAMES, 2 * int(rng.integers(0, 6)), replace=False))
    return [
        Segment(int(a), int(b), str(rng.choice(list(labels))))
        for a, b in edges.reshape(-1, 2).tolist()
    ]


def matched_on_frames(
    predicted: list[Segment], true: list[Segment], min_iou: float, *, labels: bool
) -> Counts:
    """F1@k after the published code: frames counted one by one, predictions in order of time.

    A prediction of an overlap with several takes the best one of its class and is false if that
    has been taken.
    """
    truth = [set(range(s.start, s.end)) for s in true]
    used = [False] * len(true)
    hits = 0
    for segment in predicted:
        frames = set(range(segment.start, segment.end))
        best, best_iou = -1, -1.0
        for i, other in enumerate(true):
            iou = len(frames & truth[i]) / len(frames | truth[i])
            if labels and segment.label != other.label:
                iou = 0.0
            if iou > best_iou:
                best, best_iou = i, iou
        if best >= 0 and best_iou >= min_iou and not used[best]:
            used[best] = True
            hits += 1
    return Counts(hits, len(predicted) - hits, len(true) - hits)


def test_f1_is_that_of_frames_counted_one_by_one() -> None:
    rng = np.random.default_rng(11)
    seen = 0
    for _ in range(200):
        true, found = random_segments(rng, "ab"), random_segments(rng, "ab")
        for percent, labels in product((10, 25, 50, 75, 90), (True, False)):
            expected = matched_on_frames(found, true, percent / 100, labels=labels)
            assert matched(found, true, percent / 100, labels=labels) == expected
            seen += expected.hits
    assert seen > 100, "something was there to be found"


def best_pairing(
    predicted: list[tuple[float, float]], true: list[tuple[float, float]], tolerance: float
) -> int:
    """The most jumps that any pairing of the two lists gets right."""
    longer, shorter = (predicted, true) if len(predicted) >= len(true) else (true, predicted)
    return max(
        sum(
            abs(a[0] - b[0]) <= tolerance and abs(a[1] - b[1]) <= tolerance
            for a, b in zip(shorter, order, strict=False)
        )
        for order in permutations(longer, len(shorter))
    )


def test_jumps_are_paired_as_well_as_can_be() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(100):
        takeoffs = np.cumsum(rng.uniform(1.0, 3.0, int(rng.integers(0, 5))))
        true = [(float(t), float(t + rng.uniform(0.4, 0.8))) for t in takeoffs]
        found = [
            (t + float(rng.normal(0, 0.1)), landing + float(rng.normal(0, 0.1)))
            for t, landing in true
            if rng.random() < 0.8
        ]
        rng.shuffle(found)
        right = both_moments_right(found, true, 0.12)
        assert right == best_pairing(found, true, 0.12)
        hits += right
    assert hits > 30


def test_a_jump_needs_both_moments() -> None:
    true = [(1.0, 1.6), (3.0, 3.6)]
    assert both_moments_right([(1.12, 1.6), (3.0, 3.73)], true, 0.12) == 1
    assert both_moments_right([(1.0, 1.6), (1.0, 1.6)], true, 0.12) == 1, "found once"
    assert both_moments_right([], true, 0.12) == 0
    assert both_moments_right([(1.0, 1.6)], [], 0.12) == 0


def precision_by_thresholds(
    predicted: list[tuple[int, float, float]], true: list[tuple[int, float]], tolerance: float
) -> float:
    """Average precision from its definition: at each recall, the best precision at any threshold
    that reaches it; every threshold is scored anew."""
    points = []
    for threshold in {confidence for _, _, confidence in predicted}:
        kept = [spot for spot in predicted if spot[2] >= threshold]
        left, hits = list(true), 0
        for video, moment, _ in sorted(kept, key=lambda spot: spot[2], reverse=True):
            near = [t for t in left if t[0] == video and abs(t[1] - moment) <= tolerance]
            if near:
                left.remove(min(near, key=lambda t: abs(t[1] - moment)))
                hits += 1
        points.append((hits / len(true), hits / len(kept)))
    levels = np.arange(1, len(true) + 1) / len(true)
    best = [max((p for recall, p in points if recall >= r - 1e-9), default=0.0) for r in levels]
    return float(np.mean(best))


def test_average_precision_is_that_of_every_threshold_scored_anew() -> None:
    rng = np.random.default_rng(2)
    found_some = 0
    for _ in range(100):
        true = [(int(rng.integers(0, 2)), float(rng.integers(0, 50))) for _ in range(6)]
        count = int(rng.integers(1, 9))
        confidence = rng.permutation(count) / count + 0.01
        spots = [
            (int(rng.integers(0, 2)), float(rng.integers(0, 50)), float(c)) for c in confidence
        ]
        for tolerance in (1.0, 2.0, 4.0):
            expected = precision_by_thresholds(spots, true, tolerance)
            assert average_precision(spots, true, tolerance) == pytest.approx(expected)
            found_some += expected > 0
    assert found_some > 50


def alignments(one: str, other: str) -> list[int]:
    """The cost of every way to write two words below each other with gaps."""
    if not one or not other:
        return [len(one) + len(other)]
    return [
        *(cost + (one[0] != other[0]) for cost in alignments(one[1:], other[1:])),
        *(cost + 1 for cost in alignments(one[1:], other)),
        *(cost + 1 for cost in alignments(one, other[1:])),
    ]


def test_the_edit_score_is_the_cheapest_of_all_alignments() -> None:
    for one in ("a", "ab", "abc", "aab"):
        for other in ("a", "b", "bca", "cab"):
            share = min(alignments(one, other)) / max(len(one), len(other))
            assert edit_score(one, other) == pytest.approx(100 * (1 - share))
