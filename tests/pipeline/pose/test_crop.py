"""Crop geometry: from a box to the network's input and from heat-map cells back to the frame."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pipeline.pose.crop import CropRegions, crop_frame, crop_matrix, crop_regions, normalise

SIZE = (256, 192)


def boxes(*rows) -> np.ndarray:
    return np.array(rows, np.float32)


def xyxy(boxes_xywh: torch.Tensor) -> np.ndarray:
    corner, extent = boxes_xywh[:, :2], boxes_xywh[:, 2:]
    return torch.cat((corner, corner + extent), dim=1).numpy()


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ((0, 0, 30, 40), (37.5, 50)),  # 3:4 already
        ((0, 0, 60, 40), (75, 100)),  # wide: taller
        ((0, 0, 30, 80), (75, 100)),  # tall: wider
        ((-20, -10, 10, 30), (37.5, 50)),  # partly outside the frame
    ],
)
def test_regions(box, size):
    regions = crop_regions(boxes(box), SIZE)
    np.testing.assert_allclose(regions.sizes, [size])
    x1, y1, x2, y2 = box
    np.testing.assert_allclose(regions.centers, [[(x1 + x2) / 2, (y1 + y2) / 2]])


def test_regions_of_gaps():
    regions = crop_regions(boxes((0, 0, 3, 4), [np.nan] * 4), SIZE)
    assert regions.is_gap.tolist() == [False, True]
    np.testing.assert_allclose(regions.at([0]).sizes, [[3.75, 5]])


@pytest.mark.parametrize(
    "box",
    [(5, 5, 5, 9), (5, 9, 6, 5), (0, 0, np.inf, 4), (np.nan, 0, 3, 4), (0, 0, np.nan, np.nan)],
)
def test_boxes_that_are_none(box):
    with pytest.raises(ValueError, match="box 1: expected x1 < x2, y1 < y2"):
        crop_regions(boxes((0, 0, 3, 4), box), SIZE)


def test_regions_refuse_other_shapes():
    with pytest.raises(ValueError, match=r"expected \(N, 2\) each, got \(3, 2\) and \(2, 2\)"):
        CropRegions(np.zeros((3, 2), np.float32), np.zeros((2, 2), np.float32))


def test_matrix_maps_corners_to_outer_pixels():
    center, size = np.array([100, 60], np.float32), np.array([30, 40], np.float32)
    matrix = crop_matrix(center, size, SIZE)
    corners = np.array([[85, 40, 1], [115, 80, 1], [100, 60, 1]])
    np.testing.assert_allclose(corners @ matrix.T, [[0, 0], [191, 255], [95.5, 127.5]], atol=1e-3)


@pytest.mark.parametrize("degrees", [-150, -30, 10, 90])
def test_rotated_matrix(degrees):
    """About the centre, clockwise on the screen: what lay right of the centre goes down."""
    center, size = np.array([100, 60], np.float32), np.array([30, 40], np.float32)
    plain = crop_matrix(center, size, SIZE)
    turned = crop_matrix(center, size, SIZE, rotation_degrees=degrees)
    np.testing.assert_allclose(turned @ [100, 60, 1], plain @ [100, 60, 1], atol=1e-3)
    angle = np.deg2rad(degrees)
    x, y = 100 + 8 * np.cos(angle), 60 + 8 * np.sin(angle)
    np.testing.assert_allclose(turned @ [108, 60, 1], plain @ [x, y, 1], atol=1e-3)


def test_cells_lead_back_to_the_frame():
    """`to_frame` undoes the crop's matrix, whatever the heat map's resolution."""
    rng = np.random.default_rng(0)
    corners = rng.uniform(-50, 400, (6, 2))
    regions = crop_regions(
        np.hstack((corners, corners + rng.uniform(20, 300, (6, 2)))).astype(np.float32), SIZE
    )
    points = rng.uniform(0, 400, (6, 5, 2)).astype(np.float32)
    heatmap_size = (64, 48)
    cells = np.empty_like(points)
    for n in range(6):
        matrix = crop_matrix(regions.centers[n], regions.sizes[n], SIZE)
        in_crop = np.dstack((points[n : n + 1], np.ones((1, 5, 1)))) @ matrix.T
        cells[n] = in_crop[0] * [47 / 191, 63 / 255]
    np.testing.assert_allclose(regions.to_frame(cells, heatmap_size), points, atol=1e-2)


def test_crop_of_an_aligned_box_is_the_picture():
    frame = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    matrix = crop_matrix(
        np.array([145.5, 167.5], np.float32), np.array([191, 255], np.float32), SIZE
    )
    assert np.array_equal(crop_frame(frame, matrix, SIZE), frame[40:296, 50:242])


def test_outside_the_frame_is_black():
    frame = np.full((100, 100, 3), 200, np.uint8)
    regions = crop_regions(boxes((60, 0, 160, 100)), SIZE)
    crop = crop_frame(frame, crop_matrix(regions.centers[0], regions.sizes[0], SIZE), SIZE)
    assert (crop[:, 110:] == 0).all()
    assert (crop[60:200, :78] == 200).all()


def test_rotated_crop():
    """Ninety degrees clockwise turn a square region like OpenCV's own rotation."""
    frame = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    middle, extent = np.full(2, 31.5, np.float32), np.full(2, 63, np.float32)
    matrix = crop_matrix(middle, extent, (64, 64), rotation_degrees=90)
    turned = crop_frame(frame, matrix, (64, 64)).astype(int)
    expected = cv2.rotate(frame, cv2.ROTATE_90_CLOCKWISE).astype(int)
    assert np.abs(turned - expected).max() <= 1


def test_normalise():
    crops = np.random.default_rng(0).integers(0, 256, (2, 8, 6, 3), dtype=np.uint8)
    # mmpose's figures for pixels of 0..255.
    expected = (crops - np.array([123.675, 116.28, 103.53])) / [58.395, 57.12, 57.375]
    got = normalise(crops)
    assert got.shape == (2, 3, 8, 6)
    np.testing.assert_allclose(got.permute(0, 2, 3, 1).numpy(), expected, atol=1e-5)


def test_original_geometry(goldens):
    stored = load_file(goldens / "vitpose" / "simple_trimmed.safetensors")
    regions = crop_regions(xyxy(stored["boxes_xywh"]), SIZE)
    np.testing.assert_allclose(regions.centers, stored["centers"], atol=1e-4)
    np.testing.assert_allclose(regions.sizes / 200, stored["scales"], atol=1e-6)
    matrix = crop_matrix(regions.centers[0], regions.sizes[0], SIZE)
    np.testing.assert_allclose(matrix, stored["warp"][0], atol=1e-5)


def test_mmpose_geometry(goldens):
    stored = load_file(goldens / "vitpose_mmpose" / "simple_trimmed.safetensors")
    regions = crop_regions(xyxy(stored["boxes_xywh"]), SIZE)
    np.testing.assert_allclose(regions.centers, stored["input_center"], atol=1e-4)
    np.testing.assert_allclose(regions.sizes, stored["input_scale"], atol=1e-4)
