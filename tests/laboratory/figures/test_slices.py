"""Worst slices: a planted one is found, every group is counted, and noise has none of its own."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from laboratory.figures import slices
from laboratory.figures.slices import ALPHA, worst_slices
from laboratory.table.clips import ClipTable
from tests.laboratory.runs import everyone, said, table


def made(clips: int, *, planted: float, usual: float = 0.1, seed: int = 0) -> ClipTable:
    """Of small skaters in boxes that were drawn, `planted` are wrong, of the others `usual`."""
    rng = np.random.default_rng(seed)
    size = rng.uniform(50, 550, clips).astype("f4")
    box = rng.choice(["detector", "drawn"], clips)
    bad = (size < np.quantile(size, 0.2)) & (box == "drawn")
    wrong = rng.random(clips) < np.where(bad, planted, usual)
    labels = rng.integers(28, size=clips)
    answers = [said(int((c + w) % 28)) for c, w in zip(labels, wrong, strict=True)]
    facts: dict[str, Any] = {
        "skater_px": size, "box_source": box, "fps": rng.choice([25, 30], clips).astype("f4"),
        "blur": rng.random(clips).astype("f4"),
    }  # fmt: skip
    stems = [f"{n:05d}_0" for n in range(clips)]
    return table(labels.tolist(), everyone(answers), facts, stems)


def test_a_planted_slice_is_the_worst_and_its_click_shows_it() -> None:
    found_in = made(2000, planted=0.8)
    every = np.ones(2000, dtype=bool)
    worst = worst_slices(found_in, every, "vote")[0]
    assert set(worst.where.ranges) == {"skater_px"}
    assert worst.where.words == {"box_source": frozenset({"drawn"})}
    shown = worst.where.rows(found_in)
    wrong = ~found_in.right("vote")
    assert worst.clips == shown.sum()
    assert worst.errors == (shown & wrong).sum()
    assert worst.interval[0] < worst.held_out < worst.interval[1]
    assert worst.interval[0] > 2 * worst.usual
    assert shown.sum() == pytest.approx(200, abs=40)


def test_of_noise_no_slice_is_worse_on_the_other_half() -> None:
    """What a search takes for a slice in noise is as good as all on clips that it did not see."""
    apart = []
    for seed in range(8):
        noise = made(1500, planted=0.2, usual=0.2, seed=seed)
        found = worst_slices(noise, np.ones(1500, dtype=bool), "vote", most=5)
        apart += [(s.searched - s.usual, s.held_out - s.usual) for s in found]
    searched, held_out = np.array(apart).T
    assert searched.mean() > 0.05  # the search was fooled
    assert abs(held_out.mean()) < 0.03  # who reads the other half is not


def test_every_group_of_up_to_three_is_counted() -> None:
    small = made(300, planted=0.9)
    chosen = np.arange(300)
    wrong = ~small.right("vote")
    properties = list(slices._properties(small, chosen))
    searched = slices._half(small.facts["source"])
    best = slices._Search(properties, searched, wrong).best(10**6)
    expected = {}
    mean, half = wrong[searched].mean(), searched.sum()
    for size in (1, 2, 3):
        for group in combinations(range(len(properties)), size):
            if len({properties[i].column for i in group}) < size:
                continue
            rows = np.logical_and.reduce([properties[i].rows for i in group]) & searched
            clips = rows.sum()
            if clips >= slices.SMALLEST:
                score = ALPHA * (wrong[rows].mean() / mean - 1) - (1 - ALPHA) * (half / clips - 1)
                if score > 1e-6:
                    expected[group] = score
    found = {group: score for group, score in best if score > 1e-6}
    assert set(found) == set(expected)
    assert [found[group] for group in expected] == pytest.approx(list(expected.values()), abs=1e-4)
    scores = [score for _, score in best]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("answer", [3, 4])
def test_where_all_are_right_or_all_wrong_there_is_no_slice(answer: int) -> None:
    one = table([3] * 60, everyone([said(answer)] * 60), {"fps": np.arange(60.0)})
    assert worst_slices(one, np.ones(60, dtype=bool), "vote") == []
    assert worst_slices(one, np.zeros(60, dtype=bool), "vote") == []
