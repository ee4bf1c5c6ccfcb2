"""A small found programme for tests: a combination, a spin of several positions, a jump, steps."""

from __future__ import annotations

import numpy as np

from pipeline.programme.frame_classes import FRAME_CLASSES
from pipeline.types import (
    Candidate,
    FoundElement,
    FoundJump,
    FoundPosition,
    FrameScores,
    Programme,
    Provenance,
    Shot,
    VideoInfo,
)


def make_jump(takeoff_s: float, label: str, other: str = "3Flip", *, air_s: float = 0.6):
    candidates = (Candidate(label, 0.7), Candidate(other, 0.2))
    return FoundJump(takeoff_s, takeoff_s + air_s, candidates)


def make_elements() -> tuple[FoundElement, ...]:
    return (
        FoundElement(
            1, "combination", 9.0, 13.0, "3Lz+3T", 0.92,
            jumps=(make_jump(10.0, "3Lutz"), make_jump(11.2, "3Toeloop", "2Toeloop")),
        ),
        FoundElement(
            2, "spin", 20.0, 32.0, "FCoSp", 0.88, flying=True,
            positions=(FoundPosition("camel", 20.5, 24.0), FoundPosition("sit", 24.5, 31.0)),
            candidates=(Candidate("CamelSpin", 0.5), Candidate("SitSpin", 0.4)),
        ),
        FoundElement(3, "jump", 39.0, 42.0, "2A", 0.55, jumps=(make_jump(40.0, "2Axel", "1Axel"),)),
        FoundElement(
            4, "sequence", 45.0, 56.0, "StSq", 0.7, candidates=(Candidate("Sequence", 0.9),)
        ),
    )  # fmt: skip


def make_programme(
    elements: tuple[FoundElement, ...] | None = None, *, name: str = "programme.mp4"
) -> Programme:
    """One minute, with a replay and a fade."""
    times = np.arange(0, 60, 0.04)
    classes = len(FRAME_CLASSES)
    scores = np.full((len(times), classes), 1 / classes, dtype=np.float32)
    hips = (0.1 * np.sin(times)).astype(np.float32)
    return Programme(
        profile="demo",
        video=VideoInfo(
            path=name, sha256="a" * 64, width=320, height=180, rotation=0, frames=1500, fps=25.0,
            variable_frame_rate=False, duration_s=60.0, codec="h264", start_s=0.0, end_s=60.0,
        ),
        shots=(
            Shot(0.0, 33.0, "skating", "start"),
            Shot(33.0, 37.0, "replay", "fade"),
            Shot(37.0, 60.0, "skating", "cut"),
        ),
        elements=make_elements() if elements is None else elements,
        frame_scores=FrameScores(times, scores, np.zeros((len(times), 2), np.float32), hips),
        provenance={
            "detector": Provenance("detector_demo", "b" * 64, "demo"),
            "temporal": Provenance("temporal_demo", "c" * 64, "demo"),
        },
        timings_s={"decode": 1.0, "total": 9.0},
        read_until_s=60.0,
    )  # fmt: skip
