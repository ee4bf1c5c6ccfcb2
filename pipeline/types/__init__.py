"""The records that travel between the stages; each checks its own shapes.

One convention everywhere: frames are RGB uint8 `(T, H, W, 3)`; boxes are `xyxy` float32 in pixels
of the source frame after rotation (x2, y2 exclusive); time is in seconds from the container's
stamps. `frame` counts positions 0..T-1 of the analysed span; `Timeline.frame_index` leads to the
source file.
"""

from pipeline.types.analysis import Analysis, Provenance
from pipeline.types.basic import (
    NUM_JOINTS,
    OMITTED_AT_DEFAULT,
    CancelCheck,
    FloatArray,
    IntArray,
    Precision,
    ReaderName,
    Status,
    deciding_fields,
)
from pipeline.types.calibrated import CalibratedVerdict, ClassSet, Novelty
from pipeline.types.people import Detections, People, PoseSequence, RegionOfInterest, Track
from pipeline.types.programme import (
    Candidate,
    FoundElement,
    FoundJump,
    FoundPosition,
    FrameScores,
    Measured,
    Programme,
    Shot,
)
from pipeline.types.scores import ModelScores, Verdict, Vote
from pipeline.types.video import Timeline, VideoInfo

__all__ = [
    "NUM_JOINTS",
    "OMITTED_AT_DEFAULT",
    "Analysis",
    "CalibratedVerdict",
    "CancelCheck",
    "Candidate",
    "ClassSet",
    "Detections",
    "FloatArray",
    "FoundElement",
    "FoundJump",
    "FoundPosition",
    "FrameScores",
    "IntArray",
    "Measured",
    "ModelScores",
    "Novelty",
    "People",
    "PoseSequence",
    "Precision",
    "Programme",
    "Provenance",
    "ReaderName",
    "RegionOfInterest",
    "Shot",
    "Status",
    "Timeline",
    "Track",
    "Verdict",
    "VideoInfo",
    "Vote",
    "deciding_fields",
]
