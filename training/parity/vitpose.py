"""Comparisons with the original ViTPose repository: crop, network, flip test, DARK-UDP decode."""

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

UNIT_PX = 200.0
"""The repository counts scales in units of 200 pixels."""


def compare_folder(folder: Path) -> Iterator[Comparison]:
    """Compare a golden folder of the original repository."""
    return compare_pose_folder(folder, "vitpose", "reflect", _compare_case)


def _compare_case(case: PoseCase) -> Iterator[Comparison]:
    stored, size = case.expected, case.network.image_size
    yield case.compare("centers", case.regions.centers, "geometry")
    yield case.compare("scales", case.regions.sizes / UNIT_PX, "scales")
    regions = CropRegions(stored["centers"].numpy(), (UNIT_PX * stored["scales"]).numpy())
    pairs = zip(regions.centers, regions.sizes, strict=True)
    matrices = [crop_matrix(center, extent, size) for center, extent in pairs]
    yield case.compare("warp", np.stack(matrices), "geometry")
    image = case.inputs["image_rgb"].numpy()
    crops = [crop_frame(image, matrix.numpy(), size) for matrix in stored["warp"]]
    yield case.compare("crops_rgb", np.stack(crops), "crop")
    stored_crops = stored["crops_rgb"].numpy()
    yield from compare_from_crop(case, stored_crops, regions)
    synthetic = case.inputs["synthetic_heatmaps"]
    steady = case.steady(synthetic, regions)
    yield case.compare_joints("synthetic_kpts", case.joints(synthetic, regions), steady)
    yield case.compare_scores("synthetic_scores", synthetic)
