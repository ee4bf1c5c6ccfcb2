"""From frames to people: the detector's looks, the tracks and the choice of the skater."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from pipeline.detection.detector import Detector, DetectorSettings, Frame, detect, key_frames
from pipeline.detection.zoom import ZoomSettings, combined, parts, windows
from pipeline.tracking.candidates import Candidate, MainSkaterSettings, rank_candidates
from pipeline.tracking.main_skater import choose_main_skater
from pipeline.tracking.tracklet import Tracklet
from pipeline.tracking.tracks import Tracker, TrackSettings
from pipeline.types import Detections, IntArray, People, Timeline, Track

Frames = Callable[[IntArray], Iterator[Frame]]
"""Gives the wanted frames of a clip, in order."""

Points = Callable[[tuple[Track, ...]], dict[int, float]]
"""What speaks for each person being the skater, by number."""

_RIVALS = 4
"""People with the most points, whose tracklets are refined."""


class PeopleSettings(Protocol):
    """What of a profile finds and follows people."""

    @property
    def detector(self) -> DetectorSettings:
        """Which frames are looked at."""
        ...

    @property
    def zoom(self) -> ZoomSettings:
        """When small skaters are looked at more closely."""
        ...

    @property
    def track(self) -> TrackSettings:
        """How boxes become tracks."""
        ...

    @property
    def main_skater(self) -> MainSkaterSettings:
        """Who is the skater."""
        ...


def find_people(
    detector: Detector,
    frames: Frames,
    timeline: Timeline,
    frame_size: tuple[int, int],
    profile: PeopleSettings,
    *,
    skater: int | None = None,
) -> tuple[Detections, People]:
    """Everybody in a clip, with the skater named.

    Args:
        detector: Finds persons in frames.
        frames: Where frames come from; asked twice where a closer look is worth it.
        timeline: Of the clip.
        frame_size: `(width, height)` in pixels.
        profile: Settings of the detector, the closer look, the tracks and the choice.
        skater: Number of the person that the user takes for the skater.

    Returns:
        The boxes on key frames, and the people through the clip.

    Raises:
        InputError: Nobody has the number `skater`, or the detector's answers are no numbers.
    """
    T, settings = len(timeline), profile.detector
    positions = key_frames(T, every=settings.every, at_most=settings.max_key_frames)
    whole = detect(detector, frames(positions), positions, num_frames=T)
    people = follow(whole, timeline, frame_size, profile)
    where = windows(people.main, positions, frame_size, profile.zoom)
    if where is None and skater is None:
        return whole, people
    if where is not None:
        zoomed = detect(detector, parts(frames(positions), where), positions, num_frames=T)
        whole = combined(whole, zoomed, where, frame_size)
    return whole, follow(whole, timeline, frame_size, profile, skater=skater)


def follow(
    detections: Detections,
    timeline: Timeline,
    frame_size: tuple[int, int],
    profile: PeopleSettings,
    *,
    skater: int | None = None,
) -> People:
    """Everybody through the clip, with the skater named.

    Args:
        detections: The boxes on key frames.
        timeline: Of the clip.
        frame_size: `(width, height)` in pixels.
        profile: Settings of the tracks and the choice.
        skater: Number of the person that the user takes for the skater. Tracklets are refined
            around the rule's choice all the same: the numbers that a user chooses from must stay.

    Raises:
        InputError: Nobody has the number `skater`.
    """
    rankings: list[tuple[tuple[Track, ...], tuple[Candidate, ...]]] = []

    def points(tracks: tuple[Track, ...]) -> dict[int, float]:
        ranking = rank_candidates(tracks, timeline, frame_size, profile.main_skater)
        rankings.append((tracks, ranking))
        return {candidate.person_id: candidate.points for candidate in ranking}

    tracker = Tracker(detections, timeline, frame_size, profile.track)
    tracks = refined_tracks(tracker, tracker.people(), points)
    people = choose_main_skater(
        tracks,
        timeline,
        frame_size,
        skater=skater,
        settings=profile.main_skater,
        ranking=next((ranking for known, ranking in rankings if known is tracks), None),
    )
    return replace(people, tracks=tracker.extended(people.tracks))


def refined_tracks(
    tracker: Tracker, people: Sequence[Tracklet], points: Points
) -> tuple[Track, ...]:
    """Tracks in which whoever is most likely the skater has all boxes that are theirs.

    The tracklets of those with most points are sought once more among everybody's boxes
    (`pipeline.tracking.refinement`); who has most points on the refined one keeps it, and others
    lose the boxes that are on it.

    Args:
        tracker: Of the clip.
        people: A tracklet a person.
        points: What speaks for each person.
    """
    ranked = tracker.ranked(people)
    tracks = tracker.tracks(ranked)
    refinement = tracker.refinement(people)
    most, best = 0.0, tracks
    before = points(tracks)
    for number in sorted(before, key=lambda number: (-before[number], number))[:_RIVALS]:
        refined = refinement.of(ranked[number])
        if refined.rows == ranked[number].rows:  # and so everybody else stays as they are
            worth, followed = before[number], tracks
        else:
            taken = set(refined.rows)
            left = (other.without(taken) for other in people)
            now = tracker.ranked([refined, *(other for other in left if other.rows)])
            followed = tracker.tracks(now)
            place = next((i for i, tracklet in enumerate(now) if tracklet is refined), None)
            worth = points(followed)[place] if place is not None else 0.0
        if worth > most:
            most, best = worth, followed
    return best
