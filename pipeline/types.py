"""The records that travel between the stages; each checks its own shapes.

One convention everywhere: frames are RGB uint8 `(T, H, W, 3)`; boxes are `xyxy` float32 in pixels
of the source frame after rotation (x2, y2 exclusive); time is in seconds from the container's
stamps. `frame` counts positions 0..T-1 of the analysed span; `Timeline.frame_index` leads to the
source file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.annotations.marked import SkaterBox
from pipeline.annotations.notes import Note
from pipeline.annotations.report_fields import ReportFields
from pipeline.elements import LABELS, NUM_CLASSES
from pipeline.messages import Message

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

NUM_JOINTS = 17
"""COCO joints of a skeleton."""

Precision = Literal["fp32", "bf16", "fp16"]
"""Arithmetic of a network's forward pass."""

CancelCheck = Callable[[], None]
"""Called often; raises `Cancelled` to stop the work."""

ReaderName = Literal["pyav", "decord", "opencv"]
"""Which library decodes video; see `pipeline.video.readers`."""

OMITTED_AT_DEFAULT: Mapping[str, bool] = {"omitted_at_default": True}
"""Metadata of a field that was added to a record later: see `deciding_fields`."""

Status = Literal["trained", "demo", "untrained"]
"""What the weights behind a result are worth."""


def _check(name: str, array: NDArray[np.generic], *shape: int | None) -> None:
    """Refuse an array whose shape is not the expected one; None stands for any size."""
    fits = array.ndim == len(shape) and all(
        expected in (None, got) for expected, got in zip(shape, array.shape, strict=True)
    )
    if not fits:
        expected = tuple("*" if size is None else size for size in shape)
        raise ValueError(f"{name}: expected shape {expected}, got {array.shape}")


def _shapes(record: object, *names: str) -> str:
    parts = (f"{name}{getattr(record, name).shape}" for name in names)
    return f"{type(record).__name__}({', '.join(parts)})"


def deciding_fields(record: Any) -> dict[str, Any]:
    """Fields of a dataclass that go into hashes of it, by name.

    One with `OMITTED_AT_DEFAULT` counts only where it differs from its default, so that hashes
    made before the record had it stay the same.
    """
    return {
        item.name: getattr(record, item.name)
        for item in fields(record)
        if not (
            item.metadata.get("omitted_at_default") and getattr(record, item.name) == item.default
        )
    }


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a video file and of the span that was asked for."""

    path: str
    """As the user gave it."""
    sha256: str
    """Of the file's bytes, hex."""
    width: int
    """Pixels, after rotation."""
    height: int
    """Pixels, after rotation."""
    rotation: int
    """Degrees clockwise that the frames were turned for showing: 0, 90, 180 or 270."""
    frames: int
    """Frames in the span."""
    fps: float
    """Mean frame rate of the file (29.97 stays 29.97)."""
    variable_frame_rate: bool
    """Whether the frame durations differ by more than the rounding of the time base."""
    duration_s: float
    """Of the whole file."""
    codec: str
    """FFmpeg's short name, e.g. `"h264"`."""
    start_s: float
    """Start of the span."""
    end_s: float
    """End of the span (exclusive)."""
    stream: int | None = None
    """FFmpeg's number of the video stream that was taken, where the file holds several."""
    stored_width: int | None = None
    """Of the stored picture after rotation, where its pixels are not square and `width` is that of
    its true shape: a stored x is `x * stored_width / width`."""
    stored_height: int | None = None
    """The same of its height."""
    deinterlaced: bool | None = None
    """True where frames were interlaced and have been made whole."""
    reader: ReaderName | None = field(default=None, metadata=OMITTED_AT_DEFAULT)
    """Which library decoded the frames, where it is not PyAV."""


@dataclass(frozen=True)
class Timeline:
    """Which frames of the file were analysed, and when they are shown."""

    frame_index: IntArray
    """`(T,)` position in the file, in display order; of a damaged file that had to be decoded, the
    place among the frames that decode."""
    pts_s: NDArray[np.float64]
    """`(T,)` presentation time of each, seconds, increasing."""
    origin_s: float = 0.0
    """Stamp of the file's first frame, from which players and in and out points count."""

    def __post_init__(self) -> None:
        _check("frame_index", self.frame_index, None)
        _check("pts_s", self.pts_s, len(self.frame_index))
        if len(self.pts_s) > 1 and not bool(np.all(np.diff(self.pts_s) > 0)):
            raise ValueError("pts_s: time stamps must increase")

    def __len__(self) -> int:
        return len(self.frame_index)

    def seconds(self, position: int) -> float:
        """When a frame 0..T-1 is shown, seconds since the file's first frame, as players say."""
        return float(self.pts_s[position]) - self.origin_s

    def number(self, position: int) -> int:
        """A frame 0..T-1 as people count it: its place in the whole file, from 1."""
        return int(self.frame_index[position]) + 1


@dataclass(frozen=True)
class Clip:
    """Decoded frames with their time line."""

    frames: NDArray[np.uint8]
    """RGB `(T, H, W, 3)`."""
    timeline: Timeline
    """Of the same T frames."""

    def __post_init__(self) -> None:
        _check("frames", self.frames, len(self.timeline), None, None, 3)
        if self.frames.dtype != np.uint8:
            raise ValueError(f"frames: expected uint8, got {self.frames.dtype}")

    def __repr__(self) -> str:
        return _shapes(self, "frames")


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
        _check("key_frames", self.key_frames, None)
        _check("frame", self.frame, None)
        _check("boxes_xyxy", self.boxes_xyxy, len(self.frame), 4)
        _check("scores", self.scores, len(self.frame))
        if self.appearance is not None:
            _check("appearance", self.appearance, len(self.frame), None)

    def __repr__(self) -> str:
        return _shapes(self, "key_frames", "boxes_xyxy")


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
        _check("boxes_xyxy", self.boxes_xyxy, None, 4)
        _check("scores", self.scores, T)
        _check("detected", self.detected, T)

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
        _check("xyxy", self.xyxy, 4)
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
        _check("keypoints_xy", self.keypoints_xy, None, NUM_JOINTS, 2)
        _check("scores", self.scores, len(self.keypoints_xy), NUM_JOINTS)

    def __repr__(self) -> str:
        return _shapes(self, "keypoints_xy")


@dataclass(frozen=True)
class ModelScores:
    """What one model says, view by view."""

    model: str
    """Key, e.g. `"umt_16x224"`, `"umt"` (fused), `"uniformerv2"`, `"infogcn"`."""
    logits: FloatArray
    """`(V, 28)`; equal views stand here as often as the protocol counts them."""
    probabilities: NDArray[np.float64]
    """`(28,)` of the model as a whole, summing to 1."""
    distinct_views: int
    """How many of the V views were different and so computed."""

    def __post_init__(self) -> None:
        _check("logits", self.logits, None, NUM_CLASSES)
        _check("probabilities", self.probabilities, NUM_CLASSES)
        if not np.isfinite(self.logits).all() or not np.isfinite(self.probabilities).all():
            raise ValueError(f"{self.model}: scores are not finite numbers")

    @property
    def class_index(self) -> int:
        """The most probable class."""
        return int(self.probabilities.argmax())

    @property
    def label(self) -> str:
        """Its name."""
        return LABELS[self.class_index]

    @property
    def probability(self) -> float:
        """Its probability."""
        return float(self.probabilities.max())

    def __repr__(self) -> str:
        return f"ModelScores({self.model}, {self.label} {self.probability:.3f})"


@dataclass(frozen=True)
class Vote:
    """The majority vote of the models (paper, Sec. III-D)."""

    label: str
    """The winner."""
    votes: Mapping[str, str]
    """Model -> its class."""
    tie_broken_by: str | None
    """The model that decided a tie; None without one."""


@dataclass(frozen=True)
class Verdict:
    """The ensemble's decision."""

    probabilities: NDArray[np.float64]
    """`(28,)` of the deciding strategy; for a vote, the share of votes."""
    class_index: int
    """The decided class."""
    strategy: str
    """`"weighted"` or `"vote"`: which of the two decided."""
    weights: Mapping[str, float]
    """Model -> its weight in the weighted sum."""
    weighted: NDArray[np.float64]
    """`(28,)` the weighted sum, whichever strategy decided."""
    vote: Vote
    """The vote, whichever strategy decided."""

    def __post_init__(self) -> None:
        _check("probabilities", self.probabilities, NUM_CLASSES)
        _check("weighted", self.weighted, NUM_CLASSES)

    @property
    def label(self) -> str:
        """Name of the decided class."""
        return LABELS[self.class_index]

    @property
    def probability(self) -> float:
        """Probability of the decided class."""
        return float(self.probabilities[self.class_index])

    @property
    def runner_up(self) -> int:
        """The most probable of the other classes."""
        others = np.array(self.probabilities)
        others[self.class_index] = -np.inf
        return int(others.argmax())

    @property
    def margin(self) -> float:
        """Distance to the runner-up."""
        return self.probability - float(self.probabilities[self.runner_up])


@dataclass(frozen=True)
class Provenance:
    """Where the weights behind one stage come from."""

    checkpoint: str
    """Name in the manifest, or of the builder when untrained."""
    sha256: str | None
    """Of the weights; None for seeded random ones."""
    status: Status
    """What they are worth."""
    stored: bool = False
    """Whether the result was read back from a saved analysis."""


@dataclass(frozen=True)
class Analysis:
    """Everything the pipeline found out about one clip."""

    profile: str
    """Name of the profile that ran."""
    video: VideoInfo
    timeline: Timeline
    people: People
    region: RegionOfInterest
    pose: PoseSequence
    scores: Mapping[str, ModelScores]
    """Single networks, and the fused `umt`, `uniformerv2`, `infogcn`, by key."""
    verdict: Verdict
    provenance: Mapping[str, Provenance]
    """`detector`, `pose` and every single network."""
    timings_s: Mapping[str, float]
    """`decode`, `detect`, `pose`, every network, `total`."""
    warnings: tuple[Message, ...] = field(default=())
    """What the user should read."""
    flight_s: tuple[float, float] | None = None
    """Take-off and landing as a person set them, stamps within the clip; None: as measured."""
    measured_as: Literal["jump", "spin"] | None = None
    """As what a person wants the clip measured; None: as its skeleton and the verdict tell."""
    flight_at_s: float | None = None
    """Stamp of a moment in the flight that a person chose of several; None: the clearest."""
    notes: tuple[Note, ...] = ()
    """What a person noted on frames, in the order of the film."""
    skater_box: SkaterBox | None = None
    """What a person drew around the skater, whose track was made from it; None: nobody did."""
    report_fields: ReportFields = field(default_factory=ReportFields)
    """What a person wrote at the head of the report."""

    def __post_init__(self) -> None:
        T = len(self.timeline)
        if self.flight_s is not None:
            self._check_flight(*self.flight_s)
        _check("pose.keypoints_xy", self.pose.keypoints_xy, T, NUM_JOINTS, 2)
        for track in self.people.tracks:
            _check(f"track {track.person_id}", track.boxes_xyxy, T, 4)

    def _check_flight(self, takeoff_s: float, landing_s: float) -> None:
        pts_s, stride = self.timeline.pts_s, self.pose.stride
        within = int(((pts_s >= takeoff_s) & (pts_s <= landing_s)).sum())
        if within <= 2 * stride or not pts_s[0] <= takeoff_s < landing_s <= pts_s[-1]:
            raise ValueError(
                f"flight_s: expected a take-off within the clip and a landing two poses later, got "
                f"{(takeoff_s, landing_s)}"
            )
