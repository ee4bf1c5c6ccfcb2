"""Frames of a broadcast: what each kind of shot shows, and how one fades into the next."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from training.rink.broadcast.plan import BroadcastShot
from training.rink.broadcast.stage import Stage, frames_of
from training.rink.motion import program
from training.rink.render import RenderedFrame

FPS = Fraction(25)
SEED = (11, 4)


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage(SEED, program(np.random.default_rng(3), 1.0), (160, 96), FPS)


def shot(kind: str, first: int = 0, stop: int = 24, **given: object) -> BroadcastShot:
    return BroadcastShot(kind=kind, begins="cut", first=first, stop=stop, **given)  # type: ignore[arg-type]


def one(stage: Stage, shown: BroadcastShot, place: int = 5) -> RenderedFrame:
    return next(iter(stage.frames(shown, 0, [place])))


def test_black_and_graphics_show_nobody(stage):
    black, card = one(stage, shot("black")), one(stage, shot("graphics"))
    assert not black.image.any()
    assert card.image.std() > 5.0
    for frame in (black, card):
        assert frame.boxes_xyxy.shape == (1, 4)
        assert np.isnan(frame.boxes_xyxy).all()


@pytest.mark.parametrize("view", ["group", "seats"])
def test_other_people_are_not_the_skater(stage, view):
    frame = one(stage, shot("nobody", view=view))
    assert np.isnan(frame.boxes_xyxy[0]).all()
    assert np.isfinite(frame.boxes_xyxy[1:]).all(axis=1).any()


@pytest.mark.parametrize("view", ["bust", "skates"])
def test_close_ups_show_no_whole_skater(stage, view):
    frame = one(stage, shot("close_up", motion_s=1.0, view=view))
    _, y1, _, y2 = frame.boxes_xyxy[0]
    assert y2 - y1 > 0.4 * 96
    seen = frame.visibility[0] > 0
    nose, ankles = seen[0], seen[15:17]
    assert (nose and not ankles.any()) if view == "bust" else (ankles.any() and not nose)


def test_a_replay_shows_the_same_motion_slower(stage):
    replay = shot("replay", first=100, motion_s=20.0, slowed=4.0, element=0)
    assert replay.motion_at(100, FPS) == 20.0
    assert replay.motion_at(125, FPS) == pytest.approx(20.25)
    assert one(stage, replay, 110).boxes_xyxy[0].shape == (4,)


def test_shots_fade_into_each_other(stage):
    shots = (shot("black", 0, 12), shot("graphics", 12, 24, fade=8))
    frames = [frame for number in (0, 1) for frame in frames_of(stage, shots, number)]
    light = [float(frame.image.mean()) for frame in frames]
    assert len(light) == 24
    assert max(light[:8]) == 0.0
    assert np.diff(light[7:17]).min() > 0.0
    assert light[12] / light[-1] == pytest.approx(0.5625, abs=0.02)  # just past the middle
    assert np.ptp(light[16:]) < 0.01
