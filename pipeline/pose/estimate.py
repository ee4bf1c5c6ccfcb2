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
from pipeline.errors import ConfigError
from pipeline.pose.crop import BOX_PADDING, crop_frame, crop_matrix, crop_regions, normalise
from pipeline.pose.decode import BLUR_KERNEL, MAX_STEP, Border, decode_peaks
from pipeline.pose.left_right import PLACES, Peaks, resolve_left_right
from pipeline.settings import Count, Positive, settings
from pipeline.types import NUM_JOINTS, FloatArray, IntArray, PoseSequence, Precision
from pipeline.types.basic import check_picture

POSE_FRAMES = 320
"""Frames that InfoGCN takes (paper, Sec. II-B); thinning a clip never leaves fewer."""


def pose_stride(num_frames: int) -> int:
    """Every how many frames a pose is wanted: over 640 frames, the largest step that leaves 320."""
    return 1 if num_frames <= 2 * POSE_FRAMES else num_frames // POSE_FRAMES


def pose_frame_indices(num_frames: int) -> IntArray:
    """The frames of a clip that get a pose."""
    return np.arange(0, num_frames, pose_stride(num_frames), dtype=np.int64)


def flip_test(network: ViTPose, pixel_values: Tensor, flip_order: Sequence[int]) -> Tensor:
    """Heat maps `(N, J, h, w)` averaged with those of the flipped crops, flipped back.

    `flip_order` puts every joint in its mirrored joint's place. With the unbiased crop nothing has
    to be shifted.
    """
    flipped = network(pixel_values.flip(-1)).flip(-1)[:, list(flip_order)]
    return (network(pixel_values) + flipped) / 2


@settings()
class PoseSettings:
    """Which pose network, and how it is asked."""

    checkpoint: str
    """Name in the checkpoint manifest."""
    flip_test: bool = True
    """Average with the flipped crop, as published; doubles the cost."""
    batch_size: Count = 16
    """Crops at a time."""
    border: Border = "zero"
    """How the decoder continues a heat map past its border: as mmpose, or as the original."""
    blur_kernel: Count = BLUR_KERNEL
    """Width of the decoder's blur, odd, in heat-map cells; as published for targets of sigma 2, and
    about 5.5 times the sigma of others."""
    max_step: Positive | None = MAX_STEP
    """Limit of the decoder's refinement, in heat-map cells; None as published."""
    resolve_left_right: bool = False
    """Resolve left and right over the whole clip (`pipeline.pose.left_right`); False as published,
    where
    every joint of every frame stands alone."""
    precision: Precision = "fp32"
    """Arithmetic of the network; `bf16` is 3 times faster on CPUs that compute in it."""

    def __post_init__(self) -> None:
        if self.blur_kernel % 2 == 0:
            raise ConfigError(f"pose.blur_kernel: must be odd, got {self.blur_kernel}")

    def estimator(self, network: ViTPose) -> PoseEstimator:
        """The pose stage around a loaded network."""
        return PoseEstimator(network, self)


class PoseEstimator:
    """ViTPose with everything around it, on the device where the network is.

    Args:
        network: Predicts the 17 COCO joints; put into eval mode.
        settings: How it is asked; `checkpoint` is not looked at.

    Raises:
        ValueError: A network of other joints.
    """

    def __init__(self, network: ViTPose, settings: PoseSettings) -> None:
        if network.num_joints != NUM_JOINTS:
            raise ValueError(f"expected a network of {NUM_JOINTS} joints, got {network.num_joints}")
        self.network = network.eval()
        self.settings = settings

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
        for position, frame in enumerate(frames):
            run.add(frame, position)
        return run.finish()

    def start(self, boxes_xyxy: FloatArray, *, stride: int = 1) -> PoseRun:
        """As `estimate`, for a caller that hands over the frames itself."""
        return PoseRun(self, boxes_xyxy, stride)

    @torch.inference_mode()
    def peaks(self, crops: NDArray[np.uint8]) -> tuple[Peaks, tuple[int, int]]:
        """Peaks of RGB crops' heat maps, their points in cells, and the maps' (H, W)."""
        heatmaps = self.heatmaps(crops)
        found = decode_peaks(
            heatmaps,
            count=PLACES,
            partner=COCO17.flip_order,
            border=self.settings.border,
            kernel=self.settings.blur_kernel,
            max_step=self.settings.max_step,
        )
        H, W = heatmaps.shape[2:]
        return Peaks(*(part.cpu().numpy() for part in found)), (H, W)

    @torch.inference_mode()
    def heatmaps(self, crops: NDArray[np.uint8]) -> Tensor:
        """RGB crops `(N, H, W, 3)` to heat maps `(N, 17, h, w)`."""
        device = next(self.network.parameters()).device
        pixel_values = normalise(crops).to(device)
        precision = self.settings.precision
        dtype = torch.bfloat16 if precision == "bf16" else torch.float16
        with torch.autocast(device.type, dtype=dtype, enabled=precision != "fp32"):
            if self.settings.flip_test:
                return flip_test(self.network, pixel_values, COCO17.flip_order)
            return self.network(pixel_values)


class PoseRun:
    """One clip on its way through a `PoseEstimator`: `add` the frames, then `finish`."""

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
        self._awaited = ~self._regions.is_gap
        self._peaks = Peaks.none(T)
        self._pending: list[int] = []
        self._crops: list[NDArray[np.uint8]] = []

    def add(self, frame: NDArray[np.uint8], position: int) -> None:
        """Take a frame, RGB `(H, W, 3)`, by its place 0..T-1 in the clip.

        Frames that get no pose may be handed over or left out. Only the crop is kept; every
        `batch_size` crops the network runs.
        """
        check_picture(f"frame {position}", frame)
        if not 0 <= position < len(self._awaited):
            raise ValueError(f"frame {position}: there are {len(self._awaited)} boxes")
        if not self._awaited[position]:
            return
        self._awaited[position] = False
        center, size = self._regions.centers[position], self._regions.sizes[position]
        matrix = crop_matrix(center, size, self._crop_size)
        self._crops.append(crop_frame(frame, matrix, self._crop_size))
        self._pending.append(position)
        if len(self._pending) == self._estimator.settings.batch_size:
            self._run_pending()

    def finish(self) -> PoseSequence:
        """The poses of all frames, in pixels of the frame.

        Raises:
            ValueError: A frame with a box was never added.
        """
        peaks = self.peaks()
        if self._estimator.settings.resolve_left_right:
            joints, scores = resolve_left_right(peaks, self.body_px())
        else:
            # Copies, or all peaks would stay in memory with the poses.
            joints, scores = peaks.points[:, :, 0].copy(), peaks.values[:, :, 0].copy()
        return PoseSequence(joints, scores, self._stride)

    def peaks(self) -> Peaks:
        """The highest peaks of all frames, for a caller that resolves left and right itself.

        Raises:
            ValueError: A frame with a box was never added.
        """
        if self._awaited.any():
            first = int(self._awaited.argmax())
            raise ValueError(f"frame {first} has a box and was never added")
        if self._pending:
            self._run_pending()
        return self._peaks

    def body_px(self) -> float:
        """Longer side of the person's box, in the median."""
        longer = self._regions.sizes[~self._regions.is_gap].max(axis=1)
        return float(np.median(longer)) / BOX_PADDING if len(longer) else 1.0

    def _run_pending(self) -> None:
        found, heatmap_size = self._estimator.peaks(np.stack(self._crops))
        regions = self._regions.at(self._pending)
        points = found.points.reshape(len(found.points), -1, 2)  # (N, J, K, 2) -> (N, J K, 2)
        in_frame = regions.to_frame(points, heatmap_size).reshape(found.points.shape)
        self._peaks.points[self._pending] = in_frame
        self._peaks.values[self._pending] = found.values
        self._peaks.others[self._pending] = found.others
        self._pending, self._crops = [], []
