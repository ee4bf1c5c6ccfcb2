"""The arena as one camera sees it: traced once a shot, then looked up for every frame.

The panorama is a cylinder about the camera: columns are equal steps of pan, rows equal steps of
rise over run. A frame is a look-up into it, because a camera only turns and zooms within a shot.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from training.rink.camera import CORNER_M, HALF_LENGTH_M, HALF_WIDTH_M, Views
from training.rink.picture.arena import (
    PERIMETER_M,
    STRAIGHT_X_M,
    STRAIGHT_Y_M,
    Arena,
)
from training.rink.picture.hall import ROOF_M, ROW_M, STANDS_M, WALL_M
from training.rink.picture.ice import DETAIL_M

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

MAX_PIXELS = 5_000_000
"""A panorama that would be larger is made coarser."""

_SPAN = 16  # pixels between exact look-ups; a straight line in between is off by < 0.01 pixel


@dataclass(frozen=True)
class Panorama:
    """What surrounds the camera."""

    picture: Bytes
    """RGB `(h, w, 3)`."""
    near: Bytes
    """`(h, w)`; 255 where something stands between camera and ice."""
    first_pan: float
    """Pan of the left border, radians; columns run clockwise."""
    highest: float
    """Rise over run of the upper border."""
    scale: float
    """Pixels per radian of pan, and per unit of rise over run."""

    def frame(self, views: Views, n: int) -> tuple[Bytes, Bytes | None]:
        """The n-th view: RGB `(H, W, 3)`, and `(H, W)` of what is near, None where nothing is."""
        across, down = self.lookup(views, n)
        picture = cv2.remap(
            self.picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        if not self.near.any():
            return picture, None
        near = cv2.remap(self.near, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return picture, near

    def lookup(self, views: Views, n: int) -> tuple[Floats, Floats]:
        """Where in the panorama each pixel of the n-th view lies, `(H, W)` columns and rows."""
        columns = np.empty((views.height, views.width), np.float32)
        rows = np.empty_like(columns)
        _fill_lookup(
            views.rotations[n] / np.array([[views.focal_px[n]], [views.focal_px[n]], [1.0]]),
            self.first_pan, self.highest, self.scale, columns, rows,
        )  # fmt: skip
        return columns, rows

    def project(self, points: NDArray[np.floating], position: NDArray[np.floating]) -> Floats:
        """World points `(..., 3)` -> column, row and distance `(..., 3)` in the panorama."""
        offset = points - position
        flat = np.hypot(offset[..., 0], offset[..., 1])
        pan = np.arctan2(offset[..., 1], offset[..., 0])
        turned = (self.first_pan - pan + np.pi) % (2 * np.pi) - np.pi
        turned = np.where(turned < -0.5, turned + 2 * np.pi, turned)
        down = self.highest - offset[..., 2] / flat
        seen = np.stack([turned * self.scale, down * self.scale, flat], axis=-1)
        return seen.astype(np.float32)


def trace_panorama(arena: Arena, views: Views) -> Panorama:
    """Draw all that the views will show of the arena."""
    first_pan, last_pan, highest, lowest = _extent(views)
    area = (first_pan - last_pan) * (highest - lowest)
    scale = min(float(views.focal_px.max()), float(np.sqrt(MAX_PIXELS / area)))
    width, height = (
        int(np.ceil((first_pan - last_pan) * scale)) + 1,
        int(np.ceil((highest - lowest) * scale)) + 1,
    )
    pans = first_pan - (np.arange(width) + 0.5) / scale
    columns = _columns(views.position[:2], pans)
    picture = np.empty((height, width, 3), np.uint8)
    near = np.zeros((height, width), np.uint8)
    lengths = np.array(
        [
            arena.board_m, arena.glass_m, arena.walkway_m, arena.stands_m, arena.rows, arena.slope,
            arena.roof_m, arena.polish, arena.brightness,
        ],
        np.float32,
    )  # fmt: skip
    _trace(
        views.position.astype(np.float32), columns, lengths, np.float32(highest),
        np.float32(scale), arena.ice, arena.scratches, arena.boards, arena.stands, arena.walls,
        arena.roof, picture, near,
    )  # fmt: skip
    return Panorama(picture, near, first_pan, highest, scale)


def _extent(views: Views) -> tuple[float, float, float, float]:
    """First and last pan (the first is the larger), highest and lowest rise over run."""
    edge = np.linspace(-1.0, 1.0, 9)
    rim = np.concatenate(
        [np.stack([edge, np.full(9, s)], 1) for s in (-1.0, 1.0)]
        + [np.stack([np.full(9, s), edge], 1) for s in (-1.0, 1.0)]
    )
    half = np.array([views.width / 2 + 2, views.height / 2 + 2])
    rays = np.concatenate(
        [
            (rim * half)[None] / views.focal_px[:, None, None],
            np.ones((len(views), len(rim), 1)),
        ],
        axis=2,
    )
    seen = np.einsum("nij,npi->npj", views.rotations, rays)
    center = np.arctan2(views.rotations[0, 2, 1], views.rotations[0, 2, 0])
    pan = np.arctan2(seen[..., 1], seen[..., 0])
    middle = np.unwrap(np.arctan2(views.rotations[:, 2, 1], views.rotations[:, 2, 0]))
    middle += center - middle[0]
    pan = middle[:, None] + (pan - middle[:, None] + np.pi) % (2 * np.pi) - np.pi
    rise = seen[..., 2] / np.hypot(seen[..., 0], seen[..., 1])
    return float(pan.max()), float(pan.min()), float(rise.max()), float(rise.min())


def _columns(position: NDArray[np.floating], pans: NDArray[np.floating]) -> Floats:
    """For each pan, `(w, 6)`: direction x, y; where the ray enters and leaves the rink (metres);
    place along the boards where it leaves; cosine between the ray and the boards' normal there.
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


@njit(cache=True, nogil=True, fastmath=True)
def _fill_lookup(
    rows_over_focal: NDArray[np.float64],
    first_pan: float,
    highest: float,
    scale: float,
    columns: Floats,
    rows: Floats,
) -> None:
    H, W = columns.shape
    right, down, forward = rows_over_focal[0], rows_over_focal[1], rows_over_focal[2]
    for y in range(H):
        dy = y + 0.5 - H / 2
        column_before, row_before = 0.0, 0.0
        for x in range(0, W + _SPAN, _SPAN):
            dx = x + 0.5 - W / 2
            east = right[0] * dx + down[0] * dy + forward[0]
            north = right[1] * dx + down[1] * dy + forward[1]
            up = right[2] * dx + down[2] * dy + forward[2]
            turned = first_pan - np.arctan2(north, east)
            turned -= 2 * np.pi * np.floor((turned + 0.5) / (2 * np.pi))
            column = turned * scale - 0.5
            row = (highest - up / np.sqrt(east * east + north * north)) * scale - 0.5
            if x > 0:
                step_column = (column - column_before) / _SPAN
                step_row = (row - row_before) / _SPAN
                for i in range(min(_SPAN, W - x + _SPAN)):
                    columns[y, x - _SPAN + i] = column_before + i * step_column
                    rows[y, x - _SPAN + i] = row_before + i * step_row
            column_before, row_before = column, row


@njit(cache=True, nogil=True, fastmath=True)
def _sample(levels, u, v, footprint):  # type: ignore[no-untyped-def]
    """Colour at texel (u, v) of a texture that repeats along u; `footprint` texels wide."""
    level = 0
    while footprint > 1.5 and level < 4:
        footprint *= np.float32(0.5)
        u *= np.float32(0.5)
        v *= np.float32(0.5)
        level += 1
    texture = levels[level]
    h, w = texture.shape[0], texture.shape[1]
    u -= np.float32(0.5)
    v = min(max(v - np.float32(0.5), np.float32(0.0)), np.float32(h - 1))
    left, top = int(np.floor(u)), int(v)
    share_u, share_v = u - np.float32(left), v - np.float32(top)
    bottom = min(top + 1, h - 1)
    left, right = left % w, (left + 1) % w
    a = (np.float32(1) - share_u) * (np.float32(1) - share_v)
    b = share_u * (np.float32(1) - share_v)
    c = (np.float32(1) - share_u) * share_v
    d = share_u * share_v
    upper_left, upper_right = texture[top, left], texture[top, right]
    lower_left, lower_right = texture[bottom, left], texture[bottom, right]
    red = upper_left[0] * a + upper_right[0] * b + lower_left[0] * c + lower_right[0] * d
    green = upper_left[1] * a + upper_right[1] * b + lower_left[1] * c + lower_right[1] * d
    blue = upper_left[2] * a + upper_right[2] * b + lower_left[2] * c + lower_right[2] * d
    return red, green, blue


@njit(cache=True, nogil=True, fastmath=True)
def _surroundings(  # type: ignore[no-untyped-def]
    position, column, lengths, eye, rise, texel, boards, stands, walls, roof
):
    """Colour of what a ray meets at or beyond the boards.

    `eye` is the height the ray starts from, `rise` its slope, `texel` the width of its pixel in
    metres at a distance of one metre.
    """
    leaves, along, facing = column[3], column[4], column[5]
    board_m, glass_m, walkway_m, stands_m = lengths[0], lengths[1], lengths[2], lengths[3]
    rows, slope, roof_m, dim = lengths[4], lengths[5], lengths[6], lengths[8]
    height = eye + rise * leaves
    size = texel * leaves
    if height < board_m:
        scale = np.float32(boards[0].shape[1]) / np.float32(PERIMETER_M)
        v = (np.float32(1) - height / board_m) * np.float32(boards[0].shape[0])
        red, green, blue = _sample(boards, along * scale, v, size * scale)
        lit = np.float32(0.5) + np.float32(0.5) * dim
        return red * lit, green * lit, blue * lit
    behind_glass = height < glass_m
    at = leaves + walkway_m / facing
    height = eye + rise * at
    if height < stands_m:
        shade = np.float32(70) * dim * (np.float32(0.5) + np.float32(0.5) * height / stands_m)
        red, green, blue = shade, shade, shade * np.float32(1.04)
    else:
        # Tiers rise by `slope` over their depth, which is the way beyond `at` times `facing`.
        climb = slope * facing
        beyond = (height - stands_m) / max(climb - rise, np.float32(1e-4))
        depth = beyond * facing
        tiers = rows * np.float32(ROW_M)
        if climb > rise and depth < tiers:
            scale = np.float32(stands[0].shape[1]) / np.float32(STANDS_M)
            v = (np.float32(1) - depth / tiers) * np.float32(stands[0].shape[0])
            red, green, blue = _sample(stands, along * scale, v, texel * (at + beyond) * scale)
        else:
            at += tiers / facing
            height = eye + rise * at
            if height < roof_m:
                scale = np.float32(walls[0].shape[1]) / np.float32(WALL_M)
                v = (np.float32(1) - height / roof_m) * np.float32(walls[0].shape[0])
                red, green, blue = _sample(walls, along * scale, v, texel * at * scale)
            else:
                at = (roof_m - eye) / rise
                scale = np.float32(roof[0].shape[0]) / np.float32(ROOF_M)
                u = (position[0] + at * column[0] + np.float32(ROOF_M)) * scale
                v = (position[1] + at * column[1] + np.float32(ROOF_M)) * scale
                v = v % np.float32(roof[0].shape[0])
                red, green, blue = _sample(roof, u, v, texel * at * scale)
                dim = np.float32(1)
        red, green, blue = red * dim, green * dim, blue * dim
    if behind_glass:
        post = (along % np.float32(2.4)) < np.float32(0.05)
        veil = np.float32(0.5) if post else np.float32(0.12)
        haze = np.float32(210) * (np.float32(0.4) + np.float32(0.6) * dim)
        keep = np.float32(1) - veil
        red, green, blue = (
            red * keep + haze * veil,
            green * keep + haze * veil,
            blue * keep + haze * veil,
        )
    return red, green, blue


@njit(cache=True, nogil=True, fastmath=True)
def _trace(  # type: ignore[no-untyped-def]
    position, columns, lengths, highest, scale, ice, scratches, boards, stands, walls, roof,
    picture, near,
) -> None:  # fmt: skip
    eye, board_m, polish = position[2], lengths[0], lengths[7]
    texel = np.float32(1) / scale
    ice_scale = np.float32(ice[0].shape[1]) / np.float32(2 * HALF_LENGTH_M)
    detail_scale = np.float32(scratches[0].shape[1]) / np.float32(DETAIL_M)
    for y in range(picture.shape[0]):
        rise = highest - (np.float32(y) + np.float32(0.5)) * texel
        for x in range(picture.shape[1]):
            column = columns[x]
            enters, leaves = column[2], column[3]
            ground = -eye / rise if rise < 0 else np.float32(1e6)
            if enters > 0 and eye + rise * enters < board_m:
                red, green, blue = np.float32(52), np.float32(52), np.float32(56)
                height = eye + rise * enters
                if height > 0:
                    shade = np.float32(0.55) + np.float32(0.4) * height / board_m
                    if height > np.float32(0.93) * board_m:
                        shade = np.float32(1.4)
                    red, green, blue = (
                        np.float32(120) * shade,
                        np.float32(124) * shade,
                        np.float32(130) * shade,
                    )
                near[y, x] = 255
            elif ground < leaves:
                east, north = position[0] + ground * column[0], position[1] + ground * column[1]
                u = (east + np.float32(HALF_LENGTH_M)) * ice_scale
                v = (north + np.float32(HALF_WIDTH_M)) * ice_scale
                size = texel * ground
                # A pixel covers far more of the ice along the ray than across it.
                long = size * min(np.float32(4), np.sqrt(np.float32(1) / -rise))
                red, green, blue = _sample(ice, u, v, long * ice_scale)
                u = (east + np.float32(64)) * detail_scale
                v = ((north + np.float32(64)) * detail_scale) % np.float32(scratches[0].shape[0])
                detail = _sample(scratches, u, v, long * detail_scale)[0] / np.float32(128)
                glance = (np.float32(1) + rise / np.sqrt(np.float32(1) + rise * rise)) ** 4
                mirror = polish * (np.float32(0.1) + np.float32(0.9) * glance)
                far = _surroundings(
                    position, column, lengths, -eye, -rise, texel * np.float32(8), boards, stands,
                    walls, roof,
                )  # fmt: skip
                keep = np.float32(1) - mirror
                red = red * detail * keep + far[0] * mirror
                green = green * detail * keep + far[1] * mirror
                blue = blue * detail * keep + far[2] * mirror
            else:
                red, green, blue = _surroundings(
                    position, column, lengths, eye, rise, texel, boards, stands, walls, roof
                )
            picture[y, x, 0] = np.uint8(min(max(red, np.float32(0)), np.float32(255)))
            picture[y, x, 1] = np.uint8(min(max(green, np.float32(0)), np.float32(255)))
            picture[y, x, 2] = np.uint8(min(max(blue, np.float32(0)), np.float32(255)))
