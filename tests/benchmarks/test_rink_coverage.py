"""How much of real jumps the rink covers, with jumps of the rink in the place of real ones."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.reference_jumps import ReferenceJump
from benchmarks.rink.coverage import coverage, flight, main, measure
from training.measure.takes import Act
from training.rink.motion import perform


def jump(seed: int, *, wide: bool, label: str = "2Loop") -> ReferenceJump:
    rng = np.random.default_rng([120_000, seed])
    shown = perform(label, rng, mirrored=False, clean=True, wide=wide)
    takeoff_s, landing_s = flight(shown.joints, shown.takeoff_s, shown.landing_s)
    act = Act(
        motion=shown, label=label, takeoff_s=takeoff_s, landing_s=landing_s,
        spin_revolutions=float("nan"),
    )  # fmt: skip
    return ReferenceJump(act=act, skater="A", kind=label[1:], turns=int(label[0]), peak=4.0)


def test_the_rink_covers_its_own_jumps_and_any_skater_s_only_when_it_is_wide():
    own = coverage([jump(seed, wide=False) for seed in range(9)], wide=False, simulated=14)
    assert own.share > 0.9
    one = [jump(7, wide=True)] * 3  # one skater who does it the same way every time
    narrow, wide = (coverage(one, wide=way, simulated=14) for way in (False, True))
    assert narrow.share < 0.6 < wide.share
    assert sum(narrow.outside.values()) == narrow.asked - narrow.inside


def test_a_jump_s_quantities_are_those_of_its_truth():
    act = jump(1, wide=False, label="3Flip").act
    figures = measure(act.motion.joints, act.takeoff_s, act.landing_s)
    assert figures["air time"] == pytest.approx(act.landing_s - act.takeoff_s)
    assert 2.0 < figures["turn in the air"] < 2.8
    assert figures["right wrist up half way"] > figures["right ankle up half way"]


def test_a_missing_reference_is_named(tmp_path, capsys):
    assert main(["--reference", str(tmp_path / "absent.npz")]) == 2
    assert "absent" in capsys.readouterr().err
