"""Replays are known by the skeleton, or by frames that are shown again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.programme.reading.replays import ReplayFinder, shows_frames_again
from pipeline.types import PoseSequence

FPS = 25


def movement(seed: int, times_s: NDArray[np.float64], *, px: float = 200.0) -> PoseSequence:
    """A skater who moves at random, but always the same of one seed; `px` tall, with jitter."""
    rng = np.random.default_rng(seed)
    hertz, phase = rng.uniform(0.2, 1.6, (6, 17, 2)), rng.uniform(0, 7, (6, 17, 2))
    waves = np.sin(2 * np.pi * hertz * times_s[:, None, None, None] + phase).sum(axis=1)
    upright = np.zeros((17, 2))
    upright[:, 1] = [0, 0, 0, 0, 0, 0.2, 0.2, 0.35, 0.35, 0.5, 0.5, 0.5, 0.5, 0.75, 0.75, 1, 1]
    upright[:, 0] = 0.08 * np.where(np.arange(17) % 2, -1, 1)
    jitter = np.random.default_rng(int(times_s.sum())).normal(0, 0.01, (len(times_s), 17, 2))
    joints = px * (upright + 0.03 * waves + jitter) + (300, 100)
    return PoseSequence(joints.astype(np.float32), np.full((len(times_s), 17), 0.9, np.float32))


def seconds(start: float, lasts: float, slowed: float = 1.0) -> NDArray[np.float64]:
    return start + np.arange(int(lasts * slowed * FPS)) / FPS / slowed


MOVING = np.full(200, 3.0, np.float32)


@pytest.mark.parametrize("slowed", [1.7, 2.5, 4.0])
def test_a_slower_look_from_elsewhere_is_a_replay(slowed: float) -> None:
    finder = ReplayFinder()
    finder.add(movement(1, seconds(0, 20)), seconds(0, 20))
    again = movement(1, seconds(8, 3, slowed), px=340)
    assert finder.is_replay(again, seconds(0, 3 * slowed), MOVING)


def test_new_skating_is_no_replay() -> None:
    finder = ReplayFinder()
    assert not finder.is_replay(movement(1, seconds(0, 6)), seconds(0, 6), MOVING)
    finder.add(movement(1, seconds(0, 20)), seconds(0, 20))
    for seed in range(2, 6):
        assert not finder.is_replay(movement(seed, seconds(0, 7)), seconds(0, 7), MOVING)


def test_frames_shown_again_are_seen() -> None:
    moves = np.abs(np.random.default_rng(0).normal(3, 1, 60)).astype(np.float32)
    assert not shows_frames_again(moves)
    for times in (2, 3):
        again = np.repeat(moves, times)
        again[np.arange(len(again)) % times > 0] = 0.1
        assert shows_frames_again(again)
    assert not shows_frames_again(np.full(60, 0.05, np.float32))  # a still picture
