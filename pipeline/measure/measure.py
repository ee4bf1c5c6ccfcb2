"""Measures a skeleton sequence as the element it is taken for.

    measured = measure(analysis.pose, analysis.timeline.pts_s, element)

Quarters of a turn, edges, levels and grades are not measured: one camera and seventeen joints do
not show them. `look_here` names the moments that a person should look at instead.
"""

from __future__ import annotations

from pipeline.elements import ELEMENTS, Element
from pipeline.measure.heading import read_heading
from pipeline.measure.jump import measure_jump
from pipeline.measure.lanes import draw_lanes
from pipeline.measure.records import JUMP, SPIN, Measurements, Reason, untold
from pipeline.measure.signals import Array, read_body
from pipeline.measure.spin import measure_spin
from pipeline.types import Analysis, PoseSequence

SLOWEST_FPS = 20.0
"""Fewer poses a second than this leave nothing to measure."""
SMALLEST_PX = 24.0
"""Trunk and leg must be this long in the picture."""


def measure_analysis(analysis: Analysis) -> Measurements:
    """Measure an analysed clip as the element of its verdict, with a person's flight if set."""
    element = ELEMENTS[analysis.verdict.class_index]
    origin = analysis.provenance.get("pose")
    if origin is not None and origin.status == "untrained":
        return _nothing(element, 0.0, Reason("untrained"))
    return measure(analysis.pose, analysis.timeline.pts_s, element, flight_s=analysis.flight_s)


def measure(
    pose: PoseSequence,
    times_s: Array,
    element: Element,
    *,
    flight_s: tuple[float, float] | None = None,
) -> Measurements:
    """Everything that a skeleton sequence tells of an element; the same input, the same answer.

    Args:
        pose: T frames.
        times_s: `(T,)` when each is shown.
        element: What it is taken for: jumps and spins are measured, of the others only courses
            are given.
        flight_s: Take-off and landing as a person set them; they then count as known to half a
            frame.

    Raises:
        ValueError: Not as many times as poses, or a landing that is not after its take-off.
    """
    if flight_s is not None and not flight_s[1] > flight_s[0]:
        raise ValueError(f"flight_s: the landing must be after the take-off, got {flight_s}")
    body = read_body(pose, times_s)
    if body is None:
        return _nothing(element, 0.0, Reason("no_skeleton"))
    fps = 1.0 / body.step_s
    if fps < SLOWEST_FPS:
        return _nothing(element, fps, Reason("few_poses", {"fps": fps}))
    if (pixels := float(body.scale.max())) < SMALLEST_PX:
        return _nothing(element, fps, Reason("small", {"pixels": pixels}))
    heading = read_heading(body)
    if element.family == "jump":
        jump = measure_jump(body, heading, flight_s)
        lanes = draw_lanes(body, heading, jump.phases)
        by_person = flight_s is not None
        return Measurements(element, fps, jump.measured, jump.look_here, lanes, by_person)
    if element.family == "spin":
        spin = measure_spin(body, heading)
        lanes = draw_lanes(body, heading, spin.phases)
        return Measurements(element, fps, spin.measured, spin.look_here, lanes)
    return Measurements(element, fps, (), (), draw_lanes(body, heading, ()))


def _nothing(element: Element, fps: float, reason: Reason) -> Measurements:
    """Every quantity of the element, none of them measured."""
    quantities = {"jump": JUMP, "spin": SPIN}.get(element.family, ())
    return Measurements(element, fps, untold(reason, *quantities), (), None)
