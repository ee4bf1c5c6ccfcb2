"""One video on its way through the stages: shots, segments, elements, while it is being read."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from models.temporal import TemporalNetwork
from pipeline.analyser import Analyser
from pipeline.messages import Message
from pipeline.networks import TEMPORAL
from pipeline.programme.classify import Classified, ElementClassifier, preview
from pipeline.programme.reading import KeptReading, read_shots
from pipeline.programme.search import Search
from pipeline.programme.segments import Segment
from pipeline.progress import Monitor
from pipeline.storage.analysis_files import save
from pipeline.storage.programme_files import ELEMENTS, analysis_places
from pipeline.types import Analysis, FoundElement, Programme, Provenance
from pipeline.video import Video
from pipeline.weight_warnings import weight_warnings

_SHARES = {"read": 0.94, "classify": 0.06}
"""Of the whole: most elements are classified while the video is being read."""


class ProgrammeRun:
    """One video on its way to its elements.

    Args:
        analyser: Its networks, profile and cache are used.
        video: The whole span that is looked through.
        monitor: Told about progress and the growing programme; asked whether to stop.
        folder: Where the analyses of elements go; None: they are not kept.
        skater: Number of the person who is the skater.
        kept: What an earlier run has read.
        fresh: Analyse elements anew that the cache knows.
    """

    def __init__(
        self,
        analyser: Analyser,
        video: Video,
        monitor: Monitor,
        folder: Path | None,
        *,
        skater: int | None,
        kept: KeptReading | None,
        fresh: bool,
    ) -> None:
        self._analyser, self._video, self._monitor = analyser, video, monitor
        self._folder, self._skater, self._kept, self._fresh = folder, skater, kept, fresh
        self._written: dict[str, Analysis] = {}
        self._warnings: list[Message] = []

    def programme(self) -> Programme:
        """All of it; elements are classified as soon as they will not change any more."""
        analyser, video, monitor = self._analyser, self._video, self._monitor
        monitor.expect(dict(_SHARES))
        network = cast(TemporalNetwork, analyser.networks.get(TEMPORAL))
        search = Search(network, video.timeline)
        classifier = ElementClassifier(analyser, video, monitor, fresh=self._fresh)
        early: list[Classified] = []
        shots = read_shots(
            video,
            analyser.networks,
            analyser.profile,
            monitor,
            skater=self._skater,
            kept=self._kept,
        )
        for read in shots:
            with monitor.timed("temporal"):
                search.add(read)
                segments, settled = search.segments()
            self._warnings += [w for w in read.warnings if w not in self._warnings]
            self._tell(search, early, segments)
            for segment in segments[len(early) : settled]:
                early.append(self._classified(segment, search, classifier, _next_number(early)))
                self._tell(search, early, segments)
        monitor.finish("read")
        return self._whole(search, classifier)

    def _whole(self, search: Search, classifier: ElementClassifier) -> Programme:
        """Everything once more, now that all is read; most analyses are known by now."""
        with self._monitor.timed("temporal"):
            segments, _ = search.segments(complete=True)
        found: list[Classified] = []
        for done, segment in enumerate(segments):
            found.append(self._classified(segment, search, classifier, _next_number(found)))
            self._monitor.step("classify", (done + 1) / len(segments))
        vetoed = sum(one.vetoed for one in found)
        if vetoed:
            self._warnings.append(Message.of("vetoed", count=vetoed))
        programme = self._programme(search, _elements(found))
        self._clear(programme)
        self._monitor.finish("classify", programme)
        return programme

    def _classified(
        self, segment: Segment, search: Search, classifier: ElementClassifier, number: int
    ) -> Classified:
        with self._monitor.timed("classify"):
            found = classifier.classify(segment, search.shots, number)
            if not found.vetoed:
                self._write(found)
        return found

    def _tell(
        self, search: Search, early: Sequence[Classified], segments: Sequence[Segment]
    ) -> None:
        """Tell the listener what there is: elements for certain, then those that may change."""
        certain = _elements(early)
        open_ones = [
            preview(segment, len(certain) + 1 + place)
            for place, segment in enumerate(segments[len(early) :])
        ]
        programme = self._programme(search, (*certain, *open_ones))
        read = search.shots[-1].stop / len(self._video)  # what is known from before counts
        self._monitor.step("read", max(self._monitor.done("read"), read), programme)

    def _write(self, found: Classified) -> None:
        if self._folder is None:
            return
        for place, analysis in found.analyses.items():
            if self._written.get(place) is not analysis:
                save(analysis, self._folder / place)
                self._written[place] = analysis

    def _clear(self, programme: Programme) -> None:
        """Remove analyses of elements that turned out to be others."""
        if self._folder is None or not (self._folder / ELEMENTS).is_dir():
            return
        used = set(analysis_places(programme))
        for entry in (self._folder / ELEMENTS).iterdir():
            if f"{ELEMENTS}/{entry.name}" not in used:
                shutil.rmtree(entry, ignore_errors=True)

    def _programme(self, search: Search, elements: tuple[FoundElement, ...]) -> Programme:
        provenance = self._provenance()
        if self._folder is None:
            elements = tuple(map(_without_analysis, elements))
        return Programme(
            profile=self._analyser.profile.name,
            video=self._video.info,
            shots=tuple(read.shot for read in search.shots),
            elements=elements,
            frame_scores=search.scores(),
            provenance=provenance,
            timings_s={**self._monitor.timings_s, "total": self._monitor.total()},
            read_until_s=search.read_until_s,
            warnings=(*weight_warnings(provenance), *self._video.warnings, *self._warnings),
        )

    def _provenance(self) -> dict[str, Provenance]:
        networks = self._analyser.networks
        return {**networks.provenance, TEMPORAL: networks.provenance_of(TEMPORAL)}


def _elements(found: Sequence[Classified]) -> tuple[FoundElement, ...]:
    return tuple(one.element for one in found if not one.vetoed)


def _next_number(found: Sequence[Classified]) -> int:
    return 1 + len(_elements(found))


def _without_analysis(element: FoundElement) -> FoundElement:
    jumps = tuple(replace(jump, analysis="") for jump in element.jumps)
    return replace(element, analysis="", jumps=jumps)
