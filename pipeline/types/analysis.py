"""Everything that is known of one clip in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeline.annotations.marked import SkaterBox
from pipeline.annotations.notes import Note
from pipeline.annotations.report_fields import ReportFields
from pipeline.messages import Message
from pipeline.types.basic import (
    NUM_JOINTS,
    Status,
    check_shape,
)
from pipeline.types.people import People, PoseSequence, RegionOfInterest
from pipeline.types.scores import ModelScores, Verdict
from pipeline.types.video import Timeline, VideoInfo


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
        check_shape("pose.keypoints_xy", self.pose.keypoints_xy, T, NUM_JOINTS, 2)
        for track in self.people.tracks:
            check_shape(f"track {track.person_id}", track.boxes_xyxy, T, 4)

    def _check_flight(self, takeoff_s: float, landing_s: float) -> None:
        pts_s, stride = self.timeline.pts_s, self.pose.stride
        within = int(((pts_s >= takeoff_s) & (pts_s <= landing_s)).sum())
        if within <= 2 * stride or not pts_s[0] <= takeoff_s < landing_s <= pts_s[-1]:
            raise ValueError(
                f"flight_s: expected a take-off within the clip and a landing two poses later, got "
                f"{(takeoff_s, landing_s)}"
            )
