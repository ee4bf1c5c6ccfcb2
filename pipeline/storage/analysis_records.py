"""From the content of an analysis' files back to its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.annotations.marked import SkaterBox
from pipeline.annotations.notes import read_notes
from pipeline.annotations.report_fields import read_report_fields
from pipeline.classification.ensemble import score_views, softmax
from pipeline.messages import Message
from pipeline.storage.messages import read_messages
from pipeline.types import (
    Analysis,
    ModelScores,
    People,
    PoseSequence,
    Provenance,
    RegionOfInterest,
    Timeline,
    Track,
    Verdict,
    VideoInfo,
    Vote,
)
from pipeline.video import MAX_SPAN_FRAMES

_MOST_BOXES = 5_000_000
"""People times frames: 300 of them through a minute at 240 frames a second."""
_LONGEST_S = 600.0
"""Of a clip; no element takes as long."""


def analysis_of(content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Analysis:
    """The analysis whose `analysis.json` and `arrays.npz` hold this.

    Raises:
        Exception: Of any kind that records and numpy raise over what is not as it should be.
    """
    timeline = _timeline(content, arrays)
    flight, chosen = content.get("flight_set_by_person"), content.get("flight_chosen_by_person")
    drawn = content.get("skater_box_by_person")
    rule, warnings = read_messages(
        str(arrays["main_rule"]), content["warnings"], content.get("messages")
    )
    provenance = {
        stage: replace(Provenance(**entry), stored=True)
        for stage, entry in content["provenance"].items()
    }
    return Analysis(
        profile=content["profile"],
        video=VideoInfo(**content["video"]),
        timeline=timeline,
        people=_people(arrays, timeline, rule),
        region=RegionOfInterest(
            np.array(content["region"]["xyxy"], dtype=np.float32), content["region"]["rule"]
        ),
        pose=PoseSequence(
            arrays["keypoints_xy"], arrays["keypoint_scores"], int(arrays["pose_stride"])
        ),
        scores={
            name: _scores(name, arrays, entry["distinct_views"])
            for name, entry in content["models"].items()
        },
        verdict=_verdict(content["verdict"], arrays),
        provenance=provenance,
        timings_s=content["timings_s"],
        warnings=warnings,
        flight_s=None
        if flight is None
        else (float(flight["takeoff_s"]), float(flight["landing_s"])),
        measured_as=content.get("measured_as_by_person"),
        notes=read_notes(content.get("notes") or []),
        report_fields=read_report_fields(content.get("report_fields") or {}),
        flight_at_s=None if chosen is None else float(chosen["at_s"]),
        skater_box=None if drawn is None else _drawn(drawn),
    )


def _timeline(content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Timeline:
    """The time line of at most a minute, of which everything else is measured and drawn."""
    index, pts_s = arrays["frame_index"], arrays["pts_s"]
    if index.ndim != 1 or not 0 < len(index) <= MAX_SPAN_FRAMES:
        raise ValueError(f"frame_index: expected 1 to {MAX_SPAN_FRAMES} frames, got {index.shape}")
    if index.dtype.kind not in "iu" or not (np.diff(index) > 0).all():
        raise ValueError("frame_index: expected whole numbers that increase")
    timeline = Timeline(index, pts_s, _origin_s(content, arrays))
    if not np.isfinite([*pts_s[[0, -1]], timeline.origin_s]).all():
        raise ValueError("pts_s: expected finite numbers")
    if pts_s[-1] - pts_s[0] > _LONGEST_S:
        raise ValueError(f"pts_s: expected a clip of at most {_LONGEST_S:g} s")
    return timeline


def _drawn(content: Mapping[str, Any]) -> SkaterBox:
    x1, y1, x2, y2 = map(float, content["xyxy"])
    return SkaterBox(content["frame_index"], (x1, y1, x2, y2))


def _origin_s(content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> float:
    """Stamp of the file's first frame; analyses of before `origin_s` was written tell it nearly."""
    if "origin_s" in content:
        return float(content["origin_s"])
    first, stamp_s = int(arrays["frame_index"][0]), float(arrays["pts_s"][0])
    if first == 0:
        return stamp_s
    video = content["video"]
    since_s = video["start_s"] if video["variable_frame_rate"] else first / video["fps"]
    return stamp_s - float(since_s)


def _scores(name: str, arrays: Mapping[str, NDArray[Any]], distinct_views: int) -> ModelScores:
    logits = arrays[f"logits_{name}"]
    exact = arrays.get(f"probabilities_{name}")
    if exact is None:  # of before they were kept; of the fused model the logits are logarithms
        exact = softmax(logits[0]) if name == "umt" else score_views(name, logits).probabilities
    features = arrays.get(f"features_{name}")  # absent before they were kept
    return ModelScores(name, logits, exact, distinct_views, features)


def _people(arrays: Mapping[str, NDArray[Any]], timeline: Timeline, rule: Message) -> People:
    T = len(timeline)
    ids = arrays["people_id"]
    order = np.argsort(ids, kind="stable")
    people, begin = np.unique(ids[order], return_index=True)
    if max(len(people) * T, len(ids)) > _MOST_BOXES:
        raise ValueError(f"{len(people)} people in {T} frames are too many")
    frame = _positions(timeline, arrays["people_frame"])
    tracks = []
    for rows in np.split(order, begin[1:]) if len(people) else ():
        boxes = np.full((T, 4), np.nan, dtype=np.float32)
        scores = np.full(T, np.nan, dtype=np.float32)
        detected = np.zeros(T, dtype=np.bool_)
        boxes[frame[rows]] = arrays["people_boxes_xyxy"][rows]
        scores[frame[rows]] = arrays["people_scores"][rows]
        detected[frame[rows]] = arrays["people_detected"][rows]
        tracks.append((rows[0], Track(int(ids[rows[0]]), boxes, scores, detected)))
    tracks.sort(key=lambda first_row: first_row[0])  # in the order of the file
    main_id = int(arrays["main_id"])
    return People(tuple(track for _, track in tracks), None if main_id < 0 else main_id, rule)


def _positions(timeline: Timeline, frames: NDArray[Any]) -> NDArray[np.int64]:
    """Places in the time line of frames of the file."""
    found = np.searchsorted(timeline.frame_index, frames)
    known = timeline.frame_index[np.minimum(found, len(timeline) - 1)] == frames
    if not known.all():
        raise ValueError("people_frame: expected frames of the clip")
    return found


def _verdict(content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Verdict:
    return Verdict(
        probabilities=arrays["verdict_probabilities"],
        class_index=content["class_index"],
        strategy=content["strategy"],
        weights=content["weights"],
        weighted=arrays["weighted_probabilities"],
        vote=Vote(**content["vote"]),
    )
