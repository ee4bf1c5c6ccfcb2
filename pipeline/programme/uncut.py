"""A clip of a few seconds: which part of it the one element fills, if there is one.

The networks were trained on clips cut closely around one element. A clip with skating before and
after it is looked through as a programme is, and what was found answers for it.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from pipeline.analyser import Analyser
from pipeline.networks import TEMPORAL
from pipeline.programme.finder import ProgrammeFinder
from pipeline.progress import Listener, StopAsked
from pipeline.storage.analysis_files import load
from pipeline.storage.programme_files import analysis_places
from pipeline.types import Analysis, Programme

UNCUT_FROM_S = 4.5
"""A longer clip is looked through: a jump, cut loosely, lasts 4.6 s at most
(`training/rink/motion/clip.py`)."""
FILLED = 0.6
"""An element that fills a larger share of its clip has no margins to spare."""


@dataclass(frozen=True)
class Uncut:
    """What was found in a clip."""

    parts: int
    """Jumps, spins and sequences; of a combination every jump counts."""
    analysis: Analysis | None
    """Of the one element, of the part that it fills; None where the whole clip is to be analysed:
    nothing was found, more than one jump or spin, or one that fills the clip."""


def look_through(
    analyser: Analyser,
    path: str,
    *,
    stream: int | None = None,
    listener: Listener | None = None,
    stop_asked: StopAsked | None = None,
) -> Uncut:
    """Find the element of a clip that was not cut.

    Args:
        analyser: Its profile, networks and cache are used.
        path: The clip.
        stream: Number of the video stream, where the file holds several.
        listener: Told about progress.
        stop_asked: Asked often; True ends the work.

    Raises:
        InputError: What is wrong with the video.
        MissingWeights: The temporal network's weights are not here.
        Cancelled: `stop_asked` said so.
    """
    if analyser.networks.provenance_of(TEMPORAL).status == "untrained":
        return Uncut(0, None)  # nobody has taught it what an element is
    with tempfile.TemporaryDirectory(prefix="rinkside-uncut-") as folder:
        programme = ProgrammeFinder(analyser).find(
            path, stream=stream, listener=listener, stop_asked=stop_asked, folder=Path(folder)
        )
        place = only_part(programme)
        analysis = None if place is None else load(Path(folder) / place)
    return Uncut(len(list(analysis_places(programme))), analysis)


def only_part(programme: Programme) -> str | None:
    """Place of the analysis that answers for the whole clip; None where none does."""
    places = list(analysis_places(programme))
    if len(programme.elements) != 1 or len(places) != 1:
        return None
    (element,), video = programme.elements, programme.video
    filled = (element.end_s - element.start_s) / (video.end_s - video.start_s)
    return places[0] if filled <= FILLED else None
