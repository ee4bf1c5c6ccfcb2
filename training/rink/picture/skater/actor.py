"""A dressed person, ready to be drawn: surface, texture and shine at any moment."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.rink.performance import Motion
from training.rink.picture.skater.atlas import REGIONS, paint_atlas
from training.rink.picture.skater.drape import Drape
from training.rink.picture.skater.dress import dress
from training.rink.picture.skater.figure import SIDES, Part, Surface, faces_of, surface_of
from training.rink.picture.skater.looks import Look
from training.rink.picture.skater.pose import Floats, Pose

Bytes = NDArray[np.uint8]

_TEXELS_PER_M = 220.0  # of the atlas, roughly, on trunk and limbs


@dataclass(frozen=True)
class Actor:
    """One person of a scene."""

    motion: Motion
    starts_s: float
    """Where the person's motion stands when the clip begins."""
    parts: tuple[Part, ...]
    faces: NDArray[np.int32]
    """`(F, 3)`, clockwise seen from outside."""
    texels: Floats
    """`(V, 2)` place of each vertex in the atlas."""
    gloss: Floats
    """`(V,)`."""
    atlases: tuple[Bytes, ...]
    """The texture at full, half, ... size."""
    drape: Drape

    @classmethod
    def of(cls, motion: Motion, look: Look, *, starts_s: float = 0.0) -> Actor:
        """Dress a skater."""
        parts = dress(motion.body, look)
        gloss = [np.full(len(part.outline) * (SIDES + 1), part.gloss) for part in parts]
        return cls(
            motion, starts_s, parts, faces_of(parts), _texels(parts),
            np.concatenate(gloss).astype(np.float32), _halved(paint_atlas(look)),
            Drape.of(motion),
        )  # fmt: skip

    def joints(self, times_s: NDArray[np.floating]) -> Floats:
        """Joints `(N, J, 3)` at times `(N,)` of the clip."""
        joints: Floats = self.motion.at(np.asarray(times_s) + self.starts_s)
        return joints

    def surface(self, times_s: NDArray[np.floating]) -> Surface:
        """The surface at times `(N,)` of the clip."""
        drape = self.drape.at(np.asarray(times_s) + self.starts_s)
        return surface_of(self.parts, Pose.of(self.joints(times_s), drape.tail, drape.flare))

    def texture(self, pixels_per_m: float) -> tuple[Bytes, float]:
        """The atlas that suits a size, and the factor from full-size texels to its own."""
        level = int(np.clip(np.floor(np.log2(_TEXELS_PER_M / pixels_per_m)), 0, 3))
        return self.atlases[level], 0.5**level


def _texels(parts: tuple[Part, ...]) -> Floats:
    around = np.linspace(0.0, 1.0, SIDES + 1)
    places = []
    for part in parts:
        x, y, width, height = REGIONS[part.texture]
        # Half a texel, or at a quarter of the size a whole one, is kept off the neighbours.
        u = x + 1.0 + around * (width - 2.0)
        v = y + 1.0 + np.asarray(part.rows) * (height - 2.0)
        places.append(np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2))
    return np.concatenate(places).astype(np.float32)


def _halved(atlas: Bytes) -> tuple[Bytes, ...]:
    levels = [atlas]
    for _ in range(3):
        height, width, _ = levels[-1].shape
        half = (width // 2, height // 2)
        smaller = cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA)
        levels.append(np.asarray(smaller, np.uint8))
    return tuple(levels)
