"""Random views of one person: which region, how it is turned, and what happens to its pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.skeletons import COCO17
from pipeline.pose.crop import crop_matrix, crop_regions
from pipeline.settings import settings
from pipeline.types import FloatArray
from training.people.dataset import Person
from training.people.photo import PictureArray, Rng, degraded, recoloured

UPPER = np.arange(COCO17.num_joints) < COCO17.index("left_hip")


@settings()
class PoseAugmentation:
    """How far a training crop may be from the plain one."""

    half_body: float = 0.15
    """Share of crops that show the upper or the lower half of a body alone."""
    half_body_joints: int = 8
    """Least number of known joints for that."""
    scale: float = 0.35
    """Regions are larger or smaller by up to this share."""
    shift: float = 0.12
    """Their centre moves by up to this share of the box, as a detector's boxes do."""
    rotated: float = 0.4
    """Share of crops that are turned by a normal deviate of 40 degrees."""
    upside_down: float = 0.1
    """Share of crops that are turned by any angle."""
    flip: float = 0.5
    """Share of flipped crops."""
    filled: float = 0.5
    """Share of crops whose empty border shows another picture instead of black."""
    occluded: float = 0.15
    """Share of crops with a patch in front of the person."""
    blurred: float = 0.2
    """Share of crops out of focus, of low resolution, or moved."""


@dataclass(frozen=True)
class View:
    """A crop and its joints."""

    crop: PictureArray
    """RGB `(H, W, 3)`."""
    joints: FloatArray
    """`(J, 2)` in pixels of the crop."""
    labelled: NDArray[np.bool_]
    """`(J,)`."""

    def flipped(self) -> View:
        """Left and right exchanged, in the picture and in the names of the joints."""
        order = list(COCO17.flip_order)
        joints = self.joints[order]
        joints[:, 0] = self.crop.shape[1] - 1 - joints[:, 0]
        crop = np.ascontiguousarray(self.crop[:, ::-1])
        return View(crop, joints, self.labelled[order])


def plain_view(picture: PictureArray, person: Person, crop_hw: tuple[int, int]) -> View:
    """The view of a test."""
    regions = crop_regions(person.box_xyxy[None], crop_hw)
    return _view(
        picture, person, crop_matrix(regions.centers[0], regions.sizes[0], crop_hw), crop_hw
    )


def random_view(
    picture: PictureArray,
    person: Person,
    crop_hw: tuple[int, int],
    *,
    settings: PoseAugmentation,
    backdrop: PictureArray,
    rng: Rng,
) -> View:
    """A view to learn from; `backdrop` is another picture, shown where this one ends."""
    box = _half_body(person, settings, rng) if rng.random() < settings.half_body else None
    regions = crop_regions((person.box_xyxy if box is None else box)[None], crop_hw)
    size = regions.sizes[0] * np.exp(rng.uniform(-1, 1) * np.log1p(settings.scale))
    center = regions.centers[0] + regions.sizes[0] * settings.shift * rng.uniform(-1, 1, 2)
    matrix = crop_matrix(
        center.astype(np.float32), size, crop_hw, rotation_degrees=_angle(settings, rng)
    )
    view = _view(picture, person, matrix, crop_hw)
    if rng.random() < settings.filled:
        view = replace(view, crop=_filled(view.crop, picture, matrix, backdrop))
    if rng.random() < settings.flip:
        view = view.flipped()
    crop = recoloured(view.crop, rng)
    if rng.random() < settings.occluded:
        crop = _occluded(crop, backdrop, rng)
    if rng.random() < settings.blurred:
        crop = degraded(crop, rng)
    return replace(view, crop=crop)


def _view(
    picture: PictureArray, person: Person, matrix: FloatArray, crop_hw: tuple[int, int]
) -> View:
    H, W = crop_hw
    reduce = float(np.hypot(*matrix[0, :2])) < 0.5
    # A strong reduction would alias; the person is smaller than the picture, so it stays cheap.
    source = (
        cv2.GaussianBlur(picture, (0, 0), 0.35 / np.hypot(*matrix[0, :2])) if reduce else picture
    )
    crop = np.asarray(cv2.warpAffine(source, matrix, (W, H), flags=cv2.INTER_LINEAR), np.uint8)
    joints = person.joints @ matrix[:, :2].T + matrix[:, 2]
    return View(crop, joints.astype(np.float32), person.labelled.copy())


def _half_body(person: Person, settings: PoseAugmentation, rng: Rng) -> FloatArray | None:
    """The box of the known joints of one half, half as large again; None where they are few."""
    half = UPPER if rng.random() < 0.5 else ~UPPER
    points = person.joints[half & person.labelled]
    if person.labelled.sum() < settings.half_body_joints or len(points) < 3:
        return None
    low, high = points.min(0), points.max(0)
    margin = 0.25 * (high - low).max() + 1
    return np.concatenate((low - margin, high + margin)).astype(np.float32)


def _angle(settings: PoseAugmentation, rng: Rng) -> float:
    kind = rng.random()
    if kind < settings.upside_down:
        return float(rng.uniform(-180, 180))
    if kind < settings.upside_down + settings.rotated:
        return float(np.clip(rng.normal(0, 40), -80, 80))
    return 0.0


def _filled(
    crop: PictureArray, picture: PictureArray, matrix: FloatArray, backdrop: PictureArray
) -> PictureArray:
    H, W = crop.shape[:2]
    cover = cv2.warpAffine(np.ones(picture.shape[:2], np.uint8), matrix, (W, H))
    behind = cv2.resize(backdrop, (W, H), interpolation=cv2.INTER_AREA)
    return np.where(cover[..., None] > 0, crop, behind).astype(np.uint8)


def _occluded(crop: PictureArray, backdrop: PictureArray, rng: Rng) -> PictureArray:
    H, W = crop.shape[:2]
    height, width = int(H * rng.uniform(0.08, 0.35)), int(W * rng.uniform(0.1, 0.4))
    y, x = int(rng.integers(H - height)), int(rng.integers(W - width))
    result = crop.copy()
    result[y : y + height, x : x + width] = cv2.resize(backdrop, (width, height))
    return result
