"""One clip on its way through the stages: people, region, skeleton, scores, verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np

from models.dino import Dino
from models.vitpose import ViTPose
from pipeline.annotations.marked import SkaterBox
from pipeline.classification.classify import classify_skeleton, classify_views, interruptible
from pipeline.classification.ensemble import fuse_umt
from pipeline.classification.sequence import make_sequence
from pipeline.classification.views import FrameCollector, ViewCollector
from pipeline.config import Profile
from pipeline.detection.build import build_detector
from pipeline.inputs import Question
from pipeline.messages import Message
from pipeline.networks import Networks
from pipeline.pose import pose_frame_indices, pose_stride
from pipeline.progress import Monitor
from pipeline.tracking.drawn_box import with_drawn
from pipeline.tracking.main_skater import choice_warnings, choose_main_skater
from pipeline.tracking.people import find_people
from pipeline.tracking.region import consolidate, whole_frame
from pipeline.tracking.tracks import detections_of
from pipeline.types import (
    Analysis,
    Detections,
    FloatArray,
    IntArray,
    ModelScores,
    People,
    PoseSequence,
    RegionOfInterest,
    Timeline,
    Track,
    VideoInfo,
)
from pipeline.verdict.refined import decided
from pipeline.video import Frame, FrameBuffer, Video
from pipeline.weight_warnings import weight_warnings

Collector = TypeVar("Collector", bound=FrameCollector)

FIRST_LOOK = 0.7
"""Share of the detection that is done when a closer look may follow."""
DRAWN_FROM = 0.8
"""Share of the first stage after which a drawn box is followed."""


@dataclass(frozen=True)
class Found:
    """What the stages before the classifiers found out about one clip."""

    video: VideoInfo
    timeline: Timeline
    people: People
    region: RegionOfInterest
    pose: PoseSequence
    warnings: tuple[Message, ...]
    """What may be wrong with it."""


class Run:
    """One clip on its way through the stages."""

    def __init__(
        self,
        profile: Profile,
        networks: Networks,
        video: Video,
        question: Question,
        monitor: Monitor,
    ) -> None:
        self.profile = profile
        self.networks = networks
        self.video = video
        self.skater = question.skater
        self.known_tracks = question.tracks
        self.skater_box = question.skater_box
        self.followed = question.followed
        self.monitor = monitor
        self.size = (video.info.width, video.info.height)
        # With everybody known there is but one pass, for the frames of the views.
        kept = 0 if self.followed is not None else profile.buffer_mib * 2**20
        self.buffer = FrameBuffer(video, limit_bytes=kept)
        monitor.expect(profile.costs())

    def analysis(self) -> Analysis:
        """All stages."""
        people = self._find_people()
        region = self._find_region(people)
        views = [ViewCollector(m, len(self.video), region) for m in self.profile.video_models]
        pose = self._watch(people, views)
        scores = {c.settings.name: self._score_views(c) for c in views}
        scores["umt"] = self._fuse(scores)
        self.monitor.finish("umt", scores["umt"])
        scores["infogcn"] = self._score_skeleton(pose)
        times_s, untrained = self.video.timeline.pts_s, self.networks.is_untrained("pose")
        verdict = decided(scores, pose, times_s, self.profile.ensemble, untrained=untrained)
        timings = {**self.monitor.timings_s, "total": self.monitor.total()}
        return Analysis(
            profile=self.profile.name,
            video=self.video.info,
            timeline=self.video.timeline,
            people=people,
            region=region,
            pose=pose,
            scores=scores,
            verdict=verdict,
            provenance=self.networks.provenance,
            timings_s=timings,
            warnings=self._warnings(people),
            skater_box=self.skater_box,
        )

    def found(
        self, collector: Callable[[VideoInfo, RegionOfInterest], Collector]
    ) -> tuple[Found, Collector]:
        """The stages before the classifiers; `collector` gets the frames that it wants."""
        people = self._find_people()
        region = self._find_region(people)
        collected = collector(self.video.info, region)
        pose = self._watch(people, [collected])
        info, timeline = self.video.info, self.video.timeline
        warnings = (*self.video.warnings, *self._choice_warnings(people))
        return Found(info, timeline, people, region, pose, warnings), collected

    def _frames(
        self, stage: str, positions: IntArray, upto: float = 1.0
    ) -> Iterator[tuple[int, Frame]]:
        """Wanted frames of the clip; decoding is timed apart, every frame is a step of `stage`.

        `upto` is the share of the stage that is done with the last of them.
        """
        start = self.monitor.done(stage)
        frames = self.monitor.timed_iterator("decode", self.buffer.frames(positions))
        for done, (position, frame) in enumerate(frames):
            yield position, frame
            self.monitor.step(stage, start + (upto - start) * (done + 1) / len(positions))

    def _find_people(self) -> People:
        """First pass: boxes on key frames, tracks, the main skater."""
        if self.followed is not None:
            self.monitor.finish("detect", self.followed.people)
            return self.followed.people
        if self.known_tracks and self.skater_box is None:
            people = self._main_of(self.known_tracks)
            self.monitor.finish("detect", people)
            return people
        with self.monitor.timed("detect"):
            if self.known_tracks:
                detections = detections_of(self.known_tracks, len(self.video))
                people = self._main_of(self.known_tracks)
            else:
                network = cast(Dino, self.networks.get("detector"))
                with interruptible(network, self.monitor.check):
                    detections, people = self._looked_for(network)
                self.networks.release("detector")
            if self.skater_box is not None:
                people = self._drawn(self.skater_box, people, detections)
        self.monitor.finish("detect", people)
        return people

    def _drawn(self, box: SkaterBox, people: People, detections: Detections) -> People:
        """Everybody, and who is in the box that the user drew."""

        def frames(positions: IntArray) -> Iterator[Frame]:
            # How often is not known before: each time half of what is left of the stage.
            upto = (1 + self.monitor.done("detect")) / 2
            return (frame for _, frame in self._frames("detect", positions, upto))

        timeline = self.video.timeline
        return with_drawn(people, box, frames, timeline, self.size, detections=detections)

    def _looked_for(self, network: Dino) -> tuple[Detections, People]:
        untrained = self.networks.is_untrained("detector")
        end = 1.0 if self.skater_box is None else DRAWN_FROM
        looks = iter((FIRST_LOOK * end, end) if self.profile.zoom.below else (end,))
        detections, people = find_people(
            build_detector(network, self.profile.detector),
            lambda positions: (
                frame for _, frame in self._frames("detect", positions, next(looks))
            ),
            self.video.timeline,
            self.size,
            self.profile,
            skater=None if untrained else self.skater,
        )
        if not untrained:
            return detections, people
        # Boxes of random weights are noise, which must not decide what the other networks see.
        return detections_of((), len(self.video)), People((), None, Message.of("nobody_looked_for"))

    def _main_of(self, tracks: tuple[Track, ...]) -> People:
        return choose_main_skater(
            tracks,
            self.video.timeline,
            self.size,
            skater=self.skater,
            settings=self.profile.main_skater,
        )

    def _find_region(self, people: People) -> RegionOfInterest:
        if self.networks.is_untrained("detector") and self.skater_box is None:
            return whole_frame(self.size)
        return consolidate(
            people,
            self.size,
            self.profile.region,
            name=self.video.name,
            num_frames=len(self.video),
        )

    def _pose_boxes(self, people: People) -> FloatArray:
        """The skater's box in every frame; the whole frame where nobody was looked for."""
        if people.main is not None:
            return people.main.boxes_xyxy
        whole = np.array([0, 0, *self.size], dtype=np.float32)
        return np.tile(whole, (len(self.video), 1))

    def _watch(self, people: People, collectors: Sequence[FrameCollector]) -> PoseSequence:
        """Second pass: every frame gives a pose, and pictures to those who want it."""
        shown = np.unique([frame for collector in collectors for frame in collector.wanted])
        if self.followed is not None:
            for _ in self._collected(shown, collectors):
                pass
            self.monitor.finish("pose", self.followed.pose)
            return self.followed.pose
        T = len(self.video)
        with self.monitor.timed("pose"):
            network = cast(ViTPose, self.networks.get("pose"))
            estimator = self.profile.pose.estimator(network)
            run = estimator.start(self._pose_boxes(people), stride=pose_stride(T))
            wanted = np.union1d(pose_frame_indices(T), shown)
            with interruptible(network, self.monitor.check):
                for position, frame in self._collected(wanted, collectors):
                    run.add(frame, position)
                pose = run.finish()
        self.networks.release("pose")
        self.monitor.finish("pose", pose)
        return pose

    def _collected(
        self, wanted: IntArray, collectors: Sequence[FrameCollector]
    ) -> Iterator[tuple[int, Frame]]:
        """Frames of the second pass, after they were shown to the collectors."""
        for position, frame in self._frames("pose", wanted):
            with self.monitor.timed("decode"):
                for collector in collectors:
                    collector.add(position, frame)
            yield position, frame

    def _score_views(self, collector: ViewCollector) -> ModelScores:
        name = collector.settings.name
        with self.monitor.timed(name):
            self.monitor.check()
            scores = classify_views(
                self.networks.get(name),
                collector,
                precision=self.profile.precision,
                cancelled=self.monitor.check,
            )
            self.networks.release(name)
        self.monitor.finish(name, scores)
        return scores

    def _fuse(self, scores: Mapping[str, ModelScores]) -> ModelScores:
        variants = [scores[m.name] for m in self.profile.video_models if m.family == "umt"]
        return fuse_umt(variants, self.profile.ensemble.umt_fusion)

    def _score_skeleton(self, pose: PoseSequence) -> ModelScores:
        settings = self.profile.skeleton_model
        with self.monitor.timed("infogcn"):
            sequence = make_sequence(pose, settings.sequence)
            scores = classify_skeleton(
                self.networks.get("infogcn"),
                sequence,
                flipped=settings.test_time_flip,
                precision=self.profile.precision,
                cancelled=self.monitor.check,
            )
            self.networks.release("infogcn")
        self.monitor.finish("infogcn", scores)
        return scores

    def _warnings(self, people: People) -> tuple[Message, ...]:
        weights = weight_warnings(self.networks.provenance)
        return (*weights, *self.video.warnings, *self._choice_warnings(people))

    def _choice_warnings(self, people: People) -> list[Message]:
        if self.networks.is_untrained("detector"):
            ignored = Message.of("skater_ignored", skater=self.skater)
            return [] if self.skater is None else [ignored]
        timeline, settings = self.video.timeline, self.profile.main_skater
        return list(choice_warnings(people, timeline, self.size, settings=settings))
