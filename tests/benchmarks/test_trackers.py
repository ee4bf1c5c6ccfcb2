"""The comparison of trackers: one procedure for all, here with a stand-in for the package's."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from benchmarks.main_skater_rink import ClipResult, simulate
from benchmarks.trackers import OTHERS, PackagedTracker, compare, lines, main, online, ours
from pipeline.config import load_profile
from pipeline.detection.boxes import pairwise_iou
from pipeline.types import FloatArray, IntArray


class GreedyTracker:
    """Each box belongs to whoever was last where it is."""

    def __init__(self, frame_rate: float) -> None:
        assert 5 < frame_rate < 16  # key frames, not frames
        self._last = np.zeros((0, 4), np.float32)

    def update(self, boxes: FloatArray, scores: FloatArray) -> IntArray:
        assert boxes.shape == (len(scores), 4)
        people = np.zeros(len(boxes), np.int64)
        for row, box in enumerate(boxes):
            overlap = pairwise_iou(box[None], self._last)[0]
            if not overlap.any():
                self._last = np.concatenate([self._last, box[None]])
                overlap = np.append(overlap, 1)
            people[row] = overlap.argmax()
            self._last[people[row]] = box
        return people


class BlindTracker:
    """Knows nobody."""

    def update(self, boxes: FloatArray, scores: FloatArray) -> IntArray:
        return np.full(len(boxes), -1)


def test_every_tracker_is_judged_on_the_same_clips() -> None:
    profile = load_profile("demo")
    clips = list(simulate(3, 230_001, profile.detector.every, labels=("CamelSpin",)))
    methods = {
        "ours": ours(profile),
        "greedy": online(GreedyTracker, profile),
        "blind": online(lambda frame_rate: BlindTracker(), profile),
    }
    table = compare(methods, clips)
    found = {name: np.mean([r.found for r in results]) for name, (results, _) in table.items()}
    assert {len(results) for results, _ in table.values()} == {len(clips)}
    assert found["ours"] >= found["greedy"] > 0.5
    assert found["blind"] == 0  # and its clips still count
    assert all(cost > 0 for _, cost in table.values())


def test_the_table_keeps_small_skaters_apart() -> None:
    results = [ClipResult("3Lutz", 0.5, 1.0, 1.0, 1), ClipResult("1Axel", 0.1, 0.25, 0.75, 2)]
    last = lines({"ours": (results, 12.3)}).splitlines()[-1]
    assert last == "| ours | 1 + 1 | 1.000 | 0.250 | 0.500 | 0.500 | 12 |"


def test_a_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "trackers", None)
    assert main([]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert "benchmarks/requirements-trackers.txt" in error


@pytest.mark.parametrize("name", OTHERS)
def test_the_packages_trackers_follow_from_the_first_box_on(name: str) -> None:
    pytest.importorskip("trackers", reason="the package trackers is not installed")
    tracker = PackagedTracker(name, 7.5, 0.3)
    left = np.array([100, 100, 180, 300], np.float32)
    right = np.array([700, 120, 790, 310], np.float32)
    numbers = []
    for step in range(6):
        moved = [right - 3 * step, left + 4 * step]  # in another order than they come back
        both = np.stack(moved if step % 2 else moved[::-1])
        people = tracker.update(both, np.array([0.9, 0.6], np.float32))
        numbers.append(people[::-1].tolist() if step % 2 else people.tolist())
    assert len({tuple(pair) for pair in numbers}) == 1
    assert sorted(numbers[0]) == [0, 1]
    nobody = np.zeros((0, 4), np.float32)
    assert len(tracker.update(nobody, np.zeros(0, np.float32))) == 0
