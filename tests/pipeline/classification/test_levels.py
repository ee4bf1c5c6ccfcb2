"""Issue 18, 1: a verdict said all of a class or nothing, however sure its turns or its family."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.classification.levels import levels, turns_of
from pipeline.elements import ELEMENTS, LABELS, NUM_CLASSES, class_index


def shares(**given_to: float) -> np.ndarray:
    """`L2Loop=0.6`: a class's probability; the rest is NoBasic's."""
    found = np.zeros(NUM_CLASSES)
    for name, share in given_to.items():
        found[class_index(name[1:])] = share
    found[class_index("NoBasic")] += 1 - found.sum()
    return found


@pytest.mark.parametrize(
    ("probabilities", "told"),
    [
        (shares(L2Loop=0.6, L3Loop=0.2, L2Flip=0.15), [("jump",), ("Loop",), ("2",)]),
        (shares(L2Flip=0.4, L2Lutz=0.45, L3Lutz=0.1), [("jump",), ("Lutz", "Flip"), ("2",)]),
        (shares(L3Axel=0.5, L2Axel=0.5), [("jump",), ("Axel",), ("3", "2")]),
        (shares(L1Loop=0.3, L2Flip=0.3, L3Lutz=0.3), [("jump",), (), ()]),
        (shares(LCamelSpin=0.9), [("spin",), ("CamelSpin",)]),
        (shares(LSitSpin=0.35, LCamelSpin=0.4), [("spin",), ("CamelSpin", "SitSpin")]),
        (shares(LSequence=0.9), [("sequence",)]),
        (shares(), [("none",)]),
        (shares(LSequence=0.5), [("sequence", "none")]),
        (shares(L2Loop=0.3, LCamelSpin=0.3, LSequence=0.2), [()]),
    ],
)
def test_a_level_is_told_shared_or_open(probabilities, told):
    assert [set(level.told) for level in levels(probabilities)] == [set(one) for one in told]


def test_every_answer_has_the_mass_of_its_classes():
    family, kind, turns = levels(shares(L2Loop=0.6, L3Loop=0.2, L2Flip=0.15))
    assert [level.name for level in (family, kind, turns)] == ["family", "kind", "turns"]
    assert family.first == ("jump", pytest.approx(0.95))
    assert dict(kind.answers)["Loop"] == pytest.approx(0.8)
    assert dict(turns.answers)["2"] == pytest.approx(0.75)
    assert dict(family.answers)["none"] == pytest.approx(0.05)


def test_an_axel_counts_the_turns_of_its_name():
    named = {label: turns_of(ELEMENTS[class_index(label)]) for label in ("1Axel", "3Axel", "4Loop")}
    assert named == {"1Axel": "1", "3Axel": "3", "4Loop": "4"}
    with pytest.raises(ValueError, match="no jump"):
        turns_of(ELEMENTS[class_index("SitSpin")])


@given(st.integers(0, 2**31), st.floats(0.02, 3))
def test_sums_are_consistent(seed, sharpness):
    probabilities = np.random.default_rng(seed).dirichlet(np.full(NUM_CLASSES, sharpness))
    family, *below = levels(probabilities)
    assert sum(p for _, p in family.answers) == pytest.approx(1)
    for level in (family, *below):
        values = [p for _, p in level.answers]
        assert values == sorted(values, reverse=True)
        assert level.told == tuple(name for name, _ in level.answers[: len(level.told)])
    for level in below:
        assert sum(p for _, p in level.answers) == pytest.approx(family.first[1])


@given(st.integers(0, 2**31))
def test_what_is_told_does_not_hang_on_how_a_kinds_mass_lies_over_its_turns(seed):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(NUM_CLASSES, 0.1))
    permuted = probabilities.copy()
    for kind in {element.kind for element in ELEMENTS}:
        of_kind = [i for i, element in enumerate(ELEMENTS) if element.kind == kind]
        permuted[of_kind] = probabilities[rng.permutation(of_kind)]
    before, after = levels(probabilities), levels(permuted)
    for one, other in zip(before[:2], after[:2], strict=True):
        assert dict(one.answers) == pytest.approx(dict(other.answers))
        assert one.told == other.told or min(abs(p - q) for p, q in _pairs(one)) < 1e-9


def _pairs(level):
    values = [p for _, p in level.answers]
    return list(pairwise(values)) or [(0, 1)]


def test_other_than_28_numbers_are_refused():
    with pytest.raises(ValueError, match="28"):
        levels(np.ones(len(LABELS) - 1))
