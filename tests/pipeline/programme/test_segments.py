"""From what is said of every moment to elements: hand cases, and what must not change anything."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.programme.frame_classes import ENTRY_S, FRAME_CLASSES, RUN_OUT_S
from pipeline.programme.segments import Segment, decode_segments
from pipeline.types.programme import FrameScores

RATE = 25.0


def course(*parts: tuple[str, float]) -> FrameScores:
    """Scores of a course that the network is sure of, from `(class, seconds)`; moments between."""
    end_s = sum(seconds for _, seconds in parts)
    times = np.arange(round(end_s * RATE)) / RATE
    probabilities = np.full((len(times), len(FRAME_CLASSES)), 0.01, np.float32)
    moments = np.zeros((len(times), 2), np.float32)
    at = 0.0
    for name, seconds in parts:
        inside = (times >= at) & (times < at + seconds)
        probabilities[inside, FRAME_CLASSES.index(name)] = 0.91
        if name == "air":
            for column, moment_s in enumerate((at, at + seconds)):
                near = np.exp(-0.5 * ((times - moment_s) / 0.04) ** 2)
                moments[:, column] = np.maximum(moments[:, column], near)
        at += seconds
    return FrameScores(times, probabilities, moments, np.zeros(len(times), np.float32))


JUMP = (("entry", 0.6), ("air", 0.51), ("landing", 0.8))


def found(*parts: tuple[str, float]) -> tuple[Segment, ...]:
    return decode_segments(course(*parts))


def test_skating_alone_has_no_element() -> None:
    assert found(("other", 20.0)) == ()


def test_a_jump_with_its_moments_between_the_samples() -> None:
    (jump,) = found(("other", 3.0), *JUMP, ("other", 3.0))
    assert jump.family == "jump"
    ((takeoff_s, landing_s),) = jump.jumps
    assert takeoff_s == pytest.approx(3.60, abs=0.005)
    assert landing_s == pytest.approx(4.11, abs=0.005)
    assert (jump.start_s, jump.end_s) == (takeoff_s - ENTRY_S, landing_s + RUN_OUT_S)
    assert jump.confidence > 0.9


@pytest.mark.parametrize("between", [("landing",), ("landing", "entry")])
def test_jumps_from_one_landing_edge_are_one_element(between: tuple[str, ...]) -> None:
    gap = [(name, 0.6 / len(between)) for name in between]
    (combination,) = found(
        ("other", 2.0), *JUMP[:2], *gap, ("air", 0.4), *gap, ("air", 0.3), ("landing", 0.8),
        ("other", 2.0),
    )  # fmt: skip
    assert combination.family == "combination"
    assert len(combination.jumps) == 3


def test_jumps_with_skating_between_are_two_elements() -> None:
    first, second = found(("other", 2.0), *JUMP, ("other", 1.0), *JUMP, ("other", 2.0))
    assert {first.family, second.family} == {"jump"}


def test_a_spin_with_its_positions() -> None:
    (spin,) = found(
        ("other", 2.0), ("changing", 1.0), ("camel", 2.5), ("changing", 0.7), ("sit", 2.0),
        ("changing", 1.0), ("other", 2.0),
    )  # fmt: skip
    assert (spin.family, spin.flying) == ("spin", False)
    assert [held.position for held in spin.positions] == ["camel", "sit"]
    assert (spin.start_s, spin.end_s) == (pytest.approx(2.0, abs=0.05), pytest.approx(9.2, abs=0.1))


def test_a_flight_at_the_entry_makes_a_spin_flying_and_is_no_jump() -> None:
    (spin,) = found(
        ("other", 2.0), ("entry", 0.6), ("air", 0.4), ("changing", 0.5), ("camel", 3.0),
        ("changing", 1.0), ("other", 2.0),
    )  # fmt: skip
    assert (spin.family, spin.flying) == ("spin", True)


def test_a_sequence_and_the_jump_after_it() -> None:
    sequence, jump = found(("other", 2.0), ("sequence", 20.0), ("other", 1.0), *JUMP)
    assert (sequence.family, jump.family) == ("sequence", "jump")
    assert sequence.end_s - sequence.start_s == pytest.approx(20.0, abs=0.2)


@pytest.mark.parametrize(
    "blip",
    [
        [("air", 0.08)],  # no flight is so short
        [("camel", 0.3)],
        [("sequence", 1.0)],
        [("changing", 1.0)],  # a turn without a position
    ],
)
def test_what_is_too_short_is_no_element(blip: list[tuple[str, float]]) -> None:
    assert found(("other", 4.0), *blip, ("other", 4.0)) == ()


def test_an_element_goes_on_over_a_cut_but_not_over_a_gap() -> None:
    parts = (("other", 2.0), ("changing", 1.0), ("sit", 6.0), ("changing", 1.0), ("other", 2.0))
    whole = course(*parts)
    assert len(decode_segments(whole)) == 1
    later = whole.times_s + np.where(whole.times_s > 6.0, 30.0, 0.0)
    apart = FrameScores(later, whole.probabilities, whole.moments, whole.hip_height)
    first, second = decode_segments(apart)
    assert first.end_s < 6.1
    assert second.start_s > 35.9


def test_an_element_ends_with_what_was_seen() -> None:
    (jump,) = found(("entry", 0.3), ("air", 0.5), ("landing", 0.3))
    assert (jump.start_s, jump.end_s) == (0.0, pytest.approx(1.08, abs=0.03))


def test_nothing_seen_has_no_element() -> None:
    empty = FrameScores(
        np.zeros(0), np.zeros((0, len(FRAME_CLASSES)), np.float32), np.zeros((0, 2), np.float32),
        np.zeros(0, np.float32),
    )  # fmt: skip
    assert decode_segments(empty) == ()
