"""What programmes are made of beside the 28 classes: mechanics, truth, and how often each comes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest

from tests.training.rink.test_motion import BONES, GRAVITY, centre_of_mass
from training.rink.body import JOINT, Body
from training.rink.motion import program
from training.rink.motion.between import closing, link, opening
from training.rink.motion.combinations import EULER, euler_of, jump_combination
from training.rink.motion.content import planned
from training.rink.motion.jumps import JumpPlan, jump, plan_jump
from training.rink.motion.kinematics.solve import Solution, solve
from training.rink.motion.phrase import Phrase
from training.rink.motion.positions import POSITIONS
from training.rink.motion.spins import SpinPlan, plan_spin, spin
from training.rink.performance import SIMULATION_HZ, SUPPORT_AIR, SUPPORT_LEFT, SUPPORT_RIGHT

FLYING = [("CamelSpin", "right"), ("SitSpin", "left"), ("SitSpin", "right"),
          ("UprightSpin", "right")]  # fmt: skip


def sample(seconds: float) -> int:
    return round(seconds * SIMULATION_HZ)


@cache
def euler() -> tuple[Phrase, Solution]:
    """A triple flip, an Euler, a triple Salchow."""
    rng = np.random.default_rng(5)
    plans = [
        plan_jump("Flip", 3, rng, clean=True),
        euler_of(plan_jump("Loop", 1, rng, clean=True), rng),
        plan_jump("Salchow", 3, rng, clean=True),
    ]
    return performed(jump_combination(plans, rng), rng)


@cache
def flying(label: str, side: str) -> tuple[Phrase, Solution]:
    rng = np.random.default_rng(8)
    plan = replace(plan_spin(label, rng, hold_s=3.0), air_s=0.46, side=side)
    return performed(spin(plan, rng), rng)


@cache
def changing() -> tuple[Phrase, Solution]:
    """A camel spin on the left foot, a sit spin on the right one."""
    rng = np.random.default_rng(9)
    plan = plan_spin("CamelSpin", rng, hold_s=6.5)
    second = ("SitSpin", POSITIONS["SitSpin"][0][1], 2.6)
    plan = replace(plan, side="left", then=(second,), changes=0)
    return performed(spin(plan, rng), rng)


def performed(phrase: Phrase, rng: np.random.Generator) -> tuple[Phrase, Solution]:
    return phrase, solve(phrase.enlivened(rng), Body.draw(rng))


def all_new() -> list[tuple[Phrase, Solution]]:
    return [euler(), changing(), *(flying(*case) for case in FLYING)]


def test_bodies_stay_whole_and_move_smoothly_over_the_ice():
    for _, solution in all_new():
        joints = solution.joints
        for start, end in BONES:
            length = np.linalg.norm(joints[:, JOINT[start]] - joints[:, JOINT[end]], axis=1)
            assert np.ptp(length) < 0.01 * length[0], (start, end)
        assert joints[..., 2].min() > -0.01
        acceleration = np.linalg.norm(np.diff(joints[::2], 2, axis=0), axis=2) * 60.0**2
        assert acceleration.max() < 2000.0
        assert np.percentile(acceleration, 99) < 450.0


def test_flights_are_ballistic_and_nobody_floats_between_them():
    for phrase, solution in all_new():
        airborne = solution.support == SUPPORT_AIR
        for takeoff, landing in phrase.flights:
            height = centre_of_mass(solution.joints)[sample(takeoff) : sample(landing) + 1, 2]
            seconds = np.arange(len(height)) / SIMULATION_HZ
            assert 2.0 * np.polyfit(seconds, height, 2)[0] == pytest.approx(-GRAVITY, rel=0.04)
            airborne[sample(takeoff) : sample(landing) + 1] = False
        assert not airborne.any()


def test_an_euler_goes_over_from_the_right_foot_to_the_left():
    phrase, solution = euler()
    _, mark, after = phrase.marks
    assert mark.label == EULER
    takeoff, landing = sample(mark.takeoff), sample(mark.landing)
    assert 0.2 < mark.landing - mark.takeoff < 0.4
    assert set(solution.support[takeoff - 8 : takeoff - 2]) == {SUPPORT_RIGHT}
    assert set(solution.support[landing + 6 : sample(after.takeoff) - 6]) == {SUPPORT_LEFT}
    turned = solution.travel.facing[landing + 30] - solution.travel.facing[takeoff - 30]
    assert turned == pytest.approx(mark.rotations, abs=0.35)


def test_what_cannot_follow_a_jump_is_refused():
    rng = np.random.default_rng(1)
    flip, salchow, toeloop = (
        plan_jump(kind, 2, rng, clean=True) for kind in ("Flip", "Salchow", "Toeloop")
    )
    joining = euler_of(plan_jump("Loop", 1, rng, clean=True), rng)
    for plans in ([flip, salchow], [flip, joining, toeloop]):
        with pytest.raises(ValueError, match="cannot follow"):
            jump_combination(plans, rng)


@pytest.mark.parametrize(("label", "side"), FLYING)
def test_a_flying_entry_leaves_the_left_foot_and_lands_in_the_spin(label, side):
    phrase, solution = flying(label, side)
    (mark,) = phrase.marks
    takeoff, landing = sample(mark.takeoff), sample(mark.landing)
    assert mark.landing - mark.takeoff == pytest.approx(0.46, abs=0.01)
    assert set(solution.support[takeoff - 8 : takeoff - 1]) == {SUPPORT_LEFT}
    stands = {"left": SUPPORT_LEFT, "right": SUPPORT_RIGHT}[side]
    assert set(solution.support[landing + 6 : sample(mark.spin[1])]) == {stands}
    turning = np.gradient(solution.travel.facing) * SIMULATION_HZ
    assert turning[landing : sample(mark.spin[1])].min() > 0.6
    name, begins, _ = mark.positions[0]
    assert name == label
    assert 0.0 < begins - mark.landing < 0.3


def test_a_change_of_foot_is_where_the_truth_says():
    phrase, solution = changing()
    (mark,) = phrase.marks
    assert mark.label == "CombinationSpin"
    (_, begins, leaves), (_, takes, ends) = mark.positions
    assert leaves < mark.foot_change < takes
    assert set(solution.support[sample(begins) : sample(leaves)]) == {SUPPORT_LEFT}
    assert set(solution.support[sample(takes) : sample(ends)]) == {SUPPORT_RIGHT}
    turning = np.gradient(solution.travel.facing) * SIMULATION_HZ
    assert turning[sample(begins) : sample(ends)].min() > 0.3


def plans_of(seeds: range) -> list[partial[Phrase]]:
    return [
        maker for seed in seeds for maker in planned(np.random.default_rng(seed), 3.0, clean=False)
    ]


def test_elements_are_mixed_as_in_protocols():
    makers = plans_of(range(150))
    count = Counter(maker.func.__name__ for maker in makers)
    assert 0.30 < count["jump"] / len(makers) < 0.40  # 34 %
    assert 0.15 < count["jump_combination"] / len(makers) < 0.25  # 19 %
    spins: list[SpinPlan] = [maker.args[0] for maker in makers if maker.func is spin]
    labels = Counter(plan.label for plan in spins)
    assert set(labels) == {"CombinationSpin", "CamelSpin", "SitSpin", "LaybackSpin", "UprightSpin"}
    assert labels.most_common(1)[0][0] == "CombinationSpin"
    camels = [plan for plan in spins if plan.label == "CamelSpin"]
    assert np.mean([bool(plan.air_s) or plan.changes is not None for plan in camels]) > 0.6
    combined = [maker.args[0] for maker in makers if maker.func is jump_combination]
    assert 0.05 < np.mean([any(p.kind == EULER for p in plans) for plans in combined]) < 0.2


def test_an_upright_spin_is_no_layback():
    """In programmes the two have names of their own, so one pose must not have both."""
    laybacks = [id(position) for _, position in POSITIONS["UprightSpin"][2:]]
    for maker in plans_of(range(60)):
        if maker.func is spin:
            plan = maker.args[0]
            held = [(plan.first, plan.position), *((name, p) for name, p, _ in plan.then)]
            for name, position in held:
                assert (id(position) in laybacks) == (name == "LaybackSpin")


def test_jumps_take_as_long_as_in_371_real_programmes():
    """Their labels: 0.56, 0.72 and 0.84 s (5, 50, 95 %), flights of spins 0.28 to 0.60 s."""
    makers = plans_of(range(150))
    plans: list[JumpPlan] = [maker.args[0] for maker in makers if maker.func is jump]
    high = [plan.air_s for plan in plans if plan.turns >= 3]
    low, middle, top = np.percentile(high, [5, 50, 95])
    assert low > 0.56
    assert middle == pytest.approx(0.72, abs=0.03)
    assert top == pytest.approx(0.84, abs=0.04)
    flights = [maker.args[0].air_s for maker in makers if maker.func is spin]
    assert np.median([air_s for air_s in flights if air_s]) == pytest.approx(0.46, abs=0.04)


def test_jumps_of_a_combination_follow_as_in_371_real_programmes():
    """Their labels: 0.61, 0.80 and 0.96 s (5, 50, 95 %)."""
    gaps = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        plans = [plan_jump(kind, 2, rng, clean=True) for kind in ("Lutz", "Toeloop")]
        (_, landing), (takeoff, _) = jump_combination(plans, rng).flights
        gaps.append(takeoff - landing)
    assert np.percentile(gaps, [5, 50, 95]) == pytest.approx([0.61, 0.80, 0.96], abs=0.05)


@pytest.mark.parametrize("make", [opening, link, closing])
def test_what_lies_between_is_varied_and_no_element(make):
    phrases = [make(np.random.default_rng(seed)) for seed in range(30)]
    assert not any(phrase.flights or phrase.marks for phrase in phrases)
    assert len({len(phrase.contacts) for phrase in phrases}) > 3 or make is not link


def test_a_programme_tells_what_it_holds():
    shown = program(np.random.default_rng(3), 1.0)
    airborne = shown.support == SUPPORT_AIR
    for element in shown.elements:
        if np.isfinite(element.takeoff_s):
            assert airborne[sample(element.takeoff_s) + 3 : sample(element.landing_s) - 3].all()
            airborne[sample(element.takeoff_s) : sample(element.landing_s) + 1] = False
    assert airborne.sum() < 0.5 * SIMULATION_HZ, "in the air only in elements, but for falls"
    assert shown.elements[0].start_s > 5.0
