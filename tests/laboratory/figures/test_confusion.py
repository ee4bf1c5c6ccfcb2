"""Confusion by classes and groups, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laboratory.figures.confusion import (
    GROUPINGS,
    By,
    clustered,
    confusion,
    difference,
    occurring,
)
from laboratory.figures.metrics import confusion_matrix
from pipeline.elements import LABELS
from tests.laboratory.runs import INDEX, MISSING, drawn, everyone, said, table

ALL = np.ones(5, dtype=bool)
MADE = table(
    [INDEX[n] for n in ("3Lutz", "3Lutz", "2Lutz", "CamelSpin", "CamelSpin")],
    everyone([said(INDEX["3Flip"]), said(INDEX["3Lutz"]), said(INDEX["3Lutz"]),
              said(INDEX["SitSpin"]), MISSING]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("by", "cells"),
    [
        ("family", {("jump", "jump"): 3, ("spin", "spin"): 1}),
        ("kind", {("Lutz", "Flip"): 1, ("Lutz", "Lutz"): 2, ("CamelSpin", "SitSpin"): 1}),
        ("turns", {("3", "3"): 2, ("2", "3"): 1, ("spin", "spin"): 1}),
        ("class", {("3Lutz", "3Flip"): 1, ("3Lutz", "3Lutz"): 1, ("2Lutz", "3Lutz"): 1,
                   ("CamelSpin", "SitSpin"): 1}),
    ],
)  # fmt: skip
def test_groups_by_hand(by: By, cells: dict[tuple[str, str], int]) -> None:
    grouping = GROUPINGS[by]
    found = confusion(MADE, ALL, "vote", grouping)
    told = {
        (grouping.names[i], grouping.names[j]): int(found.counts[i, j])
        for i, j in zip(*np.nonzero(found.counts), strict=True)
    }
    assert told == cells
    spin = grouping.of_class[INDEX["CamelSpin"]]
    assert found.missed[spin] == 1
    assert found.shares[spin].sum() == pytest.approx(0.5)


def test_groups_are_as_skating_names_them() -> None:
    assert GROUPINGS["family"].names == ("jump", "spin", "sequence", "none")
    assert GROUPINGS["turns"].names == ("1", "2", "3", "4", "spin", "sequence", "none")
    assert GROUPINGS["kind"].names[:6] == ("Toeloop", "Salchow", "Loop", "Flip", "Lutz", "Axel")
    assert sorted(GROUPINGS["class"].names) == sorted(LABELS)
    lutz = GROUPINGS["kind"].classes(GROUPINGS["kind"].names.index("Lutz"))
    assert {LABELS[index] for index in lutz} == {"1Lutz", "2Lutz", "3Lutz", "4Lutz"}


@given(st.integers(0, 50), st.sampled_from(list(GROUPINGS)))
def test_every_grouping_counts_every_clip_once(seed: int, by: By) -> None:
    made = drawn(60, seed=seed, missing=0.2)
    rows = np.random.default_rng(seed).random(60) < 0.6
    found = confusion(made, rows, "vote", GROUPINGS[by])
    assert found.counts.sum() + found.missed.sum() == rows.sum()
    fine = confusion(made, rows, "vote", GROUPINGS["class"])
    by_index = [GROUPINGS["class"].names.index(label) for label in LABELS]
    plain = confusion_matrix(made.voters["vote"].said[rows], made.labels[rows])
    assert (fine.counts[np.ix_(by_index, by_index)] == plain).all()


def test_the_difference_of_two_voters() -> None:
    first, second = (said(INDEX[n]) for n in ("3Lutz", "3Flip"))
    made = table([INDEX["3Lutz"]] * 2, {"a": [first, first], "b": [first, second]})
    one, other = (confusion(made, ALL[:2], name, GROUPINGS["class"]) for name in ("a", "b"))
    found = difference(one, other)
    names = GROUPINGS["class"].names
    lutz, flip = names.index("3Lutz"), names.index("3Flip")
    assert (found[lutz, lutz], found[lutz, flip]) == (0.5, -0.5)
    assert np.abs(found).sum() == 1.0
    assert occurring(one, other).tolist() == sorted([lutz, flip])


def test_what_is_confused_stands_side_by_side() -> None:
    pairs = [("3Lutz", "3Axel"), ("CamelSpin", "1Loop"), ("NoBasic", "Sequence")]
    labels, answers = [], []
    for one, other in pairs:
        for true, given_class in ((one, one), (one, other), (other, one), (other, other)):
            labels.append(INDEX[true])
            answers.append(said(INDEX[given_class]))
    made = table(labels, everyone(answers))
    found = confusion(made, np.ones(12, dtype=bool), "vote", GROUPINGS["class"])
    names = [GROUPINGS["class"].names[index] for index in clustered(found)]
    assert sorted(names) == sorted(name for pair in pairs for name in pair)
    for one, other in pairs:
        assert abs(names.index(one) - names.index(other)) == 1


@pytest.mark.parametrize("clips", [0, 1])
def test_too_little_to_cluster(clips: int) -> None:
    rows = np.arange(5) < clips
    assert len(clustered(confusion(MADE, rows, "vote", GROUPINGS["class"]))) == 2 * clips
