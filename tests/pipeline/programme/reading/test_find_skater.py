"""Who is taken for the skater, on painted pictures: after close-ups, and after other people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.config import load_profile
from pipeline.detection.detector import Frame, PersonBoxes
from pipeline.programme.reading.find_skater import FoundPeople, PeopleFinder
from pipeline.programme.reading.pieces import Piece
from pipeline.programme.reading.same_skater import SkaterMemory
from pipeline.types import Timeline

WIDTH, HEIGHT, FPS = 320, 180, 5
PURPLE, BLACK, SKIN, HAIR = (190, 0, 180), (10, 10, 10), (230, 180, 150), (90, 40, 20)
GREEN, WHITE, BLUE = (0, 200, 0), (250, 250, 250), (20, 20, 220)
ICE = np.array((200, 200, 190), np.uint8)
Part = tuple[int, int, tuple[int, int, int]]

SKATER = ((60, 90, PURPLE), (90, 120, BLACK))
"""Rows of colours from head to foot."""
BUST = ((40, 110, SKIN), (110, 180, HAIR))
"""The same skater, close."""
OTHER = ((60, 90, GREEN), (90, 120, WHITE))
SMALL = ((80, 90, PURPLE), (90, 100, BLACK))


class Painted:
    """Finds whatever is not ice, and remembers how many frames it was shown."""

    batch_size = 4

    def __init__(self) -> None:
        self.shown = 0

    def people(self, frames: Sequence[Frame]) -> list[PersonBoxes]:
        self.shown += len(frames)
        return [self._one(frame) for frame in frames]

    def _one(self, frame: Frame) -> PersonBoxes:
        rows, columns = np.nonzero((frame != ICE).any(axis=2))
        if not len(rows):
            return np.empty((0, 4), np.float32), np.empty(0, np.float32)
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        return np.array([box], np.float32), np.array([0.9], np.float32)


def piece(person: Sequence[Part], lasts_s: float = 4.0) -> Piece:
    """A shot of somebody who glides through the middle of the picture."""
    T = int(lasts_s * FPS)
    frames = []
    for t in range(T):
        frame = np.tile(ICE, (HEIGHT, WIDTH, 1))
        for top, bottom, colour in person:
            frame[top:bottom, 130 + t : 160 + t] = colour
        frames.append(frame)
    signals = np.full((T, 3), 3.0, np.float32)
    return Piece(0, T, "cut", tuple(frames), np.arange(T), 1.0, signals)


def follow(
    shots: Sequence[Piece],
    detector: Painted | None = None,
    skater: int | None = None,
    memory: SkaterMemory | None = None,
) -> list[FoundPeople]:
    """Who is found in one shot after the other."""
    memory, found = memory or SkaterMemory(), []
    for shot in shots:
        timeline = Timeline(np.arange(shot.stop), np.arange(shot.stop) / FPS)
        size, profile = (WIDTH, HEIGHT), load_profile("demo")
        finder = PeopleFinder(detector or Painted(), timeline, size, profile, step=2, skater=skater)
        found.append(finder.find(shot, [], memory))
        memory = found[-1].memory
    return found


def is_found(found: FoundPeople) -> bool:
    return found.main_id is not None


def test_a_close_up_does_not_tell_what_the_skater_wears() -> None:
    found = follow([piece(BUST), piece(BUST), piece(SKATER), piece(SKATER)])
    assert [is_found(one) for one in found] == [True] * 4
    assert len({one.main_id for one in found}) == 1


def test_one_look_at_somebody_else_does_not_exclude_the_skater() -> None:
    found = follow([piece(OTHER), piece(SKATER), piece(SKATER), piece(OTHER)])
    assert [is_found(one) for one in found] == [True, True, True, False]


@pytest.mark.parametrize(("lasts_s", "taken"), [(4.0, False), (7.0, True)])
def test_whom_the_camera_follows_for_long_is_the_skater(lasts_s: float, *, taken: bool) -> None:
    found = follow([piece(SKATER), piece(SKATER), piece(OTHER, lasts_s)])
    assert is_found(found[-1]) is taken


def test_whom_the_user_chose_is_known_from_one_look() -> None:
    found = follow([piece(SKATER), piece(OTHER)], skater=0)
    assert [is_found(one) for one in found] == [True, False]


@pytest.mark.parametrize(("person", "looks"), [(OTHER, 1), (SMALL, 2)])
def test_who_is_large_and_not_the_skater_is_not_looked_at_again(
    person: Sequence[Part], looks: int
) -> None:
    detector = Painted()
    memory = follow([piece(SKATER), piece(SKATER)], detector)[-1].memory
    once, detector.shown = detector.shown // 2, 0
    follow([piece(person)], detector, memory=memory)
    assert detector.shown == looks * once
