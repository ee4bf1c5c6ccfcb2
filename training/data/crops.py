"""Square pictures from a stored clip: random crops for training, the test's crop for validation."""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from models.skeletons import COCO17
from pipeline.classification.sampling import plan_views, training_indices
from pipeline.classification.transforms import (
    InputTransform,
    Picture,
    normalise,
    resize_short_side,
    resized_size,
)
from pipeline.types import FloatArray, IntArray
from training.data.augment import AugmentSettings
from training.data.store import FrameTargets, StoredClip
from training.rink.performance import swapped_support

ATTEMPTS = 10
"""To find a random crop inside the region, as torchvision's RandomResizedCrop."""


class TrainingViews(NamedTuple):
    """Copies of some frames of a clip."""

    videos: NDArray[np.uint8]
    """`(copies, T, S, S, 3)`."""
    truths: dict[str, NDArray[np.generic]]
    """What is true in the frames of each copy: `joints` `(copies, T, 17, 2)` as shares of the
    view's sides, `heading` `(copies, T)` radians, `support` `(copies, T)`; empty where nobody knows
    it."""


def training_views(
    clip: StoredClip,
    *,
    num_frames: int,
    side: int,
    copies: int,
    settings: AugmentSettings,
    rng: np.random.Generator,
) -> TrainingViews:
    """Differently cropped copies of the same random frames."""
    frames = training_indices(clip.num_frames, num_frames, rng)
    positions = clip.nearest(frames)
    pictures = clip.pictures(positions)
    height, width = pictures[0].shape[:2]
    views = np.empty((copies, num_frames, side, side, 3), np.uint8)
    truths: list[dict[str, NDArray[np.generic]]] = []
    for view in views:
        region = jittered(clip.region, settings.jitter, (width, height), rng)
        x1, y1, x2, y2 = random_crop(region, settings, rng)
        flipped = rng.random() < settings.flip
        for index, picture in enumerate(pictures):
            part = picture[y1:y2, x1:x2]
            resized = cv2.resize(part, (side, side), interpolation=cv2.INTER_LINEAR)
            view[index] = resized[:, ::-1] if flipped else resized
        if clip.targets is not None:
            truths.append(_truth(clip.targets, positions, (x1, y1, x2, y2), flipped=flipped))
    stacked = {name: np.stack([truth[name] for truth in truths]) for name in (truths or [{}])[0]}
    return TrainingViews(views, stacked)


def _truth(
    targets: FrameTargets, positions: IntArray, crop: tuple[int, int, int, int], *, flipped: bool
) -> dict[str, NDArray[np.generic]]:
    """The targets of some frames as a crop of them shows it."""
    x1, y1, x2, y2 = crop
    joints = (targets.joints_xy[positions] - (x1, y1)) / (x2 - x1, y2 - y1)
    heading, support = targets.heading[positions], targets.support[positions]
    if flipped:
        joints = joints[:, COCO17.flip_order] * (-1, 1) + (1, 0)
        heading, support = -heading, swapped_support(support)
    return {
        "joints": joints.astype(np.float32),
        "heading": heading.astype(np.float32),
        "support": support.astype(np.int64),
    }


def validation_view(
    clip: StoredClip, *, num_frames: int, side: int, transform: InputTransform
) -> FloatArray:
    """The one view of validation, normalised: `(3, T, S, S)`."""
    x1, y1, x2, y2 = np.round(clip.region).astype(int).tolist()
    plan = plan_views(
        clip.num_frames,
        resized_size(y2 - y1, x2 - x1, side),
        num_sampled=num_frames,
        num_clips=1,
        num_crops=1,
        crop_rule=transform.crop_rule,
    )
    view = plan.views[0]
    rows, columns = slice(view.top, view.top + side), slice(view.left, view.left + side)
    pictures = clip.pictures(clip.nearest(view.frame_indices))
    resized = [resize_short_side(p[y1:y2, x1:x2], side, transform.resize) for p in pictures]
    cropped = cast(Picture, np.stack([picture[rows, columns] for picture in resized]))
    result: FloatArray = normalise(cropped, transform.mean, transform.std).numpy()
    return result


def jittered(
    region: FloatArray, jitter: float, size: tuple[int, int], rng: np.random.Generator
) -> FloatArray:
    """A region whose edges moved by up to `jitter` of its sides, inside a picture of `size`."""
    sides = np.tile(region[2:] - region[:2], 2)
    moved = region + jitter * sides * rng.uniform(-1, 1, 4)
    return np.clip(moved, 0, np.tile(size, 2)).astype(np.float32)


def random_crop(
    region: FloatArray, settings: AugmentSettings, rng: np.random.Generator
) -> tuple[int, int, int, int]:
    """A crop of random area and ratio inside a region, whole pixels; the middle where none fits."""
    left, top, right, bottom = np.round(region).astype(int).tolist()
    width, height = max(right - left, 1), max(bottom - top, 1)
    low, high = settings.crop_ratio
    for _ in range(ATTEMPTS):
        area = width * height * rng.uniform(*settings.crop_scale)
        ratio = math.exp(rng.uniform(math.log(low), math.log(high)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            x = left + int(rng.integers(width - w, endpoint=True))
            y = top + int(rng.integers(height - h, endpoint=True))
            return x, y, x + w, y + h
    ratio = min(max(width / height, low), high)
    w, h = min(width, max(round(height * ratio), 1)), min(height, max(round(width / ratio), 1))
    x, y = left + (width - w) // 2, top + (height - h) // 2
    return x, y, x + w, y + h
