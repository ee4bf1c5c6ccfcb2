"""The exact truth of a clip on disk: `truth/<stem>.npz`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.atomic_files import written
from training.rink.render import HIDDEN, VISIBLE, RenderedFrame
from training.rink.scene import ClipScene

SCORE_HIDDEN = 0.5
"""`keypoint_scores` of a joint that is in the picture but covered; 1 where seen, 0 outside."""


class TruthRecorder:
    """Collects what is known of each frame while a clip is drawn."""

    def __init__(self) -> None:
        self._boxes: list[NDArray[np.float32]] = []
        self._keypoints: list[NDArray[np.float32]] = []
        self._visibility: list[NDArray[np.uint8]] = []

    def add(self, frame: RenderedFrame) -> None:
        """Remember one frame's people."""
        self._boxes.append(frame.boxes_xyxy)
        self._keypoints.append(frame.keypoints_xy)
        self._visibility.append(frame.visibility)

    def positions(self) -> dict[str, NDArray[Any]]:
        """Where everybody was, in the names of `arrays.npz` for the skater; `other_` for others."""
        boxes = np.stack(self._boxes)  # (T, M, 4)
        keypoints = np.stack(self._keypoints)  # (T, M, 17, 2)
        visibility = np.stack(self._visibility)  # (T, M, 17)
        scores = np.select([visibility == VISIBLE, visibility == HIDDEN], [1.0, SCORE_HIDDEN], 0.0)
        absent = np.isnan(boxes[:, 0, 0])
        return {
            "frame_index": np.arange(len(boxes)),
            "boxes_xyxy": boxes[:, 0],
            "box_scores": np.where(absent, np.nan, 1.0).astype(np.float32),
            "keypoints_xy": keypoints[:, 0],
            "keypoint_scores": scores[:, 0].astype(np.float32),
            "keypoint_visibility": visibility[:, 0],
            "other_boxes": boxes[:, 1:],
            "other_keypoints_xy": keypoints[:, 1:],
            "other_visibility": visibility[:, 1:],
        }


def clip_truth(scene: ClipScene, recorder: TruthRecorder, seed: Sequence[int]) -> dict[str, Any]:
    """Everything that is known of a rendered clip."""
    performance = scene.performance
    return {
        **recorder.positions(),
        "pts_s": scene.times_s,
        "class_index": np.array(performance.class_index),
        "label": np.array(performance.label),
        "takeoff_s": np.array(performance.takeoff_s),
        "landing_s": np.array(performance.landing_s),
        "rotations": np.array(performance.rotations),
        "spin_revolutions": np.array(performance.spin_revolutions),
        "mirrored": np.array(performance.mirrored),
        "flaws": np.array(sorted(performance.flaws), dtype="U16"),
        "standpoint": np.array(scene.camera.standpoint),
        "fps": np.array(float(scene.fps)),
        "seed": np.array(seed, dtype=np.int64),
    }


def save_truth(path: Path, truth: dict[str, Any]) -> None:
    """Write an archive whole or not at all; the same truth gives the same bytes."""
    with written(path) as scratch, scratch.open("wb") as file:
        np.savez_compressed(file, **truth)
