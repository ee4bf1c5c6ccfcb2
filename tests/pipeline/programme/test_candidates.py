"""What a segment may be: hand cases of the ensemble and of what the temporal network saw."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from pipeline.elements import LABELS
from pipeline.programme import candidates
from pipeline.programme.candidates import (
    FOLLOWS,
    FOLLOWS_EULER,
    is_euler,
    is_vetoed,
    jump_candidates,
    jump_code,
    spin_candidates,
    spin_code,
)
from pipeline.programme.segments import Segment
from pipeline.types import Analysis, Candidate, FoundJump, FoundPosition
from pipeline.verdict.calibrated import calibrated_verdict
from tests.factories import make_analysis
from tests.pipeline.verdict.numbers import made_numbers, manifest_with, weighed


def says(**probabilities: float) -> Analysis:
    """An analysis whose verdict has these probabilities; `Lutz3` stands for 3Lutz."""
    analysis = make_analysis()
    known = {f"{name[-1]}{name[:-1]}" if name[-1].isdigit() else name: p
             for name, p in probabilities.items()}  # fmt: skip
    whole = np.array([known.get(label, 0.0) for label in LABELS])
    verdict = replace(
        analysis.verdict, probabilities=whole, class_index=int(whole.argmax()), weighted=whole
    )
    return replace(analysis, verdict=verdict)


def test_a_jump_is_a_jump_whatever_the_ensemble_says_first():
    """Issue 17: real clips with a jump were called a sequence; the probabilities stay."""
    found = jump_candidates(says(Sequence=0.6, Axel1=0.25, Flip1=0.1, NoBasic=0.05))
    assert found[:2] == (Candidate("1Axel", 0.25), Candidate("1Flip", 0.1))
    assert all(c.label not in ("Sequence", "NoBasic") for c in found)


def spin(*positions: tuple[str, float, float], flying: bool = False) -> Segment:
    return Segment(
        "spin", 0.0, 8.0, positions=tuple(FoundPosition(*p) for p in positions), flying=flying
    )


def test_the_position_that_was_seen_counts_beside_the_ensemble():
    said = says(SitSpin=0.5, CamelSpin=0.3, Sequence=0.2)
    assert spin_candidates(said, spin())[0] == Candidate("SitSpin", 0.5)
    found = spin_candidates(said, spin(("camel", 1.0, 7.0)))
    assert [c.label for c in found[:2]] == ["CamelSpin", "SitSpin"]
    assert sum(c.probability for c in found) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("positions", "flying", "code"),
    [
        (["camel"], False, "CSp"),
        (["sit"], True, "FSSp"),
        (["layback"], False, "LSp"),
        (["camel", "sit", "upright"], False, "CoSp"),
        (["camel", "camel"], True, "FCSp"),
        (["camel", "sit"], True, "FCoSp"),
        ([], False, ""),
    ],
)
def test_a_spin_of_several_positions_is_not_forced_into_one_class(positions, flying, code):
    """Issue 17, section 1: what 28 classes do not hold is not forced into them."""
    seen = [FoundPosition(name, i, i + 1.0) for i, name in enumerate(positions)]
    assert spin_code(seen, (), flying=flying) == code


def test_the_likeliest_class_names_a_spin_of_one_position():
    seen = [FoundPosition("camel", 0.0, 3.0)]
    assert spin_code(seen, [Candidate("SitSpin", 0.9)], flying=False) == "SSp"


def test_a_combination_is_written_as_protocols_write_it():
    lutz = FoundJump(1.0, 1.6, (Candidate("3Lutz", 0.7),))
    euler = FoundJump(1.9, 2.05, (), euler=True)
    salchow = FoundJump(2.3, 2.8, (Candidate("3Salchow", 0.6),))
    assert jump_code([lutz, euler, salchow]) == "3Lz+1Eu+3S"
    assert jump_code([lutz, FoundJump(1.9, 2.4, ())]) == ""


def combination(air_s: float) -> Segment:
    second = (1.9, 1.9 + air_s)
    return Segment("combination", 0.0, 4.0, jumps=((1.0, 1.6), second, (2.8, 3.3)))


@pytest.mark.parametrize(
    ("air_s", "after", "euler"),
    [
        (0.32, says(Salchow3=0.6, Loop3=0.3), True),
        (0.32, says(Salchow3=0.3, Loop3=0.6), False),  # a single jump in a combination of three
        (0.55, says(Salchow3=0.9), False),
        (0.15, says(Loop3=0.9), True),
        (0.32, None, False),
        (0.15, None, True),
    ],
)
def test_an_euler_is_the_short_hop_before_a_jump_from_an_inside_edge(air_s, after, euler):
    """Issue 17, section 1: 3Lz+1Eu+3S is one element."""
    three = combination(air_s)
    assert [is_euler(three, jump, after) for jump in range(3)] == [False, euler, False]
    assert not is_euler(replace(three, jumps=three.jumps[:2]), 1, None)


def test_what_can_follow_a_landing_comes_first_and_keeps_its_probability():
    said = says(Flip3=0.4, Toeloop3=0.35, Salchow3=0.2)
    assert jump_candidates(said)[0] == Candidate("3Flip", 0.4)
    assert jump_candidates(said, FOLLOWS)[0] == Candidate("3Toeloop", 0.35)
    assert jump_candidates(said, FOLLOWS_EULER)[0] == Candidate("3Flip", 0.4)


@pytest.mark.parametrize(
    ("none", "confidence", "vetoed"),
    [(0.95, 0.5, True), (0.95, 0.9, False), (0.6, 0.5, False)],
)
def test_no_element_may_veto_a_segment_that_is_not_sure(none, confidence, vetoed):
    """Issue 17, section 1: NoBasic may veto a segment."""
    assert is_vetoed([says(NoBasic=none, Axel1=1 - none)], confidence) is vetoed


def test_one_jump_that_is_seen_keeps_a_combination():
    assert not is_vetoed([says(NoBasic=1.0), says(NoBasic=0.1, Axel1=0.9)], 0.3)
    assert not is_vetoed([], 0.3)


def test_what_an_element_could_be_has_calibrated_numbers_where_there_are_some(
    tmp_path, monkeypatch
):
    """Issue 18, 1: the order stays, the numbers are those that hold."""
    said = weighed(says(Toeloop3=0.4, Flip3=0.35, CamelSpin=0.15, SitSpin=0.1))
    before = [jump_candidates(said, FOLLOWS_EULER), spin_candidates(said, spin())]
    by_these = partial(calibrated_verdict, manifest=manifest_with(made_numbers(said), tmp_path))
    monkeypatch.setattr(candidates, "calibrated_verdict", by_these)
    fitted = by_these(said).probabilities
    after = [jump_candidates(said, FOLLOWS_EULER), spin_candidates(said, spin())]
    assert [[c.label for c in found] for found in after] == [
        ["3Flip", "3Toeloop"], ["CamelSpin", "SitSpin"],
    ]  # fmt: skip
    for found, old in zip(after, before, strict=True):
        assert found != old
        for candidate in found:
            assert candidate.probability == fitted[LABELS.index(candidate.label)]
