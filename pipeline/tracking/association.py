"""Which box of one key frame is the same person as which box of the next (Hungarian method).

A camera that moves suddenly moves everybody at once, so what all predictions miss in common is
taken off first. Afterwards `pipeline.tracking.stitching` joins the tracklets of one person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.detection.boxes import Array, pairwise_iou
from pipeline.tracking.association_cost import AssociationCost, AssociationSettings
from pipeline.tracking.camera_motion import camera_shift
from pipeline.tracking.tracklet import FrameDetections, Tracklet


def associate(cost: AssociationCost, frames: Sequence[FrameDetections]) -> list[Tracklet]:
    """Sort the boxes of a clip into tracklets, from key frame to key frame.

    Args:
        cost: Of the clip's boxes.
        frames: The key frames in order of time.

    Returns:
        Tracklets in the order of their first boxes; every box belongs to one of them.
    """
    tracklets: list[Tracklet] = []
    for number, frame in enumerate(frames):
        matched = match(cost, alive(cost, tracklets, number, frame), frame)
        for tracklet, row in matched:
            tracklet.add(row, frame.time_s, number)
        new_rows = sorted(set(frame.rows) - {row for _, row in matched})
        tracklets += [Tracklet.of(row, frame.time_s, number) for row in new_rows]
    return tracklets


def associate_low_scores(
    tracklets: Sequence[Tracklet],
    boxes: Array,
    frames: Sequence[FrameDetections],
    settings: AssociationSettings,
) -> list[Tracklet]:
    """Lead tracklets on from both ends along boxes of low score, which begin none themselves.

    ByteTrack does so (Zhang et al. 2022, section 3), from key frame to key frame and forwards only.

    Args:
        tracklets: Of people, none of them empty.
        boxes: `(N, 4)` those of the tracklets and of the frames.
        frames: The boxes that belong to nobody, of all key frames in order of time.
        settings: What a person may do between two key frames.

    Returns:
        The tracklets in the same order; no box belongs to two.
    """
    cost, taken = AssociationCost(boxes, settings), set[int]()
    numbered = list(enumerate(frames))
    extended = list(tracklets)
    for _ in range(2):
        for number, frame in numbered:
            free = replace(frame, rows=tuple(row for row in frame.rows if row not in taken))
            for tracklet, row in match(cost, alive(cost, extended, number, free), free):
                tracklet.add(row, frame.time_s, number)
                taken.add(row)
        extended = [tracklet.reversed() for tracklet in extended]
        numbered = [(-number, replace(f, time_s=-f.time_s)) for number, f in reversed(numbered)]
    return extended


def alive(
    cost: AssociationCost, tracklets: Sequence[Tracklet], number: int, frame: FrameDetections
) -> list[Tracklet]:
    """The tracklets that have ended before a key frame, not long ago."""
    return [
        tracklet
        for tracklet in tracklets
        if 0 < number - tracklet.numbers[-1] <= 2
        or 0 < frame.time_s - tracklet.times[-1] <= cost.settings.max_missed_s
    ]


def match(
    cost: AssociationCost, tracklets: Sequence[Tracklet], frame: FrameDetections
) -> list[tuple[Tracklet, int]]:
    """The pairs of tracklet and box that cost least together, none above the limit."""
    if not tracklets or not frame.rows:
        return []
    rows = np.array(frame.rows)
    last = np.array([tracklet.rows[-1] for tracklet in tracklets])
    elapsed = frame.time_s - np.array([tracklet.times[-1] for tracklet in tracklets])
    moved = cost.velocities(tracklets) * elapsed[:, None]  # (N, 2)
    fresh = elapsed == elapsed.min()  # the others may have gone anywhere
    predicted = cost.centres[last] + moved
    pairs = cost.deviation(predicted[:, None], last, rows, elapsed)  # (N, M)
    shift = camera_shift(
        cost, predicted[fresh], last[fresh], rows, elapsed[fresh], deviation=pairs[fresh]
    )
    if shift.any():
        moved += shift
        pairs = cost.deviation((cost.centres[last] + moved)[:, None], last, rows, elapsed)
    pairs += 1 - pairwise_iou(cost.boxes[last] + np.tile(moved, 2), cost.boxes[rows])
    pairs += cost.penalty(tracklets, elapsed)[:, None]
    return [(tracklets[i], int(rows[j])) for i, j in cost.assign(pairs)]
