"""From frames to people: the detector's looks, the tracks and the choice of the skater."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pipeline.closer import combined, parts, windows
from pipeline.config import Profile
from pipeline.detect import Detector, Frame, detect, key_frames
from pipeline.main_skater import choose_main_skater
from pipeline.track import build_tracks
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

    def chosen(tracks: tuple[Track, ...], wanted: int | None = None) -> People:
        return choose_main_skater(
            tracks, timeline, frame_size, skater=wanted, settings=profile.main_skater
        )

    def followed(found: Detections, wanted: int | None) -> People:
        # Always around the rule's choice: the numbers that a user chooses from must stay.
        tracks = build_tracks(
            found, timeline, frame_size, profile.track, choose=lambda t: chosen(t).main_id
        )
        return chosen(tracks, wanted)

    positions = key_frames(T, every=settings.every, at_most=settings.max_key_frames)
    whole = detect(detector, frames(positions), positions, num_frames=T)
    where = windows(followed(whole, None).main, positions, frame_size, profile.closer)
    if where is None:
        return whole, followed(whole, skater)
    closer = detect(detector, parts(frames(positions), where), positions, num_frames=T)
    both = combined(whole, closer, where, frame_size)
    return both, followed(both, skater)
