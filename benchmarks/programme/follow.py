"""Whom the pass over a rendered programme followed, from what that pass kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.programme.runs import FoundProgramme
from benchmarks.programme.shots import AfterCuts, after_cuts
from benchmarks.programme.truth import TrueProgramme
from pipeline.programme.reading import ReadingCache
from pipeline.types import FloatArray


def followed_after_cuts(found: FoundProgramme, true: TrueProgramme) -> AfterCuts:
    """Whether the right person is followed after cuts; nothing where no reading was kept."""
    if found.cache is None:
        return AfterCuts()
    times_s, boxes = true.skater_boxes()
    return after_cuts(followed(found.cache, len(boxes)), times_s, boxes, true.shots)


def followed(cache: Path, frames: int) -> FloatArray:
    """Boxes `(frames, 4)` of the person who was followed; NaN where nobody was.

    Args:
        cache: Of one run over one video alone.
        frames: Of the video.
    """
    boxes = np.full((frames, 4), np.nan, np.float32)
    readings = ReadingCache(cache)
    for entry in readings.folder.iterdir() if readings.folder.is_dir() else ():
        for finding in readings.of(entry.name).findings():
            boxes[finding.first : finding.stop] = finding.main_boxes()
    return boxes
