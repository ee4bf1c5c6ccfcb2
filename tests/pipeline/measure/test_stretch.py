from dataclasses import replace

import numpy as np
import pytest

from pipeline.measure.measure import measure
from pipeline.measure.records import Span
from pipeline.measure.stretch import LONGEST_JUMP_CLIP_S, stretch_to_cut
from tests.pipeline.measure.takes import element, take
from training.rink.motion.clip import jump_span


@pytest.fixture(scope="module")
def jump():
    one = take("3Lutz", clean=True)
    return measure(one.pose, one.times_s, element("3Lutz"))


def test_a_jump_is_cut_as_the_clips_that_the_classifiers_learnt_from(jump):
    takeoff, landing = (jump.of(name).estimate.value for name in ("takeoff", "landing"))
    cut = stretch_to_cut(jump, -5.0, 8.0)
    rng = np.random.default_rng(0)
    learnt = np.array([jump_span(takeoff, landing, rng) for _ in range(400)])
    assert (cut.start_s, cut.end_s) == pytest.approx(np.median(learnt, axis=0), abs=0.03)
    assert (learnt[:, 1] - learnt[:, 0]).max() <= LONGEST_JUMP_CLIP_S
    assert stretch_to_cut(jump, cut.start_s, cut.start_s + LONGEST_JUMP_CLIP_S) is None
    late = stretch_to_cut(jump, takeoff - 0.3, 8.0)
    assert late.start_s == takeoff - 0.3  # never beyond the clip


def test_a_spin_is_cut_with_its_entry_and_exit(jump):
    spin = replace(jump, kind="spin", turning=Span("turning", 20.0, 24.0))
    cut = stretch_to_cut(spin, 0.0, 60.0)
    assert cut == Span("spin", pytest.approx(19.3), pytest.approx(24.65))
    assert stretch_to_cut(spin, 18.0, 26.0) is None


def test_where_nothing_is_seen_nothing_is_cut():
    one = take("NoBasic", 1)
    assert stretch_to_cut(measure(one.pose, one.times_s, element("NoBasic")), 0.0, 60.0) is None
