"""What the skeleton says of a jump: turns and take-off, or why this video does not tell."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import numpy as np
import pytest
from safetensors import safe_open

from models.checkpoint_files import sha256_of
from pipeline.elements import ELEMENTS, class_index
from pipeline.measure.records import Estimate
from pipeline.types import PoseSequence
from pipeline.verdict.evidence import JUMPS, Evidence, Term, evidence_of, read_evidence
from pipeline.verdict.evidence_numbers import (
    MADE_BY,
    NUMBERS,
    read_numbers,
    shipped_numbers,
    write_numbers,
)
from pipeline.verdict.takeoff import takeoff_of
from tests.factories import make_analysis
from tests.pipeline.measure.takes import take, without


def likeliest(term: Term) -> set[int]:
    assert term.likelihood is not None
    return set(np.flatnonzero(JUMPS & (term.likelihood == 1.0)).tolist())


@pytest.mark.parametrize("label", ["2Lutz", "3Loop", "1Axel", "4Toeloop"])
def test_turns_and_take_off_fit_the_jump(label):
    seen = take(label, clean=True)
    turns, takeoff = read_evidence(seen.pose, seen.times_s).terms
    true = ELEMENTS[class_index(label)]
    assert likeliest(turns) == {e.class_index for e in ELEMENTS if e.rotations == true.rotations}
    assert likeliest(takeoff) == {
        e.class_index
        for e in ELEMENTS
        if JUMPS[e.class_index] and takeoff_of(e) == takeoff_of(true)
    }
    assert sum(takeoff.read.values()) == pytest.approx(1.0)


def test_a_skater_in_the_mirror_takes_off_alike():
    seen = take("2Lutz")
    flipped = seen.pose.keypoints_xy[:, [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]]
    pose = PoseSequence(flipped * np.array([-1, 1], np.float32), seen.pose.scores)
    _, mirrored = read_evidence(pose, seen.times_s).terms
    assert likeliest(mirrored) == likeliest(read_evidence(seen.pose, seen.times_s).terms[1])


def test_what_is_no_jump_is_as_likely_as_before():
    seen = take("2Lutz")
    assert (read_evidence(seen.pose, seen.times_s).likelihood[~JUMPS] == 1.0).all()


def test_terms_that_cannot_be_told_say_why():
    seen = take("2Lutz")
    nobody = without(seen.pose, slice(None))
    absent = read_evidence(nobody, seen.times_s)
    assert [term.reason.code for term in absent.terms if term.reason] == ["no_skeleton"] * 2
    assert (absent.likelihood == 1.0).all()
    untrained = evidence_of(make_analysis())  # whose networks all are
    assert [term.reason.code for term in untrained.terms if term.reason] == ["untrained"] * 2
    assert (Evidence(()).likelihood == 1.0).all()


def test_turns_in_the_air_count_where_the_clip_shows_no_more():
    seen = take("3Loop", clean=True)
    shown = seen.times_s < seen.landing_s + 0.2
    pose = PoseSequence(seen.pose.keypoints_xy[shown], seen.pose.scores[shown])
    turns = read_evidence(pose, seen.times_s[shown]).terms[0]
    assert list(turns.read) == ["turned_in_air"]
    assert turns.likelihood is not None
    triple, single = (turns.likelihood[class_index(label)] for label in ("3Loop", "1Loop"))
    assert triple > 5 * single


def test_readings_that_are_wrong_or_unsure_say_little():
    """Turns that no class has leave all of them nearly as likely; the bells are no cliffs."""
    table = shipped_numbers().turns["turned_in_all"]
    far = list(table.likelihood(Estimate(5.9, 5.8, 6.0)).values())
    near = table.likelihood(Estimate(2.05, 2.0, 2.1))
    unsure = table.likelihood(Estimate(2.05, 1.0, 3.1))
    assert max(far) / min(far) < 1.01
    assert max(near, key=lambda rotations: near[rotations]) == 2.0
    assert near[2.0] / near[3.0] > 20 > 10 > unsure[2.0] / unsure[3.0] > 1


def test_the_numbers_are_those_of_the_card(tmp_path):
    card = tomllib.loads(NUMBERS.with_suffix(".toml").read_text(encoding="utf-8"))
    assert (card["file"], card["sha256"]) == (NUMBERS.name, sha256_of(NUMBERS))
    assert (card["licence"], card["status"]) == ("Apache-2.0", "demo")
    with safe_open(NUMBERS, framework="np") as file:
        about = json.loads(file.metadata()["evidence"])
    assert about["made_by"] == card["command"] == MADE_BY
    write_numbers(read_numbers(NUMBERS), tmp_path / "again.safetensors", about["sources"])
    assert sha256_of(tmp_path / "again.safetensors") == card["sha256"]


def test_a_term_has_a_likelihood_or_a_reason():
    with pytest.raises(ValueError, match="turns: expected a likelihood or a reason"):
        replace(Term("turns", np.ones(28)), likelihood=None)
