"""A person's surface: every part of the body is a stack of rings hung on the joints.

A ring has a centre, a front and an axis, which follow the joints, and an outline that belongs to
the body and its clothes. Neighbouring rings make triangles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.rink.picture.pose import Pose, across, carried, unit

Floats = NDArray[np.float32]

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


def along_limb(
    joints: tuple[str, str, str], places: NDArray[np.floating], *, arm: bool
) -> Callable[[Pose], Rings]:
    """Rings along two bones; places 0, 1, 2 are the three joints, beyond them the line goes on."""
    second = np.clip((places - 0.85) / 0.3, 0.0, 1.0).astype(np.float32)[:, None]
    on_first = np.minimum(places, 1.0).astype(np.float32)[:, None]
    on_second = np.maximum(places - 1.0, 0.0).astype(np.float32)[:, None]

    def place(pose: Pose) -> Rings:
        upper, middle, lower = (pose.at(name) for name in joints)
        trunk = pose.chest if arm else pose.pelvis
        first_axis, second_axis = unit(middle - upper), unit(lower - middle)
        first_front = carried(trunk.front, -trunk.up, first_axis)
        second_front = carried(first_front, first_axis, second_axis)
        axis = _blend(first_axis, second_axis, second)
        center = (
            upper[:, None]
            + on_first * (middle - upper)[:, None]
            + on_second * (lower - middle)[:, None]
        )
        return Rings(center, across(_blend(first_front, second_front, second), axis), axis)

    return place


def along_trunk(heights: NDArray[np.floating]) -> Callable[[Pose], Rings]:
    """Rings up the spine; 0 is the pelvis, 1 the neck; hips turn into shoulders on the way."""
    share = np.clip(heights, 0.0, 1.0).astype(np.float32)[:, None]
    up = heights.astype(np.float32)[:, None]

    def place(pose: Pose) -> Rings:
        pelvis, neck = pose.at("pelvis"), pose.at("neck")
        front = _blend(pose.pelvis.front, pose.chest.front, share)
        axis = np.broadcast_to(pose.pelvis.up[:, None], front.shape)
        center = pelvis[:, None] + up * (neck - pelvis)[:, None]
        return Rings(center, across(front, axis), axis)

    return place


def along_neck(count: int) -> Callable[[Pose], Rings]:
    """Rings from just under the neck joint into the head."""
    share = np.linspace(-0.15, 1.0, count, dtype=np.float32)[:, None]

    def place(pose: Pose) -> Rings:
        start, end = pose.at("neck"), _skull(pose)
        axis = np.repeat(unit(end - start)[:, None], count, axis=1)
        center = start[:, None] + share * (end - start)[:, None]
        return Rings(center, across(_blend(pose.chest.front, pose.head.front, share), axis), axis)

    return place


def in_head(heights: NDArray[np.floating]) -> Callable[[Pose], Rings]:
    """Rings of the head: 0 at the ears, metres upwards."""
    up = heights.astype(np.float32)[:, None]

    def place(pose: Pose) -> Rings:
        shape = (len(pose.joints), len(heights), 3)
        axis = np.broadcast_to(pose.head.up[:, None], shape)
        front = np.broadcast_to(pose.head.front[:, None], shape)
        return Rings(_skull(pose)[:, None] + up * axis, front, axis)

    return place


def along_foot(side: str, places: NDArray[np.floating], lift: object) -> Callable[[Pose], Rings]:
    """Rings along a blade, 0 its tail and 1 its tip, each `lift` metres above its edge."""
    share = places.astype(np.float32)[:, None]
    above = np.broadcast_to(np.asarray(lift, np.float32), places.shape)[:, None]

    def place(pose: Pose) -> Rings:
        heel, toe = pose.at(f"{side}_heel"), pose.at(f"{side}_toe")
        axis = unit(toe - heel)
        up = across(pose.at(f"{side}_ankle") - heel, axis)[:, None]
        center = heel[:, None] + share * (toe - heel)[:, None] + above * up
        shape = center.shape
        return Rings(center, np.broadcast_to(up, shape), np.broadcast_to(axis[:, None], shape))

    return place


def beyond_wrist(side: str, places: NDArray[np.floating]) -> Callable[[Pose], Rings]:
    """Rings of a hand, in metres beyond the wrist."""
    out = places.astype(np.float32)[:, None]

    def place(pose: Pose) -> Rings:
        shoulder, elbow, wrist = (
            pose.at(f"{side}_{joint}") for joint in ("shoulder", "elbow", "wrist")
        )
        axis = unit(wrist - elbow)
        upper = unit(elbow - shoulder)
        front = carried(carried(pose.chest.front, -pose.chest.up, upper), upper, axis)
        center = wrist[:, None] + out * axis[:, None]
        shape = center.shape
        front = np.broadcast_to(front[:, None], shape)
        return Rings(center, front, np.broadcast_to(axis[:, None], shape))

    return place


def _skull(pose: Pose) -> Floats:
    middle: Floats = (pose.at("left_ear") + pose.at("right_ear")) / 2
    return middle


def _blend(first: Floats, second: Floats, share: Floats) -> Floats:
    return unit(first[:, None] * (1 - share) + second[:, None] * share)


def skirt_around(lengths: NDArray[np.floating], waist: float) -> Callable[[Pose], Rings]:
    """Rings of a skirt, in metres of cloth below the waist, spread by its flare and lifted by legs.

    `waist` is its place on the trunk. The outline must be that of the waist in every ring.
    """
    cloth = lengths.astype(np.float32)

    def place(pose: Pose) -> Rings:
        flare = pose.flare[:, None] * (0.75 + 0.25 * cloth / cloth[-1])
        pelvis, neck = pose.at("pelvis"), pose.at("neck")
        start = pelvis + waist * (neck - pelvis)
        down = -pose.pelvis.up[:, None]
        center = start[:, None] + (cloth * np.cos(flare))[..., None] * down
        shape = center.shape
        front = np.broadcast_to(pose.pelvis.front[:, None], shape)
        scale = 1.0 + cloth * np.sin(flare) / 0.14
        return Rings(center, front, np.broadcast_to(down, shape), scale.astype(np.float32))

    return place


def along_tail(length: float, count: int, back: float) -> Callable[[Pose], Rings]:
    """Rings of a pony-tail that starts `back` metres behind the ears."""
    share = np.linspace(0.0, 1.0, count, dtype=np.float32)[:, None]

    def place(pose: Pose) -> Rings:
        root = _skull(pose) - back * pose.head.front + 0.05 * pose.head.up
        first = unit(0.3 * pose.head.up - pose.head.front)
        bend = np.minimum(2.5 * share, 1.0)
        axis = _blend(first, pose.tail, bend)
        step = length / (count - 1) * axis
        center = root[:, None] + np.cumsum(step, axis=1) - step[:, :1]
        sideways = np.broadcast_to(pose.head.left[:, None], axis.shape)
        return Rings(center, across(sideways, axis), axis)

    return place


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
