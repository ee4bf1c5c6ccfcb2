"""Programmes of the simulated rink without pictures: features and truth for the temporal network.

    for programme in random_programmes(7):
        programme.features, programme.classes, programme.moments

Every shot has a camera of its own, and the skeletons the errors of an estimator, as the clips of
`training.rink.skeletons` have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, pairwise

import numpy as np

from pipeline.measure.signals import read_body
from pipeline.programme.features import RATE_HZ, sample_times_s, skeleton_features
from pipeline.programme.frame_classes import (
    ENTRY_S,
    FRAME_CLASSES,
    MOMENTS,
    RUN_OUT_S,
    position_class,
)
from pipeline.types import FloatArray, IntArray, PoseSequence
from training.rink.camera import draw_camera, draw_size
from training.rink.motion import program
from training.rink.performance import (
    SIMULATION_HZ,
    SUPPORT_AIR,
    Motion,
    Program,
    ProgramElement,
)
from training.rink.scene import draw_fps
from training.rink.skeletons import EstimatorNoise, disturbed, joint_boxes

STREAM = 5
"""Second number of these programmes' seeds; 4 are those with pictures."""

_SHOTS_S = (5.0, 40.0)
_MINUTES = (1.0, 4.5)
_MOMENT_S = 0.04
"""Standard deviation of a moment's target: one frame of 25 a second."""


@dataclass(frozen=True, kw_only=True)
class ProgrammeSample:
    """One shot of a programme, N samples at `RATE_HZ`."""

    features: FloatArray
    """`(N, F)`."""
    classes: IntArray
    """`(N,)` places in `FRAME_CLASSES`."""
    moments: FloatArray
    """`(N, 2)` for `MOMENTS`: 1 at the moment, falling to 0 within three samples."""
    times_s: np.ndarray
    """`(N,)` seconds of the programme."""


def random_programmes(
    seed: int,
    *,
    noise: EstimatorNoise = EstimatorNoise(),  # noqa: B008 - frozen
) -> Iterator[list[ProgrammeSample]]:
    """The shots of one programme after the other, for ever.

    Args:
        seed: Below 100,000 for training, 100,000 to 199,999 for validation.
        noise: Of the pose estimator.
    """
    for number in count():
        yield list(programme_samples((seed, STREAM, number), noise=noise))


def programme_samples(
    seed: Sequence[int],
    *,
    noise: EstimatorNoise = EstimatorNoise(),  # noqa: B008 - frozen
) -> Iterator[ProgrammeSample]:
    """The shots of one programme."""
    rng = np.random.default_rng(seed)
    motion = program(rng, float(rng.uniform(*_MINUTES)))
    size, fps = draw_size(rng), draw_fps(rng)
    cuts = [0.0]
    while cuts[-1] < motion.duration_s:
        cuts.append(cuts[-1] + float(rng.uniform(*_SHOTS_S)))
    cuts[-1] = motion.duration_s
    for start_s, stop_s in pairwise(cuts):
        sample = _shot(motion, (start_s, stop_s), rng, size=size, fps=fps, noise=noise)
        if sample is not None:
            yield sample


def _shot(
    motion: Program,
    span_s: tuple[float, float],
    rng: np.random.Generator,
    *,
    size: tuple[int, int],
    fps: Fraction,
    noise: EstimatorNoise,
) -> ProgrammeSample | None:
    """What is seen from one cut to the next; None where that is too short for a body."""
    part = slice(int(span_s[0] * SIMULATION_HZ), int(span_s[1] * SIMULATION_HZ) + 2)
    joints, support = motion.joints[part], motion.support[part]
    if len(joints) < SIMULATION_HZ:
        return None
    shown = Motion(
        times_s=np.arange(len(joints)) / SIMULATION_HZ,
        joints=joints,
        support=support,
        body=motion.body,
    )
    times = np.arange(int(shown.duration_s * fps)) * float(1 / fps)
    xy, _ = draw_camera(rng, shown, size).at(times).project(shown.at(times))
    boxes = joint_boxes(xy)
    in_air = support[np.minimum((times * SIMULATION_HZ).astype(int), len(support) - 1)]
    keypoints, scores = disturbed(
        rng, xy[:, :17], noise, boxes=boxes, in_air=in_air == SUPPORT_AIR, fps=float(fps)
    )
    body = read_body(PoseSequence(keypoints, scores), times)
    if body is None:
        return None
    at = sample_times_s(body) + part.start / SIMULATION_HZ
    return ProgrammeSample(
        features=skeleton_features(body),
        classes=frame_classes(motion.elements, at),
        moments=moment_targets(motion.elements, at),
        times_s=at,
    )


def frame_classes(elements: Sequence[ProgramElement], times_s: np.ndarray) -> IntArray:
    """The class of every moment, `(N,)`."""
    classes = np.zeros(len(times_s), np.int64)

    def put(name: str, start_s: float, end_s: float) -> None:
        classes[(times_s >= start_s) & (times_s < end_s)] = FRAME_CLASSES.index(name)

    for element in elements:
        if element.label == "Sequence":
            put("sequence", element.start_s, element.end_s)
        elif element.positions:
            put("changing", element.start_s, element.end_s)
            for label, start_s, end_s in element.positions:
                put(position_class(label), start_s, end_s)
        else:
            put("entry", element.takeoff_s - ENTRY_S, element.takeoff_s)
            put("landing", element.landing_s, element.landing_s + RUN_OUT_S)
    for element in elements:  # last, since an entry may begin in the landing before
        if np.isfinite(element.takeoff_s):
            put("air", element.takeoff_s, element.landing_s)
    return classes


def moment_targets(elements: Sequence[ProgramElement], times_s: np.ndarray) -> FloatArray:
    """How near every sample is to a take-off, and to a landing, `(N, 2)`."""
    targets = np.zeros((len(times_s), len(MOMENTS)), np.float32)
    for element in elements:
        for column, moment_s in enumerate((element.takeoff_s, element.landing_s)):
            if np.isfinite(moment_s):
                near = np.exp(-0.5 * ((times_s - moment_s) / _MOMENT_S) ** 2)
                targets[:, column] = np.maximum(targets[:, column], near)
    return targets


__all__ = ["RATE_HZ", "ProgrammeSample", "programme_samples", "random_programmes"]
