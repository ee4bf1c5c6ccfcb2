"""The clips that are open on the desk: a video, its pictures, and the runs that look at it."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np

from pipeline.inspection.model_inputs import check_same
from pipeline.types import Timeline
from pipeline.video import Video, open_video
from pipeline.video.probing.source import SourceFile
from pipeline.video.span import frames_between
from ui.hosting import MAX_CLIPS, MAX_CLIPS_OF_A_VISITOR
from ui.player.copies import Copies
from ui.player.playable import media_type, plays_as_it_is
from ui.player.stills import Stills
from ui.presence import Full, Presence
from ui.runs import Run

_SAME_S = 1e-6
"""Stamps no further apart are the same; one that was saved may have lost its last digits."""

_SHOWN_S = 0.0005
"""A moment to the millisecond still means the frame that begins then."""


@dataclass
class Clip:
    """A video that a visitor looks at."""

    token: str
    """Unguessable; whoever knows it may see the clip."""
    visitor: str
    """Whose it is."""
    video: Video
    """The whole file: what was analysed is a span of it."""
    stills: Stills
    """Its pictures."""
    folder: Path
    """Where they lie."""
    names: set[SourceFile] = field(default_factory=set)
    """Files it was asked for by."""
    runs: WeakValueDictionary[str, Run] = field(default_factory=WeakValueDictionary)
    """Its analyses by id; one that the visit no longer keeps is gone here too."""
    latest: str = ""
    """Id of the one that was shown last."""
    plays: bool = False
    """Whether browsers are likely to play the file itself."""
    media_type: str = "video/mp4"
    """Of the file."""
    table: int = 0
    """Grows whenever frames turn out to be lost: pictures are known by their place in the table."""
    news: int = 0
    """Grows whenever there is something new to show."""
    mending: threading.Lock = field(default_factory=threading.Lock)
    """Held while another table is made."""
    closed: threading.Event = field(default_factory=threading.Event)
    """Set when nobody looks any more."""

    @property
    def timeline(self) -> Timeline:
        """Of the frames on show."""
        return self.video.timeline

    def places(self, frames: Timeline) -> slice:
        """Where the frames of a span lie in the file; an empty slice where it has others."""
        pts_s = self.timeline.pts_s
        first = int(np.searchsorted(pts_s, frames.pts_s[0] - _SAME_S))
        found = pts_s[first : first + len(frames)]
        fits = len(found) == len(frames) and bool(np.allclose(found, frames.pts_s, atol=_SAME_S))
        return slice(first, first + len(frames)) if fits else slice(0, 0)

    def places_between(self, start_s: float | None, end_s: float | None) -> slice:
        """Where the frames between an in and an out point lie in the file."""
        return frames_between(self.timeline, start_s, end_s)

    def position_at(self, seconds: float) -> int:
        """The frame that is shown at a moment, seconds since the file's first frame."""
        stamp_s = self.video.origin_s + seconds + _SHOWN_S
        after = int(np.searchsorted(self.timeline.pts_s, stamp_s, side="right"))
        return min(max(after - 1, 0), len(self.timeline) - 1)

    def run(self, run_id: str | None = None) -> Run | None:
        """One of its analyses, as far as it has come; by default the one that was shown last."""
        return self.runs.get(self.latest if run_id is None else run_id)

    def mend(self, table: int, *, wait: bool = True) -> bool:
        """Show only the frames that decode, after `FramesLost` in a table; once for each table.

        Args:
            table: In which frames were lost.
            wait: Until somebody else who is at it has done it.

        Returns:
            False where somebody else is at it still.
        """
        if not self.mending.acquire(blocking=wait):
            return False
        try:
            if table == self.table:
                self.stills.close()
                video = self.video.rescan()
                stills = Stills(video, Path(tempfile.mkdtemp(dir=self.folder)))
                self.video, self.stills, self.table = video, stills, table + 1
        finally:
            self.mending.release()
        return True

    def close(self) -> None:
        """Drop the pictures."""
        self.closed.set()
        self.stills.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class ClipShelf:
    """Open clips by token.

    Args:
        max_clips: Of all visitors together; a newcomer's is refused rather than that of somebody
            who is there is closed.
        max_of_a_visitor: Of one visitor, whose oldest one goes.
        presence: Who is there.
    """

    def __init__(
        self,
        max_clips: int = MAX_CLIPS,
        max_of_a_visitor: int = MAX_CLIPS_OF_A_VISITOR,
        presence: Presence | None = None,
    ) -> None:
        self.copies = Copies()
        self.presence = presence or Presence()
        self._clips: OrderedDict[str, Clip] = OrderedDict()
        self._max_clips, self._max_of_a_visitor = max_clips, max_of_a_visitor
        self._lock = threading.Lock()
        # A visitor's requests come side by side: each must find what the other one opens.
        self._opening: dict[str, threading.Lock] = {}

    def show(self, visitor: str, path: str, *, stream: int | None = None) -> Clip:
        """Put a video on show, the whole file; one that is open already stays as it is.

        Raises:
            Full: Other visitors' clips leave no room.
            VideoError: The file cannot be read.
        """
        name = SourceFile.of(path, stream)
        with self._lock:
            opening = self._opening.setdefault(visitor, threading.Lock())
        with opening:
            clip = self._find(visitor, lambda clip: name in clip.names)  # without reading the file
            if clip is None:
                video = open_video(path, stream=stream)
                clip = self._find(visitor, lambda clip: _same(clip.video, video))
                clip = clip or self._open(visitor, video)
                clip.names.add(name)
        return clip

    def show_run(self, run: Run, path: str | None = None, *, stream: int | None = None) -> Clip:
        """Put the video of a run on show; its path is needed before its analysis is there.

        Raises:
            Full: Other visitors' clips leave no room.
            VideoError: The file is gone or another one by now.
        """
        analysis = run.analysis
        if analysis is not None:
            path, stream = analysis.video.path, analysis.video.stream
        clip = self.show(run.visitor, path or "", stream=stream)
        if analysis is not None:
            check_same(clip.video, analysis.video)
            _follow(clip, analysis.timeline)
        clip.runs[run.run_id] = run
        clip.latest, clip.news = run.run_id, clip.news + 1
        return clip

    def get(self, token: object) -> Clip | None:
        """A clip by its token, whatever a browser sent as such."""
        if not isinstance(token, str):
            return None
        with self._lock:
            return self._clips.get(token)

    def hand_over(self, before: str, visitor: str) -> None:
        """The visitor `before` is called `visitor` from now on."""
        with self._lock:
            for clip in self._clips.values():
                if clip.visitor == before:
                    clip.visitor = visitor
            self._opening.pop(before, None)

    def leave(self, visitor: str) -> None:
        """A visitor closed the page."""
        with self._lock:
            theirs = [token for token, clip in self._clips.items() if clip.visitor == visitor]
            gone = [self._clips.pop(token) for token in theirs]
            self._opening.pop(visitor, None)
        for clip in gone:
            self._close(clip)

    def _close(self, clip: Clip) -> None:
        clip.close()
        self.copies.forget(clip.token)

    def _open(self, visitor: str, video: Video) -> Clip:
        folder = Path(tempfile.mkdtemp(prefix="rinkside-player-"))
        clip = Clip(
            token=secrets.token_urlsafe(16),
            visitor=visitor,
            video=video,
            stills=Stills(video, folder),
            folder=folder,
            plays=plays_as_it_is(video),
            media_type=media_type(video),
        )
        try:
            with self._lock:
                surplus = self._make_room(visitor)
                self._clips[clip.token] = clip
        except Full:
            clip.close()
            raise
        for other in surplus:
            self._close(other)
        return clip

    def _make_room(self, visitor: str) -> list[Clip]:
        """Take a clip from the shelf where there is no room for another one."""
        owners = [clip.visitor for clip in self._clips.values()]
        limits = {"most": self._max_clips, "of_a_visitor": self._max_of_a_visitor}
        leaves = self.presence.make_room(visitor, owners, **limits)
        if leaves is None:
            return []
        oldest = next(token for token, clip in self._clips.items() if clip.visitor == leaves)
        return [self._clips.pop(oldest)]

    def _find(self, visitor: str, fits: Callable[[Clip], bool]) -> Clip | None:
        with self._lock:
            theirs = [clip for clip in self._clips.values() if clip.visitor == visitor]
        return next((clip for clip in reversed(theirs) if fits(clip)), None)


def _same(one: Video, other: Video) -> bool:
    first, second = one.info, other.info
    return (first.sha256, first.stream) == (second.sha256, second.stream)


def _follow(clip: Clip, analysed: Timeline) -> None:
    """A damaged file may have lost frames: show the ones that were analysed."""
    if clip.places(analysed) == slice(0, 0):
        clip.mend(clip.table)
