"""Shots as the pass over a video would give them, made by hand."""

from __future__ import annotations

import numpy as np

from pipeline.messages import Message
from pipeline.programme.reading import ReadShot
from pipeline.types import People, PoseSequence, Shot, Track


def read_shot(
    first: int, stop: int, *, fps: float = 25.0, stride: int = 1, complete: bool = True
) -> ReadShot:
    """One skater who stays in the picture of 320 x 240."""
    T = stop - first
    x = 100 + 0.2 * np.arange(T, dtype=np.float32)
    boxes = np.stack([x, np.full(T, 60), x + 50, np.full(T, 180)], axis=1).astype(np.float32)
    track = Track(0, boxes, np.full(T, 0.9, np.float32), np.ones(T, np.bool_))
    rng = np.random.default_rng(first)
    joints = (boxes[:, None, :2] + rng.uniform(5, 100, (T, 17, 2))).astype(np.float32)
    scores = np.full((T, 17), 0.8, np.float32)
    skipped = np.arange(T) % stride != 0
    joints[skipped], scores[skipped] = np.nan, 0.0
    people = People((track,), 0, Message.of("chosen", person=0))
    shot = Shot(first / fps, stop / fps, "skating", "cut" if first else "start")
    return ReadShot(shot, first, stop, people, PoseSequence(joints, scores, stride), complete)
