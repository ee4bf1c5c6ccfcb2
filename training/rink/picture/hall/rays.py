"""Where the rays of a camera's panorama meet the rink: the ground plan's geometry, a ray a pan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.rink.camera import CORNER_M
from training.rink.picture.hall.arena import PERIMETER_M, STRAIGHT_X_M, STRAIGHT_Y_M

Floats = NDArray[np.float32]


def meetings(position: NDArray[np.floating], pans: NDArray[np.floating]) -> Floats:
    """What the ray of each pan meets, `(w, 6)`.

    Direction x, y; where it enters and leaves the rink (metres); the place along the boards where
    it leaves, and the cosine between the ray and the boards' normal there.
    """
    direction = np.stack([np.cos(pans), np.sin(pans)], axis=1)
    enters, leaves = _crossings(position, direction)
    at = position + leaves[:, None] * direction
    corner = np.clip(at, [-STRAIGHT_X_M, -STRAIGHT_Y_M], [STRAIGHT_X_M, STRAIGHT_Y_M])
    normal = (at - corner) / np.maximum(np.linalg.norm(at - corner, axis=1), 1e-6)[:, None]
    facing = np.clip((normal * direction).sum(axis=1), 0.15, 1.0)
    packed = np.column_stack([direction, enters, leaves, _along_boards(at), facing])
    return packed.astype(np.float32)


def _crossings(
    position: NDArray[np.floating], direction: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Distances at which rays enter and leave the rounded rectangle; entering is 0 from inside.

    Marched with the rectangle's signed distance; a ray that misses leaves where it passes nearest.
    """
    reach = np.zeros(len(direction))
    for _ in range(40):
        reach += np.maximum(_outside_by(position + reach[:, None] * direction), 0.0)
        reach = np.minimum(reach, 200.0)
    hit = reach < 199.0
    enters = np.where(hit, reach, 0.0)
    leaves = np.where(hit, enters + 0.05, 30.0)
    for _ in range(60):
        inside = -_outside_by(position + leaves[:, None] * direction)
        leaves += np.where(hit, np.maximum(inside, 0.0), 0.0)
    return enters, leaves


def _outside_by(at: NDArray[np.floating]) -> NDArray[np.floating]:
    over = np.abs(at) - (STRAIGHT_X_M, STRAIGHT_Y_M)
    outside = np.linalg.norm(np.maximum(over, 0.0), axis=1)
    distance: NDArray[np.floating] = outside + np.minimum(over.max(axis=1), 0.0) - CORNER_M
    return distance


def _along_boards(at: NDArray[np.floating]) -> NDArray[np.floating]:
    """Place along the boards in metres, counter-clockwise from the middle of the +x end."""
    x, y = at[:, 0], at[:, 1]
    quarter = STRAIGHT_Y_M + np.pi / 2 * CORNER_M + STRAIGHT_X_M  # end's middle to side's middle
    ax, ay = np.abs(x), np.abs(y)
    angle = np.arctan2(np.maximum(ay - STRAIGHT_Y_M, 0.0), np.maximum(ax - STRAIGHT_X_M, 0.0))
    first = (
        np.minimum(ay, STRAIGHT_Y_M)
        + angle * CORNER_M
        + np.where(ax < STRAIGHT_X_M, STRAIGHT_X_M - ax, 0.0)
    )
    half = np.where(x >= 0, first, 2 * quarter - first)
    return np.where(y >= 0, half, PERIMETER_M - half)
