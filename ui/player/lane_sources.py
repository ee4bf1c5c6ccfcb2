"""The lanes of an analysis: element, every network's top class, and how sure the skeleton is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.classification.ensemble import softmax
from pipeline.classification.sampling import temporal_indices
from pipeline.classification.views import VideoModelSettings
from pipeline.config import load_shipped_profile
from pipeline.drawing.skeleton import pose_at
from pipeline.errors import ConfigError
from pipeline.types import Analysis, ModelScores, PoseSequence, Timeline
from ui.language.names import class_name, display_name
from ui.player.lanes import Lane, Span, SpanLane, Tone, ValueLane
from ui.player.words import say

Source = Callable[[Analysis], Sequence[Lane]]
"""Makes lanes from a finished analysis; an empty sequence where it has nothing to say."""


@dataclass(frozen=True)
class Clock:
    """When each frame is shown, and when the last one gives way."""

    timeline: Timeline
    until_s: float

    @staticmethod
    def of(analysis: Analysis) -> Clock:
        """The last frame lasts as long as the one before."""
        pts_s = analysis.timeline.pts_s
        last = pts_s[-1] - pts_s[-2] if len(pts_s) > 1 else 1 / analysis.video.fps
        return Clock(analysis.timeline, float(pts_s[-1] + last))

    def end_of(self, frame: int) -> float:
        """When a frame gives way to the next."""
        pts_s = self.timeline.pts_s
        return float(pts_s[frame + 1]) if frame + 1 < len(pts_s) else self.until_s


def element_lane(analysis: Analysis) -> Sequence[Lane]:
    """The verdict over the whole span."""
    verdict, clock = analysis.verdict, Clock.of(analysis)
    span = Span(
        float(analysis.timeline.pts_s[0]),
        clock.until_s,
        f"{class_name(verdict.class_index)} {verdict.probability:.0%}",
        "verdict",
        note=say(
            "lane_verdict_note",
            strategy=display_name(verdict.strategy),
            margin=f"{100 * verdict.margin:.0f}",
        ),
    )
    return [SpanLane("element", say("lane_element"), (span,), note=say("lane_element_note"))]


def model_lanes(analysis: Analysis) -> Sequence[Lane]:
    """A lane a network, for those that have answered."""
    return model_lanes_of(analysis.scores, Clock.of(analysis), profile=analysis.profile)


def model_lanes_of(
    scores: Mapping[str, ModelScores], clock: Clock, *, profile: str
) -> Sequence[SpanLane]:
    """What each network says of each time view, where the profile tells which frames it saw."""
    settings = _video_models(profile)
    lanes = []
    for name, score in scores.items():
        if name == "umt":  # its networks have lanes of their own
            continue
        spans = _spans(score, settings.get(name), clock)
        note = say("lane_model_note")
        lanes.append(SpanLane(f"model-{name}", display_name(name), spans, note=note))
    return lanes


def pose_lane(analysis: Analysis) -> Sequence[Lane]:
    """How sure the skeleton is, and where there is none."""
    origin = analysis.provenance.get("pose")
    trained = origin is None or origin.status != "untrained"
    return [pose_lane_of(analysis.pose, Clock.of(analysis), trained=trained)]


def pose_lane_of(pose: PoseSequence, clock: Clock, *, trained: bool = True) -> ValueLane:
    """Mean score of the 17 joints; stretches without a skeleton are gaps."""
    T = len(clock.timeline)
    score = np.array([pose_at(pose, t)[1].mean() for t in range(T)], dtype=np.float64)
    known = np.array([bool(np.isfinite(pose_at(pose, t)[0]).all()) for t in range(T)])
    score[~known] = np.nan
    gaps = tuple(
        Span(float(clock.timeline.pts_s[first]), clock.end_of(last), say("no_skeleton"), "gap")
        for first, last in _runs(~known)
    )
    note = say("lane_pose_note" if trained else "lane_pose_untrained")
    return ValueLane(
        "pose", say("lane_pose"), "", clock.timeline.pts_s, score, bounds=(0.0, 1.0), spans=gaps,
        note=note,
    )  # fmt: skip


SOURCES: list[Source] = [element_lane, model_lanes, pose_lane]
"""In the order of the lanes, from the top."""


def lanes_of(analysis: Analysis) -> list[Lane]:
    """Every source's lanes."""
    return [lane for source in SOURCES for lane in source(analysis)]


def _video_models(profile: str) -> dict[str, VideoModelSettings]:
    try:
        return {model.name: model for model in load_shipped_profile(profile).video_models}
    except ConfigError:  # a report of a profile that this version does not know
        return {}


def _spans(
    score: ModelScores, settings: VideoModelSettings | None, clock: Clock
) -> tuple[Span, ...]:
    tone = _TONES.get(score.model, "plain")
    T = len(clock.timeline)
    views = 1 if settings is None else settings.temporal_views
    if settings is None or len(score.logits) % views or views == 1:
        frames = np.arange(0)
        if settings is not None:
            frames = temporal_indices(T, settings.num_frames, 1)[0]
        return (_span(score.probabilities, frames, clock, tone),)
    logits = score.logits.reshape(views, -1, score.logits.shape[1]).mean(axis=1)  # (views, 28)
    frames_of = temporal_indices(T, settings.num_frames, views)
    probabilities = [softmax(row) for row in logits]
    if len({int(p.argmax()) for p in probabilities}) == 1:
        seen = np.unique(frames_of)
        return (
            _span(score.probabilities, seen, clock, tone, note=say("lane_all_views", views=views)),
        )
    return tuple(
        _span(p, frames, clock, tone, note=say("lane_view", view=row + 1, views=views), row=row)
        for row, (p, frames) in enumerate(zip(probabilities, frames_of, strict=True))
    )


_TONES: dict[str, Tone] = {
    "umt_16x96": "umt-small", "umt_16x224": "umt-small",
    "umt_16x128": "umt-large", "umt_16x448": "umt-large",
    "umt_32x96": "umt-long", "umt_32x224": "umt-long",
    "uniformerv2": "uniformerv2", "infogcn": "infogcn",
}  # fmt: skip
"""Each network's own; the Unmasked Teachers differ in lightness too (`ui.views.plots.COLOURS`)."""


def _span(
    probabilities: NDArray[np.float64],
    frames: NDArray[np.int64],
    clock: Clock,
    tone: Tone,
    *,
    note: str = "",
    row: int = 0,
) -> Span:
    best = int(probabilities.argmax())
    pts_s = clock.timeline.pts_s
    first, last = (int(frames[0]), int(frames[-1])) if len(frames) else (0, len(pts_s) - 1)
    return Span(
        float(pts_s[first]),
        clock.end_of(last),
        f"{class_name(best)} {probabilities[best]:.0%}",
        tone,
        note=note,
        row=row,
        ticks_s=tuple(float(pts_s[f]) for f in np.unique(frames)),
        strength=float(probabilities[best]),
    )


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last position of every stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2)]
