"""Poses: what a skater does with trunk, head, arms and free leg, as a vector of channels.

Directions are (forward, left, up) in the skater's frame, which turns with the skater and leans with
the balance axis. Hands are relative to their shoulder in arm lengths, feet (ankles) relative to
their hip in leg lengths, angles in degrees. A pose says where the *free* leg is; a leg that stands
on the ice follows its skate, and `knee` says how far it bends.
"""

from __future__ import annotations

import numpy as np

Pose = np.ndarray
"""Float64 `(NUM_CHANNELS,)`."""

_SIZES: dict[str, int] = {
    "pelvis": 3,  # tilt forward, tilt left, turn left
    "spine": 3,  # bend forward, bend left, twist left (chest against pelvis)
    "head": 3,  # nod forward, tilt left, turn left (against the chest)
    "left_hand": 3,  # direction; how far it reaches lies in "reaches"
    "right_hand": 3,
    "reaches": 2,  # left, right: from bent to straight arm; set with the hands
    "left_foot": 3,
    "right_foot": 3,
    "left_ankle": 2,  # toes pointed (0: foot square to the shank), foot turned out
    "right_ankle": 2,
    "elbows": 2,  # left, right: swivel about the line shoulder-wrist
    "knees": 2,  # left, right: turned out
    "knee": 1,  # bend of the leg that bears the skater
    "lean": 2,  # extra lean of the whole body along the travel and to its left: tangents
}

CHANNELS: dict[str, slice] = {}
"""Where each group of channels lies in a pose."""
NUM_CHANNELS = 0
for _name, _size in _SIZES.items():
    CHANNELS[_name] = slice(NUM_CHANNELS, NUM_CHANNELS + _size)
    NUM_CHANNELS += _size

_HANDS = ("left_hand", "right_hand")
_PAIRS = (
    ("left_hand", "right_hand"),
    ("left_foot", "right_foot"),
    ("left_ankle", "right_ankle"),
)


def pose(base: Pose | None = None, **groups: tuple[float, ...] | float) -> Pose:
    """A pose from another one, with some groups of channels replaced.

    Besides the groups above, `trunk=(forward, left)` bends hips and spine together, and lifts the
    head so that the skater goes on looking ahead.

    Raises:
        KeyError: A group of that name does not exist.
        ValueError: A group has another number of values.
    """
    result: Pose = (STAND if base is None else base).copy()
    if "trunk" in groups:
        forward, left = np.broadcast_to(groups.pop("trunk"), 2)
        _set(result, "pelvis", (0.6 * forward, 0.5 * left, result[CHANNELS["pelvis"]][2]))
        _set(result, "spine", (0.4 * forward, 0.5 * left, result[CHANNELS["spine"]][2]))
        _set(result, "head", (-0.6 * forward, -0.5 * left, result[CHANNELS["head"]][2]))
    if "twist" in groups:
        result[CHANNELS["spine"]][2] = groups.pop("twist")
    for name, values in groups.items():
        _set(result, name, values)
    return result


def _set(target: Pose, name: str, given: tuple[float, ...] | float) -> None:
    values: Pose = np.atleast_1d(np.asarray(given, np.float64))
    if len(values) != _SIZES[name]:
        raise ValueError(f"{name}: expected {_SIZES[name]} values, got {len(values)}")
    if name in _HANDS:
        reach = np.linalg.norm(values)
        target[CHANNELS["reaches"]][_HANDS.index(name)] = reach
        values = values / reach
    target[CHANNELS[name]] = values


def swapped(original: Pose) -> Pose:
    """The same pose with left and right exchanged."""
    result = original.copy()
    for left, right in _PAIRS:
        result[CHANNELS[left]], result[CHANNELS[right]] = (
            original[CHANNELS[right]],
            original[CHANNELS[left]],
        )
    for name in ("left_hand", "right_hand", "left_foot", "right_foot"):
        result[CHANNELS[name]][1] *= -1.0
    for name in ("pelvis", "spine", "head"):
        result[CHANNELS[name]][1:] *= -1.0
    for name in ("elbows", "knees", "reaches"):
        result[CHANNELS[name]] = original[CHANNELS[name]][::-1]
    result[CHANNELS["lean"]][1] *= -1.0
    return result


def varied(original: Pose, rng: np.random.Generator, amount: float = 1.0) -> Pose:
    """The same pose as another skater, or another day, would strike it."""
    return original + amount * _SPREAD * np.clip(rng.standard_normal(NUM_CHANNELS), -2.0, 2.0)


def _spread() -> Pose:
    spread = np.zeros(NUM_CHANNELS)
    for name, value in {
        "pelvis": 2.0, "spine": 3.0, "head": 6.0, "left_hand": 0.05, "right_hand": 0.05,
        "reaches": 0.03,
        "left_foot": 0.025, "right_foot": 0.025, "left_ankle": 5.0, "right_ankle": 5.0,
        "elbows": 8.0, "knees": 4.0, "knee": 3.0, "lean": 0.01,
    }.items():  # fmt: skip
        spread[CHANNELS[name]] = value
    return spread


_SPREAD = _spread()

STAND: Pose = np.zeros(NUM_CHANNELS)
"""Upright on a soft knee, arms a little away from the body, the free foot beside the other."""
_AT_REST: dict[str, tuple[float, ...] | float] = {
    "left_hand": (0.12, 0.42, -0.80),
    "right_hand": (0.12, -0.42, -0.80),
    "left_foot": (0.0, 0.03, -0.95),
    "right_foot": (0.0, -0.03, -0.95),
    "left_ankle": (12.0, 8.0),
    "right_ankle": (12.0, 8.0),
    "knees": (6.0, 6.0),
    "knee": 25.0,
}
for _name, _values in _AT_REST.items():
    _set(STAND, _name, _values)
