"""The ProgrammeFinder: from a whole video to its elements, for the app and the command line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from models.temporal import TemporalNetwork
from pipeline.analyser import Analyser
from pipeline.errors import StoreError, write_error
from pipeline.inputs import Question
from pipeline.messages import Message
from pipeline.networks import TEMPORAL
from pipeline.programme.classify import Classified, ElementClassifier, preview
from pipeline.programme.reading import read_shots
from pipeline.programme.search import Search
from pipeline.programme.segments import Segment
from pipeline.progress import Listener, Monitor, StopAsked
from pipeline.storage.analysis_files import save
from pipeline.storage.programme_cache import ProgrammeCache
from pipeline.storage.programme_files import ELEMENTS, analysis_places, write_programme
from pipeline.types import Analysis, FoundElement, Programme, Provenance
from pipeline.video import Video, open_video
from pipeline.weight_warnings import weight_warnings

_SHARES = {"read": 0.94, "classify": 0.06}
"""Of the whole: most elements are classified while the video is being read."""


class ProgrammeFinder:
    """Finds the elements of whole videos and uncut clips.

    Args:
        analyser: Its profile, networks and cache are used. Where it has a cache, known programmes
            are found beside it and new ones kept.
    """

    def __init__(self, analyser: Analyser) -> None:
        self.analyser = analyser

    def find(
        self,
        path: str | os.PathLike[str],
        *,
        start_s: float | None = None,
        end_s: float | None = None,
        stream: int | None = None,
        skater: int | None = None,
        fresh: bool = False,
        listener: Listener | None = None,
        stop_asked: StopAsked | None = None,
        folder: Path | None = None,
    ) -> Programme:
        """Find the elements of one video.

        Args:
            path: A video file of at most 15 minutes.
            start_s: In point, seconds after the first frame.
            end_s: Out point.
            stream: Number of the video stream, where the file holds several.
            skater: Number of the person who is the skater, instead of the rule's choice.
            fresh: Also where the result is known already.
            listener: Told about progress; its `result` is, whenever there is more of it, the
                `Programme` as far as it has grown. Elements at its end may be without candidates
                yet, and may change.
            stop_asked: Asked often; True ends the work.
            folder: Where every element's analysis is written as soon as it is made, and the
                programme in the end; None: the analyses are not kept.

        Raises:
            InputError: A sentence about what is wrong with the video, the span or the settings.
            Cancelled: `stop_asked` said so.
        """
        monitor = Monitor(listener, stop_asked)
        video = open_video(
            path, start_s=start_s, end_s=end_s, stream=stream, reader=self.analyser.profile.reader
        )
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            known = None if fresh else self._recalled(video, skater, folder)
            if known is None:
                finding = _Finding(self.analyser, video, monitor, folder, skater, fresh=fresh)
                known = self._kept(video, skater, finding.run(stop_asked), folder)
            if folder is not None:
                write_programme(known, folder)
        except OSError as error:
            raise write_error(folder, error) from error
        return known

    def _key(self, video: Video, skater: int | None) -> str:
        inputs = self.analyser.inputs(video, Question(skater))
        temporal = self.analyser.networks.provenance_of(TEMPORAL)
        weights = {**inputs.weights, TEMPORAL: (temporal.checkpoint, temporal.sha256)}
        return replace(inputs, weights=weights).key()

    def _recalled(self, video: Video, skater: int | None, folder: Path | None) -> Programme | None:
        if self.analyser.cache is None:
            return None
        cache = ProgrammeCache(self.analyser.cache.folder.parent)
        known = cache.get(self._key(video, skater), video.info.path, folder)
        if known is None:
            return None
        warnings = tuple(_of_file(message, video.name) for message in known.warnings)
        return replace(known, warnings=warnings)

    def _kept(
        self, video: Video, skater: int | None, programme: Programme, folder: Path | None
    ) -> Programme:
        """Keep a programme; one that cannot be kept says so and is still a programme."""
        if self.analyser.cache is None or folder is None:
            return programme
        try:
            cache = ProgrammeCache(self.analyser.cache.folder.parent)
            cache.put(self._key(video, skater), programme, folder)
        except StoreError as error:
            not_kept = Message.of("not_cached", reason=error.message)
            return replace(programme, warnings=(*programme.warnings, not_kept))
        return programme


class _Finding:
    """One video on its way to its elements."""

    def __init__(
        self,
        analyser: Analyser,
        video: Video,
        monitor: Monitor,
        folder: Path | None,
        skater: int | None,
        *,
        fresh: bool,
    ) -> None:
        self._analyser, self._video, self._monitor = analyser, video, monitor
        self._folder, self._skater, self._fresh = folder, skater, fresh
        self._written: dict[str, Analysis] = {}
        self._warnings: list[Message] = []

    def run(self, stop_asked: StopAsked | None) -> Programme:
        """All of it."""
        analyser, video, monitor = self._analyser, self._video, self._monitor
        monitor.expect(dict(_SHARES))
        network = cast(TemporalNetwork, analyser.networks.get(TEMPORAL))
        search = Search(network, video.timeline)
        classifier = ElementClassifier(analyser, video, stop_asked=stop_asked, fresh=self._fresh)
        early: list[Classified] = []
        shots = read_shots(video, analyser.networks, analyser.profile, monitor, skater=self._skater)
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
        self._monitor.step("read", self._monitor.done("read"), programme)

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


def _of_file(message: Message, name: str) -> Message:
    """The same message, of a file with another name."""
    if message.code is None or "name" not in message.values:
        return message
    return Message.of(message.code, **{**message.values, "name": name})
