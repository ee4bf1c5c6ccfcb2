"""What the pass over a video finds in one shot."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.messages import Message
from pipeline.types import People, PoseSequence, Shot


@dataclass(frozen=True)
class ReadShot:
    """One shot as far as it has been read, with who is in it and the skater's skeleton."""

    shot: Shot
    """When it is, and what it shows; of one that still grows, as far as can be said."""
    first: int
    """Position of its first frame in the video's time line."""
    stop: int
    """Position after its last frame; T is `stop - first`."""
    people: People
    """Tracks of T frames; the main skater keeps one number through the whole video."""
    pose: PoseSequence
    """The main skater's skeleton, T frames; NaN where they are out of the picture, and on frames
    between those that are looked at."""
    complete: bool = True
    """Whether the shot has been read to its end; else the next one with the same `first` replaces
    it."""
    warnings: tuple[Message, ...] = ()
    """What the user should know; said once a video, with the shot where it turned out."""

    def __post_init__(self) -> None:
        T = self.stop - self.first
        lengths = {len(track.boxes_xyxy) for track in self.people.tracks}
        if T < 1 or len(self.pose.keypoints_xy) != T or not lengths <= {T}:
            raise ValueError(
                f"a shot of {T} frames with {len(self.pose.keypoints_xy)} skeletons and tracks of "
                f"{sorted(lengths)}"
            )
