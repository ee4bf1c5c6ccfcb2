"""Comparisons with mmpose 1.x: its key layout, BGR images and zero-border decode of ViTPose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.pose.crop import CropRegions, crop_frame, crop_matrix
from training.parity.report import Comparison
from training.parity.vitpose_stages import (
    PoseCase,
    compare_from_crop,
    compare_pose_folder,
)


def compare_folder(folder: Path) -> Iterator[Comparison]:
    """Compare a golden folder of mmpose."""
    return compare_pose_folder(folder, "vitpose_mmpose", "zero", _compare_case)


def _compare_case(case: PoseCase) -> Iterator[Comparison]:
    stored, size = case.expected, case.network.image_size
    yield case.compare("input_center", case.regions.centers, "geometry")
    yield case.compare("input_scale", case.regions.sizes, "geometry")
    regions = CropRegions(stored["input_center"].numpy(), stored["input_scale"].numpy())
    image = case.inputs["image_bgr"].numpy()
    crops = [
        crop_frame(image, crop_matrix(center, extent, size), size)
        for center, extent in zip(regions.centers, regions.sizes, strict=True)
    ]
    yield case.compare("crops_bgr", np.stack(crops), "crop")
    stored_crops = stored["crops_bgr"].flip(-1).numpy()
    yield from compare_from_crop(case, stored_crops, regions)
    yield from _compare_synthetic(case, regions)


def _compare_synthetic(case: PoseCase, regions: CropRegions) -> Iterator[Comparison]:
    """Maps whose joints are known, decoded to pixels of the crop and of the image."""
    synthetic = case.inputs["synthetic_heatmaps"]
    steady = case.steady(synthetic, regions)
    crop_height, crop_width = case.network.image_size
    # mmpose counts the crop's pixels 0..W, not 0..W-1.
    count = np.array([[crop_width, crop_height]] * len(synthetic), np.float32)
    whole_crop = CropRegions(centers=count / np.float32(2), sizes=count)
    in_crop = case.joints(synthetic, whole_crop)
    yield case.compare_joints("synthetic_kpts_input_px", in_crop, steady)
    in_image = case.joints(synthetic, regions)
    yield case.compare_joints("synthetic_kpts_image_px", in_image, steady)
    yield case.compare_scores("synthetic_scores", synthetic)
