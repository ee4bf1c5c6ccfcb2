"""What was found in one piece of a shot: all that the next piece and the whole shot need of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.pose.left_right import Peaks
from pipeline.programme.reading.pieces import Piece, PieceEnd
from pipeline.programme.reading.same_skater import SkaterMemory
from pipeline.types import Detections, FloatArray, IntArray, PoseSequence, Track


@dataclass(frozen=True)
class Finding:
    """What was found in one piece of n frames; positions are the video's."""

    first: int
    """Position of the piece's first frame."""
    stop: int
    """Position after its last."""
    ends: PieceEnd
    """What follows it."""
    signals: FloatArray
    """`(n, 3)`: `pieces.SIGNALS`."""
    detections: Detections
    """The detector's boxes; frames count from `first`."""
    tracks: tuple[Track, ...]
    """Everybody, n frames."""
    main_id: int | None
    """Who of them is the skater."""
    points: float
    """What speaks for the skater, 0..1."""
    rival: float
    """What speaks for the next person."""
    joints_first: int
    """Position of the first skeleton: those shortly before the piece are resolved anew."""
    joints: FloatArray
    """`(stop - joints_first, 17, 2)`."""
    joint_scores: FloatArray
    """`(stop - joints_first, 17)`."""
    tail: Peaks
    """The highest peaks of the piece's last frames, at most as many as a piece has."""
    memory: SkaterMemory
    """The skater's looks after this piece."""

    @property
    def main(self) -> Track | None:
        """The skater's track."""
        return next((t for t in self.tracks if t.person_id == self.main_id), None)

    def main_boxes(self) -> FloatArray:
        """`(n, 4)` of the skater; NaN where out of the picture."""
        if self.main is None:
            return np.full((self.stop - self.first, 4), np.nan, np.float32)
        return self.main.boxes_xyxy


def nobody_detected(piece: Piece) -> Detections:
    """Of a piece in which nobody was looked for."""
    return Detections(
        piece.stop - piece.first,
        np.empty(0, np.int64),
        np.empty(0, np.int64),
        np.empty((0, 4), np.float32),
        np.empty(0, np.float32),
    )


def joined_detections(
    findings: list[Finding], key_frames: IntArray, since: int, piece: Detections, first: int
) -> Detections:
    """The detector's boxes of earlier pieces from a position on, and of one more piece.

    Args:
        findings: Earlier ones of the same shot.
        key_frames: Of the new piece, counted from `first`.
        since: Position from which the result counts its frames.
        piece: The new piece's.
        first: Position of the new piece.
    """
    parts = [(f.detections, f.first) for f in findings if f.stop > since] + [(piece, first)]
    looked: list[IntArray] = []
    rows: list[tuple[IntArray, FloatArray, FloatArray, FloatArray | None]] = []
    for detections, at in parts:
        keys = (detections.key_frames if detections is not piece else key_frames) + at - since
        looked.append(keys[keys >= 0])
        frame = detections.frame + at - since
        kept = frame >= 0
        look = detections.appearance
        rows.append(
            (
                frame[kept],
                detections.boxes_xyxy[kept],
                detections.scores[kept],
                None if look is None else look[kept],
            )
        )
    looks = [row[3] for row in rows if row[3] is not None and len(row[0])]
    whole = sum(len(row[0]) for row in rows)
    return Detections(
        first + piece.num_frames - since,
        np.concatenate(looked),
        np.concatenate([row[0] for row in rows]),
        np.concatenate([row[1] for row in rows]),
        np.concatenate([row[2] for row in rows]),
        np.concatenate(looks) if sum(map(len, looks)) == whole and looks else None,
    )


def joined_pose(findings: list[Finding], stride: int) -> PoseSequence:
    """The skeletons of a shot from those of its pieces; later ones go before."""
    first, stop = findings[0].first, findings[-1].stop
    joints = np.full((stop - first, 17, 2), np.nan, np.float32)
    scores = np.zeros((stop - first, 17), np.float32)
    for finding in findings:
        part = slice(finding.joints_first - first, finding.stop - first)
        joints[part], scores[part] = finding.joints, finding.joint_scores
    return PoseSequence(joints, scores, stride)


def joined_tracks(findings: list[Finding]) -> tuple[Track, ...]:
    """Everybody through a shot, by number."""
    first, T = findings[0].first, findings[-1].stop - findings[0].first
    boxes: dict[int, tuple[FloatArray, FloatArray, NDArray[np.bool_]]] = {}
    for finding in findings:
        part = slice(finding.first - first, finding.stop - first)
        for track in finding.tracks:
            whole = boxes.setdefault(
                track.person_id,
                (
                    np.full((T, 4), np.nan, np.float32),
                    np.full(T, np.nan, np.float32),
                    np.zeros(T, np.bool_),
                ),
            )
            for array, own in zip(
                whole, (track.boxes_xyxy, track.scores, track.detected), strict=True
            ):
                array[part] = own
    return tuple(Track(number, *boxes[number]) for number in sorted(boxes))
