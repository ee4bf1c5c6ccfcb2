"""What speaks for each person in view as the skater: the cues and the points that they earn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.detection.boxes import Numbers, centres, extents, lengths
from pipeline.errors import ConfigError
from pipeline.settings import NotNegative, Positive, Share, ShareBelow1, settings
from pipeline.types import Timeline, Track

CUES = ("size", "motion", "posture", "centrality", "certainty")
"""What speaks for a person; each is a number from 0 to 1."""


@settings()
class MainSkaterSettings:
    """What makes a person the main skater. Assumption: the paper says nothing of it."""

    size: NotNegative = 0.05
    """Weight of being large; the largest person of a frame earns it all."""
    motion: NotNegative = 0.1
    """Weight of moving against the background."""
    posture: NotNegative = 0.25
    """Weight of opening and closing arms and legs, which no camera movement can imitate."""
    centrality: NotNegative = 0.55
    """Weight of being near the middle of the picture: the camera follows the skater."""
    certainty: NotNegative = 0.05
    """Weight of the detector's score."""
    full_speed: Positive = 1.0
    """Speed that earns all of the motion's weight, in lengths of the person a second."""
    full_change: Positive = 0.4
    """Change of the box's sides that earns all of the posture's weight, likewise."""
    window_s: Positive = 0.5
    """Both are taken over this time, so that a box that merely jitters does not seem to move."""
    clear_lead: ShareBelow1 = 0.2
    """The choice is uncertain if the next person has more than 1 minus this of the points."""
    min_presence: Share = 0.5
    """The user is warned if the skater is seen in a smaller share of the frames."""
    least_presence: Share = 0.45
    """Who is seen in a smaller share is no skater of this clip: somebody passing by, or a few false
    alarms in a row; only the user can choose them."""

    def __post_init__(self) -> None:
        weights = [getattr(self, cue) for cue in CUES]
        if not np.isclose(sum(weights), 1):
            raise ConfigError(
                f"main_skater: the weights of {', '.join(CUES)} must sum to 1, got {weights}"
            )


@dataclass(frozen=True)
class Candidate:
    """What speaks for one person, each cue as a mean over the frames where the person is seen."""

    person_id: int
    """The track's number."""
    points: float
    """The weighted sum of the cues times presence, 0 to 1: what the choice is made by."""
    presence: float
    """Share of the clip's frames in which the person is seen."""
    size: float
    """Length of the box, as a share of the largest one's in the frame."""
    motion: float
    """Speed against the background, as a share of full speed."""
    posture: float
    """Speed at which the box changes its shape, as a share of full change."""
    centrality: float
    """1 in the middle of the picture, 0 in its corner; a quarter half-way between."""
    certainty: float
    """The detector's score."""


def rank_candidates(
    tracks: Sequence[Track],
    timeline: Timeline,
    frame_size: tuple[int, int],
    settings: MainSkaterSettings | None = None,
) -> tuple[Candidate, ...]:
    """Everybody in view, by falling points.

    Args:
        tracks: All people of the clip.
        timeline: Of the same clip.
        frame_size: `(width, height)` in pixels.
        settings: See `MainSkaterSettings`.
    """
    if not tracks:
        return ()
    settings = settings or MainSkaterSettings()
    boxes = np.stack([track.boxes_xyxy for track in tracks]).astype(np.float64)  # (M, T, 4)
    seen = ~np.isnan(boxes[..., 0])  # (M, T)
    places = np.concatenate([centres(boxes), extents(boxes) / 2], axis=-1)
    rates = _rate(places, timeline.pts_s, settings.window_s)  # (M, T, 4)
    cues = {
        "size": _relative_size(boxes),
        "motion": _speed(rates[..., :2]) / lengths(boxes) / settings.full_speed,
        "posture": np.linalg.norm(rates[..., 2:], axis=-1) / lengths(boxes) / settings.full_change,
        "centrality": _centrality(boxes, frame_size),
        "certainty": np.stack([track.scores for track in tracks]).astype(np.float64),
    }
    presence = seen.mean(axis=1)
    means = {cue: _mean_where(seen, np.clip(value, 0, 1)) for cue, value in cues.items()}
    points = presence * sum(getattr(settings, cue) * means[cue] for cue in CUES)
    candidates = [
        Candidate(
            track.person_id,
            float(points[person]),
            float(presence[person]),
            **{cue: float(means[cue][person]) for cue in CUES},
        )
        for person, track in enumerate(tracks)
    ]
    return tuple(sorted(candidates, key=lambda c: (-c.points, c.person_id)))


def _mean_where(seen: NDArray[np.bool_], values: Numbers) -> Numbers:
    total = np.where(seen, np.nan_to_num(values), 0).sum(axis=1)
    return total / np.maximum(seen.sum(axis=1), 1)


def _relative_size(boxes: Numbers) -> Numbers:
    length = np.nan_to_num(lengths(boxes))  # (M, T)
    return length / np.maximum(length.max(axis=0), 1)


def _centrality(boxes: Numbers, frame_size: tuple[int, int]) -> Numbers:
    half = np.array(frame_size) / 2
    off = (centres(boxes) - half) / half  # (M, T, 2), -1..1
    return np.square(1 - np.linalg.norm(off, axis=-1) / np.sqrt(2))


def _speed(velocity: Numbers) -> Numbers:
    """Speed `(M, T)` against the background, from velocities `(M, T, 2)`.

    What most people in view do is the camera's doing, so the background moves by their median; one
    person alone is measured against the picture.
    """
    count = (~np.isnan(velocity[..., 0])).sum(axis=0)  # (T,)
    background = np.zeros(velocity.shape[1:])
    several = np.flatnonzero(count > 1)
    # NaN sorts last; `np.nanmedian` takes many times as long for so few people.
    ordered, known = np.sort(velocity[:, several], axis=0), count[several]
    frames = np.arange(len(several))
    background[several] = (ordered[(known - 1) // 2, frames] + ordered[known // 2, frames]) / 2
    return np.asarray(np.linalg.norm(velocity - background, axis=-1))


def _rate(values: Numbers, times: Numbers, window_s: float) -> Numbers:
    """Change a second `(M, T, D)` of `values` over the window around each frame.

    Where the person is not seen at an end of the window, the nearest box inside it counts; NaN
    where the window holds fewer than two.
    """
    first = np.searchsorted(times, times - window_s / 2)
    last = np.searchsorted(times, times + window_s / 2, side="right") - 1
    rate = np.full(values.shape, np.nan)
    for person, course in enumerate(values):
        seen = np.flatnonzero(~np.isnan(course[:, 0]))
        start = np.append(seen, len(times))[np.searchsorted(seen, first)]
        end = np.insert(seen, 0, -1)[np.searchsorted(seen, last, side="right")]
        known = start < end
        elapsed = times[end[known]] - times[start[known]]
        rate[person, known] = (course[end[known]] - course[start[known]]) / elapsed[:, None]
    return rate
