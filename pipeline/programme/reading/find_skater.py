"""The people in a piece of a shot: boxes, tracks that go on from the piece before, the skater."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from pipeline.config import Profile
from pipeline.detection.detector import Detector, detect
from pipeline.detection.zoom import combined, parts, windows
from pipeline.programme.reading.findings import Finding, joined_tracks
from pipeline.programme.reading.pieces import Piece
from pipeline.programme.reading.same_skater import (
    SkaterMemory,
    agreements,
    is_skater,
    is_whole,
    look_of,
)
from pipeline.programme.reading.window import Window
from pipeline.tracking.candidates import Candidate, rank_candidates
from pipeline.tracking.people import refined_tracks
from pipeline.tracking.tracks import Tracker
from pipeline.types import Detections, IntArray, Timeline, Track

_SAME_IOU = 0.5
"""Mean overlap in the frames before the piece that makes two tracks one person's."""
_CONTINUED = 3.0
"""What going on from the skater's track is worth beside all other points, which are at most 1."""
_LOOKS_ALIKE = 1.0
"""What looking as the skater did is worth."""


@dataclass(frozen=True)
class FoundPeople:
    """Everybody in a piece."""

    detections: Detections
    """Frames count from the piece's first."""
    tracks: tuple[Track, ...]
    """Of the piece's frames."""
    main_id: int | None
    """The skater among them."""
    points: float
    """What speaks for the skater."""
    rival: float
    """What speaks for the next person."""
    memory: SkaterMemory
    """The skater's looks after this piece."""
    likeliest: Track | None = None
    """Who was closest to being the skater, taken or not."""


class PeopleFinder:
    """Finds the people of a video piece by piece.

    Args:
        detector: Finds persons in frames.
        timeline: The video's.
        frame_size: Of the video, pixels.
        profile: Settings.
        step: Every how many frames the detector looks.
        skater: Number of the person whom the user takes for the skater.
    """

    def __init__(
        self,
        detector: Detector,
        timeline: Timeline,
        frame_size: tuple[int, int],
        profile: Profile,
        *,
        step: int,
        skater: int | None = None,
    ) -> None:
        self._detector, self._timeline, self._size = detector, timeline, frame_size
        self._profile, self._step, self._skater = profile, step, skater

    def find(self, piece: Piece, before: list[Finding], memory: SkaterMemory) -> FoundPeople:
        """Everybody in a piece.

        Args:
            piece: With its frames.
            before: What was found in the same shot before it.
            memory: The skater's looks so far.

        Raises:
            InputError: The detector's answers are no numbers.
        """
        keys = self._key_frames(piece, goes_on=bool(before))
        whole = self._detected(piece, keys)
        window = Window.of(before, whole, keys, self._timeline, piece)
        found = self._followed(piece, window, before, memory)
        main = next((t for t in found.tracks if t.person_id == found.main_id), None)
        where = windows(main, keys, self._size, self._profile.zoom)
        if where is None or (main is None and self._is_large(found.likeliest, keys)):
            return found
        closer = self._detected(piece, keys, where)
        whole = combined(whole, closer, where, self._size)
        window = Window.of(before, whole, keys, self._timeline, piece)
        return self._followed(piece, window, before, memory)

    def _is_large(self, person: Track | None, keys: IntArray) -> bool:
        """Whether somebody is there for whom no closer look is needed."""
        if person is None:
            return False
        return windows(person, keys, self._size, self._profile.zoom) is None

    def _key_frames(self, piece: Piece, *, goes_on: bool) -> IntArray:
        """Frames to look at, from the piece's first: kept ones, and the last of them."""
        kept = piece.positions - piece.first
        if not len(kept):
            return kept
        start = -1 if goes_on else 0
        looks = max(1, -(-(int(kept[-1]) - start) // self._step))
        places = np.linspace(start, int(kept[-1]), looks + 1)[1 if goes_on else 0 :]
        return np.unique(kept[np.abs(kept[None] - places[:, None]).argmin(axis=1)])

    def _detected(self, piece: Piece, keys: IntArray, where: IntArray | None = None) -> Detections:
        """The persons on key frames, whole or in windows `(F, 4)` of the video's pixels."""
        frames = iter([piece.frame(piece.first + int(key)) for key in keys])
        if where is not None:
            kept = np.round(where * piece.scale).astype(np.int64)
            frames = parts(frames, kept)
        found = detect(self._detector, frames, keys, num_frames=piece.stop - piece.first)
        boxes = (found.boxes_xyxy / piece.scale).astype(np.float32)
        return replace(found, boxes_xyxy=boxes)

    def _followed(
        self, piece: Piece, window: Window, before: list[Finding], memory: SkaterMemory
    ) -> FoundPeople:
        choice = _Choice(window, self._size, self._profile, memory, named=self._skater is not None)
        tracker = Tracker(window.detections, window.timeline, self._size, self._profile.track)
        tracks = refined_tracks(tracker, tracker.people(), choice.points)
        points = choice.points(tracks)
        ranked = sorted(points, key=lambda number: (-points[number], number))
        tracks = tracker.extended(tracks)
        numbers = _kept_numbers(tracks, before, window)
        chosen = ranked[0] if ranked and choice.accepts(ranked[0]) else None
        if self._skater is not None and memory.person_id is None:
            chosen = next((own for own, kept in numbers.items() if kept == self._skater), None)
        present = {track.person_id: track for track in tracks if window.is_inside(track)}
        if chosen not in present:
            chosen = None
        if chosen is not None:
            numbers = _with_skater(numbers, chosen, memory.person_id)
            track = present[chosen]
            whole = is_whole(track, self._size[1])
            look = look_of(track, window.detections, window.back) if whole else None
            memory = memory.with_look(numbers[chosen], look)
        return FoundPeople(
            window.piece_detections(),
            tuple(window.cut(track, numbers[own]) for own, track in present.items()),
            None if chosen is None else numbers[chosen],
            points[ranked[0]] if ranked else 0.0,
            points[ranked[1]] if len(ranked) > 1 else 0.0,
            memory,
            present.get(ranked[0]) if ranked else None,
        )


class _Choice:
    """What speaks for each person being the skater."""

    def __init__(
        self,
        window: Window,
        frame_size: tuple[int, int],
        profile: Profile,
        memory: SkaterMemory,
        *,
        named: bool,
    ) -> None:
        self._window, self._size, self._memory = window, frame_size, memory
        self._sure = bool(len(memory.looks)) and (named or memory.is_sure)
        self._settings = profile.main_skater
        self._known: dict[int, tuple[Candidate, float, float]] = {}

    def points(self, tracks: tuple[Track, ...]) -> dict[int, float]:
        """By number: usual points, likeness, and going on from where the skater was."""
        if not tracks:
            return {}
        ranking = rank_candidates(tracks, self._window.timeline, self._size, self._settings)
        by_number = {candidate.person_id: candidate for candidate in ranking}
        overlaps = agreements(tracks, self._window.committed)
        points: dict[int, float] = {}
        self._known = {}
        for track, overlap in zip(tracks, overlaps.tolist(), strict=True):
            look = look_of(track, self._window.detections)
            likeness = self._memory.likeness(look)
            candidate = by_number[track.person_id]
            self._known[track.person_id] = (candidate, likeness, overlap)
            worth = candidate.points + _LOOKS_ALIKE * likeness * candidate.presence
            points[track.person_id] = worth + _CONTINUED * overlap * (overlap > _SAME_IOU)
        return points

    def accepts(self, number: int) -> bool:
        """Whether the likeliest person is the skater at all."""
        candidate, likeness, overlap = self._known[number]
        if overlap > _SAME_IOU:
            return True
        lasts_s = float(np.ptp(self._window.timeline.pts_s))
        return is_skater(
            candidate,
            likeness,
            lasts_s,
            known=bool(len(self._memory.looks)),
            sure=self._sure,
        )


def _kept_numbers(
    tracks: tuple[Track, ...], before: list[Finding], window: Window
) -> dict[int, int]:
    """From the tracks' own numbers to those that people have had in the shot so far."""
    since = window.since
    earlier = joined_tracks(before) if before else ()
    overlaps = {
        (track.person_id, old.person_id): agreements([track], boxes)[0]
        for old in earlier
        if len(boxes := old.boxes_xyxy[since - before[0].first :])
        for track in tracks
    }
    numbers: dict[int, int] = {}
    for (own, old), overlap in sorted(overlaps.items(), key=lambda entry: -entry[1]):
        if overlap > _SAME_IOU and own not in numbers and old not in numbers.values():
            numbers[own] = old
    used = set(numbers.values()) | {old.person_id for old in earlier}
    free = (number for number in count() if number not in used)
    return {
        t.person_id: numbers[t.person_id] if t.person_id in numbers else next(free) for t in tracks
    }


def _with_skater(numbers: dict[int, int], chosen: int, number: int | None) -> dict[int, int]:
    """The skater's number is theirs alone through the whole video."""
    if number is None or numbers[chosen] == number:
        return numbers
    free = max(*numbers.values(), number) + 1
    changed = {own: free if kept == number else kept for own, kept in numbers.items()}
    return {**changed, chosen: number}
