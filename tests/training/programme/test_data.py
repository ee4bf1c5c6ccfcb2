"""Simulated programmes as the temporal network learns from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.command_line import StatusLine
from pipeline.programme.frame_classes import ENTRY_S, FRAME_CLASSES, RUN_OUT_S
from training.programme.data import frame_classes, moment_targets, shown_programme, shown_stretch
from training.programme.stored import STREAM, StoredProgramme, store_programmes
from training.rink.motion import program
from training.rink.performance import ProgramElement
from training.rink.skeletons import EstimatorNoise

JUMP = ProgramElement(
    label="2Axel", number=0, start_s=1.4, takeoff_s=2.0, landing_s=2.5, end_s=3.3,
    rotations=2.0, spin_revolutions=np.nan, flaws=frozenset(),
)  # fmt: skip


def test_classes_and_moments_of_a_jump() -> None:
    times = np.arange(0.0, 5.0, 0.04)
    names = np.array(FRAME_CLASSES)[frame_classes([JUMP], times)]
    for name, start_s, end_s in (
        ("entry", 2.0 - ENTRY_S, 2.0),
        ("air", 2.0, 2.5),
        ("landing", 2.5, 2.5 + RUN_OUT_S),
    ):
        held = times[names == name]
        assert held[0] == pytest.approx(start_s, abs=0.041)
        assert held[-1] == pytest.approx(end_s, abs=0.041)
    assert set(names) == {"other", "entry", "air", "landing"}
    moments = moment_targets([JUMP], times)
    assert times[moments.argmax(axis=0)] == pytest.approx([2.0, 2.5], abs=0.021)


def test_a_stored_programme_is_the_one_that_was_simulated(programme: StoredProgramme) -> None:
    rng = np.random.default_rng((1, STREAM, 0))
    made = program(rng, float(rng.uniform(1.0, 1.05)))
    assert programme.elements == made.elements or str(programme.elements) == str(made.elements)
    assert np.abs(programme.motion.joints - made.joints).max() < 2e-3
    assert (programme.motion.support == made.support).all()


def test_programmes_that_are_there_are_not_made_again(programmes: Path) -> None:
    file = programmes / "1_00000.npz"
    before = file.stat().st_mtime_ns
    quiet = StatusLine(active=False)
    found = store_programmes(programmes, seed=1, count=1, minutes=(1.0, 1.05), status=quiet)
    assert found == [file]
    assert file.stat().st_mtime_ns == before
    assert not list(programmes.glob("*.part"))


def test_a_whole_programme_is_shown_in_shots_one_after_the_other(
    programme: StoredProgramme,
) -> None:
    shown = shown_programme(programme, np.random.default_rng(3), EstimatorNoise())
    times = np.concatenate([shot.times_s for shot in shown.shots])
    assert (np.diff(times) > 0).all()
    assert times[-1] == pytest.approx(shown.duration_s, abs=0.3)
    for shot in shown.shots:
        assert shot.features.shape == (len(shot.times_s), 97)
        assert np.isfinite(shot.features).all()


@pytest.mark.parametrize("seed", range(6))
def test_any_stretch_can_be_learned_from(programme: StoredProgramme, seed: int) -> None:
    rng = np.random.default_rng(seed)
    stretch = shown_stretch(programme, 5.0, rng, EstimatorNoise(missing_frames=0.1))
    assert stretch is not None
    assert len(stretch.features) == len(stretch.classes) == len(stretch.moments)
    assert 100 <= len(stretch.features) <= 126
    assert np.isfinite(stretch.features).all()
