"""Joins tracklets that are one person: lost for longer, or before and after people met.

Over a gap, both ends must agree on the motion between them. Boxes that lie on each other cannot say
who goes where, so tracklets are cut where they do most, and what people look like before and after
has a say in how they go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np

from pipeline.detection.boxes import covered, iou
from pipeline.tracking.association_cost import AssociationCost
from pipeline.tracking.reid import USUAL_DISTANCE, Descriptors, distance
from pipeline.tracking.tracklet import Tracklet

_ALIKE = 0.5
"""Difference of the logarithms of heights up to which two people can be confused."""
_ONE_ENCOUNTER_S = 0.5
"""People who meet again within this time have not parted."""

_Seen = dict[int, tuple[int, float]]
"""Box and time by the number of the key frame."""


def stitch(
    cost: AssociationCost, whole: Sequence[Tracklet], descriptors: Descriptors | None
) -> list[Tracklet]:
    """Join the tracklets of one person.

    Args:
        cost: Of the clip's boxes.
        whole: From `associate`.
        descriptors: What people look like; None: unknown, and nothing is cut.

    Returns:
        A tracklet a person; a second box of one person and key frame belongs to nobody.
    """
    parts = [[t] for t in whole] if descriptors is None else _cut_at_encounters(cost, whole)
    tracklets = [part for tracklet in parts for part in tracklet]
    own = {(id(a), id(b)) for tracklet in parts for a, b in pairwise(tracklet)}
    ends = [descriptors.ends(t) for t in tracklets] if descriptors is not None else []
    costs = np.full((len(tracklets), len(tracklets)), np.inf)
    for i, earlier in enumerate(tracklets):
        for j, later in enumerate(tracklets):
            change = distance(ends[i][1], ends[j][0]) - USUAL_DISTANCE if ends else 0.0
            same = (id(earlier), id(later)) in own
            costs[i, j] = _joined(cost, earlier, later, change=change, own=same)
    successor = dict(cost.assign(costs))
    heads = set(range(len(tracklets))) - set(successor.values())
    return [_chain(tracklets, successor, head) for head in sorted(heads)]


def _joined(
    cost: AssociationCost, earlier: Tracklet, later: Tracklet, *, change: float, own: bool
) -> float:
    """Cost of one tracklet going on as another; infinite where the times do not allow it."""
    settings, absence_s = cost.settings, later.times[0] - earlier.times[-1]
    result = np.inf
    if own or 0 < absence_s <= settings.max_absence_s:
        result = cost.gap(earlier, later, absence_s) + settings.appearance * change
    elif -settings.max_double_s <= absence_s <= 0:
        result = cost.handover(earlier, later)
    if own:  # nobody is lost because a tracklet was cut
        return min(result, settings.max_cost) - settings.switch_penalty
    return result


def _cut_at_encounters(
    cost: AssociationCost, tracklets: Sequence[Tracklet]
) -> list[list[Tracklet]]:
    """Every tracklet in parts: cut where it met others."""
    cuts: list[set[int]] = [set() for _ in tracklets]
    lasting = [_held(tracklet) for tracklet in tracklets]
    for i, j in combinations(range(len(tracklets)), 2):
        one, other = tracklets[i], tracklets[j]
        if _takes_over(cost, one, other) or _takes_over(cost, other, one):
            continue
        for number in _encounters(cost, lasting[i], lasting[j]):
            cuts[i].add(number)
            cuts[j].add(number)
    return [tracklet.split(sorted(cut)) for tracklet, cut in zip(tracklets, cuts, strict=True)]


def _takes_over(cost: AssociationCost, earlier: Tracklet, later: Tracklet) -> bool:
    """Whether one tracklet goes on about when the other ends: then two people cannot part."""
    together_s = earlier.times[-1] - later.times[0]
    comes_after = earlier.times[0] < later.times[0] and earlier.times[-1] < later.times[-1]
    return comes_after and together_s <= cost.settings.max_double_s


def _encounters(cost: AssociationCost, first: _Seen, second: _Seen) -> list[int]:
    """The key frames in which two people were nearest to each other, one an encounter."""
    common = sorted(first.keys() & second.keys())
    if not common:
        return []
    rows = np.array([[first[number][0], second[number][0]] for number in common])
    one, other = cost.boxes[rows[:, 0]], cost.boxes[rows[:, 1]]
    # Nobody takes a spectator far behind for the skater in front.
    heights = cost.log_extents[rows, 1]
    alike = np.abs(heights[:, 0] - heights[:, 1]) < _ALIKE
    hidden = np.maximum(covered(one, other), covered(other, one))
    met = np.flatnonzero(alike & (hidden > cost.settings.min_covered))
    if not len(met):
        return []
    overlap = iou(one, other)
    times = np.array([first[common[place]][1] for place in met])
    apart = np.flatnonzero(np.diff(times) > _ONE_ENCOUNTER_S) + 1
    return [common[m[overlap[m].argmax()]] for m in np.split(met, apart)]


def _held(tracklet: Tracklet) -> _Seen:
    """Box and time of a tracklet at the key frames' numbers, at both ends for one more.

    Who is hidden by somebody else is not seen where the two are nearest.
    """
    seen = zip(tracklet.rows, tracklet.times, strict=True)
    rows = dict(zip(tracklet.numbers, seen, strict=True))
    first, last = tracklet.numbers[0], tracklet.numbers[-1]
    return {first - 1: rows[first], **rows, last + 1: rows[last]}


def _chain(tracklets: Sequence[Tracklet], successor: dict[int, int], head: int) -> Tracklet:
    """The person whose first tracklet is number `head`."""
    place, whole = head, tracklets[head]
    while place in successor:
        place = successor[place]
        whole = whole.followed_by(tracklets[place])
    return whole
