"""Curves through keys: minimum-jerk transitions, and the integrals that a path needs."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def smooth_step(position: Array) -> Array:
    """Minimum-jerk step from 0 to 1 while `position` runs from 0 to 1; flat outside."""
    u = np.clip(position, 0.0, 1.0)
    return u * u * u * (10.0 + u * (6.0 * u - 15.0))


def key_velocities(times: Array, values: Array) -> Array:
    """Velocity at each key, `(K,)`, `(K, C)` -> `(K, C)`, such that nothing overshoots.

    The harmonic mean of the slopes on both sides where they agree in sign, else zero (Fritsch and
    Butland's rule); zero at both ends.
    """
    velocities = np.zeros_like(values)
    if len(times) < 3:
        return velocities
    slopes = np.diff(values, axis=0) / np.diff(times)[:, None]
    product = slopes[:-1] * slopes[1:]
    total = slopes[:-1] + slopes[1:]
    agree = product > 1e-12
    velocities[1:-1][agree] = 2.0 * product[agree] / total[agree]
    return velocities


def through_keys(times: Array, values: Array, at: Array, velocities: Array | None = None) -> Array:
    """Quintic curve through keys, without acceleration at them: minimum jerk from rest to rest.

    Args:
        times: `(K,)`, strictly increasing.
        values: `(K, C)`.
        at: `(T,)` times; the first and last value hold outside the keys.
        velocities: `(K, C)`; NaN, or None for all, means `key_velocities`.

    Returns:
        `(T, C)`.

    Raises:
        ValueError: Key times do not increase.
    """
    steps = np.diff(times)
    if not (steps > 0).all():
        raise ValueError(f"key times must increase, got {np.asarray(times).tolist()}")
    automatic = key_velocities(times, values)
    if velocities is None:
        velocities = automatic
    else:
        velocities = np.where(np.isnan(velocities), automatic, velocities)
    if len(times) == 1:
        return np.repeat(values, len(at), axis=0)
    at = np.clip(at, times[0], times[-1])
    segment = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(times) - 2)
    length = steps[segment][:, None]
    u = (at - times[segment])[:, None] / length
    u3 = u * u * u
    step = u3 * (10.0 + u * (6.0 * u - 15.0))
    leave = u + u3 * (-6.0 + u * (8.0 - 3.0 * u))
    arrive = u3 * (-4.0 + u * (7.0 - 3.0 * u))
    before, after = values[segment], values[segment + 1]
    return (
        before
        + (after - before) * step
        + length * (velocities[segment] * leave + velocities[segment + 1] * arrive)
    )


def bridge(
    times: Array, start: tuple[float, float, float], end: tuple[float, float, float]
) -> Array:
    """Quintic over `times` `(T,)`; `start`, `end` are (position, velocity, acceleration)."""
    length = times[-1] - times[0]
    u = (times - times[0]) / length
    u3 = u * u * u
    scale = np.array([1.0, length, length * length])
    p0, v0, a0 = np.asarray(start) * scale
    p1, v1, a1 = np.asarray(end) * scale
    result: Array = (
        p0
        + v0 * u
        + 0.5 * a0 * u * u
        + u3 * (10.0 * (p1 - p0) - 6.0 * v0 - 4.0 * v1 - 1.5 * a0 + 0.5 * a1)
        + u3 * u * (-15.0 * (p1 - p0) + 8.0 * v0 + 7.0 * v1 + 1.5 * a0 - a1)
        + u3 * u * u * (6.0 * (p1 - p0) - 3.0 * (v0 + v1) - 0.5 * a0 + 0.5 * a1)
    )
    return result


def integral(values: Array, step: float) -> Array:
    """Running trapezoid integral along the first axis, zero at the first sample."""
    total = np.zeros_like(values)
    np.cumsum(0.5 * step * (values[1:] + values[:-1]), axis=0, out=total[1:])
    return total


def soft_ceiling(values: Array, ceiling: float, width: float) -> Array:
    """`values`, bent smoothly so that they stay below `ceiling`; untouched `width` below it."""
    over = (values - (ceiling - width)) / (2.0 * width)
    # A parabola that leaves with slope 1 and meets the ceiling with slope 0.
    bent = np.where(over < 1.0, over - 0.5 * over * over, 0.5)
    return np.where(over > 0.0, ceiling - width + 2.0 * width * bent, values)
