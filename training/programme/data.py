"""Programmes of the simulated rink without pictures: features and truth for the temporal network.

    sample = shown_stretch(read_programme(file), 20.0, rng, EstimatorNoise())
    sample.features, sample.classes, sample.moments

Every shot has a camera of its own, and the skeletons the errors of an estimator, as the clips of
`training.rink.skeletons` have, besides those of `training.programme.filming`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.measure.signals import read_body
from pipeline.programme.features import sample_times_s, skeleton_features
from pipeline.programme.frame_classes import (
    ENTRY_S,
    FRAME_CLASSES,
    MOMENTS,
    RUN_OUT_S,
    position_class,
)
from pipeline.types import FloatArray, IntArray, PoseSequence
from training.programme.filming import FRAME_RATES, filmed, shot_lengths
from training.programme.off_ice import off_ice_motion
from training.programme.stored import StoredProgramme
from training.rink.camera import draw_camera, draw_size
from training.rink.performance import (
    SIMULATION_HZ,
    SUPPORT_AIR,
    Motion,
    ProgramElement,
)
from training.rink.skeletons import EstimatorNoise

_OFF_ICE = 0.12
"""Share of what is shown in which nobody skates at all."""
_MOMENT_S = 0.04
"""Standard deviation of a moment's target: one frame of 25 a second."""


@dataclass(frozen=True, kw_only=True)
class ProgrammeSample:
    """One shot of a programme, N samples at `pipeline.programme.features.RATE_HZ`."""

    features: FloatArray
    """`(N, F)`."""
    classes: IntArray
    """`(N,)` places in `FRAME_CLASSES`."""
    moments: FloatArray
    """`(N, 2)` for `MOMENTS`: 1 at the moment, falling to 0 within three samples."""
    times_s: NDArray[np.float64]
    """`(N,)` seconds of the programme."""


@dataclass(frozen=True, kw_only=True)
class ShownProgramme:
    """One programme as one team of cameras showed it."""

    shots: tuple[ProgrammeSample, ...]
    """What is seen from one cut to the next."""
    elements: tuple[ProgramElement, ...]
    """Its truth."""
    duration_s: float
    """Of the whole programme."""


def shown_programme(
    programme: StoredProgramme, rng: np.random.Generator, noise: EstimatorNoise
) -> ShownProgramme:
    """All of a programme, cut into shots."""
    motion = programme.motion
    size, fps = draw_size(rng), FRAME_RATES[rng.integers(len(FRAME_RATES))]
    cuts = np.minimum(shot_lengths(rng, motion.duration_s).cumsum(), motion.duration_s)
    shots = [
        _shot(programme, span, rng, size=size, fps=fps, noise=noise)
        for span in pairwise([0.0, *cuts.tolist()])
    ]
    return ShownProgramme(
        shots=tuple(shot for shot in shots if shot is not None),
        elements=programme.elements,
        duration_s=motion.duration_s,
    )


def shown_stretch(
    programme: StoredProgramme, seconds: float, rng: np.random.Generator, noise: EstimatorNoise
) -> ProgrammeSample | None:
    """Some seconds of a programme before one camera, or of somebody off the ice.

    None where the skeletons are too poor to learn from.
    """
    size, fps = draw_size(rng), FRAME_RATES[rng.integers(len(FRAME_RATES))]
    if rng.random() < _OFF_ICE:
        programme = StoredProgramme(off_ice_motion(rng, seconds + 0.1), ())
    start_s = float(rng.uniform(0.0, max(programme.motion.duration_s - seconds, 0.0)))
    span_s = (start_s, min(start_s + seconds, programme.motion.duration_s))
    return _shot(programme, span_s, rng, size=size, fps=fps, noise=noise)


def _shot(
    programme: StoredProgramme,
    span_s: tuple[float, float],
    rng: np.random.Generator,
    *,
    size: tuple[int, int],
    fps: Fraction,
    noise: EstimatorNoise,
) -> ProgrammeSample | None:
    """What is seen from one cut to the next; None where that is too short for a body."""
    motion = programme.motion
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
    in_air = support[np.minimum((times * SIMULATION_HZ).astype(int), len(support) - 1)]
    keypoints, scores = filmed(
        rng, xy, noise, size=size, fps=float(fps), in_air=in_air == SUPPORT_AIR
    )
    body = read_body(PoseSequence(keypoints, scores), times)
    if body is None:
        return None
    at = sample_times_s(body) + part.start / SIMULATION_HZ
    return ProgrammeSample(
        features=skeleton_features(body),
        classes=frame_classes(programme.elements, at),
        moments=moment_targets(programme.elements, at),
        times_s=at,
    )


def frame_classes(elements: Sequence[ProgramElement], times_s: NDArray[np.float64]) -> IntArray:
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


def moment_targets(elements: Sequence[ProgramElement], times_s: NDArray[np.float64]) -> FloatArray:
    """How near every sample is to a take-off, and to a landing, `(N, 2)`."""
    targets = np.zeros((len(times_s), len(MOMENTS)), np.float32)
    for element in elements:
        for column, moment_s in enumerate((element.takeoff_s, element.landing_s)):
            if np.isfinite(moment_s):
                near = np.exp(-0.5 * ((times_s - moment_s) / _MOMENT_S) ** 2)
                targets[:, column] = np.maximum(targets[:, column], near)
    return targets
