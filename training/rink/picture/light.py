"""The rink's lamps, and what they do to a surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.rink.picture.skater.pose import Floats, unit


@dataclass(frozen=True)
class Lighting:
    """Light from everywhere, from below (the ice throws it back), and from a few lamps."""

    sky: Floats
    """`(3,)` red, green, blue from above."""
    ice: Floats
    """`(3,)` from below."""
    directions: Floats
    """`(L, 3)` unit vectors towards the lamps."""
    colours: Floats
    """`(L, 3)` of each lamp."""
    shadow: float
    """How dark a shadow on the ice gets, 0 to 1."""

    def on(self, normals: Floats, view: Floats, gloss: Floats) -> tuple[Floats, Floats]:
        """Light `(..., V, 3)` and highlight `(..., V)` on a surface.

        Args:
            normals: `(..., V, 3)` unit vectors.
            view: `(3,)` unit vector towards the camera.
            gloss: `(V,)` how much each vertex shines.
        """
        above = (normals[..., 2:] + 1.0) / 2
        light = above * self.sky + (1.0 - above) * self.ice
        facing = normals @ self.directions.T
        light += np.clip(facing, 0.0, None) @ self.colours
        halfway = unit(self.directions + view)
        mirrored = np.clip(normals @ halfway.T, 0.0, 1.0) ** 24
        highlight = gloss * (mirrored @ self.colours.mean(axis=1))
        return light.astype(np.float32), highlight.astype(np.float32)


def draw_lighting(rng: np.random.Generator) -> Lighting:
    """Bright training halls, broadcast light, and now and then a gala's spotlights."""
    gala = rng.random() < 0.1
    count = int(rng.integers(1, 4))
    around = rng.uniform(0, 2 * np.pi, count)
    height = rng.uniform(0.5, 2.5, count)
    directions = unit(np.stack([np.cos(around), np.sin(around), height], axis=1).astype(np.float32))
    warmth = rng.normal(0.0, 0.05)
    tint = np.array([1.0 + warmth, 1.0, 1.0 - warmth])
    ambient = rng.uniform(0.25, 0.4) if gala else rng.uniform(0.5, 0.8)
    lamps = rng.dirichlet(np.full(count, 3.0)) * (rng.uniform(0.95, 1.2) - 0.75 * ambient)
    spots = 1.0 + rng.normal(0.0, 0.15, (count, 3)) * (1.0 if gala else 0.15)
    return Lighting(
        sky=(tint * ambient).astype(np.float32),
        ice=(tint * ambient * rng.uniform(0.65, 0.95)).astype(np.float32),
        directions=directions,
        colours=(lamps[:, None] * tint * spots).astype(np.float32),
        shadow=float(rng.uniform(0.1, 0.4)),
    )
