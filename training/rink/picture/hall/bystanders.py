"""Draws still people into the panorama, once a shot, and says where each frame shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.rink.camera import Views
from training.rink.picture.hall.panorama import Panorama
from training.rink.picture.light import Lighting
from training.rink.picture.painter import Patch, draw_patch
from training.rink.picture.skater.actor import Actor
from training.rink.picture.skater.pose import Floats, unit
from training.rink.picture.still import StillPerson

_LEAST_PIXELS = 60
"""Of the panorama: who shows less is not counted as a person in the picture."""
_NEAREST_M = 1.2


@dataclass(frozen=True)
class Bystander:
    """One still person as the panorama shows it."""

    outline: Floats
    """`(P, 3)` points in the world that bound what can be seen, at the person's distance."""
    joints: Floats
    """`(17, 3)` COCO joints in the world."""
    hidden: NDArray[np.bool_]
    """`(17,)` joints that the boards or somebody nearer cover."""

    def box(self, views: Views, n: int) -> Floats:
        """Tight box in the n-th view, xyxy; NaN where nothing shows."""
        xy, depth = views[n : n + 1].project(self.outline[None])
        x1, y1 = np.maximum(xy[0].min(axis=0), 0.0)
        x2, y2 = np.minimum(xy[0].max(axis=0), (views.width, views.height))
        if depth.min() <= 0.1 or x2 - x1 < 1.0 or y2 - y1 < 1.0:
            return np.full(4, np.nan, np.float32)
        return np.array([x1, y1, x2, y2], np.float32)


def draw_bystanders(
    panorama: Panorama, people: Sequence[StillPerson], views: Views, light: Lighting
) -> tuple[Bystander, ...]:
    """Draw everybody who is in sight, farthest first; returns them in that order."""
    position = views.position
    pelvis = [person.motion.joints[0, 0] for person in people]
    order = np.argsort([-float(np.linalg.norm(place - position)) for place in pelvis])
    drawn = [_draw(panorama, people[index], position, light) for index in order]
    return tuple(bystander for bystander in drawn if bystander is not None)


def _draw(
    panorama: Panorama, person: StillPerson, position: NDArray[np.floating], light: Lighting
) -> Bystander | None:
    joints = person.motion.joints[0]
    seen = panorama.project(joints, position)
    h, w = panorama.near.shape
    margin = 0.6 / seen[:, 2].min() * panorama.scale
    column, row = seen[:, 0], seen[:, 1]
    outside = column.max() < -margin or column.min() > w + margin
    if outside or row.max() < -margin or row.min() > h + margin or seen[:, 2].min() < _NEAREST_M:
        return None
    actor = Actor.of(person.motion, person.look)
    surface = actor.surface(np.zeros(1))
    corners = panorama.project(surface.vertices[0], position)
    towards = unit((position - joints.mean(axis=0)).astype(np.float32))
    lit = np.column_stack(light.on(surface.normals[0], towards, actor.gloss))
    distance = float(np.median(corners[:, 2]))
    pixels_per_m = panorama.scale / distance
    xy, depth = np.ascontiguousarray(corners[:, :2]), np.ascontiguousarray(corners[:, 2])
    patch = draw_patch(actor, xy, depth, lit, shape=(h, w), pixels_per_m=pixels_per_m)
    if patch is None:
        return None
    _blend(panorama, patch, distance, sigma=person.defocus_m * pixels_per_m)
    return _bystander(panorama, patch, joints[:17], seen[:17], position=position, distance=distance)


def _blend(panorama: Panorama, patch: Patch, distance: float, *, sigma: float) -> None:
    """Lay a patch over the panorama; boards cut it off unless it stands before them."""
    height, width = patch.picture.shape[:2]
    rows = slice(patch.top, patch.top + height)
    columns = slice(patch.left, patch.left + width)
    before_boards = distance < panorama.columns[columns, 2]  # where the ray enters the rink
    lowest = np.where(before_boards, np.inf, panorama.board_rows[columns])
    patch.picture[np.arange(patch.top, patch.top + height)[:, None] > lowest[None]] = 0
    picture = patch.picture
    if sigma > 0.5:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)
    keep = 255 - picture[..., 3:].astype(np.uint16)
    below = panorama.picture[rows, columns]
    below[:] = (below * keep // 255 + picture[..., :3]).clip(0, 255).astype(np.uint8)
    alpha = np.where(before_boards[None], picture[..., 3], 0).astype(np.uint8)
    panorama.near[rows, columns] = np.maximum(panorama.near[rows, columns], alpha)


def _bystander(
    panorama: Panorama,
    patch: Patch,
    joints: Floats,
    seen: Floats,
    *,
    position: NDArray[np.floating],
    distance: float,
) -> Bystander | None:
    alpha = patch.picture[..., 3] > 127
    if alpha.sum() < _LEAST_PIXELS:
        return None
    shown_rows, shown_columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    left, right = patch.left + shown_columns[0], patch.left + shown_columns[-1] + 1
    top, bottom = patch.top + shown_rows[0], patch.top + shown_rows[-1] + 1
    corners = np.array([(left, top), (right, top), (left, bottom), (right, bottom)], np.float32)
    place = np.rint(seen[:, :2]).astype(np.intp) - (patch.left, patch.top)
    inside = (place >= 0).all(axis=1) & (place < alpha.shape[::-1]).all(axis=1)
    place[~inside] = 0
    hidden = inside & ~alpha[place[:, 1], place[:, 0]]
    return Bystander(panorama.unproject(corners, distance, position), joints, hidden)
