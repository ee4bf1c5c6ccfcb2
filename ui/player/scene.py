"""Everything the browser draws over the picture, as one JSON object; see `docs/review.md`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.drawing.annotate import DrawStyle
from pipeline.drawing.skeleton import SKELETON_LINES, pose_at
from pipeline.types import Analysis, People, PoseSequence, Timeline, Track
from ui.language.tables import spoken
from ui.player.clips import Clip
from ui.player.lane_sources import Clock, lanes_of, model_lanes_of, pose_lane_of
from ui.player.lanes import Lane, lane_json
from ui.player.stills import CHUNK
from ui.player.words import words_for
from ui.runs import Run

PARTS: dict[str, Callable[[Analysis], Any]] = {}
"""What others add to the scene of a finished analysis, by name."""

STYLE = DrawStyle()
"""The colours are those of `overlay.mp4`."""


def scene_json(clip: Clip, run: Run | None) -> dict[str, Any]:
    """The scene of a clip: its clock, where its pictures are, and what a run knows so far."""
    info, timeline = clip.video.info, clip.timeline
    return {
        "token": clip.token,
        "width": info.width,
        "height": info.height,
        "pts": np.round(timeline.pts_s, 7).tolist(),
        "until": clip.video.until_s,
        "origin": clip.video.origin_s,
        "plays": clip.plays,
        "turned": info.rotation != 0,
        "stills": {"table": clip.table, "chunk": CHUNK, "size": list(clip.stills.size)},
        "lines": [[list(start), list(end), side] for start, end, side in SKELETON_LINES],
        "colours": {
            name: "#{:02x}{:02x}{:02x}".format(*getattr(STYLE, name))
            for name in ("skater", "others", "region", "left", "right", "middle")
        },
        "language": spoken(),
        "words": words_for(spoken()),
        "run": None if run is None else run.run_id,
        # In blind mode no other analysis is begun before the call, nor beside one that is going.
        "markable": run is None or not (run.hidden or run.going),
        "span": None if run is None else _ends(span_of(run, clip)),
        # In blind mode the visitor's own call comes first.
        **(_nothing() if run is None or run.hidden else _known(run, clip)),
    }


def span_of(run: Run, clip: Clip) -> slice:
    """Which frames of the file a run is about; what it found is counted from the first of them."""
    if run.analysis is not None:
        return clip.places(run.analysis.timeline)
    asked = run.asked
    return clip.places_between(getattr(asked, "start_s", None), getattr(asked, "end_s", None))


def _ends(span: slice) -> list[int] | None:
    """First and last frame; None where there are none."""
    return [span.start, span.stop - 1] if span.stop > span.start else None


def _nothing() -> dict[str, Any]:
    return {"people": [], "main": None, "region": None, "pose": None, "lanes": [], "done": False}


def _known(run: Run, clip: Clip) -> dict[str, Any]:
    """What a run has found out by now."""
    analysis = run.analysis
    if analysis is None:
        people, pose, region = run.people, run.pose, None
        trained = True
    else:
        people, pose, region = analysis.people, analysis.pose, analysis.region
        origin = analysis.provenance.get("pose")
        trained = origin is None or origin.status != "untrained"
    span = span_of(run, clip)
    fits = span.stop - span.start
    return {
        "people": _people(people, fits),
        "main": None if people is None else people.main_id,
        "region": None if region is None else [float(v) for v in region.xyxy],
        "pose": _pose(pose, fits, trained=trained),
        "lanes": [lane_json(lane) for lane in _lanes(run, clip, span)],
        "done": analysis is not None,
        **{name: None if analysis is None else part(analysis) for name, part in PARTS.items()},
    }


def _lanes(run: Run, clip: Clip, span: slice) -> list[Lane]:
    if run.analysis is not None:
        return lanes_of(run.analysis)
    if span.stop <= span.start:
        return []
    clock = Clock(_cut(clip.timeline, span), _until(clip, span))
    lanes: list[Lane] = list(model_lanes_of(run.scores, clock, profile=""))
    if run.pose is not None and len(run.pose.scores) == span.stop - span.start:
        lanes.append(pose_lane_of(run.pose, clock))
    return lanes


def _cut(whole: Timeline, span: slice) -> Timeline:
    return Timeline(whole.frame_index[span], whole.pts_s[span], whole.origin_s)


def _until(clip: Clip, span: slice) -> float:
    pts_s = clip.timeline.pts_s
    return float(pts_s[span.stop]) if span.stop < len(pts_s) else clip.video.until_s


def _people(people: People | None, num_frames: int) -> list[dict[str, Any]]:
    tracks: tuple[Track, ...] = () if people is None else people.tracks
    return [
        {
            "id": track.person_id,
            "boxes": _rows(track.boxes_xyxy, 1),
            "scores": _rows(track.scores[:, None], 3),
        }
        for track in tracks
        if len(track.boxes_xyxy) == num_frames
    ]


def _pose(pose: PoseSequence | None, num_frames: int, *, trained: bool) -> dict[str, Any] | None:
    if pose is None or len(pose.scores) != num_frames:
        return None
    frames = [pose_at(pose, t) for t in range(num_frames)]
    joints = np.stack([xy for xy, _ in frames]).reshape(num_frames, -1)
    scores = np.stack([score for _, score in frames])
    return {"joints": _rows(joints, 1), "scores": _rows(scores, 3), "trained": trained}


def _rows(values: NDArray[np.floating[Any]], digits: int) -> list[list[float] | None]:
    """Rows of numbers; None where a row holds a NaN: nothing is known there."""
    rounded = np.round(values.astype(np.float64), digits)
    known: NDArray[np.bool_] = np.isfinite(rounded).min(axis=1)
    return [row if k else None for row, k in zip(rounded.tolist(), known, strict=True)]
