"""What the temporal network is told of a moment: flights of all kinds are air."""

from __future__ import annotations

import numpy as np

from pipeline.programme.frame_classes import FRAME_CLASSES
from training.programme.data import frame_classes, moment_targets
from training.rink.performance import ProgramElement

NAN = float("nan")


def element(label: str, **given: object) -> ProgramElement:
    values: dict[str, object] = {
        "label": label, "number": 0, "start_s": 0.0, "takeoff_s": NAN, "landing_s": NAN,
        "end_s": 9.0, "rotations": NAN, "spin_revolutions": NAN, "flaws": frozenset(),
    }  # fmt: skip
    return ProgramElement(**(values | given))  # type: ignore[arg-type]


def names(elements: list[ProgramElement], times_s: list[float]) -> list[str]:
    return [FRAME_CLASSES[place] for place in frame_classes(elements, np.array(times_s))]


def test_a_flying_entry_is_air_and_then_its_spin():
    spin = element(
        "CamelSpin", start_s=1.0, takeoff_s=1.4, landing_s=1.9, positions=(("CamelSpin", 2.0, 6.0),)
    )
    assert names([spin], [0.5, 1.2, 1.6, 1.95, 3.0, 7.0, 9.5]) == [
        "other", "changing", "air", "changing", "camel", "changing", "other",
    ]  # fmt: skip
    moments = moment_targets([spin], np.array([1.4, 1.9, 3.0]))
    assert moments.round(3).tolist() == [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]


def test_an_euler_is_air_between_the_jumps_it_joins():
    flights = (("3Flip", 2.0, 2.7), ("Euler", 3.4, 3.7), ("3Salchow", 4.3, 5.0))
    jumps = [
        element(label, start_s=a - 0.6, takeoff_s=a, landing_s=b, end_s=b + 0.8)
        for label, a, b in flights
    ]
    assert names(jumps, [1.5, 2.3, 2.75, 3.0, 3.5, 3.9, 4.5, 5.2]) == [
        "entry", "air", "landing", "entry", "air", "entry", "air", "landing",
    ]  # fmt: skip
