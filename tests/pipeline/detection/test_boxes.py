from __future__ import annotations

import numpy as np
import pytest

from pipeline.detection.boxes import (
    centres,
    clamp,
    covered,
    extents,
    iou,
    lengths,
    nms,
    pairwise_iou,
)

BOX = np.array([[10, 20, 30, 60]], np.float32)


def test_measures_of_a_box():
    assert centres(BOX).tolist() == [[20, 40]]
    assert extents(BOX).tolist() == [[20, 40]]
    assert lengths(BOX).tolist() == [40]


def test_clamp_keeps_the_type_and_cuts_at_the_border():
    clamped = clamp(np.array([[-5, 10, 700, 500]], np.float32), (640, 480))
    assert clamped.tolist() == [[0, 10, 640, 480]]
    assert clamped.dtype == np.float32


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ([10, 20, 30, 60], 1.0),
        ([10, 20, 30, 40], 0.5),
        ([20, 20, 40, 60], 1 / 3),
        ([30, 20, 50, 60], 0.0),
        ([100, 200, 130, 260], 0.0),
        ([12, 12, 12, 12], 0.0),
    ],
)
def test_pairwise_iou(other, expected):
    iou = pairwise_iou(BOX, np.array([other], np.float32))
    assert iou.shape == (1, 1)
    assert iou[0, 0] == pytest.approx(expected)


def test_the_most_certain_of_doubled_boxes_stays():
    boxes = np.array([[0, 0, 10, 20], [0, 0, 10, 21], [50, 0, 60, 20]], np.float32)
    scores = np.array([0.5, 0.9, 0.4], np.float32)
    assert nms(boxes, scores, max_iou=0.7) == [1, 2]
    assert nms(boxes, scores, max_iou=1.0) == [1, 0, 2]


def test_covered_is_the_share_of_the_first_box():
    small, large = np.array([[0, 0, 2, 2]], np.float32), np.array([[1, 0, 9, 8]], np.float32)
    assert covered(small, large) == pytest.approx([0.5])
    assert covered(large, small) == pytest.approx([2 / 64])
    assert covered(np.full((1, 4), np.nan, np.float32), small).tolist() == [0]


def test_iou_goes_row_by_row_where_pairwise_goes_all_by_all():
    rng = np.random.default_rng(0)
    first, second = (
        np.concatenate([low, low + rng.uniform(1, 50, (6, 2))], axis=1).astype(np.float32)
        for low in rng.uniform(0, 40, (2, 6, 2))
    )
    np.testing.assert_allclose(iou(first, second), pairwise_iou(first, second).diagonal())
    first[2] = np.nan
    assert iou(first, second)[2] == 0
