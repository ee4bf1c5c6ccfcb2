"""Take an analysis away, and bring it back: COCO keypoints, a row a frame, one packed file.

A packed analysis is a zip of the folder that `store` writes, with the clip if wanted. What comes
back may be anything a visitor has: names, sizes and version are checked before a byte is believed.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from models.skeletons import COCO17
from pipeline import __version__
from pipeline.errors import StoreError
from pipeline.measure.files import MEASUREMENT_COLUMNS, measurement_rows
from pipeline.measure.measure import measure_analysis
from pipeline.storage.analysis_files import load, write_files
from pipeline.storage.output_folder import FILES, OVERLAY
from pipeline.storage.outside_files import Limits, open_zip, packed_in_page, told_as
from pipeline.types import Analysis
from pipeline.video.probing.formats import ENDINGS
from pipeline.video.writer import replaced_when_done

MAX_UNPACKED_BYTES = 512 * 2**20
"""More than this is no analysis and its clip."""
_MAX_MEMBERS = 256
"""Of a zip: four files and the clip, and what a person put beside them."""

CERTAIN = 0.2
"""Joints with a lower score are marked as not visible in COCO's files."""

EMBEDDED = "rinkside-analysis"
"""Id of the element of a report that holds the packed analysis."""


def coco_keypoints(analysis: Analysis) -> dict[str, Any]:
    """The skater's skeleton as a COCO keypoint file: an image a frame, an annotation a pose."""
    info, timeline = analysis.video, analysis.timeline
    name = Path(info.path).name
    images = [
        {
            "id": position,
            "file_name": f"{Path(name).stem}_{int(index):06d}.jpg",
            "width": info.width,
            "height": info.height,
            "video": name,
            "frame_index": int(index),
            "pts_s": float(time_s),
            "frame": timeline.number(position),
            "seconds": round(timeline.seconds(position), 6),
        }
        for position, (index, time_s) in enumerate(
            zip(timeline.frame_index, timeline.pts_s, strict=True)
        )
    ]
    category = {
        "id": 1,
        "name": "person",
        "supercategory": "person",
        "keypoints": list(COCO17.joints),
        "skeleton": [[child + 1, parent + 1] for child, parent in COCO17.bones],
    }
    return {
        "info": {
            "description": "Rinkside: the main skater's skeleton",
            "rinkside_version": __version__,
            "video_sha256": info.sha256,
            "pose_status": analysis.provenance["pose"].status,
        },
        "images": images,
        "annotations": _annotations(analysis),
        "categories": [category],
    }


def _annotations(analysis: Analysis) -> list[dict[str, Any]]:
    main = analysis.people.main
    found: list[dict[str, Any]] = []
    for position, (points, scores) in enumerate(
        zip(analysis.pose.keypoints_xy, analysis.pose.scores, strict=True)
    ):
        known = np.isfinite(points).all(axis=1)
        if not known.any():
            continue
        box = None if main is None else main.boxes_xyxy[position]
        if box is None or not np.isfinite(box).all():
            box = np.concatenate([points[known].min(axis=0), points[known].max(axis=0)])
        x1, y1, x2, y2 = (float(v) for v in box)
        visible = np.where(known, np.where(scores >= CERTAIN, 2, 1), 0)
        flat = np.column_stack([np.where(known[:, None], points, 0.0), visible])
        found.append(
            {
                "id": len(found) + 1,
                "image_id": position,
                "category_id": 1,
                "bbox": [x1, y1, x2 - x1, y2 - y1],
                "area": (x2 - x1) * (y2 - y1),
                "iscrowd": 0,
                "score": float(scores[known].mean()),
                "num_keypoints": int(known.sum()),
                "keypoints": [float(v) for v in flat.ravel()],
                "keypoint_scores": [float(v) for v in scores],
            }
        )
    return found


def write_coco(analysis: Analysis, target: Path) -> None:
    """Write `coco_keypoints` as JSON."""
    with replaced_when_done(target) as scratch:
        scratch.write_text(json.dumps(coco_keypoints(analysis)), encoding="utf-8")


def write_frames_csv(analysis: Analysis, target: Path) -> None:
    """Write a row a frame: time, the skater's box, every joint; empty where there is none.

    `frame_index` and `pts_s` are those of `arrays.npz`; `frame` (from 1) and `seconds` (since the
    file's first frame) are what the player and the report say.
    """
    joints = [f"{joint}_{part}" for joint in COCO17.joints for part in ("x", "y", "score")]
    header = [
        "frame_index",
        "pts_s",
        "frame",
        "seconds",
        "x1",
        "y1",
        "x2",
        "y2",
        "box_score",
        *joints,
    ]
    main, pose, timeline = analysis.people.main, analysis.pose, analysis.timeline
    T = len(timeline)
    boxes = np.full((T, 4), np.nan) if main is None else main.boxes_xyxy
    scores = np.full(T, np.nan) if main is None else main.scores
    poses = np.concatenate([pose.keypoints_xy, pose.scores[..., None]], axis=-1).reshape(T, -1)
    table = np.column_stack([boxes, scores, poses])
    with (
        replaced_when_done(target) as scratch,
        scratch.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(header)
        for t, row in enumerate(table):
            stored = (int(timeline.frame_index[t]), f"{timeline.pts_s[t]:.6f}")
            on_screen = (timeline.number(t), f"{timeline.seconds(t):.6f}")
            values = ("" if np.isnan(value) else f"{value:.3f}" for value in row)
            writer.writerow([*stored, *on_screen, *values])


def write_measurements_csv(analysis: Analysis, target: Path) -> None:
    """Write a row a measurement; moments count from the file's first frame, as players do."""
    found = measure_analysis(analysis).counted_from(analysis.timeline.origin_s)
    with (
        replaced_when_done(target) as scratch,
        scratch.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, fieldnames=MEASUREMENT_COLUMNS)
        writer.writeheader()
        writer.writerows(measurement_rows(found))


def pack(analysis: Analysis, *, clip: bool = False) -> bytes:
    """An analysis as one zip file, with the clip beside it if wanted.

    Raises:
        StoreError: The clip is not here.
    """
    content = BytesIO()
    with (
        tempfile.TemporaryDirectory(prefix="rinkside-") as folder,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        write_files(analysis, Path(folder))
        for name in FILES:
            archive.write(Path(folder) / name, name)
        if clip:
            source = Path(analysis.video.path)
            if not source.is_file():
                raise StoreError.of("clip_not_packed", name=source.name)
            archive.write(source, source.name, zipfile.ZIP_STORED)
    return content.getvalue()


def embedded(analysis: Analysis) -> str:
    """The packed analysis as an element of an HTML page, which `unpack` finds again."""
    packed = base64.b64encode(pack(analysis)).decode()
    return f'<script type="application/zip" id="{EMBEDDED}">{packed}</script>'


def unpack(paths: Sequence[Path], folder: Path) -> Analysis:
    """Open an analysis that was taken away.

    Args:
        paths: A `.zip`, a report (`.html`), or `analysis.json` with `arrays.npz`; the clip too, if
            it is at hand.
        folder: An existing folder of our own, into which the files go.

    Returns:
        The analysis; its video's path leads into `folder`, or nowhere when the clip is not there.

    Raises:
        StoreError: Nothing of the kind, damaged, of another version, or with another clip.
    """
    if not paths:
        raise StoreError.of("open_nothing")
    beside = []
    for path in paths:
        suffix = path.suffix.lower()
        if suffix in (".html", ".htm"):
            _extract(_of_report(path), path.name, folder)
        elif suffix == ".zip":
            _extract(path, path.name, folder)
        elif path.name != OVERLAY:
            shutil.copyfile(path, folder / path.name)
            beside.append(path.name)
    with told_as(paths[0].name):
        analysis = load(folder)
    clip = _clip_of(analysis, folder, beside)
    return replace(analysis, video=replace(analysis.video, path=clip))


def _of_report(path: Path) -> BytesIO:
    packed = packed_in_page(path, EMBEDDED)
    if packed is None:
        raise StoreError.of("open_no_report", name=path.name)
    return packed


def _extract(source: Path | BytesIO, name: str, folder: Path) -> None:
    """The files of an analysis out of a zip; nothing else, and nothing outside the folder."""
    with open_zip(source, name, Limits(MAX_UNPACKED_BYTES, _MAX_MEMBERS)) as archive:
        for member in archive.members:
            plain = Path(member).name
            if plain and not plain.startswith(".") and plain != OVERLAY:
                archive.copy(member, folder / plain)


def _clip_of(analysis: Analysis, folder: Path, beside: Sequence[str]) -> str:
    """The clip among the files, by its sha256; a bare name when it is not there.

    A path that the file itself names is never followed: it is somebody else's. What a zip holds
    besides, such as a readme, is let be; a video that is not the clip is told.

    Args:
        analysis: Whose clip.
        folder: With everything that came.
        beside: Names of what was chosen by itself, which is meant to be the clip.
    """
    name = Path(os.fsdecode(analysis.video.path).replace("\\", "/")).name or "clip"
    ours = (*FILES, OVERLAY)
    others = sorted(p for p in folder.iterdir() if p.name not in ours and p.suffix != ".html")
    for path in others:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == analysis.video.sha256:
                return str(path)
    for path in others:
        if path.name in beside or path.suffix.lower() in ENDINGS:
            raise StoreError.of("open_other_clip", name=path.name, clip=name)
    return str(folder / "no clip" / name)
