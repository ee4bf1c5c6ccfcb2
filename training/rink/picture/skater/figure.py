"""A person's surface: every part of the body is a stack of rings hung on the joints.

A ring has a centre, a front and an axis, which follow the joints, and an outline that belongs to
the body and its clothes. Neighbouring rings make triangles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.rink.picture.skater.pose import Floats, Pose, unit

SIDES = 14
"""Corners of a ring."""

_ANGLES = np.linspace(0.0, 2.0 * np.pi, SIDES + 1)


@dataclass(frozen=True)
class Rings:
    """R rings at N moments."""

    center: Floats
    """`(N, R, 3)` metres."""
    front: Floats
    """`(N, R, 3)` unit vectors, where an outline's first coordinate points."""
    axis: Floats
    """`(N, R, 3)` unit vectors, towards the next ring; the second coordinate is axis x front."""
    scale: Floats | None = None
    """`(N, R)` factor on the outline."""


@dataclass(frozen=True)
class Part:
    """One stack of rings."""

    texture: str
    """Name of its region of the atlas."""
    outline: Floats
    """`(R, SIDES + 1, 2)` metres to the front and to the side; the last corner is the first."""
    rows: NDArray[np.floating]
    """`(R,)` height of each ring in that region, 0 to 1."""
    place: Callable[[Pose], Rings]
    """Where the rings are."""
    gloss: float = 0.05
    """How much it shines."""
    lift: Callable[[Pose, Floats], Floats] | None = None
    """Moves the part's vertices `(N, R, SIDES + 1, 3)` out of the body's way."""


def ellipses(
    depth: NDArray[np.floating], width: NDArray[np.floating], *, forward: object = 0.0
) -> Floats:
    """Outlines of R ellipses by their half axes `(R,)`, each shifted `forward` by `(R,)` metres."""
    front = (
        np.asarray(depth)[:, None] * np.cos(_ANGLES)
        + np.broadcast_to(np.asarray(forward, dtype=float), (len(depth),))[:, None]
    )
    side = np.asarray(width)[:, None] * np.sin(_ANGLES)
    return np.stack([front, side], axis=-1).astype(np.float32)


@dataclass(frozen=True)
class Surface:
    """Vertices and outward normals at N moments, `(N, V, 3)` each."""

    vertices: Floats
    normals: Floats


def surface_of(parts: tuple[Part, ...], pose: Pose) -> Surface:
    """The rings of all parts as one surface, in the order of `faces_of`."""
    placed = [part.place(pose) for part in parts]
    outline = np.concatenate([part.outline for part in parts])
    front = np.concatenate([rings.front for rings in placed], axis=1)
    axis = np.concatenate([rings.axis for rings in placed], axis=1)
    center = np.concatenate([rings.center for rings in placed], axis=1)
    side = np.cross(axis, front)
    spread = (
        outline[..., :1] * front[:, :, None] + outline[..., 1:] * side[:, :, None]
    )  # (N, R, SIDES + 1, 3)
    for start, rings in zip(_ring_starts(parts), placed, strict=False):
        if rings.scale is not None:
            spread[:, start : start + rings.scale.shape[1]] *= rings.scale[..., None, None]
    grid = center[:, :, None] + spread
    for start, part in zip(_ring_starts(parts), parts, strict=False):
        if part.lift is not None:
            stop = start + len(part.outline)
            grid[:, start:stop] = part.lift(pose, grid[:, start:stop])
    normals = _normals(grid, parts)
    N = len(grid)
    return Surface(grid.reshape(N, -1, 3), normals.reshape(N, -1, 3))


def _ring_starts(parts: tuple[Part, ...]) -> list[int]:
    counts = [len(part.outline) for part in parts]
    return [0, *np.cumsum(counts).tolist()]


def _normals(grid: Floats, parts: tuple[Part, ...]) -> Floats:
    """Normals of `(N, R, SIDES + 1, 3)` from the differences around and along each stack."""
    around = np.empty_like(grid)
    around[:, :, 1:-1] = grid[:, :, 2:] - grid[:, :, :-2]
    around[:, :, 0] = around[:, :, -1] = grid[:, :, 1] - grid[:, :, -2]
    starts = _ring_starts(parts)
    ring = np.arange(grid.shape[1])
    previous, following = ring - 1, ring + 1
    previous[starts[:-1]] = starts[:-1]
    following[np.array(starts[1:]) - 1] = np.array(starts[1:]) - 1
    along = grid[:, following] - grid[:, previous]
    return unit(np.cross(around, along))


def faces_of(parts: tuple[Part, ...]) -> NDArray[np.int32]:
    """Corner numbers `(F, 3)`, clockwise seen from outside."""
    corner = np.arange(SIDES)
    quads = []
    for start, part in zip(_ring_starts(parts), parts, strict=False):
        for ring in range(start, start + len(part.outline) - 1):
            lower = ring * (SIDES + 1) + corner
            upper = lower + SIDES + 1
            quads += [np.stack([lower, upper + 1, lower + 1], 1)]
            quads += [np.stack([lower, upper, upper + 1], 1)]
    return np.concatenate(quads).astype(np.int32)
