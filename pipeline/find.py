"""From frames to people: the detector's looks, the tracks and the choice of the skater."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from pipeline.closer import combined, parts, windows
from pipeline.config import Profile
from pipeline.detect import Detector, Frame, detect, key_frames
from pipeline.main_skater import choose_main_skater, rank_candidates
from pipeline.track import build_tracks, carried_on
from pipeline.types import Detections, IntArray, People, Timeline, Track

Frames = Callable[[IntArray], Iterator[Frame]]
"""Gives the wanted frames of a clip, in order."""


def find_people(
    detector: Detector,
    frames: Frames,
    timeline: Timeline,
    frame_size: tuple[int, int],
    profile: Profile,
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
    main = follow(whole, timeline, frame_size, profile).main
    where = windows(main, positions, frame_size, profile.closer)
    if where is None:
        return whole, follow(whole, timeline, frame_size, profile, skater=skater)
    closer = detect(detector, parts(frames(positions), where), positions, num_frames=T)
    both = combined(whole, closer, where, frame_size)
    return both, follow(both, timeline, frame_size, profile, skater=skater)


def follow(
    detections: Detections,
    timeline: Timeline,
    frame_size: tuple[int, int],
    profile: Profile,
    *,
    skater: int | None = None,
) -> People:
    """Everybody through the clip, with the skater named.

    Args:
        detections: The boxes on key frames.
        timeline: Of the clip.
        frame_size: `(width, height)` in pixels.
        profile: Settings of the tracks and the choice.
        skater: Number of the person that the user takes for the skater. Ways are sought around the
            rule's choice all the same: the numbers that a user chooses from must stay.

    Raises:
        InputError: Nobody has the number `skater`.
    """

    def points(tracks: tuple[Track, ...]) -> dict[int, float]:
        ranking = rank_candidates(tracks, timeline, frame_size, profile.main_skater)
        return {candidate.person_id: candidate.points for candidate in ranking}

    tracks = build_tracks(detections, timeline, frame_size, profile.track, points=points)
    people = choose_main_skater(
        tracks, timeline, frame_size, skater=skater, settings=profile.main_skater
    )
    led = carried_on(people.tracks, detections, timeline, frame_size, profile.track)
    return replace(people, tracks=led)
