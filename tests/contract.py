"""The public interface of an analysis folder, checked key by key against its own inner logic.

Written from `docs/formats.md`, not from the code that writes the folder: what scripts rely on.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any, get_args

import av
import numpy as np
from numpy.typing import NDArray

from pipeline.elements import LABELS

K = 28
FUSED = ("umt", "uniformerv2", "infogcn")
TOP = {
    "schema_version": int, "rinkside_version": str, "profile": str, "video": dict,
    "origin_s": float, "region": dict,
    "models": dict, "verdict": dict, "provenance": dict, "timings_s": dict, "warnings": list,
    "messages": dict, "calibrated": dict | None,
}  # fmt: skip
VIDEO = {
    "path": str, "sha256": str, "width": int, "height": int, "rotation": int, "frames": int,
    "fps": float, "variable_frame_rate": bool, "duration_s": float, "codec": str,
    "start_s": float, "end_s": float,
}  # fmt: skip
VIDEO_IF_SO = {
    "stream": int,
    "stored_width": int,
    "stored_height": int,
    "deinterlaced": bool,
    "reader": str,
}
"""Keys of a file with several videos, with pixels that are not square, with interlaced frames,
and of one that another library than PyAV decoded."""
MODEL = {"label": str, "probability": float, "views": int, "distinct_views": int}
VERDICT = {
    "label": str, "class_index": int, "probability": float, "margin": float, "strategy": str,
    "weights": dict, "vote": dict,
}  # fmt: skip


def check_folder(folder: Path, *, overlay: bool = False) -> dict[str, Any]:
    """Assert everything that is promised of `--out DIR`; returns `analysis.json`."""
    names = {"analysis.json", "arrays.npz", "scores.csv", "measurements.json"}
    names |= {"overlay.mp4"} if overlay else set()
    assert {path.name for path in folder.iterdir()} == names
    text = (folder / "analysis.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text, parse_constant=_refuse)
    with np.load(folder / "arrays.npz", allow_pickle=False) as file:
        arrays = dict(file)
    _check_json(content)
    _check_pixels(content, arrays)
    _check_scores(content, arrays, folder / "scores.csv")
    if overlay:
        _check_overlay(folder / "overlay.mp4", content["video"], arrays["pts_s"])
    return content


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def _has(record: dict[str, Any], kinds: dict[str, Any]) -> None:
    assert set(record) == set(kinds)
    for key, kind in kinds.items():
        assert type(record[key]) in (get_args(kind) or (kind,)), f"{key}: {record[key]!r}"


def _check_json(content: dict[str, Any]) -> None:
    _has(content, TOP)
    assert content["schema_version"] == 1
    video = content["video"]
    _has(video, VIDEO | {key: kind for key, kind in VIDEO_IF_SO.items() if key in video})
    assert ("stored_width" in video) == ("stored_height" in video)
    assert video.get("deinterlaced", True)
    assert video.get("reader", "decord") in ("decord", "opencv")
    assert re.fullmatch("[0-9a-f]{64}", video["sha256"])
    assert video["rotation"] in (0, 90, 180, 270)
    assert 0 <= video["start_s"] < video["end_s"] <= video["duration_s"] + 1e-9
    _has(content["region"], {"xyxy": list, "rule": str})
    x1, y1, x2, y2 = content["region"]["xyxy"]
    assert 0 <= x1 < x2 <= video["width"]
    assert 0 <= y1 < y2 <= video["height"]
    models = content["models"]
    single = [name for name in models if name != "umt"]
    assert set(FUSED) <= set(models)
    assert any(re.fullmatch(r"umt_\d+x\d+", name) for name in single)
    assert set(content["provenance"]) == {"detector", "pose", *single}
    for origin in content["provenance"].values():
        assert {"checkpoint", "sha256", "status"} <= set(origin)
        assert origin["status"] in ("trained", "demo", "untrained")
        assert (origin["sha256"] is None) == (origin["status"] == "untrained")
    assert {"decode", "detect", "pose", "total", *single} <= set(content["timings_s"])
    assert all(seconds >= 0 for seconds in content["timings_s"].values())
    messages = content["messages"]
    _has(messages, {"skater": type(messages["skater"]), "warnings": list})
    assert len(messages["warnings"]) == len(content["warnings"])
    for message in (messages["skater"], *messages["warnings"]):
        if message is not None:
            _has(message, {"code": str, "values": dict})


def _check_pixels(content: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    video, T = content["video"], content["video"]["frames"]
    shapes = {
        "frame_index": (T,), "pts_s": (T,), "boxes_xyxy": (T, 4), "box_scores": (T,),
        "keypoints_xy": (T, 17, 2), "keypoint_scores": (T, 17),
    }  # fmt: skip
    N = len(arrays["people_frame"])
    shapes |= {"people_frame": (N,), "people_id": (N,), "people_scores": (N,)}
    shapes["people_boxes_xyxy"] = (N, 4)
    assert {name: arrays[name].shape for name in shapes} == shapes
    assert (np.diff(arrays["frame_index"]) > 0).all()
    assert (np.diff(arrays["pts_s"]) > 0).all()
    assert np.isin(arrays["people_frame"], arrays["frame_index"]).all()
    boxes = arrays["boxes_xyxy"]
    gone = np.isnan(boxes)
    assert (gone.any(axis=1) == gone.all(axis=1)).all()
    np.testing.assert_array_equal(gone[:, 0], np.isnan(arrays["box_scores"]))
    for found in (boxes[~gone[:, 0]], arrays["people_boxes_xyxy"]):
        assert (found[:, :2] < found[:, 2:]).all()
        assert (found >= -1).all()
        assert (found <= [video["width"] + 1, video["height"] + 1] * 2).all()
    lost = np.isnan(arrays["keypoints_xy"]).any(axis=2)
    assert (arrays["keypoint_scores"][lost] == 0).all()
    assert np.isfinite(arrays["keypoint_scores"]).all()


def _check_scores(content: dict[str, Any], arrays: dict[str, NDArray[Any]], table: Path) -> None:
    models, verdict = content["models"], content["verdict"]
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [row["label"] for row in rows] == list(LABELS)
    columns = {name: np.array([float(row[name]) for row in rows]) for name in models}
    for name, entry in models.items():
        _has(entry, MODEL)
        logits = arrays[f"logits_{name}"]
        assert logits.shape == ((1 if name == "umt" else entry["views"]), K)
        assert entry["distinct_views"] >= 1
        assert name == "umt" or entry["distinct_views"] <= entry["views"]  # umt: its variants'
        np.testing.assert_allclose(_softmax(logits).mean(axis=0), columns[name], atol=1e-6)
        assert entry["label"] == LABELS[int(columns[name].argmax())]
        np.testing.assert_allclose(entry["probability"], columns[name].max(), atol=1e-6)
    np.testing.assert_allclose(np.exp(arrays["logits_umt"]).sum(), 1, atol=1e-5)
    _has(verdict, VERDICT)
    assert verdict["strategy"] == "weighted"
    assert set(verdict["weights"]) == set(FUSED)
    weighted = sum(weight * columns[name] for name, weight in verdict["weights"].items())
    np.testing.assert_allclose([float(row["weighted"]) for row in rows], weighted, atol=1e-6)
    second, first = np.sort(weighted)[-2:]
    np.testing.assert_allclose(
        (verdict["probability"], verdict["margin"]), (first, first - second), atol=1e-6
    )
    assert verdict["class_index"] == int(weighted.argmax())
    assert verdict["label"] == LABELS[verdict["class_index"]]
    vote = verdict["vote"]
    assert set(vote) == {"label", "votes", "tie_broken_by"}
    assert vote["votes"] == {name: models[name]["label"] for name in FUSED}
    assert vote["label"] in vote["votes"].values()
    most = max(map(list(vote["votes"].values()).count, vote["votes"].values()))
    assert (vote["tie_broken_by"] is None) == (most > 1)


def _softmax(logits: NDArray[Any]) -> NDArray[Any]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _check_overlay(path: Path, video: dict[str, Any], pts_s: NDArray[Any]) -> None:
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "no faststart"
    with av.open(str(path)) as file, av.open(video["path"]) as source:
        stream = file.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        even = [side + side % 2 for side in (video["width"], video["height"])]
        assert [stream.codec_context.width, stream.codec_context.height] == even
        assert len(file.streams.audio) == min(1, len(source.streams.audio))  # of two, the first
        shown = [float(frame.pts * frame.time_base) for frame in file.decode(stream)]
    np.testing.assert_allclose(shown, pts_s, atol=1e-3)
