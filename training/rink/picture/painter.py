"""Draws one person into a frame: shadow and mirror image on the ice, then the person."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.rink.camera import Views
from training.rink.picture.compiled import compiled
from training.rink.picture.light import Lighting
from training.rink.picture.raster import fill_shadow, fill_triangles
from training.rink.picture.skater.actor import Actor
from training.rink.picture.skater.figure import Surface
from training.rink.picture.skater.pose import Floats, unit

Bytes = NDArray[np.uint8]

_FINEST_PIXELS = 400_000
"""A patch larger than this is drawn without oversampling."""
_BEHIND_M = 0.6
"""Nobody nearer to the lens than this is drawn."""


@dataclass(frozen=True)
class Patch:
    """A drawn person, where the frame shows it."""

    left: int
    top: int
    picture: Bytes
    """RGBA `(h, w, 4)`."""
    depths: Floats
    """`(h * finer, w * finer)` metres; infinite where nothing is drawn."""
    finer: int
    """Oversampling of `depths`."""

    def depth_at(self, xy: Floats) -> Floats:
        """Distance of what is drawn at pixels `(J, 2)`, `(J,)`; infinite where nothing is."""
        place = np.floor((xy - (self.left, self.top)) * self.finer).astype(np.intp)
        H, W = self.depths.shape
        inside = (place >= 0).all(axis=1) & (place[:, 0] < W) & (place[:, 1] < H)
        place[~inside] = 0
        found: Floats = np.where(inside, self.depths[place[:, 1], place[:, 0]], np.float32(np.inf))
        return found


@dataclass(frozen=True)
class Projected:
    """A person's surface in the picture, at N moments."""

    surface: Surface
    xy: Floats
    """`(N, V, 2)` pixels."""
    depth: Floats
    """`(N, V)` metres."""
    lit: Floats
    """`(N, V, 4)`: light in red, green, blue, and highlight."""
    bounds: Floats
    """`(N, 4)`: least x, y, and largest x, y, of all vertices."""

    @classmethod
    def of(
        cls, actor: Actor, times_s: NDArray[np.floating], views: Views, light: Lighting
    ) -> Projected:
        """Pose, project and light a person."""
        surface = actor.surface(times_s)
        xy, depth = views.project(surface.vertices)
        middle = surface.vertices.mean(axis=1)
        view = unit((views.position - middle).astype(np.float32))
        lit = [
            np.column_stack(light.on(normals, towards, actor.gloss))
            for normals, towards in zip(surface.normals, view, strict=True)
        ]
        lowest = np.stack([xy[..., 0].min(axis=1), xy[..., 1].min(axis=1)], axis=1)
        highest = np.stack([xy[..., 0].max(axis=1), xy[..., 1].max(axis=1)], axis=1)
        bounds = np.concatenate([lowest, highest], axis=1)
        return cls(surface, xy, depth.astype(np.float32), np.stack(lit), bounds)

    def drawable(self, n: int) -> bool:
        """Whether the person stands wholly before the lens."""
        return bool(self.depth[n].min() > _BEHIND_M)

    def box(self, n: int, width: int, height: int) -> Floats:
        """Tight box of what lies within the picture, xyxy; NaN where nothing does."""
        x1, y1 = np.maximum(self.bounds[n, :2], 0.0)
        x2, y2 = np.minimum(self.bounds[n, 2:], (width, height))
        if x2 <= x1 or y2 <= y1 or not self.drawable(n):
            return np.full(4, np.nan, np.float32)
        return np.array([x1, y1, x2, y2], np.float32)


def paint_person(
    frame: Bytes, actor: Actor, shown: Projected, n: int, views: Views,
    *, near: Bytes | None, light: Lighting, polish: float,
) -> Patch | None:  # fmt: skip
    """Draw a person at the n-th moment into a frame, RGB `(H, W, 3)`; None when out of sight."""
    if not shown.drawable(n):
        return None
    meters = float(np.median(shown.depth[n]))
    pixels_per_m = float(views.focal_px[n]) / meters
    _shade_ice(frame, actor, shown, n, views, light=light, pixels_per_m=pixels_per_m)
    if polish > 0:
        _mirror(frame, actor, shown, n, views, polish=polish, pixels_per_m=pixels_per_m)
    patch = draw_patch(
        actor,
        shown.xy[n],
        shown.depth[n],
        shown.lit[n],
        shape=frame.shape[:2],
        pixels_per_m=pixels_per_m,
    )
    if patch is not None:
        _lay_over(
            frame, patch.picture, patch.left, patch.top, near if near is not None else _NOTHING
        )
    return patch


_NOTHING = np.zeros((0, 0), np.uint8)


def _window(
    xy: Floats, shape: tuple[int, ...], margin: int = 1
) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of the part of the picture that the points cover."""
    x, y = np.ascontiguousarray(xy.T)
    left, top = (max(0, int(np.floor(v.min())) - margin) for v in (x, y))
    right = min(shape[1], int(np.ceil(x.max())) + margin)
    bottom = min(shape[0], int(np.ceil(y.max())) + margin)
    return (left, top, right, bottom) if left < right and top < bottom else None


def draw_patch(
    actor: Actor,
    xy: Floats,
    depth: Floats,
    lit: Floats,
    *,
    shape: tuple[int, ...],
    pixels_per_m: float,
) -> Patch | None:
    """A person's picture from vertices in pixels `(V, 2)`, depth `(V,)` and light `(V, 4)`."""
    window = _window(xy, shape)
    if window is None:
        return None
    left, top, right, bottom = window
    area = (right - left) * (bottom - top)
    finer = 3 if area < 12_000 else 2 if 4 * area < _FINEST_PIXELS else 1
    atlas, texel_scale = actor.texture(pixels_per_m * finer)
    vertices = np.empty((len(xy), 9), np.float32)
    vertices[:, :2] = (xy - (left, top)) * finer
    vertices[:, 2] = depth
    vertices[:, 3:5] = actor.texels * np.float32(texel_scale)
    vertices[:, 5:] = lit
    fine_shape = ((bottom - top) * finer, (right - left) * finer)
    picture = np.zeros((*fine_shape, 4), np.uint8)
    depths = np.full(fine_shape, np.inf, np.float32)
    fill_triangles(vertices, actor.faces, atlas, picture, depths)
    if finer > 1:
        size = (right - left, bottom - top)
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Patch(left, top, picture, depths, finer)


def _shade_ice(
    frame: Bytes, actor: Actor, shown: Projected, n: int, views: Views,
    *, light: Lighting, pixels_per_m: float,
) -> None:  # fmt: skip
    """Soft shadows: one straight below, one for the strongest lamp."""
    vertices = shown.surface.vertices[n]
    strongest = light.directions[int(light.colours.sum(axis=1).argmax())]
    for direction, share in ((np.array([0.0, 0.0, 1.0], np.float32), 0.6), (strongest, 0.4)):
        slide = vertices[:, 2:] / max(float(direction[2]), 0.35)
        ground = vertices - slide * direction
        ground[:, 2] = 0.0
        xy, _ = views[n : n + 1].project(ground[None])
        blur = max(1, int(0.07 * pixels_per_m))
        window = _window(xy[0], frame.shape, margin=2 * blur + 1)
        if window is None:
            continue
        left, top, right, bottom = window
        coarse = 2 if blur > 3 else 1
        mask = np.zeros(((bottom - top) // coarse + 1, (right - left) // coarse + 1), np.uint8)
        fill_shadow(((xy[0] - (left, top)) / coarse).astype(np.float32), actor.faces, mask)
        side = 2 * (blur // coarse) + 1
        soft = cv2.blur(mask, (side, max(1, side // 2 | 1)))
        if coarse > 1:
            soft = cv2.resize(soft, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
        strength = light.shadow * share / 255.0
        _darken(frame, np.asarray(soft, np.uint8), (left, top, right, bottom), strength)


def _mirror(
    frame: Bytes, actor: Actor, shown: Projected, n: int, views: Views,
    *, polish: float, pixels_per_m: float,
) -> None:  # fmt: skip
    """The skater's image in the ice, fading with height."""
    vertices = shown.surface.vertices[n] * np.array([1, 1, -1], np.float32)
    xy, depth = views[n : n + 1].project(vertices[None])
    window = _window(xy[0], frame.shape)
    if window is None or depth.min() <= _BEHIND_M:
        return
    left, top, right, bottom = window
    atlas, texel_scale = actor.texture(pixels_per_m)
    corners = np.empty((len(vertices), 9), np.float32)
    corners[:, :2] = xy[0] - (left, top)
    corners[:, 2] = depth[0]
    corners[:, 3:5] = actor.texels * np.float32(texel_scale)
    corners[:, 5:] = shown.lit[n]
    picture = np.zeros((bottom - top, right - left, 4), np.uint8)
    depths = np.full(picture.shape[:2], np.inf, np.float32)
    fill_triangles(corners, actor.faces[:, ::-1], atlas, picture, depths)
    feet = float(xy[0, :, 1].min()) - top
    fade = np.clip(1.0 - (np.arange(len(picture)) - feet) / (0.9 * pixels_per_m), 0.0, 1.0)
    tall = max(1, int(0.1 * pixels_per_m))
    blurred = np.asarray(cv2.blur(picture, (max(1, tall // 4), tall)), np.uint8)
    opacity = (polish * fade).astype(np.float32)
    _lay_faintly(frame, blurred, opacity, left, top)


@compiled
def _lay_over(frame: Bytes, patch: Bytes, left: int, top: int, near: Bytes) -> None:
    """Blend a patch whose colours are already multiplied by its alpha."""
    hides = near.shape[0] > 0
    for y in range(patch.shape[0]):
        for x in range(patch.shape[1]):
            alpha = np.float32(patch[y, x, 3])
            if alpha == 0:
                continue
            seen = np.float32(1.0)
            if hides:
                seen = np.float32(1.0) - np.float32(near[top + y, left + x]) / np.float32(255.0)
            keep = np.float32(1.0) - alpha * seen / np.float32(255.0)
            for channel in range(3):
                below = np.float32(frame[top + y, left + x, channel])
                value = below * keep + np.float32(patch[y, x, channel]) * seen
                frame[top + y, left + x, channel] = np.uint8(value)


@compiled
def _lay_faintly(frame: Bytes, patch: Bytes, opacity: Floats, left: int, top: int) -> None:
    """Blend a premultiplied patch with an opacity a row."""
    for y in range(patch.shape[0]):
        if opacity[y] <= 0:
            continue
        for x in range(patch.shape[1]):
            if patch[y, x, 3] == 0:
                continue
            keep = np.float32(1.0) - opacity[y] * np.float32(patch[y, x, 3]) / np.float32(255.0)
            for channel in range(3):
                below = np.float32(frame[top + y, left + x, channel])
                value = below * keep + np.float32(patch[y, x, channel]) * opacity[y]
                frame[top + y, left + x, channel] = np.uint8(min(value, np.float32(255.0)))


@compiled
def _darken(frame: Bytes, mask: Bytes, window: tuple[int, int, int, int], strength: float) -> None:
    left, top, right, bottom = window
    for y in range(top, bottom):
        for x in range(left, right):
            covered = mask[y - top, x - left]
            if covered:
                keep = np.float32(1.0 - strength * covered)
                for channel in range(3):
                    frame[y, x, channel] = np.uint8(np.float32(frame[y, x, channel]) * keep)
