"""The rules of skating, applied to the joints alone, recover what was performed."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from pipeline.elements import ELEMENTS, LABELS, class_index
from tests.training.rink.motion_reader import read
from training.rink.body import MIRRORED_JOINTS
from training.rink.motion import perform, program
from training.rink.performance import RINK_LENGTH_M, RINK_WIDTH_M, SIMULATION_HZ, Performance

FIRST_SEED = 100_000


JUMPS = [element.label for element in ELEMENTS if element.family == "jump"]


def clip(label: str, seed: int, *, wide: bool = False) -> Performance:
    rng = np.random.default_rng([FIRST_SEED + seed, class_index(label)])
    return perform(label, rng, clean=True, wide=wide)


def agrees(shown: Performance) -> bool:
    """Label, direction and both ends of the flight are read as performed."""
    found = read(shown.joints, SIMULATION_HZ)
    if found.label != shown.label:
        return False
    if np.isnan(shown.takeoff_s):
        return True
    return (
        found.clockwise == shown.mirrored
        and abs(found.takeoff_s - shown.takeoff_s) < 0.07
        and abs(found.landing_s - shown.landing_s) < 0.07
        and found.landed_backward_outside
    )


@pytest.mark.parametrize("label", LABELS)
def test_reader_recovers_the_class(label):
    assert all(agrees(clip(label, seed)) for seed in range(2))


@pytest.mark.slow
@pytest.mark.parametrize("label", LABELS)
def test_reader_recovers_the_class_98_times_of_100(label):
    right = sum(agrees(clip(label, seed)) for seed in range(50))
    assert right >= 49


@pytest.mark.parametrize("label", JUMPS)
def test_any_skater_s_jump_is_what_the_rules_say(label):
    assert agrees(clip(label, 1, wide=True))


@pytest.mark.slow
@pytest.mark.parametrize("label", JUMPS)
def test_any_skater_s_jump_is_what_the_rules_say_98_times_of_100(label):
    right = sum(agrees(clip(label, seed, wide=True)) for seed in range(50))
    assert right >= 49


@pytest.mark.parametrize("label", ["3Lutz", "2Axel", "4Toeloop", "SitSpin"])
def test_a_mirrored_skater_does_the_same_element_the_other_way(label):
    shown = clip(label, 7)
    plain = read(shown.joints, SIMULATION_HZ)
    mirrored = read(shown.joints[:, MIRRORED_JOINTS] * np.float32([1, -1, 1]), SIMULATION_HZ)
    assert plain.label == mirrored.label == label
    assert plain.clockwise != mirrored.clockwise


@pytest.mark.parametrize(
    ("label", "side", "backward", "outside", "picked"),
    [
        ("2Toeloop", "right", True, True, True),
        ("2Loop", "right", True, True, False),
        ("2Salchow", "left", True, False, False),
        ("2Flip", "left", True, False, True),
        ("2Lutz", "left", True, True, True),
        ("2Axel", "left", False, True, False),
    ],
)
def test_takeoffs_are_those_of_the_rule_book(label, side, backward, outside, picked):
    takeoff = read(clip(label, 3).joints, SIMULATION_HZ).takeoff
    assert takeoff is not None
    assert (takeoff.side, takeoff.backward, takeoff.outside, takeoff.picked) == (
        side, backward, outside, picked,
    )  # fmt: skip


def test_a_jump_turned_backwards_in_time_is_not_read_as_itself():
    shown = clip("3Flip", 5)
    assert read(shown.joints[::-1], SIMULATION_HZ).label != "3Flip"


def test_a_programme_holds_what_its_list_says():
    whole = program(np.random.default_rng(FIRST_SEED + 1), 1.0, clean=True)
    assert whole.duration_s == pytest.approx(60.0, abs=15.0)
    assert np.abs(whole.joints[..., 0]).max() < RINK_LENGTH_M / 2.0
    assert np.abs(whole.joints[..., 1]).max() < RINK_WIDTH_M / 2.0
    assert len(whole.elements) >= 2
    for before, after in pairwise(whole.elements):
        if before.number == after.number:  # a combination: the run-out of one jump is the next
            assert before.landing_s < after.takeoff_s
        else:
            assert before.end_s <= after.start_s
    solo_labels = {element.label for element in ELEMENTS if element.family == "jump"}
    jumps = Counter(element.number for element in whole.elements)
    for element in whole.elements:
        assert 0.0 <= element.start_s < element.end_s <= whole.duration_s
        if element.label in solo_labels and jumps[element.number] == 1:
            shown = slice(*(round(t * SIMULATION_HZ) for t in (element.start_s, element.end_s)))
            assert read(whole.joints[shown], SIMULATION_HZ).label == element.label


@pytest.mark.parametrize("minutes", [0.5, 7.0])
def test_programmes_of_other_lengths_are_refused(minutes):
    with pytest.raises(ValueError, match="expected 1 to 6"):
        program(np.random.default_rng(0), minutes)
