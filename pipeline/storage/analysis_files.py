"""Analyses on disk: `analysis.json`, `arrays.npz`, `scores.csv`, `measurements.json`, all or none.

The layout is schema version 1 of `docs/formats.md`; `load` gives back what `save` was given, with
`stored` set in the provenance.
"""

from __future__ import annotations

import csv
import json
import struct
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import __version__
from pipeline.annotations.notes import notes_as_list
from pipeline.classification.ensemble import vote_shares
from pipeline.elements import LABELS
from pipeline.errors import StoreError
from pipeline.measure.files import FILE as MEASUREMENTS
from pipeline.measure.files import measurements_as_dict
from pipeline.measure.measure import measure_analysis
from pipeline.storage.analysis_records import analysis_of
from pipeline.storage.field_kinds import WrongField
from pipeline.storage.messages import messages_as_dict
from pipeline.storage.output_folder import new_folder
from pipeline.storage.outside_files import Limits, read_arrays, read_json
from pipeline.storage.schema import check_fields
from pipeline.types import (
    Analysis,
    VideoInfo,
)
from pipeline.verdict.calibrated import calibrated_verdict
from pipeline.verdict.evidence import evidence_of
from pipeline.verdict.files import calibrated_as_dict, evidence_as_dict

SCHEMA_VERSION = 1

ARRAYS = Limits(unpacked_bytes=256 * 2**20, members=256)
"""Of `arrays.npz`: a minute at 240 frames a second, with everybody in view, takes a tenth of it."""
_JSON_BYTES, _JSON_VALUES = 2 * 2**20, 20_000
"""Of `analysis.json`: it takes about 4 KB; with all notes that may be, a tenth of these."""

UNREADABLE = (
    *(OSError, RuntimeError, ValueError, TypeError, AttributeError, LookupError, EOFError),
    *(MemoryError, struct.error, zipfile.BadZipFile, zlib.error),
)
"""What numpy, zipfile and our own records raise over bytes that are not what they should be."""


def analysis_as_dict(analysis: Analysis) -> dict[str, Any]:
    """The content of `analysis.json`."""
    verdict, calibrated = analysis.verdict, calibrated_verdict(analysis)
    of_skeleton = verdict.strategy == "refined"
    return {
        "schema_version": SCHEMA_VERSION,
        "rinkside_version": __version__,
        "profile": analysis.profile,
        "video": video_as_dict(analysis.video),
        "origin_s": analysis.timeline.origin_s,
        "region": {"xyxy": analysis.region.xyxy.tolist(), "rule": analysis.region.rule},
        "models": {
            name: {
                "label": scores.label,
                "probability": scores.probability,
                "views": len(scores.logits),
                "distinct_views": scores.distinct_views,
            }
            for name, scores in analysis.scores.items()
        },
        "verdict": {
            "label": verdict.label,
            "class_index": verdict.class_index,
            "probability": verdict.probability,
            "margin": verdict.margin,
            "strategy": verdict.strategy,
            "weights": dict(verdict.weights),
            "vote": {
                "label": verdict.vote.label,
                "votes": dict(verdict.vote.votes),
                "tie_broken_by": verdict.vote.tie_broken_by,
            },
        },
        "provenance": {stage: asdict(p) for stage, p in analysis.provenance.items()},
        "timings_s": dict(analysis.timings_s),
        "warnings": [str(message) for message in analysis.warnings],
        "messages": messages_as_dict(analysis.people.rule, analysis.warnings),
        "calibrated": None if calibrated is None else calibrated_as_dict(calibrated),
        **({"evidence": evidence_as_dict(evidence_of(analysis))} if of_skeleton else {}),
        **_set_by_person(analysis),
    }


def _set_by_person(analysis: Analysis) -> dict[str, Any]:
    """Only what a person decided: everything else follows from skeleton and verdict."""
    found: dict[str, Any] = {}
    if analysis.flight_s is not None:
        takeoff_s, landing_s = analysis.flight_s
        found["flight_set_by_person"] = {"takeoff_s": takeoff_s, "landing_s": landing_s}
    if analysis.measured_as is not None:
        found["measured_as_by_person"] = analysis.measured_as
    if analysis.notes:
        found["notes"] = notes_as_list(analysis.notes)
    if analysis.skater_box is not None:
        found["skater_box_by_person"] = {
            "frame_index": analysis.skater_box.frame,
            "xyxy": list(analysis.skater_box.xyxy),
        }
    if written := analysis.report_fields.filled():
        found["report_fields"] = written
    if analysis.flight_at_s is not None:
        found["flight_chosen_by_person"] = {"at_s": analysis.flight_at_s}
    return found


def video_as_dict(video: VideoInfo) -> dict[str, Any]:
    """A video's record, without what only few videos have, where this one does not."""
    return {name: value for name, value in asdict(video).items() if value is not None}


def analysis_arrays(analysis: Analysis) -> dict[str, NDArray[Any]]:
    """The content of `arrays.npz`."""
    T = len(analysis.timeline)
    main = analysis.people.main
    frame_index = analysis.timeline.frame_index
    present = [~np.isnan(track.boxes_xyxy[:, 0]) for track in analysis.people.tracks]
    tracks = list(zip(analysis.people.tracks, present, strict=True))
    return {
        "frame_index": frame_index,
        "pts_s": analysis.timeline.pts_s,
        "boxes_xyxy": main.boxes_xyxy if main else np.full((T, 4), np.nan, dtype=np.float32),
        "box_scores": main.scores if main else np.full(T, np.nan, dtype=np.float32),
        "keypoints_xy": analysis.pose.keypoints_xy,
        "keypoint_scores": analysis.pose.scores,
        "pose_stride": np.array(analysis.pose.stride),
        "people_frame": _joined([frame_index[seen] for _, seen in tracks], np.int64),
        "people_id": _joined([np.full(seen.sum(), t.person_id) for t, seen in tracks], np.int64),
        "people_scores": _joined([t.scores[seen] for t, seen in tracks], np.float32),
        "people_boxes_xyxy": _joined(
            [t.boxes_xyxy[seen] for t, seen in tracks], np.float32
        ).reshape(-1, 4),
        "people_detected": _joined([t.detected[seen] for t, seen in tracks], np.bool_),
        "main_id": np.array(-1 if analysis.people.main_id is None else analysis.people.main_id),
        "main_rule": np.array(str(analysis.people.rule)),
        "verdict_probabilities": analysis.verdict.probabilities,
        "weighted_probabilities": analysis.verdict.weighted,
        **{f"logits_{name}": scores.logits for name, scores in analysis.scores.items()},
        # As computed: a mean over the views, made again in another order, has another last digit,
        # and the fused logits are rounded logarithms.
        **{
            f"probabilities_{name}": scores.probabilities
            for name, scores in analysis.scores.items()
        },
        **{
            f"features_{name}": scores.features
            for name, scores in analysis.scores.items()
            if scores.features is not None
        },
    }


def _joined(parts: list[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    return np.concatenate(parts).astype(dtype) if parts else np.zeros(0, dtype=dtype)


def score_rows(analysis: Analysis) -> list[dict[str, str | float | int]]:
    """The content of `scores.csv`: a row a class, a column a model and the two ensembles."""
    columns = {name: scores.probabilities for name, scores in analysis.scores.items()}
    columns["weighted"] = analysis.verdict.weighted
    columns["vote"] = vote_shares(analysis.verdict.vote)
    return [
        {
            "class_index": index,
            "label": label,
            **{name: float(column[index]) for name, column in columns.items()},
        }
        for index, label in enumerate(LABELS)
    ]


def write_files(analysis: Analysis, folder: Path) -> None:
    """Write the four files into an existing folder (see `save` for the careful way)."""
    text = json.dumps(analysis_as_dict(analysis), indent=1, ensure_ascii=False)
    # A path may hold bytes that are no text; JSON escapes them as Python does.
    (folder / "analysis.json").write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
    # numpy's own writer needs Any: its stub takes the keyword `allow_pickle` for an array.
    arrays: dict[str, Any] = analysis_arrays(analysis)
    np.savez_compressed(folder / "arrays.npz", **arrays)
    rows = score_rows(analysis)
    with (folder / "scores.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    measured = json.dumps(measurements_as_dict(measure_analysis(analysis)), allow_nan=False)
    (folder / MEASUREMENTS).write_text(measured + "\n", encoding="utf-8")


def save(analysis: Analysis, folder: Path | str) -> None:
    """Write an analysis to a folder, all files or none.

    Raises:
        StoreError: The disk is full, or the folder cannot be written.
    """
    with new_folder(Path(folder)) as scratch:
        write_files(analysis, scratch)


def load(folder: Path | str) -> Analysis:
    """Read a saved analysis back; every provenance entry then says `stored`.

    Raises:
        StoreError: No analysis there, another schema version, a field with a value that none of
            ours has, or damaged files.
    """
    folder = Path(folder)
    content = _read_json(folder)
    try:
        check_fields(content)
        return analysis_of(content, read_arrays(folder / "arrays.npz", ARRAYS))
    except FileNotFoundError:
        raise StoreError.of("analysis_no_arrays", folder=folder) from None
    except WrongField as wrong:
        raise StoreError.of(
            "analysis_field", folder=folder, field=wrong.field, expected=wrong.expected
        ) from wrong
    except UNREADABLE as error:
        raise StoreError.of("analysis_damaged", folder=folder, detail=str(error)) from error


def _read_json(folder: Path) -> dict[str, Any]:
    try:
        path = folder / "analysis.json"
        content = read_json(path, most_bytes=_JSON_BYTES, most_values=_JSON_VALUES)
    except FileNotFoundError:
        raise StoreError.of("analysis_none", folder=folder) from None
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError.of("analysis_unreadable", folder=folder, detail=str(error)) from error
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version != SCHEMA_VERSION:
        raise StoreError.of(
            "analysis_version", folder=folder, version=version, known=SCHEMA_VERSION
        )
    return content
