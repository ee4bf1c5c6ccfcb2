"""Figures of whole programmes by hand: what is a hit, what is false, what a combination counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.programme.listed import ListedElement
from benchmarks.programme.runs import Cost
from benchmarks.programme.scores import ProgrammeCounts, count, scores
from benchmarks.programme.shots import after_cuts, cut_counts, kinds_right_s
from benchmarks.programme.table import cost_rows, score_rows
from benchmarks.programme.truth import TrueShot
from pipeline.types.programme import Shot
from training.programme.metrics import Counts

COMBINATION = ListedElement(10.0, 13.0, ("3Lutz", "3Toeloop"), ((10.6, 11.2), (11.9, 12.4)))
SPIN = ListedElement(20.0, 26.0, ("CombinationSpin",))
SOLO = ListedElement(40.0, 41.8, ("2Axel",), ((40.6, 41.2),))
TRUE = (COMBINATION, SPIN, SOLO)


def counted(*found: ListedElement) -> ProgrammeCounts:
    return count("1", 60.0, found, TRUE)


def test_what_is_found_as_it_is_has_all_figures_full() -> None:
    figures = scores([counted(*TRUE)])
    assert all(f1 == 1.0 for f1 in (*figures.labelled_f1.values(), *figures.unlabelled_f1.values()))
    assert (figures.jumps, figures.edit, figures.false_per_minute) == (1.0, 100.0, 0.0)
    assert figures.moments == {1: 1.0, 2: 1.0, 4: 1.0}
    assert (figures.elements, figures.minutes) == (3, 1.0)
    assert all(row.reached for row in score_rows(figures))


def test_the_jumps_of_a_combination_count_one_by_one_with_class() -> None:
    """Parts are split in the middle between landing and take-off, at 11.55 s."""
    one, two = COMBINATION.parts()
    assert (one.start, one.end, one.label) == (10.0, pytest.approx(11.55), "3Lutz")
    assert (two.start, two.end, two.label) == (pytest.approx(11.55), 13.0, "3Toeloop")
    wrong = replace(COMBINATION, labels=("3Flip", "3Toeloop"))
    assert counted(wrong, SPIN, SOLO).labelled[50] == Counts(hits=3, false=1, missed=1)
    assert counted(wrong, SPIN, SOLO).unlabelled[90] == Counts(hits=3, false=0, missed=0)
    assert counted(wrong, SPIN, SOLO).edit == pytest.approx(75.0)


def test_a_moment_three_frames_off_is_right_and_four_frames_off_is_not() -> None:
    near = replace(SOLO, jumps=((40.6 + 0.12, 41.2 - 0.12),))
    far = replace(SOLO, jumps=((40.6 + 0.16, 41.2),))
    assert counted(COMBINATION, SPIN, near).jumps == Counts(hits=3, false=0, missed=0)
    assert counted(COMBINATION, SPIN, far).jumps == Counts(hits=2, false=1, missed=1)
    figures = scores([counted(COMBINATION, SPIN, near)])
    assert figures.moments[2] < 1.0 == figures.moments[4]


def test_an_element_where_there_is_none_is_false_by_the_minute() -> None:
    nothing = ListedElement(50.0, 52.0, ("Sequence",))
    figures = scores([counted(*TRUE, nothing), counted(*TRUE)])
    assert figures.false_per_minute == 0.5
    assert figures.edit == pytest.approx((80 + 100) / 2)


def test_nothing_found_is_told_and_not_an_error() -> None:
    figures = scores([counted()])
    assert (figures.jumps, figures.edit, figures.labelled_f1[50]) == (0.0, 0.0, 0.0)
    assert not any(row.reached for row in score_rows(figures) if not row.less)


def test_cuts_are_right_three_frames_off_and_anywhere_in_a_fade() -> None:
    true = [TrueShot(0, 5, "skating"), TrueShot(5, 9, "replay"), TrueShot(9, 20, "skating", 0.8)]
    found = [
        Shot(0, 5.12, "skating", "start"),
        Shot(5.12, 9.5, "skating"),
        Shot(9.5, 14, "skating", "fade"),
        Shot(14, 20, "skating"),
    ]
    assert cut_counts(found, true) == Counts(hits=2, false=1, missed=0)
    assert cut_counts(found[:1], true) == Counts(hits=0, false=0, missed=2)
    late = [found[0], Shot(5.2, 9.5, "skating")]
    assert cut_counts(late, true) == Counts(hits=0, false=1, missed=2)
    assert kinds_right_s(found, true) == pytest.approx(16.0)  # all but the replay


def test_who_is_followed_counts_in_the_second_after_a_cut_to_skating() -> None:
    times_s = np.arange(0, 20, 0.04)
    true_boxes = np.tile(np.float32([10, 10, 50, 110]), (len(times_s), 1))
    true_boxes[times_s < 5.5] = np.nan
    found_boxes = true_boxes.copy()
    found_boxes[(times_s > 5.7) & (times_s < 9.0)] += 100
    shots = [TrueShot(0, 5, "skating"), TrueShot(5, 9, "skating"), TrueShot(9, 12, "replay")]
    after = after_cuts(found_boxes, times_s, true_boxes, shots)
    # Out of the picture until 5.52, wrong from 5.72: 5 of the 12 frames to 6 s; replays do not
    # count.
    assert (after.frames, after.right) == (12, 5)
    nobody = after_cuts(np.full_like(true_boxes, np.nan), times_s, true_boxes, shots)
    assert (nobody.frames, nobody.right) == (12, 0)


def test_costs_are_told_for_four_minutes() -> None:
    time, memory = cost_rows(
        [(120.0, Cost(60.0, 90.0, 2**30)), (120.0, Cost(66.0, 90.0, 3 * 2**30))]
    )
    assert time.value == pytest.approx(2.1)
    assert time.text == "2.1 (CPU: 3.0)"
    assert memory.value == 3.0
    assert memory.reached
