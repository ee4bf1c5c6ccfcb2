"""Found segments to elements: each jump, spin and sequence through the ensemble of a clip.

The people and the skeleton are those of the pass over the video; the frames of the views alone are
decoded once more. What comes out is an analysis as of a clip that was cut by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.analyser import Analyser
from pipeline.elements import ELEMENTS
from pipeline.inputs import Question
from pipeline.measure.measure import Wishes, measure
from pipeline.measure.records import MOMENTS, Kind
from pipeline.programme.candidates import (
    FOLLOWS,
    FOLLOWS_EULER,
    is_euler,
    is_vetoed,
    jump_candidates,
    jump_code,
    sequence_candidates,
    sequence_code,
    spin_candidates,
    spin_code,
)
from pipeline.programme.reading import ReadShot
from pipeline.programme.segments import Segment
from pipeline.programme.windows import Window, window_of, window_s
from pipeline.progress import Monitor
from pipeline.types import Analysis, FoundElement, FoundJump, Measured
from pipeline.video import FramesLost, Video

ELEMENTS_FOLDER = "elements"
SAME_S = 0.12
"""What is read later may move a segment by so much; its analysis is not made again for that."""


@dataclass(frozen=True)
class Classified:
    """One segment after the ensemble."""

    element: FoundElement
    analyses: Mapping[str, Analysis] = field(default_factory=dict)
    """Place in the programme's folder -> the analysis that belongs there."""
    vetoed: bool = False
    """Whether the ensemble sees no element in it."""


class ElementClassifier:
    """Asks the ensemble about the segments of one video; what it was asked before, it knows.

    Args:
        analyser: Its networks, profile and cache.
        video: The whole span that is looked through.
        monitor: Asked whether to stop.
        fresh: Ask anew what the cache knows.
    """

    def __init__(
        self,
        analyser: Analyser,
        video: Video,
        monitor: Monitor,
        *,
        fresh: bool = False,
    ) -> None:
        self._analyser, self._video = analyser, video
        self._monitor, self._fresh = monitor, fresh
        self._known: list[tuple[Window, Analysis]] = []

    def classify(self, segment: Segment, shots: Sequence[ReadShot], number: int) -> Classified:
        """The element of a segment.

        Args:
            segment: What was found.
            shots: As they were read; the last one may still grow.
            number: Of the element.

        Raises:
            Cancelled: A stop was asked for.
        """
        if segment.jumps:
            return self._jumps(segment, shots, number)
        place = f"{ELEMENTS_FOLDER}/{number:02d}"
        analysis = self._analysis(window_s(segment), shots)
        if analysis is None:
            return Classified(preview(segment, number))
        if segment.family == "spin":
            candidates = spin_candidates(analysis, segment)
            code = spin_code(segment.positions, candidates, flying=segment.flying)
            measured = _measured(analysis, "spin")
        else:
            candidates, code, measured = sequence_candidates(analysis), sequence_code(), {}
        element = FoundElement(
            number,
            segment.family,
            segment.start_s,
            segment.end_s,
            code,
            segment.confidence,
            positions=segment.positions,
            flying=segment.flying,
            candidates=candidates,
            analysis=place,
            measurements=measured,
        )
        vetoed = is_vetoed([analysis], segment.confidence)
        return Classified(element, {place: analysis}, vetoed)

    def _jumps(self, segment: Segment, shots: Sequence[ReadShot], number: int) -> Classified:
        several = len(segment.jumps) > 1
        asked = [self._analysis(window_s(segment, j), shots) for j in range(len(segment.jumps))]
        analyses: dict[str, Analysis] = {}
        found: list[FoundJump] = []
        for index, (flight, analysis) in enumerate(zip(segment.jumps, asked, strict=True)):
            if analysis is None:
                found.append(FoundJump(*flight, ()))
                continue
            place = f"{ELEMENTS_FOLDER}/{number:02d}" + (f"-{index + 1}" if several else "")
            analyses[place] = analysis
            measured = _measured(analysis, "jump", 0.5 * sum(flight))
            euler = is_euler(segment, index, asked[index + 1] if asked[index + 1 :] else None)
            worth = None if not found else FOLLOWS_EULER if found[-1].euler else FOLLOWS
            candidates = () if euler else jump_candidates(analysis, worth)
            found.append(FoundJump(*flight, candidates, place, measured, euler))
        element = FoundElement(
            number,
            segment.family,
            segment.start_s,
            segment.end_s,
            jump_code(found),
            segment.confidence,
            jumps=tuple(found),
        )
        return Classified(element, analyses, is_vetoed([*analyses.values()], segment.confidence))

    def _analysis(self, span_s: tuple[float, float], shots: Sequence[ReadShot]) -> Analysis | None:
        """The analysis of a stretch; None where the skater is not in it, or its frames are lost."""
        window = window_of(span_s, shots, self._video.timeline)
        if window is None:
            return None
        reach = round(SAME_S * self._video.info.fps)
        for known, analysis in self._known:
            if abs(known.first - window.first) <= reach and abs(known.stop - window.stop) <= reach:
                return analysis
        part = self._video.part(window.first, window.stop)
        question, monitor = Question(followed=window.followed), self._monitor.silent()
        try:
            analysis = self._analyser.answer(part, question, monitor, fresh=self._fresh)
        except FramesLost:
            return None
        self._known.append((window, analysis))
        return analysis


def preview(segment: Segment, number: int) -> FoundElement:
    """The element of a segment that the ensemble was not asked about, or not yet."""
    code = ""
    if segment.family == "spin":
        code = spin_code(segment.positions, (), flying=segment.flying)
    elif segment.family == "sequence":
        code = sequence_code()
    return FoundElement(
        number,
        segment.family,
        segment.start_s,
        segment.end_s,
        code,
        segment.confidence,
        jumps=tuple(FoundJump(*jump, ()) for jump in segment.jumps),
        positions=segment.positions,
        flying=segment.flying,
    )


def _measured(analysis: Analysis, kind: Kind, at_s: float | None = None) -> dict[str, Measured]:
    """What the skeleton tells of a jump around a moment, or of a spin."""
    origin = analysis.provenance.get("pose")
    if origin is not None and origin.status == "untrained":
        return {}
    stamp_s = None if at_s is None else at_s + analysis.timeline.origin_s
    measurements = measure(
        analysis.pose,
        analysis.timeline.pts_s,
        ELEMENTS[analysis.verdict.class_index],
        Wishes(kind, flight_at_s=stamp_s),
    )
    return {
        one.quantity: Measured(one.estimate.value, one.estimate.low, one.estimate.high, one.unit)
        for one in measurements.measured
        if one.estimate is not None and one.quantity not in MOMENTS
    }
