"""The Analyser: from a video to a verdict, for the app, the command line and training alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch

from pipeline.cache import AnalysisCache, cache_key
from pipeline.config import Profile
from pipeline.errors import ConfigError
from pipeline.folder import StoreError
from pipeline.networks import Networks
from pipeline.progress import Listener, Monitor, StopAsked
from pipeline.run import Collector, Found, Run
from pipeline.run import taught_by_people as taught_by_people
from pipeline.run import weight_warnings as weight_warnings
from pipeline.sentences import note
from pipeline.types import (
    Analysis,
    People,
    Provenance,
    RegionOfInterest,
    VideoInfo,
)
from pipeline.video import FramesLost, Video, check_span, display_name, open_video


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
        self.profile = profile
        self._cache = cache
        self._seed = seed
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
        skater: int | None = None,
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
            skater: Number of the person to take for the skater, instead of the rule's choice.
            people: Found before in the same span by the same profile; nobody is looked for again.
            fresh: Also where the result is known already.
            listener: Told about progress and every stage's result.
            stop_asked: Asked often; True ends the analysis.

        Raises:
            InputError: A sentence about what is wrong with the video, the span or the settings.
            Cancelled: `stop_asked` said so.
        """
        monitor = Monitor(listener, stop_asked)
        video = open_video(path, start_s=start_s, end_s=end_s)
        check_span(video)
        key = self._key(video, skater)
        known = None if fresh else self._recalled(video, key)
        if known is not None:
            return known
        try:
            run = Run(self.profile, self._networks, video, skater, monitor, people)
            analysis = run.analysis()
        except FramesLost:
            # The container promised frames that do not decode: go on with those that do.
            analysis = Run(self.profile, self._networks, video.rescan(), skater, monitor).analysis()
        return analysis if self._cache is None else _kept(self._cache, key, analysis)

    def find(
        self,
        path: str | os.PathLike[str],
        collector: Callable[[VideoInfo, RegionOfInterest], Collector],
    ) -> tuple[Found, Collector]:
        """Find the skater of one clip and her skeleton; no classifier is asked.

        Args:
            path: A video file.
            collector: Makes, once the region is known, what gets the frames it wants.

        Raises:
            InputError: As `analyse`.
        """
        monitor = Monitor(None, None)
        video = open_video(path)
        check_span(video)
        try:
            return Run(self.profile, self._networks, video, None, monitor).found(collector)
        except FramesLost:
            video = video.rescan()
            return Run(self.profile, self._networks, video, None, monitor).found(collector)

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
        skater: int | None = None,
    ) -> Analysis | None:
        """The analysis of a clip that was made before; None when it would have to be made.

        Raises:
            InputError: As `analyse`.
        """
        video = open_video(path, start_s=start_s, end_s=end_s)
        check_span(video)
        return self._recalled(video, self._key(video, skater))

    def adopt(self, path: str | os.PathLike[str], analysis: Analysis) -> bool:
        """Take a stored analysis of a whole clip for known, if it has the same clip and weights.

        Returns:
            Whether it was taken; one of other weights would have to be made again.
        """
        video = open_video(path)
        same = {stage: (p.checkpoint, p.sha256) for stage, p in analysis.provenance.items()} == {
            stage: (p.checkpoint, p.sha256) for stage, p in self._networks.provenance.items()
        }
        fits = analysis.profile == self.profile.name and analysis.video.sha256 == video.info.sha256
        if self._cache is None or not (same and fits):
            return False
        key = self._key(video, None)
        if self._recalled(video, key) is None:
            self._cache.put(key, analysis)
        return True

    def _recalled(self, video: Video, key: str) -> Analysis | None:
        known = self._cache.get(key) if self._cache else None
        if known is None:
            return None
        # The file had another name when it was analysed, which is nobody's business.
        before = f"{display_name(known.video.path)} "
        warnings = tuple(
            f"{video.name} {sentence.removeprefix(before)}"
            if sentence.startswith(before)
            else sentence
            for sentence in known.warnings
        )
        known = replace(known, warnings=warnings)
        return replace(known, video=replace(known.video, path=video.info.path))

    def _key(self, video: Video, skater: int | None) -> str:
        span = (video.info.start_s, video.info.end_s)
        return cache_key({"video": video.info.sha256, "span": span, "skater": skater, **self.about})


def _kept(cache: AnalysisCache, key: str, analysis: Analysis) -> Analysis:
    """Keep an analysis; one that cannot be kept says so and is still an analysis."""
    try:
        cache.put(key, analysis)
    except StoreError as error:
        return replace(analysis, warnings=(*analysis.warnings, note("not_cached", reason=error)))
    return analysis
