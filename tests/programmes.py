"""Small programmes for tests: records of a whole video, as the finder makes them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.programme.frame_classes import FRAME_CLASSES
from pipeline.types.programme import (
    Candidate,
    FoundElement,
    FoundJump,
    FrameScores,
    Programme,
    Shot,
)
from tests.factories import make_analysis


def make_element(number: int, start_s: float, label: str = "3Lutz") -> FoundElement:
    """One jump that takes off half a second after its start."""
    jump = FoundJump(start_s + 0.5, start_s + 1.1, (Candidate(label, 0.8), Candidate("3Flip", 0.1)))
    return FoundElement(number, "jump", start_s, start_s + 1.6, "3Lz", 0.9, jumps=(jump,))


def make_programme(*, path: str = "free.mp4", elements: int = 2, until_s: float = 60) -> Programme:
    """A minute with jumps at 5, 15, 25 s ..., read up to a moment."""
    video = replace(make_analysis().video, path=path, frames=1500, duration_s=60.0, end_s=60.0)
    N = max(2, int(until_s))
    probabilities = np.full((N, len(FRAME_CLASSES)), 1 / len(FRAME_CLASSES), dtype=np.float32)
    return Programme(
        profile="demo",
        video=video,
        shots=(Shot(0.0, until_s, "skating", "start"),),
        elements=tuple(make_element(i + 1, 5.0 + 10 * i) for i in range(elements)),
        frame_scores=FrameScores(
            np.linspace(0, until_s, N, endpoint=False),
            probabilities,
            np.zeros((N, 2), dtype=np.float32),
            np.zeros(N, dtype=np.float32),
        ),
        provenance={},
        timings_s={"total": 1.0},
        read_until_s=until_s,
    )
