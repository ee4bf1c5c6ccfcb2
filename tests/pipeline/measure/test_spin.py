import numpy as np
import pytest

from pipeline.measure.measure import measure
from pipeline.measure.signals import read_body
from pipeline.measure.spin import spin_positions
from pipeline.types import PoseSequence
from tests.pipeline.measure.takes import element, take

UP = np.zeros((17, 2), np.float32)
UP[:5], UP[5:7], UP[7:9], UP[9:11] = (0, -48), (0, -35), (0, -20), (0, -8)
UP[13:15], UP[15:17] = (0, 33), (0, 65)


@pytest.mark.parametrize("label", ["CamelSpin", "SitSpin", "UprightSpin"])
def test_a_spin_is_counted_and_its_position_read(label):
    one = take(label)
    found = measure(one.pose, one.times_s, element(label))
    phases = found.time_series.phases
    true = np.interp([phases[0].start_s, phases[-1].end_s], one.times_s, one.yaw)
    estimate = found.of("spin_turns").estimate
    assert estimate.value == pytest.approx(abs(true[1] - true[0]), abs=0.5)
    assert estimate.low <= abs(true[1] - true[0]) <= estimate.high
    longest = max(phases, key=lambda span: span.end_s - span.start_s)
    assert longest.name == label.removesuffix("Spin").lower()


@pytest.mark.parametrize(
    ("joints", "position"),
    [
        ({16: (30, 50)}, "upright"),
        ({5: (-34, -8), 6: (-34, -8), 14: (30, 2), 16: (62, 2)}, "camel"),
        ({13: (25, 5), 15: (5, 32), 14: (30, 3), 16: (60, 20)}, "sit"),
        ({5: (-28, -22), 6: (-28, -22), 14: (20, 8), 16: (50, 8)}, "unclear"),
    ],
)
def test_positions_follow_hips_trunk_and_free_leg(joints, position):
    skeleton = np.tile(UP, (60, 1, 1))
    for joint, place in joints.items():
        skeleton[20:40, joint] = place
    body = read_body(PoseSequence(skeleton, np.ones((60, 17), np.float32)), np.arange(60) / 30)
    assert set(spin_positions(body)[28:32]) == {position}


def test_nobody_spins_while_skating():
    one = take("NoBasic", 1)
    found = measure(one.pose, one.times_s, element("CamelSpin"))
    assert {m.reason.code for m in found.measured} <= {"no_spin", "facing"}


@pytest.mark.parametrize(
    ("label", "verdict"),
    [("SitSpin", "Sequence"), ("UprightSpin", "NoBasic"), ("UprightSpin", "3Lutz")],
)
def test_a_spin_is_measured_whatever_the_verdict(label, verdict):
    """Issue 15, 1: measuring hung on the networks' verdict."""
    one = take(label, clean=True)
    found = measure(one.pose, one.times_s, element(verdict))
    assert (found.kind, found.decided_by) == ("spin", "skeleton")
    assert found.measured == measure(one.pose, one.times_s, element(label)).measured
    assert found.turning.end_s - found.turning.start_s > 2
