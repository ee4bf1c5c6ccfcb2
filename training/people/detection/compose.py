"""Pictures for a detector, made of other pictures: zoomed, set side by side, pasted together.

People in photographs fill them; skaters in a broadcast are small, at any place of a wide picture.
Pasted persons keep some of their surroundings and mostly fade into the new ones, or a detector
would learn to see the edge of the paste; pieces without a person are pasted the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.types import FloatArray
from training.people.dataset import Picture
from training.people.photo import PictureArray, Rng

CERTAIN = 0.4
"""People whom the teacher alone found, with less than this score, are ignored."""
CUT_CERTAIN, CUT_IGNORED = 0.6, 0.1
"""Of a person cut off at the border: shares of the box that make it one to find, or ignored."""


@dataclass(frozen=True)
class Scene:
    """A picture with the boxes of the people in it."""

    pixels: PictureArray
    """RGB `(H, W, 3)`."""
    boxes: FloatArray
    """`(G, 4)` xyxy of those to be found."""
    ignored: FloatArray
    """`(D, 4)` xyxy of those who may or may not be."""

    @classmethod
    def of(cls, pixels: PictureArray, picture: Picture) -> Scene:
        """A labelled picture as it is."""
        boxes = np.array([p.box_xyxy for p in picture.people], np.float32).reshape(-1, 4)
        certain = np.array([p.score >= CERTAIN for p in picture.people], np.bool_)
        return cls(pixels, boxes[certain], boxes[~certain])

    def window(self, start: FloatArray, scale: float, size_hw: tuple[int, int]) -> Scene:
        """The part from `start` (x, y) on, enlarged by `scale`; outside, the border continued."""
        H, W = size_hw
        matrix = np.column_stack((np.eye(2) * scale, -np.asarray(start) * scale))
        source = self.pixels
        if scale < 0.6:  # a strong reduction would alias
            source = np.asarray(cv2.GaussianBlur(source, (0, 0), 0.35 / scale), np.uint8)
        pixels = np.asarray(
            cv2.warpAffine(source, matrix, (W, H), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
        shift = np.tile(np.asarray(start, np.float32), 2)
        boxes, ignored = ((b - shift) * np.float32(scale) for b in (self.boxes, self.ignored))
        return Scene(pixels, boxes, ignored).clipped()

    def clipped(self) -> Scene:
        """Boxes cut off at the border; those with little left become ignored or vanish."""
        H, W = self.pixels.shape[:2]
        limits = np.array([W, H, W, H], np.float32)
        inside = self.boxes.clip(0, limits)
        left = _areas(inside) / np.maximum(_areas(self.boxes), 1e-6)
        part = inside[(left >= CUT_IGNORED) & (left < CUT_CERTAIN)]
        ignored = np.concatenate((self.ignored.clip(0, limits), part))
        return Scene(self.pixels, inside[left >= CUT_CERTAIN], ignored[_areas(ignored) > 4])

    def flipped(self) -> Scene:
        """Left and right exchanged."""
        width = self.pixels.shape[1]
        boxes, ignored = (
            np.stack((width - b[:, 2], b[:, 1], width - b[:, 0], b[:, 3]), axis=1)
            for b in (self.boxes, self.ignored)
        )
        return Scene(np.ascontiguousarray(self.pixels[:, ::-1]), boxes, ignored)


def zoomed(
    scene: Scene, size_hw: tuple[int, int], rng: Rng, *, heights: tuple[float, float]
) -> Scene:
    """A random part that fills the canvas.

    Somebody's height is a share of the canvas's within `heights`, as far as the picture is large
    enough.
    """
    H, W = size_hw
    height, width = scene.pixels.shape[:2]
    cover = max(H / height, W / width)
    scale = cover * rng.uniform(1, 1.6)
    middle = rng.uniform(0, 1, 2) * (width, height)
    if len(scene.boxes):
        box = scene.boxes[rng.integers(len(scene.boxes))]
        wanted = log_uniform(rng, heights) * H / max(box[3] - box[1], 1)
        scale = min(max(wanted, cover), 4 * cover)
        middle = (box[:2] + box[2:]) / 2 + rng.uniform(-0.4, 0.4, 2) * (W / scale, H / scale)
    room = np.array([width - W / scale, height - H / scale]).clip(0)
    start = (middle - np.array([W, H]) / scale / 2).clip(0, room)
    return scene.window(start, scale, size_hw)


def zoomed_out(
    scene: Scene, size_hw: tuple[int, int], rng: Rng, *, heights: tuple[float, float]
) -> Scene:
    """As `zoomed`, but of the wanted height also where the picture does not fill the canvas."""
    H, W = size_hw
    box = _target(scene, rng)
    scale = log_uniform(rng, heights) * H / max(float(box[3] - box[1]), 1.0)
    place = rng.uniform(0.15, 0.85, 2) * (W, H)
    start = (box[:2] + box[2:]) / 2 - place / scale
    return scene.window(start.astype(np.float32), scale, size_hw)


def side_by_side(cells: Sequence[Scene], size_hw: tuple[int, int], columns: int) -> Scene:
    """Scenes of equal size in rows of `columns`, trimmed to the canvas."""
    height, width = cells[0].pixels.shape[:2]
    rows = [cells[i : i + columns] for i in range(0, len(cells), columns)]
    pixels = np.concatenate([np.concatenate([c.pixels for c in row], axis=1) for row in rows])
    shifts = [
        np.array([x * width, y * height] * 2, np.float32)
        for y, row in enumerate(rows)
        for x in range(len(row))
    ]
    both = list(zip(cells, shifts, strict=True))
    boxes = np.concatenate([cell.boxes + shift for cell, shift in both])
    ignored = np.concatenate([cell.ignored + shift for cell, shift in both])
    return Scene(pixels[: size_hw[0], : size_hw[1]], boxes, ignored).clipped()


def pasted(base: Scene, piece: Scene, rng: Rng, *, height: float) -> Scene:
    """Put a person of `piece`, or a part of it where nobody is, on `base`; `height` in pixels."""
    box = _target(piece, rng)
    scale = height / max(float(box[3] - box[1]), 1.0)
    margin = (box[2:] - box[:2]).max() * rng.uniform(0.05, 0.5, 4).astype(np.float32)
    low = np.maximum(box[:2] - margin[:2], 0)
    high = np.minimum(box[2:] + margin[2:], piece.pixels.shape[1::-1])
    w, h = np.maximum(((high - low) * scale).astype(int), 4).tolist()
    patch = piece.window(low, scale, (h, w))
    H, W = base.pixels.shape[:2]
    # Up to a fifth of the patch is cut off; of one larger than the canvas whatever is too much.
    x, y = (
        int(rng.uniform(*sorted((-0.2 * size, side - 0.8 * size))))
        for size, side in ((w, W), (h, H))
    )
    core = (box - np.tile(low, 2)) * np.float32(scale)
    alpha = _fading(core, (h, w)) if rng.random() < 0.75 else np.ones((h, w), np.float32)
    return _laid_over(base, patch, alpha, (x, y))


def ice(size_hw: tuple[int, int], rng: Rng) -> Scene:
    """An empty bright floor with a darker wall behind it."""
    H, W = size_hw
    floor = rng.uniform(150, 250) * rng.uniform(0.92, 1.05, 3)
    wall = rng.uniform(10, 200, 3)
    horizon = int(H * rng.uniform(0, 0.6))
    pixels = np.empty((H, W, 3), np.float32)
    pixels[:horizon], pixels[horizon:] = wall, floor
    slope = np.linspace(-1, 1, W)[None, :, None] * rng.uniform(-25, 25)
    coarse = rng.normal(0, rng.uniform(2, 20), (max(H // 16, 2), max(W // 16, 2), 1))
    texture = cv2.resize(coarse.astype(np.float32), (W, H), interpolation=cv2.INTER_CUBIC)
    pixels += slope + texture[..., None] + rng.normal(0, 4, (H, W, 1))
    empty = np.empty((0, 4), np.float32)
    return Scene(pixels.clip(0, 255).astype(np.uint8), empty, empty)


def log_uniform(rng: Rng, limits: tuple[float, float]) -> float:
    """A factor as likely to be halved as doubled."""
    return float(np.exp(rng.uniform(*np.log(limits))))


def _target(piece: Scene, rng: Rng) -> FloatArray:
    if len(piece.boxes):
        return piece.boxes[rng.integers(len(piece.boxes))]
    height, width = piece.pixels.shape[:2]
    side = np.array([width, height]) * rng.uniform(0.2, 0.8, 2)
    start = rng.uniform(0, 1, 2) * (np.array([width, height]) - side)
    return np.concatenate((start, start + side)).astype(np.float32)


def _fading(core: FloatArray, size_hw: tuple[int, int]) -> FloatArray:
    """1 on the box `core`, falling to 0 at the patch's edges."""
    weights = []
    for size, low, high in ((size_hw[0], core[1], core[3]), (size_hw[1], core[0], core[2])):
        places = np.arange(size) + 0.5
        before = places / max(float(low), 1.0)
        after = (size - places) / max(size - float(high), 1.0)
        weights.append(np.minimum(before, after).clip(0, 1))
    return np.outer(*weights).astype(np.float32)


def _laid_over(base: Scene, patch: Scene, alpha: FloatArray, at: tuple[int, int]) -> Scene:
    (h, w), (H, W), (x, y) = alpha.shape, base.pixels.shape[:2], at
    rows, columns = slice(max(y, 0), min(y + h, H)), slice(max(x, 0), min(x + w, W))
    own = np.s_[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
    pixels = base.pixels.copy()
    share = alpha[own][..., None]
    blend = share * patch.pixels[own] + (1 - share) * pixels[rows, columns]
    pixels[rows, columns] = blend.round().astype(np.uint8)
    shift = np.array([x, y, x, y], np.float32)
    boxes, ignored = patch.boxes + shift, patch.ignored + shift
    hidden = _covered(base.boxes, shift + np.array([0, 0, w, h], np.float32))
    return Scene(
        pixels,
        np.concatenate((base.boxes[hidden < 0.4], boxes)),
        np.concatenate((base.ignored, ignored, base.boxes[(hidden >= 0.4) & (hidden < 0.8)])),
    ).clipped()


def _covered(boxes: FloatArray, by: FloatArray) -> FloatArray:
    """Share of each box that lies in the box `by`."""
    low, high = np.maximum(boxes[:, :2], by[:2]), np.minimum(boxes[:, 2:], by[2:])
    shared = (high - low).clip(0).prod(axis=1)
    return np.asarray(shared / np.maximum(_areas(boxes), 1e-6), np.float32)


def _areas(boxes: FloatArray) -> FloatArray:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).clip(0).prod(axis=1), np.float32)
