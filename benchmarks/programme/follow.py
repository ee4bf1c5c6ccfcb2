"""Whom the pass over a rendered programme followed, from what that pass kept."""

from __future__ import annotations

import numpy as np

from benchmarks.programme.runs import FoundProgramme
from benchmarks.programme.shots import AfterCuts, after_cuts
from benchmarks.programme.truth import TrueProgramme


def followed_after_cuts(found: FoundProgramme, true: TrueProgramme, profile: str) -> AfterCuts:
    """Whether the right person is followed after cuts; nothing where no reading was kept."""
    if found.cache is None:
        return AfterCuts()
    times_s, boxes = true.skater_boxes()
    return after_cuts(np.full_like(boxes, np.nan), times_s, boxes, true.shots)
