"""Simulated rinks: people who move, a camera that pans, a detector that jitters and misses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.detection.boxes import pairwise_iou
from pipeline.types import Detections, Timeline, Track

FRAME_SIZE = (1280, 720)
FPS = 25.0

Path = Callable[[np.ndarray], np.ndarray]
"""Time (T,) in seconds -> coordinate (T,) in pixels of a picture as wide as the rink."""


@dataclass(frozen=True)
class Person:
    """Somebody on the rink."""

    x: Path
    y: Path
    height: float
    posture: float = 0.0
    """How much the width changes, as a share of the height."""
    phase: float = 0.0


@dataclass(frozen=True)
class Scene:
    """What the camera saw."""

    timeline: Timeline
    truth: np.ndarray  # (M, T, 4), NaN outside the picture
    detections: Detections

    def track_of(self, person: int, tracks: tuple[Track, ...]) -> Track:
        """The track that lies on a person in most frames."""
        return max(tracks, key=lambda track: self.agreement(person, track))

    def agreement(self, person: int, track: Track) -> float:
        """Share of the frames in which a person is in the picture and the track lies on him."""
        there = ~np.isnan(self.truth[person, :, 0])
        found = there & ~np.isnan(track.boxes_xyxy[:, 0])
        pairs = zip(self.truth[person, found], track.boxes_xyxy[found], strict=True)
        right = sum(pairwise_iou(a[None], b[None])[0, 0] > 0.4 for a, b in pairs)
        return float(right / max(int(there.sum()), 1))


def film(
    people: list[Person],
    *,
    pan: Path = np.zeros_like,
    seconds: float = 4.0,
    every: int = 1,
    miss: float = 0.0,
    jitter: float = 0.01,
    seed: int = 0,
) -> Scene:
    """Show the people through a camera that looks at `pan`, and detect them on every n-th frame.

    Later people stand in front: who is covered by two thirds is not detected.
    """
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * FPS)) / FPS
    truth = np.stack([_boxes(person, times, pan) for person in people])  # (M, T, 4)
    frames, boxes, scores = [], [], []
    for t in range(0, len(times), every):
        for m in range(len(people)):
            if np.isnan(truth[m, t, 0]) or _covered(truth[:, t], m) or rng.random() < miss:
                continue
            noise = rng.normal(0, jitter * people[m].height, 4)
            frames.append(t)
            boxes.append(truth[m, t] + noise)
            scores.append(rng.uniform(0.6, 0.95))
    detections = Detections(
        num_frames=len(times),
        key_frames=np.arange(0, len(times), every),
        frame=np.array(frames, dtype=np.int64),
        boxes_xyxy=np.array(boxes, dtype=np.float32).reshape(-1, 4),
        scores=np.array(scores, dtype=np.float32),
    )
    return Scene(Timeline(np.arange(len(times)), times), truth, detections)


def _boxes(person: Person, times: np.ndarray, pan: Path) -> np.ndarray:
    width, height = FRAME_SIZE
    half_w = person.height * (
        0.2 + 0.5 * person.posture * (1 + np.sin(2 * np.pi * (0.7 * times + person.phase)))
    )
    x, y = person.x(times) - pan(times), person.y(times)
    boxes = np.stack([x - half_w, y - person.height / 2, x + half_w, y + person.height / 2], axis=1)
    inside = (x > 0) & (x < width) & (y > 0) & (y < height)
    boxes = np.clip(boxes, 0, [width, height, width, height])
    boxes[~inside] = np.nan
    return boxes


def _covered(boxes: np.ndarray, person: int) -> bool:
    in_front = boxes[person + 1 :]
    in_front = in_front[~np.isnan(in_front[:, 0])]
    if not len(in_front):
        return False
    own = boxes[person]
    overlap = np.clip(
        np.minimum(own[2:], in_front[:, 2:]) - np.maximum(own[:2], in_front[:, :2]), 0, None
    )
    area = (own[2:] - own[:2]).prod()
    return bool((overlap.prod(axis=1) > 2 / 3 * area).any())


def at(value: float) -> Path:
    """Somebody who stays where he is."""
    return lambda times: np.full_like(times, value)


def moving(start: float, speed: float) -> Path:
    """Steady motion, pixels a second."""
    return lambda times: start + speed * times


def swinging(middle: float, reach: float, period_s: float) -> Path:
    """To and fro."""
    return lambda times: middle + reach * np.sin(2 * np.pi * times / period_s)


def skater(x: Path, y: Path, height: float, phase: float = 0.0) -> Person:
    """Somebody who skates: arms and legs open and close."""
    return Person(x, y, height, posture=0.2, phase=phase)


def audience(count: int, *, spacing: float = 110.0, y: float = 120.0) -> list[Person]:
    """A row of people who sit still."""
    return [
        Person(at(60 + spacing * i + 37 * (i % 4)), at(y + 25 * (i % 3)), 60.0)
        for i in range(count)
    ]
