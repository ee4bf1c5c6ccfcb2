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


def analysis_of(content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Analysis:
    """The analysis whose `analysis.json` and `arrays.npz` hold this.

    Raises:
        Exception: Of any kind that records and numpy raise over what is not as it should be.
    """
    timeline = Timeline(arrays["frame_index"], arrays["pts_s"], _origin_s(content, arrays))
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
    return ModelScores(name, logits, exact, distinct_views)


def _people(arrays: Mapping[str, NDArray[Any]], timeline: Timeline, rule: Message) -> People:
    T = len(timeline)
    position = {int(index): t for t, index in enumerate(timeline.frame_index)}
    frame = np.array([position[int(index)] for index in arrays["people_frame"]], dtype=np.int64)
    tracks = []
    for person_id in dict.fromkeys(arrays["people_id"].tolist()):
        rows = arrays["people_id"] == person_id
        boxes = np.full((T, 4), np.nan, dtype=np.float32)
        scores = np.full(T, np.nan, dtype=np.float32)
        detected = np.zeros(T, dtype=np.bool_)
        boxes[frame[rows]] = arrays["people_boxes_xyxy"][rows]
        scores[frame[rows]] = arrays["people_scores"][rows]
        detected[frame[rows]] = arrays["people_detected"][rows]
        tracks.append(Track(person_id, boxes, scores, detected))
    main_id = int(arrays["main_id"])
    return People(tuple(tracks), None if main_id < 0 else main_id, rule)


def _verdict(content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Verdict:
    return Verdict(
        probabilities=arrays["verdict_probabilities"],
        class_index=content["class_index"],
        strategy=content["strategy"],
        weights=content["weights"],
        weighted=arrays["weighted_probabilities"],
        vote=Vote(**content["vote"]),
    )
