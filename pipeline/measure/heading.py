"""Which way the body faces, frame by frame, and how fast it turns.

A small network says for every single frame how likely each of 36 directions is. A filter over
direction, rate of turning and "left and right are exchanged" joins the frames in both directions of
time. So a frame whose sides changed places is found and marked as a gap, and the curve is not bent.

The answer is a bundle of courses, so that what the video leaves open can be seen in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from models.skeletons import COCO17
from pipeline.measure.learned import DIRECTIONS, facing_network
from pipeline.measure.signals import Array, Body, Mask

Indices = NDArray[np.intp]

FASTEST = 7.5
"""Turns a second that the filter knows; the fastest quadruple jumps stay below."""

_SHORTEST_S = 1e-3
"""Frames that are nearer to each other count as so far apart: in no time nothing changes."""
_STEP = 0.5
_RATES = np.arange(-FASTEST, FASTEST + _STEP / 2, _STEP)
_CHANGE = 15.0
"""Variance that the rate gains a second, (turns/s)^2/s: spins ask for less, jumps for more."""
_WANDER = 0.15
"""Variance that the direction gains a second besides, turns^2/s, as a share of a bin's width."""
_TRUST, _FLOOR = 0.6, 0.04
"""Frames follow each other closely, so their errors do too: each counts less than a whole one."""
_NEAR = 0.2
_COURSES = 48
"""Courses that are drawn."""
_SWAPPED, _SPELL_S = 0.03, 0.12
"""Share of time with sides exchanged, and how long a spell is."""


@dataclass(frozen=True)
class Heading:
    """The direction that hips and shoulders face, T frames."""

    times_s: Array
    """`(T,)`."""
    courses: Array
    """`(T, S)` turns, counter-clockwise from above, in S courses that fit what was seen; whole
    numbers face the camera. Where they part, the video does not tell."""
    rates: Array
    """`(T, S)` their turns a second."""
    swapped: Array
    """`(T,)` probability that the pose network exchanged left and right."""
    gap: Mask
    """`(T,)` where nothing is drawn: no pose, or sides exchanged."""

    @property
    def turns(self) -> Array:
        """`(T,)` the middle course, counted from the first frame.

        A mean of the courses near the median, which shows more than the bins of a direction do.
        """
        since = self.courses - self.courses[0]
        median = np.median(since, axis=1, keepdims=True)
        near = np.abs(since - median) <= _NEAR
        near |= ~near.any(axis=1, keepdims=True)  # two camps, the median between them: all count
        return np.asarray((since * near).sum(axis=1) / near.sum(axis=1))

    @property
    def rate(self) -> Array:
        """`(T,)` turns a second, positive counter-clockwise."""
        return np.asarray(self.rates.mean(axis=1))

    def turned(self, start_s: Array, end_s: Array) -> Array:
        """Turns from each start to each end `(N,)`, in the courses one after the other."""
        S = self.courses.shape[1]
        return np.array(
            [
                np.interp(end, self.times_s, self.courses[:, n % S])
                - np.interp(start, self.times_s, self.courses[:, n % S])
                for n, (start, end) in enumerate(zip(start_s, end_s, strict=True))
            ]
        )


def read_heading(body: Body) -> Heading:
    """The heading over the whole sequence."""
    steps_s = np.diff(body.times_s)
    moves = [_moves(max(round(float(step), 4), _SHORTEST_S)) for step in steps_s]
    rates, bins, swaps = _drawn(_filtered(_evidence(body), moves), moves)  # (T, S) each
    expected = rates[1:] * steps_s[:, None]
    change = expected + (np.diff(DIRECTIONS[bins], axis=0) - expected + 0.5) % 1.0 - 0.5
    courses = DIRECTIONS[bins[0]] + np.concatenate([np.zeros((1, _COURSES)), change.cumsum(axis=0)])
    swapped = swaps.mean(axis=1)
    return Heading(
        times_s=body.times_s,
        courses=courses,
        rates=rates,
        swapped=swapped,
        gap=~body.posed | (swapped > 0.5),
    )


def facing_inputs(body: Body) -> Array:
    """What the network sees of each frame: joints from the hips, in body scales, `(T, 17, 2)`."""
    return np.asarray((body.joints - body.hips[:, None]) / body.scale[:, None, None])


def _evidence(body: Body) -> Array:
    """Likelihood of every direction, as seen and with the sides exchanged, `(T, K, 2)`."""
    joints = facing_inputs(body)
    as_seen = facing_network()(joints)
    exchanged = facing_network()(joints[:, list(COCO17.flip_order)])
    found = np.stack([as_seen, exchanged], axis=2)
    likely = ((1.0 - _FLOOR) * found + _FLOOR / len(DIRECTIONS)) ** _TRUST
    likely[~body.posed] = 1.0
    return np.asarray(likely)


def _filtered(evidence: Array, moves: list[_Moves]) -> Array:
    """Probability of every state given the frames up to now, `(T, R, K, 2)`.

    Raises:
        FloatingPointError: The numbers leave the finite ones.
    """
    T, K, _ = evidence.shape
    states = np.empty((T, len(_RATES), K, 2))
    states[0] = evidence[0] * np.array([1.0 - _SWAPPED, _SWAPPED])
    states[0] /= states[0].sum()
    for t in range(1, T):
        states[t] = moves[t - 1].forward(states[t - 1]) * evidence[t]
        states[t] /= states[t].sum()
    if not np.isfinite(states[-1]).all():  # what is not finite stays so to the end
        raise FloatingPointError("the direction of the body cannot be followed: not finite")
    return states


def _drawn(states: Array, moves: list[_Moves]) -> tuple[Array, Indices, Indices]:
    """Courses that fit all frames, drawn backwards from the filtered states.

    Returns:
        Rates, bins of direction and exchanged sides of the courses, `(T, S)` each.
    """
    T, R, K, _ = states.shape
    random = np.random.default_rng(0).random((T, _COURSES))
    courses = np.empty((T, _COURSES), np.intp)
    courses[-1] = _pick(np.broadcast_to(states[-1].reshape(-1), (_COURSES, R * K * 2)), random[-1])
    for t in range(T - 2, -1, -1):
        rate, bin_, swap = np.unravel_index(courses[t + 1], (R, K, 2))
        move = moves[t]
        likely = states[t] * move.rate[rate][:, :, None, None]
        likely *= move.turn[rate, bin_][:, None, :, None]
        likely *= move.swap[swap][:, None, None, :]
        courses[t] = _pick(likely.reshape(_COURSES, -1), random[t])
    rate, bin_, swap = np.unravel_index(courses, (R, K, 2))
    return _RATES[rate], np.asarray(bin_), np.asarray(swap)


def _pick(weights: Array, random: Array) -> Indices:
    """One index a row of weights `(S, N)`, by random numbers `(S,)`."""
    reached = np.cumsum(weights, axis=1)
    return np.asarray((reached < (random * reached[:, -1])[:, None]).sum(axis=1))


@dataclass(frozen=True)
class _Moves:
    """One frame to the next: the rate changes, the body turns, sides may change places."""

    swap: Array  # (2, 2) new, old
    rate: Array  # (R, R) new, old
    turn: Array  # (R, K, K) rate, new, old

    def forward(self, state: Array) -> Array:
        """`(R, K, 2)` a step later."""
        changed = (self.rate @ state.reshape(len(state), -1)).reshape(state.shape)
        return np.asarray((self.turn @ changed) @ self.swap.T)


@lru_cache(maxsize=64)
def _moves(step_s: float) -> _Moves:
    leave = min(step_s / _SPELL_S, 0.5)
    enter = leave * _SWAPPED / (1.0 - _SWAPPED)
    swap = np.array([[1.0 - enter, leave], [enter, 1.0 - leave]])
    rate = np.exp(-0.5 * (_RATES[:, None] - _RATES) ** 2 / (_CHANGE * step_s))
    rate /= rate.sum(axis=0)
    K = len(DIRECTIONS)
    width = np.sqrt(_WANDER * step_s / K + (0.35 / K) ** 2)
    away = DIRECTIONS[None, :, None] - DIRECTIONS - (_RATES * step_s)[:, None, None]
    away = (away + 0.5) % 1.0 - 0.5
    turn = np.exp(-0.5 * (away / width) ** 2)
    turn /= turn.sum(axis=1, keepdims=True)
    return _Moves(swap, rate, turn)
