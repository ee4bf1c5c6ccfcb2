"""What a visitor asks of a clip, and whether a part of it may answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.annotations.marked import SkaterBox, read_chosen
from pipeline.errors import InputError
from pipeline.moments import moment_or_none
from pipeline.programme.uncut import UNCUT_FROM_S
from pipeline.types import People
from pipeline.video import open_video

_SHIPPED = Path(__file__).resolve().parents[1] / "assets"
"""The example clips: cut to one element each."""


@dataclass(frozen=True)
class Request:
    """What the visitor asked for."""

    path: str | None
    profile: str
    start_s: float | None = None
    end_s: float | None = None
    skater: int | None = None
    stream: int | None = None
    skater_box: SkaterBox | None = None
    people: People | None = field(default=None, compare=False)
    """Found before in the same clip by the same profile: nobody is looked for again."""
    whole: bool = False
    """Take the clip for one element as it is, also where it is longer than most."""

    @property
    def open(self) -> bool:
        """Whether a part of the clip may answer for it: the visitor chose none, and nobody."""
        chosen = (self.start_s, self.end_s, self.skater, self.skater_box, self.people)
        return not self.whole and all(choice is None for choice in chosen)


def request_of(
    path: str | None,
    profile: str,
    *,
    start: str | float | None,
    end: str | float | None,
    skater: str | None,
    stream: str | None = "",
) -> Request:
    """What is asked for by the fields at the left.

    Raises:
        InputError: What was typed as the skater names nobody, no number of a video was typed, or a
            point is no time.
    """
    chosen = read_chosen(skater or "")
    points, number = (moment_or_none(start), moment_or_none(end)), _read_stream(stream or "")
    cut = path is not None and Path(path).is_relative_to(_SHIPPED)
    if isinstance(chosen, SkaterBox):
        return Request(path, profile, *points, stream=number, skater_box=chosen, whole=cut)
    return Request(path, profile, *points, chosen, number, whole=cut)


def _read_stream(text: str) -> int | None:
    """The number of a video in its file; None where nothing was typed."""
    if not text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        raise InputError.of("stream_unreadable", text=text) from None


def is_searched(request: Request) -> bool:
    """Whether the element is looked for in the clip before it is analysed.

    Raises:
        InputError: The clip cannot be read.
    """
    if not request.open:
        return False
    return open_video(request.path or "", stream=request.stream).info.duration_s > UNCUT_FROM_S
