"""Where the skater goes, leans and faces: on the ice by the keys, in the air by conservation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from training.rink.body import Body
from training.rink.motion.kinematics.curves import Array, bridge, integral, through_keys
from training.rink.motion.kinematics.pose import CHANNELS
from training.rink.motion.kinematics.skeleton import inertia_and_swing, leaning, turn, unit
from training.rink.motion.phrase import Phrase
from training.rink.performance import SIMULATION_HZ

GRAVITY = 9.81
STEP = 1.0 / SIMULATION_HZ
_STROKE_SAMPLES = (12, 42)
_KEY_GAP = 0.03
_BODY_LEAN = 0.15
"""Share of the balance axis' lean on a curve that trunk and arms take part in."""


@dataclass(frozen=True)
class Travel:
    """The centre of mass over the ice, and the frame that the skater's body hangs in."""

    times: Array
    """`(T,)` seconds of the phrase."""
    heading: Array
    """`(T,)` radians, direction of travel."""
    position: Array
    """`(T, 2)` metres, the centre of mass seen from above."""
    speed: Array
    """`(T,)` m/s."""
    facing: Array
    """`(T,)` turns from the direction of travel."""
    tilt: Array
    """`(T, 2)`, horizontal part of the balance axis for a vertical part of 1."""
    lean: Array
    """`(T, 2)`, the same for the skater's frame: on a curve the hips lean more than the body."""

    @cached_property
    def along(self) -> Array:
        """Unit vectors of the travel, `(T, 2)`."""
        return np.stack([np.cos(self.heading), np.sin(self.heading)], axis=-1)

    @cached_property
    def aside(self) -> Array:
        """Unit vectors to the left of the travel, `(T, 2)`."""
        return np.stack([-np.sin(self.heading), np.cos(self.heading)], axis=-1)

    @cached_property
    def axis(self) -> Array:
        """The balance axis, `(T, 3)` of length 1."""
        return _upward(self.tilt)

    @property
    def yaw(self) -> Array:
        """Where the skater faces, radians `(T,)`."""
        return self.heading + 2.0 * np.pi * self.facing

    @cached_property
    def frame(self) -> Array:
        """From the skater's frame to the world, `(T, 3, 3)`."""
        return leaning(_upward(self.lean)) @ turn(self.yaw)

    def part(self, samples: slice) -> Travel:
        """A stretch of it."""
        if samples == slice(0, len(self.times)):
            return self
        arrays = {f.name: getattr(self, f.name)[samples] for f in fields(self)}
        return Travel(**arrays)


def _upward(slope: Array) -> Array:
    return unit(np.concatenate([slope, np.ones((len(slope), 1))], axis=1))


def path_over_ice(phrase: Phrase, *, rate_hz: float) -> tuple[Array, Array]:
    """The way of the centre of mass alone: positions `(T, 2)` from the origin, headings `(T,)`."""
    step = 1.0 / rate_hz
    times = np.arange(0.0, phrase.duration, step)
    speed, curvature = curve([(t, (v, k)) for t, v, k in phrase.path], times).T
    heading = integral(speed * curvature, step)
    along = np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    return integral(speed[:, None] * along, step), heading


def plan_travel(phrase: Phrase, times: Array, poses: Array, facing: Array) -> Travel:
    """Path, speed and lean; the lean balances the curve that the skater is on."""
    speed, curvature = curve([(t, (v, k)) for t, v, k in phrase.path], times).T
    heading = integral(speed * curvature, STEP)
    along = np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    aside = np.stack([-along[:, 1], along[:, 0]], axis=-1)
    extra = poses[:, CHANNELS["lean"]]
    extra = extra[:, :1] * along + extra[:, 1:] * aside
    inward = (speed * speed * curvature / GRAVITY)[:, None] * aside
    return Travel(
        times=times,
        heading=heading,
        position=integral(speed[:, None] * along, STEP),
        speed=speed,
        facing=facing,
        tilt=extra + inward,
        lean=extra + _BODY_LEAN * inward,
    )


def curve(keys: Sequence[tuple[float, Array | tuple[float, ...]]], times: Array) -> Array:
    """Keys (time, values) -> values over time, `(T, C)`."""
    at, values = _merged(np.array([t for t, _ in keys]), np.array([v for _, v in keys]))
    return through_keys(at, values, times)


def _merged(at: Array, values: Array) -> tuple[Array, Array]:
    """Keys in order of time; of keys that all but coincide, the last."""
    order = np.argsort(at, kind="stable")
    at, values = at[order], values[order]
    keep = np.append(np.diff(at) > _KEY_GAP, True)
    return at[keep], values[keep]


def plan_facing(
    phrase: Phrase, times: Array, flights: list[slice], joints: Array, body: Body
) -> Array:
    """Turns against the travel, `(T,)`.

    In flight the turning between the keys at take-off and landing follows from a constant angular
    momentum and the pose's moment of inertia; before and after, the curve takes up its speed.

    Args:
        phrase: Has a facing key at every take-off and landing.
        times: Seconds of the phrase.
        flights: Samples from take-off to landing.
        joints: `(T, J, 3)` in the skater's frame.
        body: Proportions.
    """
    keys = np.array(phrase.facing)
    at, values = _merged(keys[:, 0], keys[:, 1:])
    turns, rates = values[:, :1], values[:, 1:].copy()
    spans = []
    for flight in flights:
        inertia, swing = inertia_and_swing(joints[flight], body, STEP)
        left, landed = (int(np.argmin(np.abs(at - t))) for t in times[flight][[0, -1]])
        per_inertia = 1.0 / inertia
        given = swing * per_inertia / (2.0 * np.pi)
        air = (turns[landed] - turns[left])[0]
        momentum = (air + integral(given, STEP)[-1]) / integral(per_inertia, STEP)[-1]
        rate = momentum * per_inertia - given
        rates[left], rates[landed] = rate[0], rate[-1]
        spans.append(turns[left] + integral(rate, STEP))
    facing = through_keys(at, turns, times, rates)[:, 0]
    for flight, span in zip(flights, spans, strict=True):
        facing[flight] = span
    return facing


def plan_height(standing: Array, flights: list[slice]) -> Array:
    """Height of the centre of mass `(T,)`: as it stands, but for flights, push and landing.

    Args:
        standing: `(T,)` height with the skates on the ice.
        flights: Samples from take-off to landing.
    """
    height = standing.copy()
    velocity = np.gradient(standing, STEP)
    acceleration = np.gradient(velocity, STEP)
    for flight in flights:
        first, last = flight.start, flight.stop - 1
        air = np.arange(last - first + 1) * STEP
        rise = (standing[last] - standing[first]) / air[-1] + 0.5 * GRAVITY * air[-1]
        height[flight] = standing[first] + rise * air - 0.5 * GRAVITY * air * air
        fall = rise - GRAVITY * air[-1]
        for edge, step, speed in ((first, -1, rise), (last, 1, fall)):
            other = edge + step * _stroke(standing, edge, step, abs(speed))
            ends = {
                edge: (standing[edge], speed, -GRAVITY),
                other: (standing[other], velocity[other], acceleration[other]),
            }
            begin, until = min(ends), max(ends)
            height[begin : until + 1] = bridge(
                np.arange(until - begin + 1) * STEP, ends[begin], ends[until]
            )
    return height


def _stroke(standing: Array, edge: int, step: int, speed: float) -> int:
    """Samples that the legs take to gain, or to absorb, a vertical speed.

    A push that grows as a power of time to a speed v over a stroke d takes about 2.3 d / v.
    """
    room = edge if step < 0 else len(standing) - 1 - edge
    samples = np.arange(*_STROKE_SAMPLES)
    samples = samples[samples <= room]
    stroke = np.maximum(standing[edge] - standing[edge + step * samples], 0.0)
    return int(samples[np.argmin(np.abs(samples * STEP - 2.3 * stroke / speed))])
