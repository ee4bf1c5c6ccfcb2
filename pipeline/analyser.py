"""The Analyser: from a video to a verdict, for the app, the command line and training alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch

from pipeline.annotations.marked import SkaterBox
from pipeline.clip_run import Collector, Found, Run
from pipeline.config import Profile
from pipeline.errors import ConfigError, StoreError
from pipeline.inputs import Program, Question, ResultInputs, digest
from pipeline.messages import Message
from pipeline.networks import Networks
from pipeline.progress import Listener, Monitor, StopAsked
from pipeline.storage.cache import AnalysisCache
from pipeline.tracking.drawn_box import place_of
from pipeline.types import (
    Analysis,
    People,
    Provenance,
    RegionOfInterest,
    VideoInfo,
)
from pipeline.video import FramesLost, Video, check_reader, check_span, open_video
from pipeline.weight_warnings import WEIGHT_WARNINGS as WEIGHT_WARNINGS
from pipeline.weight_warnings import weight_warnings as weight_warnings


class Analyser:
    """One configuration, any number of clips.

    Args:
        profile: What to compute.
        device: `"cpu"` or `"cuda"`.
        untrained: Seeded random weights everywhere, for timing only.
        seed: Of those weights.
        cache: Where known results are found and new ones kept; None computes everything.
        stages: Networks that are needed (`detector`, `pose`, models' keys); empty: all of them.

    Raises:
        MissingWeights: The profile's weights are not here.
        ConfigError: No such device.
        VideoError: The library of the profile's reader is not installed.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        device: str = "cpu",
        untrained: bool = False,
        seed: int = 0,
        cache: AnalysisCache | None = None,
        stages: tuple[str, ...] = (),
    ) -> None:
        if device == "cuda" and not torch.cuda.is_available():
            raise ConfigError("--device cuda: this machine has no CUDA device; use --device cpu")
        check_reader(profile.reader)
        self.profile = profile
        self.cache = cache
        self._seed = seed
        self._device = device
        self._networks = Networks(
            profile, device=device, untrained=untrained, seed=seed, stages=stages
        )

    @property
    def provenance(self) -> Mapping[str, Provenance]:
        """Where the weights of every stage come from."""
        return self._networks.provenance

    @property
    def about(self) -> dict[str, Any]:
        """What decides a result besides the clip: settings, and the weights of every stage."""
        provenance = self._networks.provenance
        return {
            "profile": self.profile.fingerprint(),
            "weights": {stage: [p.checkpoint, p.sha256] for stage, p in provenance.items()},
            "seed": self._seed,
        }

    def analyse(
        self,
        path: str | os.PathLike[str],
        *,
        start_s: float | None = None,
        end_s: float | None = None,
        stream: int | None = None,
        skater: int | None = None,
        skater_box: SkaterBox | None = None,
        people: People | None = None,
        fresh: bool = False,
        listener: Listener | None = None,
        stop_asked: StopAsked | None = None,
    ) -> Analysis:
        """Analyse one clip.

        Args:
            path: A video file.
            start_s: In point, seconds after the first frame.
            end_s: Out point.
            stream: Number of the video stream, where the file holds several; the one that FFmpeg
                takes by default.
            skater: Number of the person to take for the skater, instead of the rule's choice.
            skater_box: Drawn around the skater in one frame; the track is made from it.
            people: Found before in the same span by the same profile; nobody is looked for again.
            fresh: Also where the result is known already.
            listener: Told about progress and every stage's result.
            stop_asked: Asked often; True ends the analysis.

        Raises:
            InputError: A sentence about what is wrong with the video, the span or the settings.
            ValueError: Both a number and a box name the skater.
            Cancelled: `stop_asked` said so.
        """
        video = self._opened(path, start_s, end_s, stream)
        question = _question(video, skater, people, skater_box)
        return self.answer(video, question, Monitor(listener, stop_asked), fresh=fresh)

    def answer(
        self, video: Video, question: Question, monitor: Monitor, *, fresh: bool = False
    ) -> Analysis:
        """The analysis of an opened span: a known one, or made now and kept.

        Args:
            video: The span.
            question: What is asked of it.
            monitor: Told about progress; asked whether to stop.
            fresh: Also where the result is known already.

        Raises:
            InputError: As `analyse`.
            Cancelled: As `analyse`.
        """
        known = None if fresh else self._recalled(video, question)
        if known is not None:
            return known
        try:
            analysis = Run(self.profile, self._networks, video, question, monitor).analysis()
        except FramesLost:
            if question.followed is not None:  # which belongs to the very frames of the span
                raise
            # The container promised frames that do not decode: go on with those that do, in which
            # nobody was looked for yet.
            left, anew = video.rescan(), replace(question, tracks=())
            analysis = Run(self.profile, self._networks, left, anew, monitor).analysis()
        return self._kept(video, question, analysis)

    def find(
        self,
        path: str | os.PathLike[str],
        collector: Callable[[VideoInfo, RegionOfInterest], Collector],
    ) -> tuple[Found, Collector]:
        """Find the skater of one clip and their skeleton; no classifier is asked.

        Args:
            path: A video file.
            collector: Makes, once the region is known, what gets the frames it wants.

        Raises:
            InputError: As `analyse`.
        """
        monitor = Monitor(None, None)
        video = self._opened(path)
        question = Question()
        try:
            return Run(self.profile, self._networks, video, question, monitor).found(collector)
        except FramesLost:
            video = video.rescan()
            return Run(self.profile, self._networks, video, question, monitor).found(collector)

    @property
    def networks(self) -> Networks:
        """The networks themselves, for a look inside."""
        return self._networks

    def known(
        self,
        path: str | os.PathLike[str],
        *,
        start_s: float | None = None,
        end_s: float | None = None,
        stream: int | None = None,
        skater: int | None = None,
        skater_box: SkaterBox | None = None,
        people: People | None = None,
    ) -> Analysis | None:
        """The analysis of a clip that was made before; None when it would have to be made.

        Raises:
            InputError: As `analyse`.
        """
        video = self._opened(path, start_s, end_s, stream)
        return self._recalled(video, _question(video, skater, people, skater_box))

    def adopt(self, path: str | os.PathLike[str], analysis: Analysis) -> bool:
        """Take a stored analysis of a whole clip for known, if it has the same clip and weights.

        Returns:
            Whether it was taken; one of other weights would have to be made again.
        """
        video = open_video(path, stream=analysis.video.stream, reader=self.profile.reader)
        same = {stage: (p.checkpoint, p.sha256) for stage, p in analysis.provenance.items()} == {
            stage: (p.checkpoint, p.sha256) for stage, p in self._networks.provenance.items()
        }
        fits = (analysis.profile, analysis.video.sha256, analysis.video.reader) == (
            self.profile.name,
            video.info.sha256,
            video.info.reader,
        )
        if self.cache is None or not (same and fits):
            return False
        if self._recalled(video, Question()) is None:
            self.cache.put(self._key(video, Question()), analysis)
        return True

    def inputs(self, video: Video, question: Question) -> ResultInputs:
        """Everything that decides the answer to a question about a span."""
        return ResultInputs(
            video=replace(video.info, path=""),
            timeline=video.timeline,
            question=question,
            profile=self.profile,
            weights={s: (p.checkpoint, p.sha256) for s, p in self.provenance.items()},
            seed=self._seed,
            device=self._device,
            program=Program.running(self.profile.reader),
        )

    def _opened(
        self,
        path: str | os.PathLike[str],
        start_s: float | None = None,
        end_s: float | None = None,
        stream: int | None = None,
    ) -> Video:
        reader = self.profile.reader
        video = open_video(path, start_s=start_s, end_s=end_s, stream=stream, reader=reader)
        check_span(video)
        return video

    def _key(self, video: Video, question: Question) -> str:
        return self.inputs(video, question).key()

    def _recalled(self, video: Video, question: Question) -> Analysis | None:
        known = self.cache.get(self._key(video, question)) if self.cache else None
        if known is None:
            return None
        # The file had another name when it was analysed, which is nobody's business.
        warnings = tuple(_of_file(message, video.name) for message in known.warnings)
        known = replace(known, warnings=warnings)
        return replace(known, video=replace(known.video, path=video.info.path))

    def _kept(self, video: Video, question: Question, analysis: Analysis) -> Analysis:
        """Keep an analysis; one that cannot be kept says so and is still an analysis."""
        if self.cache is None or not self._all_own(video, question):
            return analysis
        try:
            self.cache.put(self._key(video, question), analysis)
        except StoreError as error:
            not_kept = Message.of("not_cached", reason=error.message)
            return replace(analysis, warnings=(*analysis.warnings, not_kept))
        return analysis

    def _all_own(self, video: Video, question: Question) -> bool:
        """Whether the people, if any were given, are those that were found here in this span.

        Others may come out of anybody's file: what follows from them is not for everybody's cache.
        """
        if not question.tracks:
            return True
        found = self._recalled(video, Question())
        return found is not None and digest(found.people.tracks) == digest(question.tracks)


def _of_file(message: Message, name: str) -> Message:
    """The same message, of a file with another name."""
    if message.code is None or "name" not in message.values:
        return message
    return Message.of(message.code, **{**message.values, "name": name})


def _question(
    video: Video, skater: int | None, people: People | None, skater_box: SkaterBox | None
) -> Question:
    if skater_box is not None:  # said at once, not after the detector's work
        place_of(skater_box, video.timeline, (video.info.width, video.info.height))
    return Question(skater, () if people is None else people.tracks, skater_box)
