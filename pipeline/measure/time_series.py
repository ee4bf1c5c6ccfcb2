"""The courses that a plot or a time line shows under the picture."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from pipeline.measure.heading import Heading
from pipeline.measure.records import Span, TimeSeries
from pipeline.measure.signals import Array, Body, Mask

_CAMERA_S = 0.6
"""What takes longer than this is put down to the camera and to the skater's path over the ice."""


def time_series_of(body: Body, heading: Heading, phases: tuple[Span, ...]) -> TimeSeries:
    """Hip height, turning, confidence, phases and gaps of T frames."""
    return TimeSeries(
        times_s=body.times_s,
        hip_height=hip_height(body),
        turns=np.where(heading.gap, np.nan, heading.turns),
        confidence=np.asarray(body.scores.mean(axis=1)),
        phases=phases,
        gaps=(
            *_spans("missing", ~body.posed, body.times_s),
            *_spans("exchanged", heading.gap & body.posed, body.times_s),
        ),
    )


def hip_height(body: Body) -> Array:
    """Height of the hips' middle in body scales, upwards, without what changes slowly."""
    height = -body.hips[:, 1] / body.scale
    slow = gaussian_filter1d(height, _CAMERA_S / body.step_s, mode="nearest")
    return np.asarray(height - slow)


def _spans(name: str, where: Mask, times_s: Array) -> list[Span]:
    """Runs of True as spans that begin and end half a frame beyond them."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]])))
    half = 0.5 * float(np.median(np.diff(times_s)))
    return [
        Span(name, float(times_s[first]) - half, float(times_s[after - 1]) + half)
        for first, after in edges.reshape(-1, 2)
    ]
