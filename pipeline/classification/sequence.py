"""From a clip's poses to what InfoGCN sees: 320 frames of (x, y, score) a joint.

The paper says "of length 320" and no more. What a published feeder does with 3-D skeletons (crop to
the middle 95 %, resize bilinearly in time) is kept; aligning body axes is impossible in 2-D, so the
skeleton is centred and scaled here.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from models.skeletons import COCO17
from pipeline.settings import Count, ShareAbove0, settings
from pipeline.types import FloatArray, PoseSequence

Stream = Literal["joint", "motion"]

MIN_CROP = 64
"""A random crop in time is no shorter than this, if the clip is that long."""


@settings()
class SequenceSettings:
    """How poses become a sequence."""

    num_frames: Count = 320
    """Length (paper, Sec. II-B)."""
    crop: ShareAbove0 = 0.95
    """Middle share of the clip that is kept. Assumption: as the published feeder tests."""
    centre: Literal["clip", "frame"] = "clip"
    """What is subtracted: the hips' mean over the clip, which keeps their trajectory, or the hips
    of every frame. Assumption: the paper names no normalisation."""
    stream: Stream = "joint"
    """Positions, or their change from frame to frame; bones are the network's own `k`."""


def make_sequence(pose: PoseSequence, settings: SequenceSettings | None = None) -> Tensor:
    """The skeleton network's input from a clip's poses.

    Args:
        pose: Gaps are NaN; frames that were skipped by its stride are left out.
        settings: Length, crop, normalisation.

    Returns:
        Float32 `(3, T, 17, 1)`: x, y in body lengths, and the score, 0 where a gap was filled.
    """
    settings = settings or SequenceSettings()
    joints, scores = pose.keypoints_xy[:: pose.stride], pose.scores[:: pose.stride]
    joints = normalise(fill_gaps(joints), per_frame=settings.centre == "frame")
    data = np.concatenate([joints, scores[..., None]], axis=-1)  # (T, J, 3)
    data = data.transpose(2, 0, 1)[..., None]  # (T, J, C) -> (C, T, J, M)
    data = valid_crop_resize(data, len(scores), (settings.crop,), settings.num_frames)
    if settings.stream == "motion":
        data = motion(data)
    return torch.from_numpy(np.ascontiguousarray(data))


def flip_sequence(sequence: Tensor) -> Tensor:
    """A sequence `(C, T, J, M)` flipped: x changes sign, left and right change places."""
    flipped = sequence[:, :, COCO17.flip_order].clone()
    flipped[0] *= -1
    return flipped


def fill_gaps(joints: FloatArray) -> FloatArray:
    """Fill NaN positions `(T, J, 2)`, each joint by itself.

    Linearly between the frames in which the joint is seen, held still beyond them; a joint that is
    never seen lies where the mean of the others is, and a clip without any pose is all zeros.
    """
    filled = joints.copy()
    frames = np.arange(len(joints))
    seen = ~np.isnan(joints[..., 0])  # (T, J)
    for joint in np.flatnonzero(seen.any(axis=0)):
        known = np.flatnonzero(seen[:, joint])
        for axis in range(joints.shape[-1]):
            values = joints[known, joint, axis]
            filled[:, joint, axis] = np.interp(frames, known, values)
    never = ~seen.any(axis=0)
    if never.all():
        return np.zeros_like(joints)
    filled[:, never] = filled[:, ~never].mean(axis=1, keepdims=True)
    return filled


def normalise(joints: FloatArray, *, per_frame: bool = False) -> FloatArray:
    """Centre positions `(T, 17, 2)` on the hips and measure them in body lengths.

    A body length is the median over the clip of the longer side of the skeleton's box.
    """
    hips = joints[:, [COCO17.index("left_hip"), COCO17.index("right_hip")]].mean(
        axis=1, keepdims=True
    )  # (T, 1, 2)
    origin = hips if per_frame else hips.mean(axis=0, keepdims=True)
    length = float(np.median(np.ptp(joints, axis=1).max(axis=-1)))
    scaled: FloatArray = ((joints - origin) / max(length, 1e-6)).astype(np.float32)
    return scaled


def valid_crop_resize(
    data: FloatArray,
    num_valid: int,
    interval: tuple[float] | tuple[float, float],
    window: int,
    rng: np.random.Generator | None = None,
) -> FloatArray:
    """Crop sequences in time and resize them, as the published feeder does.

    Args:
        data: `(C, T, V, M)`.
        num_valid: The first so many frames count.
        interval: One share: that much of the middle. Two: a random share between them, no shorter
            than 64 frames, at a random place.
        window: Frames of the result.
        rng: For the random crop.

    Returns:
        Float32 `(C, window, V, M)`.
    """
    if not 1 <= num_valid <= data.shape[1]:
        raise ValueError(f"num_valid: expected 1..{data.shape[1]}, got {num_valid}")
    if len(interval) == 1:
        bias = int((1 - interval[0]) * num_valid / 2)
        return resize_time(data[:, bias : num_valid - bias], window)
    if rng is None:
        raise ValueError("rng: a random crop needs a generator")
    share = rng.uniform(*interval)
    length = min(max(int(num_valid * share), MIN_CROP), num_valid)
    start = int(rng.integers(0, num_valid - length, endpoint=True))
    return resize_time(data[:, start : start + length], window)


def resize_time(data: FloatArray, window: int) -> FloatArray:
    """Resize `(C, T, V, M)` to `window` frames, linearly between frame centres.

    By torch, whose positions are rounded to float32, so that the published feeder is met exactly.
    """
    C, T, V, M = data.shape
    rows = torch.from_numpy(np.ascontiguousarray(data, dtype=np.float32))
    rows = rows.permute(0, 2, 3, 1).reshape(1, -1, T)  # (C, T, V, M) -> (1, C V M, T)
    resized = F.interpolate(rows, size=window, mode="linear", align_corners=False)
    result: FloatArray = resized.view(C, V, M, window).permute(0, 3, 1, 2).numpy()
    return result


def motion(data: FloatArray) -> FloatArray:
    """Change from each frame to the next `(C, T, V, M)`; the last is zero."""
    change = np.zeros_like(data)
    change[:, :-1] = data[:, 1:] - data[:, :-1]
    return change


def rotation_matrix(angles: NDArray[np.floating]) -> FloatArray:
    """Rotations about x, then y, then z, by angles `(..., 3)` in radians: `(..., 3, 3)`.

    As the published feeder turns row vectors: a positive angle takes y towards x.
    """
    cos, sin = np.cos(angles), np.sin(angles)
    about = np.zeros((3, *np.shape(angles)[:-1], 3, 3))
    for axis, (i, j) in enumerate(((1, 2), (2, 0), (0, 1))):
        about[axis, ..., axis, axis] = 1
        about[axis, ..., i, i] = about[axis, ..., j, j] = cos[..., axis]
        about[axis, ..., i, j], about[axis, ..., j, i] = sin[..., axis], -sin[..., axis]
    turned: FloatArray = (about[2] @ about[1] @ about[0]).astype(np.float32)
    return turned
