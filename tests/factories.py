"""Small, valid records for tests; every argument a test cares about can be given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.classification.ensemble import EnsembleSettings, decide, fuse_umt, score_views
from pipeline.elements import LABELS, NUM_CLASSES
from pipeline.messages import Message
from pipeline.tracking.tracks import Tracker, TrackSettings
from pipeline.types import (
    Analysis,
    Candidate,
    Detections,
    FoundElement,
    FoundJump,
    FoundPosition,
    FrameScores,
    Measured,
    ModelScores,
    People,
    PoseSequence,
    Programme,
    Provenance,
    RegionOfInterest,
    Shot,
    Timeline,
    Track,
    VideoInfo,
)

UMT_VARIANTS = ("umt_16x224", "umt_16x448", "umt_32x224")


def make_scores(model: str, *, label: str = "3Lutz", views: int = 3, seed: int = 0) -> ModelScores:
    """Scores of one network that favour `label`."""
    logits = np.random.default_rng(seed).normal(size=(views, NUM_CLASSES)).astype(np.float32)
    logits[:, LABELS.index(label)] += 6
    return score_views(model, logits)


def make_all_scores(**labels: str) -> dict[str, ModelScores]:
    """Scores of five networks and the fused UMT; `umt="3Flip"` and the like choose the classes."""
    umt_label = labels.get("umt", "3Lutz")
    scores = {
        name: make_scores(name, label=umt_label, seed=i) for i, name in enumerate(UMT_VARIANTS)
    }
    scores["umt"] = fuse_umt(list(scores.values()))
    for i, name in enumerate(("uniformerv2", "infogcn")):
        scores[name] = make_scores(name, label=labels.get(name, "3Lutz"), seed=10 + i)
    return scores


def make_track(
    num_frames: int, *, person_id: int = 0, start: tuple[float, float] = (50, 40), size: float = 60
) -> Track:
    """A person who drifts to the right; absent in the first frame, interpolated in odd ones."""
    x = start[0] + np.arange(num_frames, dtype=np.float32)
    y = np.full(num_frames, start[1], dtype=np.float32)
    boxes = np.stack([x, y, x + size / 2, y + size], axis=1).astype(np.float32)
    scores = np.full(num_frames, 0.9, dtype=np.float32)
    boxes[0], scores[0] = np.nan, np.nan
    return Track(person_id, boxes, scores, np.arange(num_frames) % 2 == 0)


def make_analysis(*, num_frames: int = 12, people: int = 2, **labels: str) -> Analysis:
    """A complete analysis of a short clip."""
    rng = np.random.default_rng(1)
    tracks = tuple(
        make_track(num_frames, person_id=i, start=(50 + 100 * i, 40)) for i in range(people)
    )
    keypoints = rng.uniform(40, 100, (num_frames, 17, 2)).astype(np.float32)
    pose_scores = rng.uniform(0.3, 0.9, (num_frames, 17)).astype(np.float32)
    keypoints[0], pose_scores[0] = np.nan, 0
    scores = make_all_scores(**labels)
    stages = ("detector", "pose", *(name for name in scores if name != "umt"))
    return Analysis(
        profile="demo",
        video=VideoInfo(
            path="clip.mp4", sha256="0" * 64, width=320, height=180, rotation=0, frames=num_frames,
            fps=25.0, variable_frame_rate=False, duration_s=num_frames / 25, codec="h264",
            start_s=0.0, end_s=num_frames / 25,
        ),
        timeline=Timeline(np.arange(num_frames), np.arange(num_frames) / 25),
        people=People(tracks, tracks[0].person_id if tracks else None, Message("largest")),
        region=RegionOfInterest(np.array([40, 30, 140, 120], dtype=np.float32), "union"),
        pose=PoseSequence(keypoints, pose_scores),
        scores=scores,
        verdict=decide(scores, EnsembleSettings()),
        provenance={stage: Provenance(f"{stage}_tiny", None, "untrained") for stage in stages},
        timings_s={"decode": 0.1, "detect": 0.2, "pose": 0.3, "total": 1.0},
        warnings=(Message("the weights are untrained"),),
    )  # fmt: skip


def build_tracks(
    detections: Detections,
    timeline: Timeline,
    frame_size: tuple[int, int],
    settings: TrackSettings | None = None,
) -> tuple[Track, ...]:
    """One track a person, numbered from 0 by falling sum of the detector's scores."""
    tracker = Tracker(detections, timeline, frame_size, settings)
    return tracker.tracks(tracker.ranked(tracker.people()))


def make_programme(*, analysis: str = "", **changes: Any) -> Programme:
    """A programme of ten seconds: a combination, a combination spin and a sequence.

    Args:
        analysis: Folder of the sequence's analysis, `elements/03`; empty: no element has one.
        changes: Fields to give other values.
    """
    triple = FoundJump(
        1.0,
        1.6,
        (Candidate("3Lutz", 0.7), Candidate("3Flip", 0.2)),
        measurements={"air_time": Measured(0.6, 0.57, 0.64, "s")},
    )
    elements = (
        FoundElement(
            1, "combination", 0.6, 2.6, "3Lz+3T", 0.95,
            jumps=(triple, FoundJump(1.9, 2.4, (Candidate("3Toeloop", 0.6),))),
        ),
        FoundElement(
            2, "spin", 3.0, 6.0, "FCoSp", 0.9,
            positions=(FoundPosition("camel", 3.2, 4.5), FoundPosition("sit", 4.6, 5.8)),
            flying=True,
            candidates=(Candidate("CamelSpin", 0.6), Candidate("SitSpin", 0.3)),
            measurements={"spin_turns": Measured(8.0, 7.5, 8.5, "turns")},
        ),
        FoundElement(
            3, "sequence", 6.5, 9.5, "StSq", 0.8, candidates=(Candidate("Sequence", 0.9),),
            analysis=analysis,
        ),
    )  # fmt: skip
    rng = np.random.default_rng(3)
    N = 251
    whole = Programme(
        profile="demo",
        video=replace(make_analysis().video, frames=250, duration_s=10.0, end_s=10.0),
        shots=(Shot(0.0, 9.8, "skating", "start"), Shot(9.8, 10.0, "black", "fade")),
        elements=elements,
        frame_scores=FrameScores(
            np.arange(N) / 25,
            rng.dirichlet(np.ones(10), N).astype(np.float32),
            rng.random((N, 2), np.float32),
            rng.random(N, np.float32),
        ),
        provenance={"temporal": Provenance("temporal_demo", None, "demo")},
        timings_s={"decode": 1.0, "total": 3.0},
        read_until_s=10.0,
        warnings=(Message.of("weights_demo", stages="temporal"),),
    )
    return replace(whole, **changes)
