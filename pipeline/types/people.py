"""Who is in view, where, and how they hold themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.messages import Message
from pipeline.types.basic import (
    NUM_JOINTS,
    FloatArray,
    IntArray,
    check_shape,
    shapes_in_words,
)


@dataclass(frozen=True)
class Detections:
    """Person boxes on the frames that were looked at."""

    num_frames: int
    """T of the clip."""
    key_frames: IntArray
    """`(F,)` the frames the detector saw, increasing."""
    frame: IntArray
    """`(N,)` frame of each box, one of `key_frames`."""
    boxes_xyxy: FloatArray
    """`(N, 4)`."""
    scores: FloatArray
    """`(N,)` in 0..1."""
    appearance: FloatArray | None = None
    """`(N, D)` what each box shows (`pipeline.detection.appearance`); None: boxes are all that is
    known."""

    def __post_init__(self) -> None:
        check_shape("key_frames", self.key_frames, None)
        check_shape("frame", self.frame, None)
        check_shape("boxes_xyxy", self.boxes_xyxy, len(self.frame), 4)
        check_shape("scores", self.scores, len(self.frame))
        if self.appearance is not None:
            check_shape("appearance", self.appearance, len(self.frame), None)

    def __repr__(self) -> str:
        return shapes_in_words(self, "key_frames", "boxes_xyxy")


@dataclass(frozen=True)
class Track:
    """One person through the clip."""

    person_id: int
    """Small number that the viewer shows; 0 is the longest or most certain track."""
    boxes_xyxy: FloatArray
    """`(T, 4)`; NaN where the person is absent, interpolated between key frames."""
    scores: FloatArray
    """`(T,)`; NaN where absent, interpolated like the boxes."""
    detected: NDArray[np.bool_]
    """`(T,)`; True where the detector itself gave the box, or a person drew it."""

    def __post_init__(self) -> None:
        T = len(self.boxes_xyxy)
        check_shape("boxes_xyxy", self.boxes_xyxy, None, 4)
        check_shape("scores", self.scores, T)
        check_shape("detected", self.detected, T)

    def __repr__(self) -> str:
        return f"Track(person_id={self.person_id}, detected={int(self.detected.sum())})"


@dataclass(frozen=True)
class People:
    """All tracks of a clip and who of them is the skater."""

    tracks: tuple[Track, ...]
    """Everybody; empty when an untrained detector was not asked."""
    main_id: int | None
    """`person_id` of the main skater; None when there are no tracks, or nobody stays in view."""
    rule: Message
    """How the main skater was chosen."""
    points: Mapping[int, float] = field(default_factory=dict)
    """`person_id` -> what the choice was made by; empty where points did not decide."""

    def __post_init__(self) -> None:
        if self.main_id is not None and all(t.person_id != self.main_id for t in self.tracks):
            raise ValueError(f"main_id: no track has the number {self.main_id}")

    @property
    def main(self) -> Track | None:
        """The main skater's track."""
        return next((t for t in self.tracks if t.person_id == self.main_id), None)


@dataclass(frozen=True)
class RegionOfInterest:
    """Where the skater is, for one whole clip (paper, Sec. II-A)."""

    xyxy: FloatArray
    """`(4,)`, source-frame pixels, whole numbers, x2 and y2 exclusive."""
    rule: str
    """How the boxes were consolidated, e.g. `"union"`."""

    def __post_init__(self) -> None:
        check_shape("xyxy", self.xyxy, 4)
        x1, y1, x2, y2 = self.xyxy.tolist()
        if not (x2 > x1 and y2 > y1):
            raise ValueError(f"xyxy: empty region {self.xyxy.tolist()}")


@dataclass(frozen=True)
class PoseSequence:
    """The main skater's skeleton, frame by frame."""

    keypoints_xy: FloatArray
    """`(T, 17, 2)` COCO joints in source-frame pixels; NaN in frames without a pose."""
    scores: FloatArray
    """`(T, 17)`; 0 in frames without a pose."""
    stride: int = 1
    """Every how many frames a pose was asked for (1: all)."""

    def __post_init__(self) -> None:
        check_shape("keypoints_xy", self.keypoints_xy, None, NUM_JOINTS, 2)
        check_shape("scores", self.scores, len(self.keypoints_xy), NUM_JOINTS)

    def __repr__(self) -> str:
        return shapes_in_words(self, "keypoints_xy")
