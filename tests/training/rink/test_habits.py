"""Any skater's jumps: as different as the rules allow, and bodies of all ages."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.elements import class_index
from training.rink.body import JOINT, Body
from training.rink.motion import perform
from training.rink.motion.jumping.habits import book, draw_habit
from training.rink.motion.jumping.takeoffs import TAKEOFFS
from training.rink.motion.jumps import plan_jump
from training.rink.motion.kinematics.pose import CHANNELS

SEED = 110_000


def drawn(kind: str, turns: int, *, wide: bool, count: int = 300) -> list:
    rng = np.random.default_rng(SEED)
    return [plan_jump(kind, turns, rng, clean=True, wide=wide) for _ in range(count)]


def test_jumps_go_from_recreational_to_elite():
    air = [plan.air_s for turns in (1, 2, 3, 4) for plan in drawn("Lutz", turns, wide=True)]
    assert min(air) < 0.37
    assert max(air) > 0.80


@pytest.mark.parametrize("kind", TAKEOFFS)
def test_skaters_turn_on_the_ice_early_or_late(kind):
    wide = [plan.turned for plan in drawn(kind, 2, wide=True)]
    usual = [plan.turned for plan in drawn(kind, 2, wide=False)]
    assert min(wide) >= 0.08
    assert max(wide) <= 0.58
    assert np.ptp(wide) > 2.0 * np.ptp(usual)


def test_the_position_in_the_air_is_open_or_closed():
    tightness = [plan.tightness for plan in drawn("Salchow", 2, wide=True)]
    assert min(tightness) < 0.1
    assert max(tightness) == 1.0


def test_by_the_book_a_key_is_what_is_described():
    kind = "Flip"
    habit = book(kind)
    assert habit.is_book
    assert not draw_habit(kind, np.random.default_rng(SEED)).is_book
    for time, key in TAKEOFFS[kind].keys:
        assert np.array_equal(habit.adjusted(time, key, kind), key)


def test_a_loop_s_free_leg_may_swing_like_a_salchow_s():
    rng = np.random.default_rng(SEED)
    foot = CHANNELS["left_foot"]
    time, key = TAKEOFFS["Loop"].keys[0]
    ahead = [draw_habit("Loop", rng).adjusted(time, key, "Loop")[foot][0] for _ in range(300)]
    assert np.percentile(ahead, 10) < -0.3  # behind, as the Salchow's comes from there
    assert np.percentile(ahead, 90) > 0.3  # crossed in front


def test_children_skate_too():
    rng = np.random.default_rng(SEED)
    wide = [Body.draw(rng, wide=True) for _ in range(300)]
    grown = [Body.draw(rng) for _ in range(300)]
    assert min(body.height for body in wide) < 1.25 < min(body.height for body in grown)
    small, tall = (sorted(wide, key=lambda body: body.height)[part] for part in (5, -5))
    assert small.head / small.height > tall.head / tall.height
    assert small.leg / small.height < tall.leg / tall.height


@pytest.mark.parametrize("label", ["1Axel", "4Toeloop", "3Loop"])
def test_limbs_keep_their_lengths_whoever_skates(label):
    rng = np.random.default_rng([SEED, class_index(label)])
    joints = perform(label, rng, wide=True).joints.astype(np.float64)
    for start, end in (("left_hip", "left_knee"), ("right_knee", "right_ankle"),
                       ("left_elbow", "left_wrist")):  # fmt: skip
        length = np.linalg.norm(joints[:, JOINT[start]] - joints[:, JOINT[end]], axis=1)
        assert np.ptp(length) < 0.01 * length[0]


def test_the_same_seed_gives_the_same_skater():
    first, second = (
        perform("2Flip", np.random.default_rng(SEED), wide=True).joints for _ in range(2)
    )
    assert first.tobytes() == second.tobytes()
    assert first.tobytes() != perform("2Flip", np.random.default_rng(SEED)).joints.tobytes()
