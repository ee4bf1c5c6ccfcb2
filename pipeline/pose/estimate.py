"""The skater's skeleton over a clip: crop, network with flip test, decode, in batches.

The paper takes skeletons of 320 frames and is silent on where they come from. Assumption: the box
is the tracked person's in every frame, and `stride` thins out clips of over 640 frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.skeletons import COCO17
from models.vitpose import ViTPose
from pipeline.pose.crop import crop_frame, crop_matrix, crop_regions, normalise
from pipeline.pose.decode import MAX_STEP, Border, decode_heatmaps
from pipeline.types import NUM_JOINTS, FloatArray, IntArray, PoseSequence

POSE_FRAMES = 320
"""Frames that InfoGCN takes (paper, Table I); thinning a clip never leaves fewer."""


def pose_stride(num_frames: int) -> int:
    """Every how many frames a pose is wanted: over 640 frames, the largest step that leaves 320."""
    return 1 if num_frames <= 2 * POSE_FRAMES else num_frames // POSE_FRAMES


def pose_frame_indices(num_frames: int) -> IntArray:
    """The frames of a clip that get a pose."""
    return np.arange(0, num_frames, pose_stride(num_frames), dtype=np.int64)


def flip_averaged(network: ViTPose, pixel_values: Tensor, flip_order: Sequence[int]) -> Tensor:
    """Heat maps `(N, J, h, w)` averaged with those of the mirrored crops, mirrored back.

    `flip_order` puts every joint in its mirrored joint's place. With the unbiased crop nothing has
    to be shifted.
    """
    mirrored = network(pixel_values.flip(-1)).flip(-1)[:, list(flip_order)]
    return (network(pixel_values) + mirrored) / 2


class PoseEstimator:
    """ViTPose with everything around it, on the device where the network is.

    Args:
        network: Predicts the 17 COCO joints; put into eval mode.
        flip_test: Average with the mirrored crop, as published; doubles the cost.
        batch_size: Crops at a time.
        border: Border rule of the decoder, see `pipeline.pose.decode`.
        max_step: Limit of the decoder's refinement, in heat-map cells; None as published.
        precision: Of the network's activations; `torch.bfloat16` is 3 times faster on CPUs that
            compute in it.
    """

    def __init__(
        self,
        network: ViTPose,
        *,
        flip_test: bool = True,
        batch_size: int = 16,
        border: Border = "zero",
        max_step: float | None = MAX_STEP,
        precision: torch.dtype = torch.float32,
    ) -> None:
        if network.num_joints != NUM_JOINTS:
            raise ValueError(f"expected a network of {NUM_JOINTS} joints, got {network.num_joints}")
        if batch_size < 1:
            raise ValueError(f"batch_size: expected at least 1, got {batch_size}")
        self.network = network.eval()
        self.flip_test = flip_test
        self.batch_size = batch_size
        self.border: Border = border
        self.max_step = max_step
        self.precision = precision

    def estimate(
        self, frames: Iterable[NDArray[np.uint8]], boxes_xyxy: FloatArray, *, stride: int = 1
    ) -> PoseSequence:
        """The poses of one clip, whose frames are never held.

        Args:
            frames: T frames, RGB `(H, W, 3)`, in order.
            boxes_xyxy: `(T, 4)` the person's box in each, NaN where absent.
            stride: Look at every so many frames; the others get no pose.

        Raises:
            ValueError: Frames or boxes that are malformed, or not as many of one as of the other.
            InputError: The network answers with something else than numbers.
        """
        run = self.start(boxes_xyxy, stride=stride)
        for frame in frames:
            run.add(frame)
        return run.finish()

    def start(self, boxes_xyxy: FloatArray, *, stride: int = 1) -> PoseRun:
        """As `estimate`, for a caller that hands over the frames itself."""
        return PoseRun(self, boxes_xyxy, stride)

    @torch.inference_mode()
    def heatmaps(self, crops: NDArray[np.uint8]) -> Tensor:
        """Crops `(N, H, W, 3)` to heat maps `(N, 17, h, w)`."""
        device = next(self.network.parameters()).device
        pixel_values = normalise(crops).to(device)
        reduced = self.precision != torch.float32
        with torch.autocast(device.type, dtype=self.precision, enabled=reduced):
            if self.flip_test:
                return flip_averaged(self.network, pixel_values, COCO17.flip_order)
            return self.network(pixel_values)


class PoseRun:
    """One clip on its way through a `PoseEstimator`: `add` every frame in order, then `finish`."""

    def __init__(self, estimator: PoseEstimator, boxes_xyxy: FloatArray, stride: int) -> None:
        if boxes_xyxy.ndim != 2 or boxes_xyxy.shape[1] != 4:
            raise ValueError(f"boxes_xyxy: expected shape (T, 4), got {boxes_xyxy.shape}")
        if stride < 1:
            raise ValueError(f"stride: expected at least 1, got {stride}")
        T = len(boxes_xyxy)
        self._estimator = estimator
        self._crop_size = estimator.network.image_size
        self._stride = stride
        skipped = np.arange(T) % stride != 0
        wanted = np.where(skipped[:, None], np.float32(np.nan), boxes_xyxy)
        self._regions = crop_regions(wanted, self._crop_size)
        self._keypoints = np.full((T, NUM_JOINTS, 2), np.nan, np.float32)
        self._scores = np.zeros((T, NUM_JOINTS), np.float32)
        self._next = 0
        self._pending: list[int] = []
        self._crops: list[NDArray[np.uint8]] = []

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Take the next frame, RGB `(H, W, 3)`; every `batch_size` crops the network runs."""
        if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
            raise ValueError(
                f"frame {self._next}: expected RGB uint8 (H, W, 3), got {frame.dtype} {frame.shape}"
            )
        position = self._next
        if position == len(self._scores):
            raise ValueError(f"more frames than boxes; there are {len(self._scores)} boxes")
        self._next += 1
        if self._regions.is_gap[position]:
            return
        center, size = self._regions.centers[position], self._regions.sizes[position]
        matrix = crop_matrix(center, size, self._crop_size)
        self._crops.append(crop_frame(frame, matrix, self._crop_size))
        self._pending.append(position)
        if len(self._pending) == self._estimator.batch_size:
            self._run_pending()

    def finish(self) -> PoseSequence:
        """The poses of all frames, in pixels of the frame."""
        if self._next != len(self._scores):
            raise ValueError(f"{self._next} frames for {len(self._scores)} boxes")
        if self._pending:
            self._run_pending()
        return PoseSequence(self._keypoints, self._scores, self._stride)

    def _run_pending(self) -> None:
        heatmaps = self._estimator.heatmaps(np.stack(self._crops))
        points, scores = decode_heatmaps(
            heatmaps, border=self._estimator.border, max_step=self._estimator.max_step
        )
        H, W = heatmaps.shape[2:]
        regions = self._regions.at(self._pending)
        self._keypoints[self._pending] = regions.to_frame(points.cpu().numpy(), (H, W))
        self._scores[self._pending] = scores.clamp(min=0).cpu().numpy()
        self._pending, self._crops = [], []
