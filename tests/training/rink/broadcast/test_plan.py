"""The shots of a broadcast: nothing of the skating is lost, jumps are whole, replays follow."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from training.rink.body import JOINTS, Body
from training.rink.broadcast.plan import BroadcastShot, plan_broadcast
from training.rink.performance import SIMULATION_HZ, Program, ProgramElement

FPS = Fraction(30000, 1001)
SECONDS = 100.0
FRAME_S = 0.04
NAN = float("nan")


def element(
    number: int, label: str, start_s: float, end_s: float, **given: object
) -> ProgramElement:
    values: dict[str, object] = {
        "label": label, "number": number, "start_s": start_s, "end_s": end_s, "takeoff_s": NAN,
        "landing_s": NAN, "rotations": NAN, "spin_revolutions": NAN, "flaws": frozenset(),
    }  # fmt: skip
    return ProgramElement(**(values | given))  # type: ignore[arg-type]


ELEMENTS = (
    element(0, "3Lutz", 14.4, 16.5, takeoff_s=15.0, landing_s=15.7),
    element(1, "2Axel", 29.4, 31.2, takeoff_s=30.0, landing_s=30.6),
    element(1, "2Toeloop", 30.9, 32.6, takeoff_s=31.3, landing_s=31.8),
    element(2, "CamelSpin", 43.0, 50.0, takeoff_s=43.4, landing_s=43.9,
            positions=(("CamelSpin", 44.0, 49.0),)),
    element(3, "Sequence", 60.0, 74.0),
    element(4, "CombinationSpin", 84.0, 93.0, positions=(("SitSpin", 85.0, 92.0),)),
)  # fmt: skip


@pytest.fixture(scope="module")
def motion() -> Program:
    """A skater who stands, and a list of what is said to be done."""
    T = int(SECONDS * SIMULATION_HZ) + 1
    return Program(
        times_s=np.arange(T) / SIMULATION_HZ,
        joints=np.zeros((T, len(JOINTS), 3), np.float32),
        support=np.zeros(T, np.uint8),
        body=Body.draw(np.random.default_rng(0)),
        mirrored=False,
        elements=ELEMENTS,
    )


@pytest.fixture(scope="module")
def broadcasts(motion: Program) -> list[tuple[BroadcastShot, ...]]:
    return [plan_broadcast(np.random.default_rng(seed), motion, FPS) for seed in range(60)]


def test_shots_follow_each_other_without_a_gap(broadcasts):
    for shots in broadcasts:
        assert shots[0].first == 0
        assert shots[0].begins == "start"
        for before, after in pairwise(shots):
            assert before.stop == after.first
            assert after.begins == ("fade" if after.fade else "cut")
            assert after.fade % 2 == 0
            assert after.fade <= min(before.stop - before.first, after.stop - after.first)
        assert all(shot.stop > shot.first for shot in shots)


def test_the_skating_goes_on_where_it_was_left(broadcasts):
    for shots in broadcasts:
        live = [shot for shot in shots if shot.live]
        assert live[0].motion_s == 0.0
        for before, after in pairwise(live):
            assert after.motion_s == pytest.approx(before.motion_at(before.stop, FPS), abs=1e-9)
        assert live[-1].motion_at(live[-1].stop, FPS) == pytest.approx(SECONDS, abs=0.05)


def test_jumps_are_seen_whole_and_longer_elements_mostly(broadcasts):
    torn = 0
    for shots in broadcasts:
        cuts = [shot.motion_s for shot in shots if shot.live]
        for part in ELEMENTS:
            cut = any(part.start_s < at < part.end_s - FRAME_S for at in cuts)
            assert not (cut and part.label in ("3Lutz", "2Axel", "2Toeloop"))
            torn += cut
    assert 0 < torn < 0.12 * len(ELEMENTS) * len(broadcasts)


def test_close_ups_hold_no_element(broadcasts):
    close = [shot for shots in broadcasts for shot in shots if shot.kind == "close_up"]
    assert {shot.view for shot in close} == {"bust", "skates"}
    for shot in close:
        begin, end = shot.motion_s, shot.motion_at(shot.stop, FPS)
        assert not any(part.start_s < end and begin < part.end_s - FRAME_S for part in ELEMENTS)


def test_replays_show_what_has_been_skated_slower(broadcasts):
    replays = 0
    for shots in broadcasts:
        for shot in shots:
            if shot.kind != "replay":
                continue
            replays += 1
            parts = [part for part in ELEMENTS if part.number == shot.element]
            end = shot.motion_at(shot.stop, FPS)
            assert 1.5 <= shot.slowed <= 4.0
            for part in parts:
                if not np.isnan(part.takeoff_s):
                    assert shot.motion_s < part.takeoff_s - 0.7
                    assert part.landing_s + 0.4 < end
            skated = [s for s in shots if s.live and s.motion_s < parts[-1].end_s - FRAME_S]
            assert skated[-1].first < shot.first
    assert replays > 60


def test_all_kinds_of_shots_occur_and_plain_ones_are_skating_alone(motion, broadcasts):
    kinds = {shot.kind for shots in broadcasts for shot in shots}
    assert kinds == {"skating", "replay", "close_up", "graphics", "black", "nobody"}
    assert any(len(shots) == 1 for shots in broadcasts), "one camera throughout, as telephones"
    for seed in range(8):
        plain = plan_broadcast(np.random.default_rng(seed), motion, FPS, plain=True)
        assert {shot.kind for shot in plain} == {"skating"}
        assert {shot.begins for shot in plain[1:]} == {"cut"}
