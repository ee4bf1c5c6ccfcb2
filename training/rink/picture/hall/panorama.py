"""The arena as one camera sees it: traced once a shot, then looked up for every frame.

The panorama is a cylinder about the camera: columns are equal steps of pan, rows equal steps of
rise over run. A frame is a look-up into it, because a camera only turns and zooms within a shot.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from training.rink.camera import CORNER_M, HALF_LENGTH_M, HALF_WIDTH_M, Views
from training.rink.picture.compiled import compiled
from training.rink.picture.hall.arena import (
    PERIMETER_M,
    STRAIGHT_X_M,
    STRAIGHT_Y_M,
    Arena,
)
from training.rink.picture.hall.building import ROOF_M, ROW_M, STANDS_M, WALL_M
from training.rink.picture.hall.ice import DETAIL_M

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

MAX_PIXELS = 5_000_000
"""A panorama that would be larger is made coarser."""

_SPAN = 8  # pixels between exact look-ups; a straight line in between is off by < 0.02 pixel


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
    columns: Floats
    """`(w, 6)`: what the ray of each column meets, see `_columns`."""
    board_rows: Floats
    """`(w,)` row of the boards' upper edge."""

    def frame(self, views: Views, n: int) -> tuple[Bytes, Bytes | None]:
        """The n-th view: RGB `(H, W, 3)`, and `(H, W)` of what is near, None where nothing is."""
        across, down = self.lookup(views, n)
        picture = _look_up(self.picture, across, down)
        return picture, _look_up(self.near, across, down) if self.has_near else None

    @cached_property
    def has_near(self) -> bool:
        """Whether anything stands between camera and ice; asked once all is drawn."""
        return bool(self.near.any())

    def lookup(self, views: Views, n: int) -> tuple[Floats, Floats]:
        """Where in the panorama each pixel of the n-th view lies, `(H, W)` columns and rows."""
        columns = np.empty((views.height, views.width), np.float32)
        rows = np.empty_like(columns)
        _fill_lookup(
            views.rotations[n] / np.array([[views.focal_px[n]], [views.focal_px[n]], [1.0]]),
            *views.aim, self.first_pan, self.highest, self.scale, columns, rows,
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

    def unproject(self, places: Floats, distance: float, position: NDArray[np.floating]) -> Floats:
        """Columns and rows `(..., 2)` -> world points `(..., 3)` at a horizontal distance."""
        pan = self.first_pan - places[..., 0] / self.scale
        rise = self.highest - places[..., 1] / self.scale
        ray = np.stack([np.cos(pan), np.sin(pan), rise], axis=-1)
        return (position + distance * ray).astype(np.float32)


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
            arena.roof_m, arena.polish, arena.brightness, *arena.front,
        ],
        np.float32,
    )  # fmt: skip
    board_rows = (highest - (arena.board_m - views.position[2]) / columns[:, 3]) * scale
    _trace(
        views.position.astype(np.float32), columns, lengths, np.float32(highest),
        np.float32(scale), arena.ice, arena.scratches, arena.boards, arena.stands, arena.walls,
        arena.roof, picture, near,
    )  # fmt: skip
    return Panorama(picture, near, first_pan, highest, scale, columns, board_rows)


def _look_up(source: Bytes, columns: Floats, rows: Floats) -> Bytes:
    found = cv2.remap(source, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.uint8)


def _extent(views: Views) -> tuple[float, float, float, float]:
    """First and last pan (the first is the larger), highest and lowest rise over run."""
    edge = np.linspace(-1.0, 1.0, 9)
    rim = np.concatenate(
        [np.stack([edge, np.full(9, s)], 1) for s in (-1.0, 1.0)]
        + [np.stack([np.full(9, s), edge], 1) for s in (-1.0, 1.0)]
    )
    half = np.array([views.width / 2 + 2, views.height / 2 + 2])
    off_aim = np.array([views.width / 2, views.height / 2]) - views.aim
    rays = np.concatenate(
        [
            (rim * half + off_aim)[None] / views.focal_px[:, None, None],
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


@compiled
def _fill_lookup(
    rows_over_focal: NDArray[np.float64],
    middle_x: float,
    middle_y: float,
    first_pan: float,
    highest: float,
    scale: float,
    columns: Floats,
    rows: Floats,
) -> None:
    H, W = columns.shape
    right, down, forward = rows_over_focal[0], rows_over_focal[1], rows_over_focal[2]
    for y in range(H):
        dy = y + 0.5 - middle_y
        column_before, row_before = 0.0, 0.0
        for x in range(0, W + _SPAN, _SPAN):
            dx = x + 0.5 - middle_x
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


@compiled
def _sample(pyramid, u, v, footprint):  # type: ignore[no-untyped-def]
    """Colour of a texture that repeats along u; u, v from 0 to 1, `footprint` a share of u."""
    h, w = pyramid.shape[0], pyramid.shape[1] // 3 * 2
    x0, y0 = 0, 0
    size = footprint * np.float32(w)
    if size > np.float32(1.5):
        x0 = w
        h, w = h // 2, w // 2
        size *= np.float32(0.5)
        for _ in range(5):
            if size <= np.float32(1.5):
                break
            y0 += h
            h, w = h // 2, w // 2
            size *= np.float32(0.5)
    x = (u - np.floor(u)) * np.float32(w) - np.float32(0.5)
    y = min(max(v * np.float32(h) - np.float32(0.5), np.float32(0)), np.float32(h - 1))
    left, top = int(x + np.float32(1)) - 1, int(y)
    share_x, share_y = x - np.float32(left), y - np.float32(top)
    right = left + 1 if left + 1 < w else 0
    left = left if left >= 0 else w - 1
    bottom = top + 1 if top + 1 < h else top
    upper_left, upper_right = pyramid[y0 + top, x0 + left], pyramid[y0 + top, x0 + right]
    lower_left, lower_right = pyramid[y0 + bottom, x0 + left], pyramid[y0 + bottom, x0 + right]
    a = (np.float32(1) - share_x) * (np.float32(1) - share_y)
    b = share_x * (np.float32(1) - share_y)
    c = (np.float32(1) - share_x) * share_y
    d = share_x * share_y
    red = upper_left[0] * a + upper_right[0] * b + lower_left[0] * c + lower_right[0] * d
    green = upper_left[1] * a + upper_right[1] * b + lower_left[1] * c + lower_right[1] * d
    blue = upper_left[2] * a + upper_right[2] * b + lower_left[2] * c + lower_right[2] * d
    return red, green, blue


@compiled
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
    one = np.float32(1)
    height = eye + rise * leaves
    if height < board_m:
        # From inside the rink the boards run clockwise, so their letters must run backwards.
        around = one / np.float32(PERIMETER_M)
        red, green, blue = _sample(
            boards, -along * around, one - height / board_m, texel * leaves * around
        )
        lit = np.float32(0.5) + np.float32(0.5) * dim
        return red * lit, green * lit, blue * lit
    behind_glass = height < glass_m
    at = leaves + walkway_m / facing
    height = eye + rise * at
    # Tiers rise by `slope` over their depth, which is the way beyond `at` times `facing`.
    climb, tiers = slope * facing, rows * np.float32(ROW_M)
    beyond = (height - stands_m) / max(climb - rise, np.float32(1e-4))
    if height < stands_m:
        shade = dim * (np.float32(0.5) + np.float32(0.5) * height / stands_m)
        red, green, blue = lengths[9] * shade, lengths[10] * shade, lengths[11] * shade
    elif climb > rise and beyond * facing < tiers:
        around = one / np.float32(STANDS_M)
        red, green, blue = _sample(
            stands, -along * around, one - beyond * facing / tiers, texel * (at + beyond) * around
        )
        red, green, blue = red * dim, green * dim, blue * dim
    else:
        at += tiers / facing
        height = eye + rise * at
        if height < roof_m:
            around = one / np.float32(WALL_M)
            red, green, blue = _sample(
                walls, -along * around, one - height / roof_m, texel * at * around
            )
            red, green, blue = red * dim, green * dim, blue * dim
        else:
            at = (roof_m - eye) / rise
            around = one / np.float32(ROOF_M)
            v = (position[1] + at * column[1]) * around
            red, green, blue = _sample(
                roof, (position[0] + at * column[0]) * around, v - np.floor(v), texel * at * around
            )
    if behind_glass:
        post = along - np.float32(2.4) * np.floor(along / np.float32(2.4)) < np.float32(0.05)
        veil = np.float32(0.5) if post else np.float32(0.12)
        haze = np.float32(210) * (np.float32(0.4) + np.float32(0.6) * dim) * veil
        keep = one - veil
        red, green, blue = red * keep + haze, green * keep + haze, blue * keep + haze
    return red, green, blue


@compiled
def _near_side(height, board_m):  # type: ignore[no-untyped-def]
    """Colour of the floor before the near boards, or of their outside; `height` below their top."""
    if height <= 0:
        return np.float32(52), np.float32(52), np.float32(56)
    share = height / board_m
    tone = np.float32(150) if share > np.float32(0.93) else np.float32(66) + np.float32(48) * share
    return tone, tone * np.float32(1.03), tone * np.float32(1.08)


@compiled
def _ice_colour(  # type: ignore[no-untyped-def]
    position, column, rise, texel, ice, scratches
):
    """Colour of the ice, without what it mirrors."""
    ground = -position[2] / rise
    east, north = position[0] + ground * column[0], position[1] + ground * column[1]
    # A pixel covers far more of the ice along the ray than across it.
    long = texel * ground * min(np.float32(4), np.sqrt(np.float32(-1) / rise))
    one, detail_m = np.float32(1), np.float32(DETAIL_M)
    length, width = np.float32(2 * HALF_LENGTH_M), np.float32(2 * HALF_WIDTH_M)
    red, green, blue = _sample(
        ice, east / length + np.float32(0.5), np.float32(0.5) - north / width, long / length
    )
    v = north / detail_m
    detail = _sample(scratches, east / detail_m, v - np.floor(v), long / detail_m)[0]
    detail *= one / np.float32(128)
    return red * detail, green * detail, blue * detail


@compiled
def _trace(  # type: ignore[no-untyped-def]
    position, columns, lengths, highest, scale, ice, scratches, boards, stands, walls, roof,
    picture, near,
) -> None:  # fmt: skip
    eye, board_m, polish = position[2], lengths[0], lengths[7]
    one, limit = np.float32(1), np.float32(255)
    texel = one / scale
    for y in range(picture.shape[0]):
        rise = highest - (np.float32(y) + np.float32(0.5)) * texel
        ground = -eye / rise if rise < 0 else np.float32(1e6)
        glance = (one + rise / np.sqrt(one + rise * rise)) ** 4
        mirror = polish * (np.float32(0.1) + np.float32(0.9) * glance)
        far_red, far_green, far_blue = np.float32(0), np.float32(0), np.float32(0)
        for x in range(picture.shape[1]):
            column = columns[x]
            enters = column[2]
            if enters > 0 and eye + rise * enters < board_m:
                red, green, blue = _near_side(eye + rise * enters, board_m)
                near[y, x] = 255
            elif ground < column[3]:
                if x % 4 == 0:  # what is mirrored is blurred over more pixels than these
                    far_red, far_green, far_blue = _surroundings(
                        position, column, lengths, -eye, -rise, texel * np.float32(20), boards,
                        stands, walls, roof,
                    )  # fmt: skip
                red, green, blue = _ice_colour(position, column, rise, texel, ice, scratches)
                keep = one - mirror
                red = red * keep + far_red * mirror
                green = green * keep + far_green * mirror
                blue = blue * keep + far_blue * mirror
            else:
                red, green, blue = _surroundings(
                    position, column, lengths, eye, rise, texel, boards, stands, walls, roof
                )
            picture[y, x, 0] = np.uint8(min(max(red, np.float32(0)), limit))
            picture[y, x, 1] = np.uint8(min(max(green, np.float32(0)), limit))
            picture[y, x, 2] = np.uint8(min(max(blue, np.float32(0)), limit))
