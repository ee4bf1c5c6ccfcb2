"""The colour of whatever a ray meets in the arena, and a panorama filled with it; compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.rink.camera import HALF_LENGTH_M, HALF_WIDTH_M
from training.rink.picture.compiled import compiled
from training.rink.picture.hall.arena import PERIMETER_M, Arena, Pyramid
from training.rink.picture.hall.building import ROOF_M, ROW_M, STANDS_M, WALL_M
from training.rink.picture.hall.ice import DETAIL_M

Floats = NDArray[np.float32]


class Textures(NamedTuple):
    """What the arena's surfaces look like."""

    ice: Pyramid
    scratches: Pyramid
    boards: Pyramid
    stands: Pyramid
    walls: Pyramid
    roof: Pyramid

    @classmethod
    def of(cls, arena: Arena) -> Textures:
        """Those of an arena."""
        return cls(arena.ice, arena.scratches, arena.boards, arena.stands, arena.walls, arena.roof)


class Ray(NamedTuple):
    """A line of sight in one column of the panorama."""

    position: Floats
    """`(3,)`: the camera's."""
    column: Floats
    """`(6,)`: what it meets on the ground plan, see `rays.meetings`."""
    eye: np.float32
    """The height that it starts from."""
    rise: np.float32
    """Its slope, rise over run."""
    texel: np.float32
    """The width of its pixel in metres at a distance of one metre."""


def lengths_of(arena: Arena) -> Floats:
    """The arena's numbers `(12,)`, in the order in which the compiled loops unpack them."""
    return np.array(
        [
            arena.board_m, arena.glass_m, arena.walkway_m, arena.stands_m, arena.rows, arena.slope,
            arena.roof_m, arena.polish, arena.brightness, *arena.front,
        ],
        np.float32,
    )  # fmt: skip


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
def _surroundings(ray, lengths, textures):  # type: ignore[no-untyped-def]
    """Colour of what a ray meets at or beyond the boards."""
    height = ray.eye + ray.rise * ray.column[3]
    if height < lengths[0]:
        return _boards(ray, lengths, textures.boards)
    red, green, blue = _beyond(ray, lengths, textures)
    if height < lengths[1]:
        red, green, blue = _through_glass(red, green, blue, ray.column[4], lengths[8])
    return red, green, blue


@compiled
def _boards(ray, lengths, boards):  # type: ignore[no-untyped-def]
    """Colour of the boards' inside."""
    leaves, along, board_m, dim = ray.column[3], ray.column[4], lengths[0], lengths[8]
    one = np.float32(1)
    height = ray.eye + ray.rise * leaves
    # From inside the rink the boards run clockwise, so their letters must run backwards.
    around = one / np.float32(PERIMETER_M)
    red, green, blue = _sample(
        boards, -along * around, one - height / board_m, ray.texel * leaves * around
    )
    lit = np.float32(0.5) + np.float32(0.5) * dim
    return red * lit, green * lit, blue * lit


@compiled
def _beyond(ray, lengths, textures):  # type: ignore[no-untyped-def]
    """Colour of the wall under the stands, of the stands, or of the hall behind them."""
    leaves, along, facing = ray.column[3], ray.column[4], ray.column[5]
    walkway_m, stands_m, rows, slope = lengths[2], lengths[3], lengths[4], lengths[5]
    dim, one = lengths[8], np.float32(1)
    at = leaves + walkway_m / facing
    height = ray.eye + ray.rise * at
    # Tiers rise by `slope` over their depth, which is the way beyond `at` times `facing`.
    climb, tiers = slope * facing, rows * np.float32(ROW_M)
    beyond = (height - stands_m) / max(climb - ray.rise, np.float32(1e-4))
    if height < stands_m:
        shade = dim * (np.float32(0.5) + np.float32(0.5) * height / stands_m)
        return lengths[9] * shade, lengths[10] * shade, lengths[11] * shade
    if climb > ray.rise and beyond * facing < tiers:
        around = one / np.float32(STANDS_M)
        red, green, blue = _sample(
            textures.stands, -along * around, one - beyond * facing / tiers,
            ray.texel * (at + beyond) * around,
        )  # fmt: skip
        return red * dim, green * dim, blue * dim
    return _hall(ray, at + tiers / facing, lengths, textures)


@compiled
def _hall(ray, at, lengths, textures):  # type: ignore[no-untyped-def]
    """Colour of the wall, which stands at a distance, or of the roof."""
    roof_m, dim, one = lengths[6], lengths[8], np.float32(1)
    height = ray.eye + ray.rise * at
    if height < roof_m:
        around = one / np.float32(WALL_M)
        red, green, blue = _sample(
            textures.walls, -ray.column[4] * around, one - height / roof_m, ray.texel * at * around
        )
        return red * dim, green * dim, blue * dim
    at = (roof_m - ray.eye) / ray.rise
    around = one / np.float32(ROOF_M)
    u = (ray.position[0] + at * ray.column[0]) * around
    v = (ray.position[1] + at * ray.column[1]) * around
    return _sample(textures.roof, u, v - np.floor(v), ray.texel * at * around)


@compiled
def _through_glass(red, green, blue, along, dim):  # type: ignore[no-untyped-def]
    """A colour behind the glass and its posts."""
    post = along - np.float32(2.4) * np.floor(along / np.float32(2.4)) < np.float32(0.05)
    veil = np.float32(0.5) if post else np.float32(0.12)
    haze = np.float32(210) * (np.float32(0.4) + np.float32(0.6) * dim) * veil
    keep = np.float32(1) - veil
    return red * keep + haze, green * keep + haze, blue * keep + haze


@compiled
def _near_side(height, board_m):  # type: ignore[no-untyped-def]
    """Colour of the floor before the near boards, or of their outside; `height` below their top."""
    if height <= 0:
        return np.float32(52), np.float32(52), np.float32(56)
    share = height / board_m
    tone = np.float32(150) if share > np.float32(0.93) else np.float32(66) + np.float32(48) * share
    return tone, tone * np.float32(1.03), tone * np.float32(1.08)


@compiled
def _ice_colour(ray, ice, scratches):  # type: ignore[no-untyped-def]
    """Colour of the ice, without what it mirrors."""
    position, column, rise = ray.position, ray.column, ray.rise
    ground = -position[2] / rise
    east, north = position[0] + ground * column[0], position[1] + ground * column[1]
    # A pixel covers far more of the ice along the ray than across it.
    long = ray.texel * ground * min(np.float32(4), np.sqrt(np.float32(-1) / rise))
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
def fill_panorama(  # type: ignore[no-untyped-def]
    camera, lengths, textures, picture, near
) -> None:
    """Fill a panorama `(h, w, 3)`, and `(h, w)` of what stands between camera and ice.

    Args:
        camera: `position (3,)`, columns `(w, 6)`, rise over run of the upper border and pixels
            per unit of it.
        lengths: As `lengths_of` puts them.
        textures: Of the arena.
        picture: RGB, to be filled.
        near: To be set to 255 where something stands before the ice.
    """
    position, columns, highest, scale = camera
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
            ray = Ray(position, columns[x], eye, rise, texel)
            enters = ray.column[2]
            if enters > 0 and eye + rise * enters < board_m:
                red, green, blue = _near_side(eye + rise * enters, board_m)
                near[y, x] = 255
            elif ground < ray.column[3]:
                if x % 4 == 0:  # what is mirrored is blurred over more pixels than these
                    below = Ray(position, columns[x], -eye, -rise, texel * np.float32(20))
                    far_red, far_green, far_blue = _surroundings(below, lengths, textures)
                red, green, blue = _ice_colour(ray, textures.ice, textures.scratches)
                keep = one - mirror
                red = red * keep + far_red * mirror
                green = green * keep + far_green * mirror
                blue = blue * keep + far_blue * mirror
            else:
                red, green, blue = _surroundings(ray, lengths, textures)
            picture[y, x, 0] = np.uint8(min(max(red, np.float32(0)), limit))
            picture[y, x, 1] = np.uint8(min(max(green, np.float32(0)), limit))
            picture[y, x, 2] = np.uint8(min(max(blue, np.float32(0)), limit))
