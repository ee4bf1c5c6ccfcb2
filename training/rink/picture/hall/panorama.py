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

from training.rink.camera import Views
from training.rink.picture.compiled import compiled
from training.rink.picture.hall.arena import Arena
from training.rink.picture.hall.rays import meetings
from training.rink.picture.hall.tracing import Textures, fill_panorama, lengths_of

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
    """`(w, 6)`: what the ray of each column meets, see `rays.meetings`."""
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
            views.aim, (self.first_pan, self.highest, self.scale), columns, rows,
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
    columns = meetings(views.position[:2], pans)
    picture = np.empty((height, width, 3), np.uint8)
    near = np.zeros((height, width), np.uint8)
    board_rows = (highest - (arena.board_m - views.position[2]) / columns[:, 3]) * scale
    camera = views.position.astype(np.float32), columns, np.float32(highest), np.float32(scale)
    fill_panorama(camera, lengths_of(arena), Textures.of(arena), picture, near)
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


@compiled
def _fill_lookup(
    rows_over_focal: NDArray[np.float64],
    middle: tuple[float, float],
    window: tuple[float, float, float],
    columns: Floats,
    rows: Floats,
) -> None:
    """Columns and rows `(H, W)`; `window` is first pan, highest rise over run, and scale."""
    H, W = columns.shape
    (middle_x, middle_y), (first_pan, highest, scale) = middle, window
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
