"""Shot boundaries on small pictures: cuts and cross-fades are found, flashes and pans are not."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.programme.reading.boundaries import BoundaryFinder, is_black, thumb_of

FPS = 25
Picture = NDArray[np.uint8]


@cache
def place(seed: int) -> Picture:
    """A wide picture of a rink: ice, boards of several colours, seats; no two alike."""
    rng = np.random.default_rng(seed)
    wide = np.empty((360, 2560, 3), np.uint8)
    edge = int(rng.integers(120, 200))
    seats = rng.integers(20, 150, (20, 140, 3)).astype(np.uint8)
    wide[:edge] = cv2.resize(seats, (2560, edge), interpolation=cv2.INTER_NEAREST)
    boards = rng.integers(40, 250, (1, 24, 3)).astype(np.uint8)
    wide[edge : edge + 40] = cv2.resize(boards, (2560, 40), interpolation=cv2.INTER_NEAREST)
    wide[edge + 40 :] = np.linspace(190, 235, 320 - edge)[:, None, None]
    return wide


def shot(seed: int, frames: int, *, start: int = 0, pan: float = 4.0) -> list[Picture]:
    """Frames of 640 x 360 by a camera that pans so many pixels a frame; a skater in the middle."""
    made = []
    for t in range(frames):
        x = int(start + pan * t) % 1920
        picture = place(seed)[:, x : x + 640].copy()
        sway = int(12 * np.sin(t / 4))
        cv2.ellipse(picture, (320 + sway, 200), (22, 70), 0, 0, 360, (150, 20, 60), -1)
        made.append(picture)
    return made


def blended(before: list[Picture], after: list[Picture], over: int) -> list[Picture]:
    """A cross-fade: the last `over` frames of one shot into the first of the next."""
    shares = (np.arange(over) + 1) / (over + 1)
    pairs = zip(before[-over:], after[:over], shares, strict=True)
    mixed = [((1 - s) * a + s * b).astype(np.uint8) for a, b, s in pairs]
    return before[:-over] + mixed + after[over:]


def boundaries(frames: Iterable[Picture], fps: float = FPS) -> list[tuple[int, str]]:
    finder = BoundaryFinder(fps)
    found = [b for frame in frames for b in finder.add(thumb_of(frame))]
    return [(b.position, b.begins) for b in found + finder.finish()]


@pytest.mark.parametrize("every", [7, 25, 60])
def test_hard_cuts_are_found_to_the_frame(every: int) -> None:
    frames = [f for seed in range(4) for f in shot(seed, every)]
    assert boundaries(frames) == [(every * k, "cut") for k in (1, 2, 3)]


def test_a_cut_between_two_cameras_of_one_rink_is_found() -> None:
    frames = shot(1, 40, start=0) + shot(1, 40, start=1100)
    assert boundaries(frames) == [(40, "cut")]


@pytest.mark.parametrize("over", [8, 12, 20])
def test_cross_fades_are_found_about_their_middle(over: int) -> None:
    frames = blended(shot(2, 50), shot(3, 50, pan=-2), over)
    [(position, begins)] = boundaries(frames)
    assert begins == "fade"
    assert abs(position - (50 - over / 2)) <= 3


def test_fades_through_black_are_two_boundaries() -> None:
    black = [np.zeros((360, 640, 3), np.uint8)] * 40
    frames = blended(blended(shot(4, 50), black, 12), shot(5, 50), 12)
    found = boundaries(frames)
    assert [begins for _, begins in found] == ["fade", "fade"]
    assert is_black(thumb_of(black[0]))


@pytest.mark.parametrize("pan", [0.0, 15.0, 60.0, 110.0])
def test_a_camera_that_pans_makes_no_boundary(pan: float) -> None:
    """Up to a sixth of the picture's width from one frame to the next."""
    assert boundaries(shot(6, 16 if pan > 20 else 60, pan=pan)) == []


def test_a_camera_that_starts_with_a_jerk_makes_no_boundary() -> None:
    frames = shot(6, 20, pan=0) + shot(6, 20, pan=40) + shot(6, 20, start=800, pan=0)
    assert boundaries(frames) == []


@pytest.mark.parametrize("lasts", [1, 2, 3])
def test_a_flash_makes_no_boundary(lasts: int) -> None:
    frames = shot(7, 60)
    for t in range(30, 30 + lasts):
        frames[t] = np.clip(frames[t].astype(int) + 110, 0, 255).astype(np.uint8)
    assert boundaries(frames) == []


def test_frames_shown_twice_make_no_boundary() -> None:
    frames = [f for frame in shot(8, 30, pan=10) for f in (frame, frame)]
    assert boundaries(frames, fps=50) == []


def test_slow_motion_of_frames_shown_three_times_makes_no_boundary() -> None:
    frames = [frame for frame in shot(8, 25, pan=40) for _ in range(3)]
    assert boundaries(frames) == []


@pytest.mark.parametrize("fps", [15, 60, 120])
def test_cuts_are_found_at_any_frame_rate(fps: int) -> None:
    frames = shot(1, 2 * fps, pan=100 / fps) + shot(2, 2 * fps, pan=100 / fps)
    assert boundaries(frames, fps) == [(2 * fps, "cut")]


def test_a_video_of_one_frame_has_no_boundary() -> None:
    assert boundaries(shot(1, 1)) == []


def test_a_run_that_goes_on_later_finds_the_same() -> None:
    frames = blended(shot(1, 60), shot(2, 60), 10) + shot(3, 60)
    whole = boundaries(frames)
    assert len(whole) == 2
    for known in (whole[0][0], whole[0][0] + 10, whole[1][0] - 5):
        finder = BoundaryFinder(
            FPS, first=max(0, known - BoundaryFinder(FPS).reach - 1), known=known
        )
        later = range(max(0, known - finder.reach - 1), len(frames))
        found = [b for t in later for b in finder.add(thumb_of(frames[t]))] + finder.finish()
        assert [(b.position, b.begins) for b in found] == [b for b in whole if b[0] > known]
