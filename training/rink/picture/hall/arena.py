"""The place: an ice rink in a hall, as textures and a few lengths."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.rink.camera import CORNER_M, HALF_LENGTH_M, HALF_WIDTH_M
from training.rink.picture.hall.building import (
    ROW_M,
    paint_boards,
    paint_roof,
    paint_stands,
    paint_walls,
)
from training.rink.picture.hall.ice import paint_ice, paint_scratches

Bytes = NDArray[np.uint8]
Pyramid = Bytes
"""A texture `(h, w, 3)` and, right of it from top to bottom, six times its half: `(2h, 3w/2, 3)`
at most. One array, because that is what the compiled loops read fastest."""

STRAIGHT_X_M, STRAIGHT_Y_M = HALF_LENGTH_M - CORNER_M, HALF_WIDTH_M - CORNER_M
PERIMETER_M = 4 * (STRAIGHT_X_M + STRAIGHT_Y_M) + 2 * np.pi * CORNER_M
"""Length of the boards once around."""


@dataclass(frozen=True, kw_only=True)
class Arena:
    """Everything that stands still."""

    ice: Pyramid
    scratches: Pyramid
    boards: Pyramid
    stands: Pyramid
    walls: Pyramid
    roof: Pyramid
    board_m: float
    """Height of the boards."""
    glass_m: float
    """Height of the glass' upper edge; that of the boards where there is none."""
    walkway_m: float
    """From the boards to the stands."""
    stands_m: float
    """Height of the lowest tier; the wall under it is bare."""
    rows: int
    """Tiers."""
    slope: float
    """Rise of the tiers over their run."""
    roof_m: float
    """Height of the roof."""
    polish: float
    """How clearly the ice mirrors, 0 to 1."""
    front: tuple[float, float, float]
    """Colour of the wall under the lowest tier."""
    brightness: float
    """Of everything but the ice: dark in a show, bright in training."""


def draw_arena(rng: np.random.Generator) -> Arena:
    """A random rink."""
    board_m = float(rng.uniform(0.95, 1.2))
    rows = int(rng.integers(3, 16))
    stands_m, slope = float(rng.uniform(1.0, 2.6)), float(rng.uniform(0.4, 0.62))
    glass = rng.random() < 0.4
    roof_m = stands_m + rows * ROW_M * slope + float(rng.uniform(2.5, 9.0))
    return Arena(
        ice=pyramid(paint_ice(rng)),
        scratches=pyramid(np.repeat(paint_scratches(rng)[..., None], 3, axis=2)),
        boards=pyramid(paint_boards(rng, PERIMETER_M, board_m)),
        stands=pyramid(paint_stands(rng, rows)),
        walls=pyramid(paint_walls(rng, roof_m)),
        roof=pyramid(paint_roof(rng)),
        board_m=board_m,
        glass_m=board_m + (float(rng.uniform(0.8, 1.8)) if glass else 0.0),
        walkway_m=float(rng.uniform(0.3, 3.0)),
        stands_m=stands_m,
        rows=rows,
        slope=slope,
        roof_m=roof_m,
        polish=float(rng.beta(1.5, 4.0) * 0.55),
        front=_draw_front(rng),
        brightness=float(rng.choice([0.25, 0.6, 0.9, 1.05], p=[0.15, 0.25, 0.35, 0.25])),
    )


def _draw_front(rng: np.random.Generator) -> tuple[float, float, float]:
    tone = rng.choice([35.0, 80.0, 140.0, 200.0]) * rng.uniform(0.8, 1.2)
    red, green, blue = np.clip(tone * (1.0 + rng.normal(0.0, 0.15, 3)), 0, 250).tolist()
    return red, green, blue


def pyramid(texture: Bytes) -> Pyramid:
    """The texture at full, half, ... and a 64th of its size; its sides become multiples of 64."""
    height, width = (max(64, side // 64 * 64) for side in texture.shape[:2])
    level = cv2.resize(texture, (width, height), interpolation=cv2.INTER_AREA)
    packed = np.zeros((height, width + width // 2, 3), np.uint8)
    packed[:, :width] = level
    top = 0
    for _ in range(6):
        height, width = height // 2, width // 2
        level = cv2.resize(level, (width, height), interpolation=cv2.INTER_AREA)
        packed[top : top + height, -packed.shape[1] // 3 :][:, :width] = level
        top += height
    return packed
