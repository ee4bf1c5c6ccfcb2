"""The motion obeys mechanics and anatomy, and says the truth about itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp

from pipeline.elements import ELEMENTS, LABELS, class_index
from training.rink.body import JOINT, JOINT_MASSES, JOINTS, Body
from training.rink.motion import perform
from training.rink.motion.jumps import jump, plan_jump
from training.rink.motion.kinematics.solve import solve
from training.rink.performance import (
    RINK_LENGTH_M,
    RINK_WIDTH_M,
    SIMULATION_HZ,
    SUPPORT_AIR,
    Motion,
    Performance,
)

JUMPS = [element.label for element in ELEMENTS if element.family == "jump"]
SPINS = [element.label for element in ELEMENTS if element.family == "spin"]
GRAVITY = 9.81

BONES: tuple[tuple[str, str], ...] = (
    ("pelvis", "neck"),
    ("neck", "head_top"),
    *(
        (f"{side}_{start}", f"{side}_{end}")
        for side in ("left", "right")
        for start, end in (
            ("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"),
            ("ankle", "toe"), ("ankle", "heel"), ("heel", "toe"),
        )
    ),
    ("left_hip", "right_hip"),
    ("left_shoulder", "right_shoulder"),
    ("neck", "nose"),
)  # fmt: skip
"""Rigid links by joint names: their lengths stay the same through a motion."""


def clip(label: str, seed: int = 0, **options: Any) -> Performance:
    return perform(label, np.random.default_rng([seed, class_index(label)]), **options)


def centre_of_mass(joints: np.ndarray) -> np.ndarray:
    return np.einsum("j,tji->ti", JOINT_MASSES, joints.astype(np.float64))


def air(shown: Performance) -> slice:
    return slice(round(shown.takeoff_s * SIMULATION_HZ), round(shown.landing_s * SIMULATION_HZ) + 1)


@pytest.mark.parametrize("label", LABELS)
def test_every_clip_is_anatomically_sound_and_on_the_rink(label):
    shown = clip(label, seed=3)
    joints = shown.joints.astype(np.float64)
    assert np.isfinite(joints).all()
    for start, end in BONES:
        length = np.linalg.norm(joints[:, JOINT[start]] - joints[:, JOINT[end]], axis=1)
        assert np.ptp(length) < 0.01 * length[0], (start, end)
    assert joints[..., 2].min() > -0.01
    assert np.abs(joints[..., 0]).max() < RINK_LENGTH_M / 2.0
    assert np.abs(joints[..., 1]).max() < RINK_WIDTH_M / 2.0


@pytest.mark.parametrize("label", LABELS)
def test_joints_move_smoothly(label):
    frames = clip(label, seed=5).joints[::2].astype(np.float64)
    acceleration = np.linalg.norm(np.diff(frames, 2, axis=0), axis=2) * 60.0**2
    assert acceleration.max() < 2000.0
    assert np.percentile(acceleration, 99) < 450.0


@pytest.mark.parametrize("label", ["4Lutz", "SitSpin", "Sequence", "NoBasic"])
def test_the_same_seed_gives_the_same_bytes(label):
    first, second, other = clip(label, 1), clip(label, 1), clip(label, 2)
    assert first.joints.tobytes() == second.joints.tobytes()
    assert first.flaws == second.flaws
    assert first.joints.tobytes() != other.joints.tobytes()


@pytest.mark.parametrize(
    ("label", "samples", "middle"),
    [
        ("3Lutz", 224, (-18.6348, -7.0731, 1.3634)),
        ("1Axel", 185, (-5.3808, 5.0938, 1.1533)),
        ("CamelSpin", 832, (18.6479, 10.2249, 0.8508)),
        ("UprightSpin", 473, (11.3968, 6.5932, 0.8927)),
        ("Sequence", 1691, (9.1790, -5.6945, 1.0845)),
        ("NoBasic", 188, (11.8675, -12.5309, 0.7569)),
    ],
)
def test_clips_stay_what_they_were(label, samples, middle):
    """Published figures name seeds; what is added for programmes must not change their clips."""
    joints = clip(label, 1).joints
    assert len(joints) == samples
    assert joints[samples // 2].mean(axis=0) == pytest.approx(middle, abs=2e-4)


@pytest.mark.parametrize("label", JUMPS)
def test_flight_is_ballistic(label):
    shown = clip(label, clean=True)
    height = centre_of_mass(shown.joints)[air(shown), 2]
    seconds = np.arange(len(height)) / SIMULATION_HZ
    fall = 2.0 * np.polyfit(seconds, height, 2)[0]
    assert fall == pytest.approx(-GRAVITY, rel=0.04)
    # g T^2 / 8, were take-off and landing equally high
    middle = 0.5 * (height[0] + height[-1])
    assert height.max() - middle == pytest.approx(GRAVITY * seconds[-1] ** 2 / 8.0, rel=0.08)


@pytest.mark.parametrize("label", ["1Loop", "2Axel", "3Flip", "4Salchow"])
def test_angular_momentum_is_conserved_in_the_air(label):
    rng = np.random.default_rng(11)
    body = Body.draw(rng)
    phrase = jump(plan_jump(label[1:], int(label[0]), rng, clean=True), rng)
    solution = solve(phrase, body)
    begin, end = (round(t * SIMULATION_HZ) for t in phrase.flights[0])
    joints = solution.joints[begin : end + 1]
    relative = joints - centre_of_mass(joints)[:, None]
    velocity = np.gradient(relative, 1.0 / SIMULATION_HZ, axis=0)
    momentum = np.einsum("j,tji->ti", JOINT_MASSES, np.cross(relative, velocity))
    axis = solution.travel.frame[begin : end + 1, :, 2]
    turning = np.gradient(solution.travel.facing)[begin : end + 1] * SIMULATION_HZ * 2.0 * np.pi
    total = (np.einsum("ti,ti->t", momentum, axis) + body.core_inertia * turning)[2:-2]
    assert np.ptp(total) < 0.06 * total.mean()


def test_pulling_in_spins_faster():
    rng = np.random.default_rng(4)
    body = Body.draw(rng)
    phrase = jump(plan_jump("Axel", 3, rng, clean=True), rng)
    facing = solve(phrase, body).travel.facing
    begin, end = (round(t * SIMULATION_HZ) for t in phrase.flights[0])
    rate = np.gradient(facing)[begin : end + 1] * SIMULATION_HZ
    assert rate.max() > 1.25 * rate[0]
    assert 4.0 < rate.max() < 6.8


@pytest.mark.parametrize(
    ("label", "side"), [("3Toeloop", "left"), ("3Flip", "right"), ("3Lutz", "right")]
)
def test_the_planted_toe_pick_stands_still(label, side):
    shown = clip(label, clean=True, mirrored=False)
    last = round(shown.takeoff_s * SIMULATION_HZ)
    tip = shown.joints[last - 9 : last - 3, JOINT[f"{side}_toe"]]
    assert np.ptp(tip, axis=0).max() < 0.015
    assert tip[:, 2].max() < 0.02
    assert shown.joints[last - 6, JOINT[f"{side}_heel"], 2] > 0.08


@pytest.mark.parametrize("label", ["3Loop", "2Salchow", "1Axel", "NoBasic"])
def test_blades_glide_along_their_traces(label):
    sideways, along = [], []
    for seed in range(6):
        shown = clip(label, seed, clean=True)
        until = len(shown.times_s)
        if not np.isnan(shown.takeoff_s):
            until = max(round((shown.takeoff_s - 0.2) * SIMULATION_HZ), 2)
        for bit, side in ((1, "left"), (2, "right")):
            toe = shown.joints[:, JOINT[f"{side}_toe"], :2].astype(np.float64)
            heel = shown.joints[:, JOINT[f"{side}_heel"], :2].astype(np.float64)
            blade = (toe - heel) / np.linalg.norm(toe - heel, axis=1, keepdims=True)
            velocity = np.gradient(0.5 * (toe + heel), 1.0 / SIMULATION_HZ, axis=0)
            alone = (shown.support == bit) & (np.arange(len(toe)) < until)
            cross = blade[:, 0] * velocity[:, 1] - blade[:, 1] * velocity[:, 0]
            sideways.append(np.abs(cross[alone]))
            along.append(np.abs(np.einsum("ti,ti->t", blade, velocity)[alone]))
    assert np.median(np.concatenate(sideways)) < 0.05 * np.median(np.concatenate(along))
    assert np.percentile(np.concatenate(sideways), 90) < 0.8


@pytest.mark.parametrize("label", LABELS)
def test_knees_bend_forward(label):
    joints = clip(label, seed=2, clean=True).joints.astype(np.float64)
    for side in ("left", "right"):
        hip, knee, ankle = (joints[:, JOINT[f"{side}_{name}"]] for name in ("hip", "knee", "ankle"))
        foot = joints[:, JOINT[f"{side}_toe"]] - joints[:, JOINT[f"{side}_heel"]]
        shank = (ankle - knee) / np.linalg.norm(ankle - knee, axis=1, keepdims=True)
        foot -= shank * np.einsum("ti,ti->t", foot, shank)[:, None]  # pointed toes aside
        bulge = knee - 0.5 * (hip + ankle)
        bent = np.linalg.norm(bulge, axis=1) > 0.08
        forward = np.einsum("ti,ti->t", bulge, foot)[bent] > 0.0
        assert forward.size == 0 or forward.mean() > 0.97


@pytest.mark.parametrize("label", JUMPS)
def test_truth_of_jumps(label):
    shown = clip(label, seed=4, clean=True)
    assert shown.rotations == ELEMENTS[class_index(label)].rotations
    assert 0.3 < shown.landing_s - shown.takeoff_s < 0.8
    assert 0.0 < shown.takeoff_s < shown.landing_s < shown.duration_s
    inside = shown.support[air(shown)][2:-2]
    assert (inside == SUPPORT_AIR).all()
    assert np.isnan(shown.spin_revolutions)
    assert shown.flaws == frozenset()


@pytest.mark.parametrize("label", SPINS)
def test_spins_stay_and_count_their_turns(label):
    shown = clip(label, seed=6)
    pelvis = shown.joints[:, JOINT["pelvis"], :2]
    hips = shown.joints[:, JOINT["left_hip"], :2] - shown.joints[:, JOINT["right_hip"], :2]
    turns = np.ptp(np.unwrap(np.arctan2(hips[:, 1], hips[:, 0]))) / (2.0 * np.pi)
    assert 2.5 < shown.spin_revolutions <= turns + 0.5
    middle = slice(int(0.45 * len(pelvis)), int(0.7 * len(pelvis)))
    assert np.ptp(pelvis[middle], axis=0).max() < 1.0


def test_left_handed_skaters_turn_clockwise():
    plain = clip("3Salchow", seed=8, mirrored=False)
    mirrored = clip("3Salchow", seed=8, mirrored=True)
    for shown, sign in ((plain, 1.0), (mirrored, -1.0)):
        hips = (
            shown.joints[air(shown), JOINT["left_hip"]]
            - shown.joints[air(shown), JOINT["right_hip"]]
        )
        turned = np.diff(np.unwrap(np.arctan2(hips[:, 1], hips[:, 0])))
        assert (sign * turned).mean() > 0.0


def test_flaws_are_rare_and_show():
    found = [clip(label, seed).flaws for seed in range(3) for label in JUMPS]
    share = np.mean([bool(flaws) for flaws in found])
    assert 0.02 < share < 0.35
    assert {"under_rotated", "tilted", "stepped_out", "fell"} >= frozenset().union(*found)


def test_a_fall_goes_down_to_the_ice_and_up_again():
    rng = np.random.default_rng(2)
    body = Body.draw(rng)
    plan = replace(plan_jump("Lutz", 3, rng, clean=True), flaws=frozenset({"fell"}))
    phrase = jump(plan, rng)
    solution = solve(phrase, body)
    height = solution.joints[:, JOINT["pelvis"], 2]
    landed = round(phrase.flights[0][1] * SIMULATION_HZ)
    assert height[landed : landed + 120].min() < 0.25
    assert height[-1] > 0.7
    assert solution.joints[..., 2].min() > -0.03


@pytest.mark.parametrize(("first", "second"), [("1Toeloop", "4Lutz"), ("CamelSpin", "UprightSpin")])
def test_length_and_place_do_not_tell_the_class(first, second):
    lengths, places = [], []
    for label in (first, second):
        clips = [clip(label, seed) for seed in range(40)]
        lengths.append([shown.duration_s for shown in clips])
        places.append([0.5 * (c.takeoff_s + c.landing_s) / c.duration_s for c in clips])
    assert ks_2samp(*lengths).pvalue > 0.005
    if first in JUMPS:
        assert ks_2samp(*places).pvalue > 0.005
        assert np.mean(lengths) == pytest.approx(44 / 28.0, abs=0.15)


@pytest.mark.parametrize("label", ["3Lutz", "1Axel", "SitSpin", "Sequence", "NoBasic"])
def test_looser_cuts_show_more_of_the_skating_around_the_same_element(label):
    tight = [clip(label, seed, clean=True) for seed in range(3)]
    loose = [clip(label, seed, clean=True, margins_s=1.5) for seed in range(3)]
    longer = np.mean([shown.duration_s for shown in loose])
    longer -= np.mean([shown.duration_s for shown in tight])
    assert 0.4 < longer < 2.8
    for shown in loose:
        joints = shown.joints.astype(np.float64)
        assert joints[..., 2].min() > -0.01
        assert np.abs(joints[..., 0]).max() < RINK_LENGTH_M / 2.0
        assert np.abs(joints[..., 1]).max() < RINK_WIDTH_M / 2.0
        acceleration = np.linalg.norm(np.diff(joints[::2], 2, axis=0), axis=2) * 60.0**2
        assert acceleration.max() < 2000.0
        if label in JUMPS:
            assert (shown.support[air(shown)][2:-2] == SUPPORT_AIR).all()
            assert 0.0 < shown.takeoff_s < shown.landing_s < shown.duration_s
        if label in SPINS:
            assert shown.spin_revolutions > 2.5


def test_a_looser_cut_does_not_tell_the_class():
    lengths = [
        [clip(label, seed, margins_s=1.5).duration_s for seed in range(16)]
        for label in ("1Toeloop", "4Lutz")
    ]
    assert ks_2samp(*lengths).pvalue > 0.005
    places = [clip("3Flip", seed, margins_s=1.5) for seed in range(12)]
    before, after = (
        [shown.takeoff_s for shown in places],
        [shown.duration_s - shown.landing_s for shown in places],
    )
    assert np.ptp(before) > 0.7
    assert np.ptp(after) > 0.7


def test_any_time_can_be_asked_for():
    shown = clip("2Flip")
    half = np.array([10.5]) / SIMULATION_HZ
    between = 0.5 * (shown.joints[10] + shown.joints[11])
    np.testing.assert_allclose(shown.at(half)[0], between, atol=1e-5)
    ends = shown.at(np.array([-1.0, 0.0, shown.duration_s, 99.0]))
    np.testing.assert_array_equal(ends[[0, 2]], ends[[1, 3]])


def test_an_unknown_label_is_refused():
    with pytest.raises(ValueError, match="4Axel"):
        perform("4Axel", np.random.default_rng(0))


def test_motion_checks_its_shapes():
    body = Body.draw(np.random.default_rng(0))
    with pytest.raises(ValueError, match="joints: expected"):
        Motion(
            times_s=np.arange(5) / SIMULATION_HZ,
            joints=np.zeros((5, 17, 3), np.float32),
            support=np.zeros(5, np.uint8),
            body=body,
        )
    assert len(JOINTS) == len(JOINT_MASSES)
    assert JOINT_MASSES.sum() == pytest.approx(1.0)
