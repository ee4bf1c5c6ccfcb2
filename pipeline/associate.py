"""Which box of one key frame is the same person as which box of the next.

Boxes are matched from key frame to key frame by the Hungarian method on the cost

    (place^2 + height^2 + width^2) / 2 + (1 - IoU) + doubt

where `place` is how far a box lies from where its person was heading, `height` and `width` how
much the person seems to have changed, all in units of what may be expected after the time that has
passed; `doubt` is dearer for people not seen for a while or seen once only. A camera that jolts
moves everybody at once, so what all predictions miss in common is taken off first.

Afterwards parts of one person's way are joined: those of who was lost for longer, where both ends
agree on the way between them, and those before and after people met. Boxes that lie on each other
cannot say who goes where, so the ways are cut where they do most, and what people look like before
and after has a say in how they go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipeline.boxes import Array, Numbers, centres, covered, extents, iou, lengths, pairwise_iou
from pipeline.errors import ConfigError

Rows = NDArray[np.int64]

_MAX_PROPOSALS = 40

_LOOKS = 8
"""Boxes, about a second, that say what somebody looks like."""
_USUAL_DIFFERENCE = 0.15
"""Of the same person before and after a meeting."""
_ALIKE = 0.5
"""Difference of the logarithms of heights up to which two people can be confused."""
_ONE_MEETING_S = 0.5
"""People who meet again within this time have not parted."""


@dataclass(frozen=True)
class AssociationSettings:
    """How far a person may move and change from one key frame to the next.

    `noise` is the deviation expected at once (a jittering box, limbs thrown out), `growth` what
    every second adds to it. Places are counted in lengths of the person (the box's longer side), so
    that near and far people follow one rule. The figures are the spread of a real skater's boxes.
    """

    place_noise: float = 0.06
    """Lengths of the person."""
    place_growth: float = 0.8
    """Lengths a second: what speed and direction change by."""
    height_noise: float = 0.04
    """Of the natural logarithm of the height."""
    height_growth: float = 1.0
    """The same, a second."""
    width_noise: float = 0.12
    """Of the natural logarithm of the width, which arms and legs change more than the height."""
    width_growth: float = 2.4
    """The same, a second."""
    max_cost: float = 12.0
    """A dearer pair is two people; 8 is a deviation of four times the expected one."""
    velocity_window_s: float = 0.3
    """A person's velocity is the slope of the box centres over this time."""
    max_missed_s: float = 0.5
    """Who was missed for longer is a new person at first; one missed key frame always passes."""
    max_absence_s: float = 1.5
    """Two parts of one person's way are joined over an absence of at most this."""
    max_double_s: float = 0.3
    """One person may have two boxes for so long before the older one gives way."""
    min_double_iou: float = 0.4
    """Overlap of such boxes."""
    min_covered: float = 0.2
    """Two people meet where one box covers a larger share of the other."""
    loyalty: float = 2.0
    """What a way that was cut is dearer joined to any other part than to its own."""
    appearance: float = 24.0
    """Cost of joining ways of people who have no colour in common."""

    def __post_init__(self) -> None:
        for name in ("place_noise", "height_noise", "width_noise", "max_cost"):
            self._check(name, "be above 0 and finite", 0 < getattr(self, name) < np.inf)
        for name in ("place_growth", "height_growth", "width_growth", "loyalty", "appearance"):
            self._check(name, "be 0 or more and finite", 0 <= getattr(self, name) < np.inf)
        for name in ("velocity_window_s", "max_missed_s", "max_absence_s", "max_double_s"):
            self._check(name, "not be negative", getattr(self, name) >= 0)
        for name in ("min_double_iou", "min_covered"):
            self._check(name, "be from 0 to 1", 0 <= getattr(self, name) <= 1)

    def _check(self, name: str, rule: str, holds: bool) -> None:
        if not holds:
            raise ConfigError(f"track.association.{name}: must {rule}, got {getattr(self, name)}")


@dataclass(frozen=True)
class Sighting:
    """All boxes of one key frame."""

    time_s: float
    """When the frame is shown."""
    rows: tuple[int, ...]
    """Positions of its boxes in the arrays of the whole clip."""


@dataclass
class Trace:
    """One person's boxes so far."""

    rows: list[int]
    """Positions in the arrays of the whole clip."""
    times: list[float]
    """When each is shown, seconds."""
    numbers: list[int]
    """Of their key frames."""

    def add(self, row: int, time_s: float, number: int) -> None:
        """One more box, later than all so far."""
        self.rows.append(row)
        self.times.append(time_s)
        self.numbers.append(number)

    def upto(self, place: int) -> Trace:
        """The boxes up to a place, that one too."""
        return self._part(0, place + 1)

    def since(self, place: int) -> Trace:
        """The boxes from a place on."""
        return self._part(place, len(self.rows))

    def backwards(self) -> Trace:
        """The same way walked from its end, on a clock that runs backwards."""
        times = [-time_s for time_s in reversed(self.times)]
        return Trace(self.rows[::-1], times, [-number for number in reversed(self.numbers)])

    def split(self, after: Sequence[int]) -> list[Trace]:
        """The parts that end with key frames of these numbers, and the rest."""
        ends = np.searchsorted(self.numbers, sorted(after), side="right").tolist()
        pairs = zip([0, *ends], [*ends, len(self.rows)], strict=True)
        return [self._part(a, b) for a, b in pairs if a < b]

    def _part(self, start: int, end: int) -> Trace:
        return Trace(self.rows[start:end], self.times[start:end], self.numbers[start:end])


def associate(
    boxes: Array,
    sightings: Sequence[Sighting],
    settings: AssociationSettings,
    appearance: Array | None = None,
) -> list[list[int]]:
    """Sort the boxes of a clip by person.

    Args:
        boxes: `(N, 4)` of all key frames in order of time, none of them empty.
        sightings: The key frames in order of time.
        settings: What a person may do between two of them.
        appearance: `(N, D)` what the boxes show, rows of length 1 or 0 (`pipeline.appearance`).

    Returns:
        For every person the positions of the boxes in order of time. No box belongs to two people;
        a second box of the same person and frame belongs to nobody.
    """
    matcher = Matcher(boxes, settings)
    looks = None if appearance is None else Looks.of(boxes, sightings, appearance, settings)
    traces: list[Trace] = []
    for number, sighting in enumerate(sightings):
        matched = matcher.match(matcher.waiting(traces, number, sighting), sighting)
        for trace, row in matched:
            trace.add(row, sighting.time_s, number)
        new_rows = sorted(set(sighting.rows) - {row for _, row in matched})
        traces += [Trace([row], [sighting.time_s], [number]) for row in new_rows]
    return [trace.rows for trace in matcher.join(traces, looks)]


def carry_on(
    traces: Sequence[Trace],
    boxes: Array,
    sightings: Sequence[Sighting],
    settings: AssociationSettings,
) -> list[Trace]:
    """Lead ways on from both their ends along boxes that would not have begun one.

    ByteTrack does so (Zhang et al. 2022, section 3), from key frame to key frame and forwards only.

    Args:
        traces: Ways of people, none of them empty.
        boxes: `(N, 4)` those of the traces and of the sightings.
        sightings: The boxes that belong to nobody, of all key frames in order of time.
        settings: What a person may do between two key frames.

    Returns:
        The ways in the same order; no box belongs to two.
    """
    matcher, taken = Matcher(boxes, settings), set[int]()
    numbered = list(enumerate(sightings))
    led = list(traces)
    for _ in range(2):
        for number, sighting in numbered:
            free = replace(sighting, rows=tuple(row for row in sighting.rows if row not in taken))
            for trace, row in matcher.match(matcher.waiting(led, number, free), free):
                trace.add(row, sighting.time_s, number)
                taken.add(row)
        led = [trace.backwards() for trace in led]
        numbered = [(-number, replace(s, time_s=-s.time_s)) for number, s in reversed(numbered)]
    return led


@dataclass(frozen=True)
class Looks:
    """What people look like where nobody else is in their box."""

    appearance: Numbers
    """`(N, D)` rows of length 1 or 0."""
    alone: NDArray[np.bool_]
    """`(N,)` whether a box shows one person only."""

    @staticmethod
    def of(
        boxes: Array,
        sightings: Sequence[Sighting],
        appearance: Array,
        settings: AssociationSettings,
    ) -> Looks:
        """Arguments as for `associate`."""
        alone = np.asarray(appearance.any(axis=1))
        for sighting in sightings:
            rows = np.array(sighting.rows, dtype=np.int64)
            hidden = covered(boxes[rows, None], boxes[None, rows])
            np.fill_diagonal(hidden, 0)
            alone[rows] &= (hidden < settings.min_covered).all(axis=1)
        return Looks(appearance.astype(np.float64), alone)

    def ends(self, trace: Trace) -> tuple[Numbers | None, Numbers | None]:
        """What somebody looks like in a trace's first and last boxes that show one person only."""
        return self._mean(trace.rows), self._mean(trace.rows[::-1])

    def _mean(self, rows: Sequence[int]) -> Numbers | None:
        chosen = [row for row in rows if self.alone[row]][:_LOOKS]
        if not chosen:
            return None
        mean = self.appearance[chosen].mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean))


def _difference(before: Numbers | None, after: Numbers | None) -> float:
    """From 0, the same colours, to 1; the usual one where somebody cannot be seen alone."""
    if before is None or after is None:
        return _USUAL_DIFFERENCE
    return 1 - float(before @ after)


class Matcher:
    """Costs and assignments over one clip's boxes."""

    def __init__(self, boxes: Array, settings: AssociationSettings) -> None:
        self.boxes = boxes.astype(np.float64)
        self.centres = centres(boxes)
        self.lengths = lengths(boxes)
        self.log_extents = np.log(extents(boxes))
        self.settings = settings

    def match(self, traces: list[Trace], sighting: Sighting) -> list[tuple[Trace, int]]:
        """The pairs of trace and box that cost least together, none above the limit."""
        if not traces or not sighting.rows:
            return []
        rows = np.array(sighting.rows)
        last = np.array([trace.rows[-1] for trace in traces])
        elapsed = sighting.time_s - np.array([trace.times[-1] for trace in traces])
        moved = self._velocities(traces) * elapsed[:, None]  # (N, 2)
        fresh = elapsed == elapsed.min()  # the others may have gone anywhere
        moved += self._jolt((self.centres[last] + moved)[fresh], last[fresh], rows, elapsed[fresh])
        cost = self.deviation((self.centres[last] + moved)[:, None], last, rows, elapsed)  # (N, M)
        cost += 1 - pairwise_iou(self.boxes[last] + np.tile(moved, 2), self.boxes[rows])
        cost += self._doubt(traces, elapsed)[:, None]
        return [(traces[i], int(rows[j])) for i, j in self._cheapest(cost)]

    def waiting(self, traces: Sequence[Trace], number: int, sighting: Sighting) -> list[Trace]:
        """The traces that have ended before a key frame, not long ago."""
        return [
            trace
            for trace in traces
            if 0 < number - trace.numbers[-1] <= 2
            or 0 < sighting.time_s - trace.times[-1] <= self.settings.max_missed_s
        ]

    def join(self, whole: list[Trace], looks: Looks | None) -> list[Trace]:
        """Join traces that are parts of one person's way."""
        parts = [[trace] for trace in whole] if looks is None else self._parted(whole)
        traces = [part for trace in parts for part in trace]
        goes_on = {id(a): id(b) for trace in parts for a, b in pairwise(trace)}
        ends = [looks.ends(trace) for trace in traces] if looks is not None else []
        cost = np.full((len(traces), len(traces)), np.inf)
        for i, earlier in enumerate(traces):
            for j, later in enumerate(traces):
                absence_s = later.times[0] - earlier.times[-1]
                own = goes_on.get(id(earlier)) == id(later)
                if own or 0 < absence_s <= self.settings.max_absence_s:
                    cost[i, j] = self._gap_cost(earlier, later, absence_s)
                    if ends:
                        change = _difference(ends[i][1], ends[j][0]) - _USUAL_DIFFERENCE
                        cost[i, j] += self.settings.appearance * change
                elif -self.settings.max_double_s <= absence_s <= 0:
                    cost[i, j] = self._handover_cost(earlier, later)
                if own:  # nobody is lost because a way was cut
                    cost[i, j] = min(cost[i, j], self.settings.max_cost) - self.settings.loyalty
        successor = dict(self._cheapest(cost))
        heads = set(range(len(traces))) - set(successor.values())
        return [_chain(traces, successor, head) for head in sorted(heads)]

    def _parted(self, traces: list[Trace]) -> list[list[Trace]]:
        """Every trace in parts: cut where it met others."""
        cuts: list[set[int]] = [set() for _ in traces]
        lasting = [_held(trace) for trace in traces]
        for i, j in combinations(range(len(traces)), 2):
            if self._takes_over(traces[i], traces[j]) or self._takes_over(traces[j], traces[i]):
                continue
            for number in self._meetings(lasting[i], lasting[j]):
                cuts[i].add(number)
                cuts[j].add(number)
        return [trace.split(sorted(cut)) for trace, cut in zip(traces, cuts, strict=True)]

    def _takes_over(self, earlier: Trace, later: Trace) -> bool:
        """Whether one trace goes on about when the other ends: then two people cannot part."""
        together_s = earlier.times[-1] - later.times[0]
        comes_after = earlier.times[0] < later.times[0] and earlier.times[-1] < later.times[-1]
        return comes_after and together_s <= self.settings.max_double_s

    def _meetings(
        self, first: dict[int, tuple[int, float]], second: dict[int, tuple[int, float]]
    ) -> list[int]:
        """The key frames in which two people were nearest to each other, one a meeting."""
        common = sorted(first.keys() & second.keys())
        if not common:
            return []
        rows = np.array([[first[number][0], second[number][0]] for number in common])
        one, other = self.boxes[rows[:, 0]], self.boxes[rows[:, 1]]
        overlap = iou(one, other)
        # Nobody takes a spectator far behind for the skater in front.
        heights = self.log_extents[rows, 1]
        alike = np.abs(heights[:, 0] - heights[:, 1]) < _ALIKE
        hidden = np.maximum(covered(one, other), covered(other, one))
        met = np.flatnonzero(alike & (hidden > self.settings.min_covered))
        times = np.array([first[common[place]][1] for place in met])
        apart = np.flatnonzero(np.diff(times) > _ONE_MEETING_S) + 1
        return [common[m[overlap[m].argmax()]] for m in np.split(met, apart) if len(m)]

    def _gap_cost(self, earlier: Trace, later: Trace, absence_s: float) -> float:
        """Cost of one person's walk from the end of one trace to the start of another.

        Both are led to the middle of the gap: each side's velocity is trusted for half of it only.
        """
        end, start, half = earlier.rows[-1], later.rows[0], absence_s / 2
        ahead = self.centres[end] + self.slope(earlier, at_end=True) * half
        back = self.centres[start] - self.slope(later, at_end=False) * half
        predicted = (self.centres[start] + ahead - back)[None, None]  # (1, 1, 2)
        cost = self.deviation(predicted, np.array([end]), np.array([start]), np.array([half]))
        return float(cost[0, 0])

    def _handover_cost(self, earlier: Trace, later: Trace) -> float:
        """Cost of one person having had two boxes for a moment, of which the newer one went on."""
        if later.times[0] <= earlier.times[0] or later.times[-1] <= earlier.times[-1]:
            return np.inf
        at_start = _row_near(earlier, later.times[0]), later.rows[0]
        at_end = earlier.rows[-1], _row_near(later, earlier.times[-1])
        overlaps = iou(self.boxes[[at_start[0], at_end[0]]], self.boxes[[at_start[1], at_end[1]]])
        overlap = float(overlaps.min())
        return 1 - overlap if overlap >= self.settings.min_double_iou else np.inf

    def _spreads(self, elapsed: Numbers) -> Numbers:
        """Expected deviation `(3, N)` of place, width and height after a time."""
        s = self.settings
        noise = np.array([[s.place_noise], [s.width_noise], [s.height_noise]])
        growth = np.array([[s.place_growth], [s.width_growth], [s.height_growth]])
        return noise + growth * elapsed

    def deviation(self, predicted: Numbers, last: Rows, rows: Rows, elapsed: Numbers) -> Numbers:
        """Half the squared deviation `(N, M)` of boxes from people, in expected ones.

        Args:
            predicted: `(N, M or 1, 2)` where each of the N people should be now.
            last: `(N,)` their last boxes.
            rows: `(M,)` the boxes in question.
            elapsed: `(N,)` seconds since their last boxes.
        """
        place, width, height = self._spreads(elapsed)[..., None]  # (N, 1) each
        scale = np.sqrt(self.lengths[last][:, None] * self.lengths[rows])  # (N, M)
        apart = np.linalg.norm(predicted - self.centres[rows], axis=-1) / scale
        change = self.log_extents[last][:, None] - self.log_extents[rows]  # (N, M, 2)
        terms = apart / place, change[..., 0] / width, change[..., 1] / height
        return 0.5 * sum((term**2 for term in terms), np.zeros_like(scale))

    def _doubt(self, traces: list[Trace], elapsed: Numbers) -> Numbers:
        """What makes a trace `(N,)` a less likely owner of any box.

        A wider spread fits more boxes but each of them less: the logarithms are those of the normal
        distribution's own factor, the place counting twice for its two axes.
        """
        spreads = self._spreads(elapsed)
        place, width, height = np.log(spreads / spreads.min(axis=1, keepdims=True))
        seen_once = np.array([len(trace.rows) == 1 for trace in traces])
        return 2 * place + width + height + seen_once

    def _jolt(self, predicted: Numbers, last: Rows, rows: Rows, elapsed: Numbers) -> Numbers:
        """The shift `(2,)` that everybody's prediction misses: a sudden move of the camera.

        Every pair of prediction and box proposes its own shift. A proposal counts with the people
        it explains apart from its own pair, so nobody moves the camera alone, and must explain more
        of them than no shift does; a far jolt is less likely than a near one. Where no shift
        explains most people, as in nearly all frames, none is sought.
        """
        best, best_support = np.zeros(2), self._support(predicted, last, rows, elapsed)
        if best_support > 0.5 * min(len(last), len(rows)):
            return best
        reach = float(np.median(self.lengths[last]))
        proposals = (self.centres[rows] - predicted[:, None]).reshape(-1, 2)
        for proposal in _most_alike(proposals, self.settings.place_noise * reach):
            support = self._support(predicted + proposal, last, rows, elapsed) - 1
            support -= float(np.linalg.norm(proposal)) / reach
            if support > best_support:
                best, best_support = proposal, support
        return best

    def _support(self, predicted: Numbers, last: Rows, rows: Rows, elapsed: Numbers) -> float:
        """How many people are where they are expected; no two of them in one box."""
        agreement = np.exp(-self.deviation(predicted[:, None], last, rows, elapsed))  # (N, M)
        return float(min(agreement.max(axis=0).sum(), agreement.max(axis=1).sum()))

    def _velocities(self, traces: list[Trace]) -> Numbers:
        """Velocity `(N, 2)`, pixels a second; who was seen once moves as the others do."""
        once = np.array([len(trace.rows) == 1 for trace in traces])
        velocities = np.array([self.slope(trace, at_end=True) for trace in traces])
        if once.any() and not once.all():
            velocities[once] = np.median(velocities[~once], axis=0)
        return velocities

    def slope(self, trace: Trace, *, at_end: bool) -> Numbers:
        """Least-squares velocity `(2,)` at one end of a trace; zero after a single box."""
        times = np.array(trace.times)
        from_end = times[-1] - times if at_end else times - times[0]
        near = from_end <= self.settings.velocity_window_s
        # With sparse key frames the window may hold one box: then the two at this end.
        near[slice(-2, None) if at_end else slice(0, 2)] = True
        centred = times[near] - times[near].mean()
        if not centred.any():
            return np.zeros(2)
        return centred @ self.centres[np.array(trace.rows)[near]] / (centred @ centred)

    def _cheapest(self, cost: Numbers) -> list[tuple[int, int]]:
        """The assignment of least sum in which leaving a pair apart costs `max_cost`."""
        pairs = zip(*linear_sum_assignment(np.minimum(cost, self.settings.max_cost)), strict=True)
        return [(int(i), int(j)) for i, j in pairs if cost[i, j] < self.settings.max_cost]


def _most_alike(proposals: Numbers, cell: float) -> Numbers:
    """The proposals `(P, 2)` that most others agree with to about a cell: a crowd has too many."""
    cells = np.rint(proposals / cell)
    _, which, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(-counts[which.reshape(-1)], kind="stable")
    return proposals[order[:_MAX_PROPOSALS]]


def _held(trace: Trace) -> dict[int, tuple[int, float]]:
    """Box and time of a trace at the key frames' numbers, at both ends for one more.

    Who is hidden by somebody else is not seen where the two are nearest.
    """
    rows = dict(zip(trace.numbers, zip(trace.rows, trace.times, strict=True), strict=True))
    first, last = trace.numbers[0], trace.numbers[-1]
    return {first - 1: rows[first], **rows, last + 1: rows[last]}


def _row_near(trace: Trace, time_s: float) -> int:
    return trace.rows[int(np.abs(np.array(trace.times) - time_s).argmin())]


def _chain(traces: list[Trace], successor: dict[int, int], head: int) -> Trace:
    """The whole way that begins with trace `head`; where two traces overlap, the earlier one's."""
    place, start = head, traces[head]
    rows, times, numbers = list(start.rows), list(start.times), list(start.numbers)
    while place in successor:
        place = successor[place]
        new = [i for i, time_s in enumerate(traces[place].times) if time_s > times[-1]]
        rows += [traces[place].rows[i] for i in new]
        times += [traces[place].times[i] for i in new]
        numbers += [traces[place].numbers[i] for i in new]
    return Trace(rows, times, numbers)
