"""The figures of an answer: a hand case."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.programme.frame_classes import FRAME_CLASSES
from pipeline.programme.segments import Segment
from pipeline.types.programme import FoundPosition, FrameScores
from training.programme.figures import Answer, figures, kind_of


def jump(at: float, off: float = 0.0) -> Segment:
    moments = ((at + off, at + 0.5 + off),)
    return Segment("jump", at - 0.6 + off, at + 1.3 + off, jumps=moments)


def spin(start_s: float, *positions: str) -> Segment:
    held = tuple(
        FoundPosition(position, start_s + 1 + 2 * n, start_s + 3 + 2 * n)  # type: ignore[arg-type]
        for n, position in enumerate(positions)
    )
    return Segment("spin", start_s, start_s + 2 + 2 * len(held), positions=held)


def spotted(*jumps: tuple[float, float]) -> FrameScores:
    times = np.arange(0.0, 60.0, 0.04)
    moments = np.zeros((len(times), 2), np.float32)
    for flight in jumps:
        for column, moment_s in enumerate(flight):
            moments[np.abs(times - moment_s).argmin(), column] = 0.9
    probabilities = np.zeros((len(times), len(FRAME_CLASSES)), np.float32)
    return FrameScores(times, probabilities, moments, np.zeros(len(times), np.float32))


def test_kinds_are_what_a_skeleton_tells() -> None:
    assert kind_of(jump(3.0)) == "jump"
    assert kind_of(Segment("combination", 0, 5, jumps=((1, 2), (3, 4)))) == "jump+jump"
    assert kind_of(spin(0, "camel")) == "CamelSpin"
    assert kind_of(spin(0, "camel", "sit")) == "CombinationSpin"
    assert kind_of(spin(0, "layback")) == "LaybackSpin"


def test_a_hand_case() -> None:
    true = (jump(5.0), jump(15.0), spin(20.0, "sit"), Segment("sequence", 30.0, 50.0))
    found = (
        jump(5.0, off=0.04),
        jump(15.0, off=0.2),  # too late by five frames
        spin(20.0, "camel"),  # another position
        Segment("sequence", 30.0, 44.0),  # 70 % of it
        jump(56.0),  # nothing is there
    )
    scores = spotted((5.04, 5.52), (15.2, 15.72), (56.0, 56.5))
    told = figures([Answer(found, true, scores, duration_s=60.0)])
    assert told["f1_50"] == pytest.approx(2 * 4 / 9)
    assert told["f1_75"] == pytest.approx(2 * 3 / 9)
    assert told["kind_f1_50"] == pytest.approx(2 * 3 / 9)
    assert told["moments"] == 0.5
    assert told["false_a_minute"] == 1.0
    assert told["edit"] == pytest.approx(100 * (1 - 2 / 5))
    assert told["map_1"] == pytest.approx(0.5)


def test_a_perfect_answer() -> None:
    true = (jump(5.0), spin(20.0, "sit"))
    told = figures([Answer(true, true, spotted((5.0, 5.48)), duration_s=60.0)])
    assert told["quality"] == told["f1_90"] == told["map_1"] == 1.0
