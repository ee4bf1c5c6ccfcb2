"""Skeletons of one shot to what the temporal network says of every moment."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from models.temporal import TemporalNetwork
from pipeline.measure.signals import Body
from pipeline.measure.time_series import hip_height
from pipeline.programme.features import (
    RATE_HZ,
    flipped,
    sample_times_s,
    since_pose,
    skeleton_features,
)
from pipeline.programme.frame_classes import FRAME_CLASSES
from pipeline.types import FloatArray
from pipeline.types.programme import FrameScores

_UNSEEN_S = 0.6
"""In a longer gap without any pose nothing can be said."""
_BELIEVED, _OVER_S = 0.3, 1.0
"""Least mean score of the joints over so long: below it the pose network sees no person in the box
(the rink's skaters have 0.8, in the worst second 0.5)."""


def score_frames(network: TemporalNetwork, body: Body, origin_s: float) -> FrameScores:
    """Scores at 25 samples a second, whatever the frame rate.

    The skeleton is scored as it is and mirrored, and both scores averaged.

    Args:
        network: In eval mode.
        body: The skater in one shot.
        origin_s: Of the file's first frame, on the clock of `body.times_s`.
    """
    features = skeleton_features(body)
    probabilities, moments = scored(network, features)
    times = sample_times_s(body)
    unseen = (since_pose(body, times) > _UNSEEN_S) | (_usual_score(body, times) < _BELIEVED)
    probabilities[unseen] = 0.0
    probabilities[unseen, FRAME_CLASSES.index("other")] = 1.0
    moments[unseen] = 0.0
    return FrameScores(
        times_s=times - origin_s,
        probabilities=probabilities,
        moments=moments,
        hip_height=np.interp(times, body.times_s, hip_height(body)).astype(np.float32),
    )


def _usual_score(body: Body, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean score of the joints around every moment, `(N,)`."""
    posed = body.posed
    scores = np.interp(times, body.times_s[posed], body.scores[posed].mean(axis=1))
    return np.asarray(uniform_filter1d(scores, round(_OVER_S * RATE_HZ), mode="nearest"))


@torch.inference_mode()
def scored(network: TemporalNetwork, features: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Features `(N, F)` to probabilities `(N, K)` and moments `(N, 2)`."""
    device = next(network.parameters()).device
    both = torch.from_numpy(np.stack([features, flipped(features)])).to(device)
    classes, moments = network(both)[-1]
    probabilities = classes.float().softmax(dim=2).mean(dim=0)
    return probabilities.cpu().numpy(), moments.float().sigmoid().mean(dim=0).cpu().numpy()
