"""Everything of one clip, drawn from one seed: motion, people, camera, place, look and codec.

Each aspect has a random stream of its own, so how long a motion is, or what class it has, moves
nothing else: within jumps, and within spins, only the motion tells the class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from training.rink.body import JOINT, Body
from training.rink.camera import CameraMove, draw_camera, draw_size
from training.rink.files.encode import Encoding, draw_encoding
from training.rink.motion import perform
from training.rink.performance import Motion, Performance
from training.rink.picture.hall.arena import Arena, draw_arena
from training.rink.picture.hall.graphics import Caption, draw_captions
from training.rink.picture.lens import Lens, draw_lens
from training.rink.picture.light import Lighting, draw_lighting
from training.rink.picture.skater.actor import Actor
from training.rink.picture.skater.looks import draw_look
from training.rink.picture.still import StillPerson, draw_still_people

FRAME_RATES: tuple[Fraction, ...] = (
    Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50), Fraction(60),
)  # fmt: skip
"""Frames a second that a clip may have."""

_STREAMS = (
    "motion", "camera", "picture", "shutter", "arena", "lighting", "lens", "graphics", "look",
    "others", "bystanders", "encoding",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Shot:
    """A skater's motion before a camera, without the picture."""

    performance: Performance
    """The skater's motion and its truth."""
    camera: CameraMove
    fps: Fraction
    """Frames a second."""

    @property
    def num_frames(self) -> int:
        """Frames of the clip."""
        return max(2, int(self.performance.duration_s * self.fps))

    @property
    def times_s(self) -> np.ndarray:
        """`(T,)` when each frame is taken (the middle of its exposure) and shown."""
        return np.arange(self.num_frames) * float(1 / self.fps)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What there is to draw while one camera runs."""

    camera: CameraMove
    fps: Fraction
    """Frames a second."""
    actors: tuple[Actor, ...]
    """Everybody on the ice; the first is the skater."""
    bystanders: tuple[StillPerson, ...]
    """People around the ice who do not move."""
    arena: Arena
    lighting: Lighting
    lens: Lens
    captions: tuple[Caption, ...]
    shutter: float
    """Share of a frame's time that the shutter is open; 0 freezes the motion."""


@dataclass(frozen=True, kw_only=True)
class ClipScene(Scene, Shot):
    """One clip before it is drawn."""

    encoding: Encoding


def streams(seed: Sequence[int]) -> dict[str, np.random.Generator]:
    """One random generator an aspect of a clip."""
    children = np.random.SeedSequence(seed).spawn(len(_STREAMS))
    return {
        name: np.random.default_rng(child) for name, child in zip(_STREAMS, children, strict=True)
    }


def draw_shot(
    label: str,
    seed: Sequence[int],
    *,
    size: tuple[int, int] | None = None,
    fps: Fraction | None = None,
    share: tuple[float, float] | None = None,
    take: int = 0,
    margins_s: float = 0.0,
    wide: bool = False,
) -> Shot:
    """Motion and camera of a clip: those of `draw_scene` for the same arguments, far cheaper.

    Other takes have another camera, picture size and frame rate before the same motion.
    """
    performance = _performed(label, tuple(seed), margins_s, wide)
    rng = streams((*seed, take) if take else seed)
    drawn_size, drawn_fps = draw_size(rng["picture"]), draw_fps(rng["picture"])
    camera = draw_camera(rng["camera"], performance, size or drawn_size, share=share)
    return Shot(performance=performance, camera=camera, fps=fps or drawn_fps)


def draw_scene(
    label: str,
    seed: Sequence[int],
    *,
    size: tuple[int, int] | None = None,
    fps: Fraction | None = None,
    share: tuple[float, float] | None = None,
    blur: bool = True,
    margins_s: float = 0.0,
    wide: bool = False,
) -> ClipScene:
    """One clip of a class; the same arguments give the same scene.

    Args:
        label: One of `pipeline.elements.LABELS`.
        seed: Whole numbers, none negative.
        size: Width and height, even; drawn by default.
        fps: Frames a second; drawn by default.
        share: Least and most that the standing skater may take of the picture's height; by
            default anything from tiny to filling it.
        blur: Whether the shutter may stay open long enough to blur.
        margins_s: Up to so many seconds more before and after the element, each drawn.
        wide: Any skater, as `motion.perform` says.

    Raises:
        ValueError: The label is none of the 28.
    """
    rng = streams(seed)
    shot = draw_shot(label, seed, size=size, fps=fps, share=share, margins_s=margins_s, wide=wide)
    performance, camera = shot.performance, shot.camera
    skater = Actor.of(performance, draw_look(rng["look"], performance.body.sex))
    return ClipScene(
        performance=performance,
        camera=camera,
        fps=shot.fps,
        actors=(skater, *_draw_others(rng["others"], performance)),
        bystanders=draw_still_people(
            rng["bystanders"], camera.position, skater_middle(performance)
        ),
        arena=draw_arena(rng["arena"]),
        lighting=draw_lighting(rng["lighting"]),
        lens=draw_lens(rng["lens"]),
        captions=draw_captions(rng["graphics"], camera.width, camera.height),
        encoding=draw_encoding(rng["encoding"]),
        shutter=draw_shutter(rng["shutter"]) if blur else 0.0,
    )


def draw_fps(rng: np.random.Generator) -> Fraction:
    """A random frame rate."""
    return FRAME_RATES[rng.choice(len(FRAME_RATES), p=(0.35, 0.2, 0.25, 0.1, 0.1))]


def draw_shutter(rng: np.random.Generator) -> float:
    """A random shutter; in half of all clips too short for anything to blur."""
    return float(rng.uniform(0.1, 0.6)) if rng.random() < 0.5 else 0.0


def skater_middle(motion: Motion) -> np.ndarray:
    """Where on the ice a skater is mostly, `(2,)` metres."""
    middle: np.ndarray = np.median(motion.joints[:, JOINT["pelvis"], :2], axis=0)
    return middle


@lru_cache(maxsize=4)
def _performed(label: str, seed: tuple[int, ...], margins_s: float, wide: bool) -> Performance:
    return perform(label, streams(seed)["motion"], margins_s=margins_s, wide=wide)


_NOBODY_ELSE = 0.55


def _draw_others(rng: np.random.Generator, main: Motion) -> tuple[Actor, ...]:
    """Other skaters on the ice, in nearly half of the clips, at their own pace and place."""
    if rng.random() < _NOBODY_ELSE:
        return ()
    others = []
    for _ in range(int(rng.integers(1, 5))):
        body = Body.draw(rng)
        label = "NoBasic" if rng.random() < 0.8 else "Sequence"
        motion = perform(label, rng, body=body)
        slack = max(0.0, motion.duration_s - main.duration_s)
        look = draw_look(rng, body.sex, role="trainee" if rng.random() < 0.7 else "skater")
        others.append(Actor.of(motion, look, starts_s=float(rng.uniform(0.0, slack))))
    return tuple(others)
