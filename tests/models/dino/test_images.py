"""Sizes, resizing against PIL and OpenCV, padding, and boxes in pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from models.dino import (
    Prediction,
    best_pairs,
    normalise,
    pad_batch,
    resize,
    resized_hw,
    to_xyxy,
)

SIZES = [  # (height, width), official, mmdetection
    ((480, 640), (800, 1066), (800, 1067)),
    ((640, 480), (1066, 800), (1067, 800)),
    ((1080, 1920), (750, 1333), (750, 1333)),
    ((224, 224), (800, 800), (800, 800)),
    ((800, 1000), (800, 1000), (800, 1000)),
    ((100, 4000), (33, 1320), (33, 1333)),
    ((1, 9000), (1, 9000), (1, 1333)),
]


@pytest.mark.parametrize(("frame", "official", "mmdet"), SIZES)
def test_resized_sizes(frame, official, mmdet):
    sides = {"short_side": 800, "long_side": 1333}
    assert resized_hw(*frame, **sides, rule="official") == official
    assert resized_hw(*frame, **sides, rule="mmdet") == mmdet


def picture(height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 1.0)


@pytest.mark.parametrize("size", [(45, 80), (90, 161), (200, 320)])
@pytest.mark.parametrize("rule", ["official", "mmdet"])
def test_resize_is_within_a_grey_level_of_the_reference_library(size, rule):
    frame = picture(90, 160)
    if rule == "official":
        expected = np.asarray(Image.fromarray(frame).resize(size[::-1], Image.Resampling.BILINEAR))
    else:
        expected = cv2.resize(frame, size[::-1], interpolation=cv2.INTER_LINEAR)
    got = resize(torch.from_numpy(frame).permute(2, 0, 1)[None], size, rule=rule)
    difference = got[0].permute(1, 2, 0).numpy().astype(int) - expected.astype(int)
    assert np.abs(difference).max() <= 1


def test_shrinking_smooths_by_the_official_rule_alone():
    stripes = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
    stripes[..., ::2] = 255
    smoothed = resize(stripes, (64, 16), rule="official").float()
    sampled = resize(stripes, (64, 15), rule="mmdet").float()
    assert smoothed.std() < 5
    assert sampled.std() > 20


def test_normalise_takes_rgb_bytes():
    frame = torch.tensor([124, 116, 104], dtype=torch.uint8).view(1, 3, 1, 1)
    got = normalise(frame).flatten()
    expected = torch.tensor(
        [(124 - 123.675) / 58.395, (116 - 116.28) / 57.12, (104 - 103.53) / 57.375]
    )
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)


def test_pad_batch_fills_below_and_to_the_right():
    pixels, sizes = pad_batch([torch.ones(3, 2, 5), torch.ones(3, 4, 3)])
    assert pixels.shape == (2, 3, 4, 5)
    assert sizes.tolist() == [[2, 5], [4, 3]]
    assert pixels[0, 0].sum() == 10
    assert pixels[1, 0, :, 3:].sum() == 0


@pytest.mark.parametrize(
    ("clamp", "expected"), [(False, [-20.0, 40.0, 60.0, 120.0]), (True, [0.0, 40.0, 60.0, 100.0])]
)
def test_boxes_in_pixels(clamp, expected):
    boxes = torch.tensor([[[0.1, 0.8, 0.4, 0.8]]])
    got = to_xyxy(boxes, torch.tensor([[100, 200]]), clamp=clamp)
    assert got.flatten().tolist() == pytest.approx(expected, abs=1e-4)


def test_best_pairs_may_name_a_query_twice():
    logits = torch.tensor([[[3.0, 2.0], [-1.0, 1.0]]])  # 2 queries, 2 classes
    boxes = torch.tensor([[[0.5, 0.5, 0.2, 0.2], [0.3, 0.3, 0.1, 0.1]]])
    scored = best_pairs(Prediction(logits, boxes), torch.tensor([[10, 10]]), num_select=3)
    assert scored.labels.tolist() == [[0, 1, 1]]
    assert scored.scores[0].tolist() == pytest.approx([0.9526, 0.8808, 0.7311], abs=1e-4)
    assert scored.boxes_xyxy[0, :, 0].tolist() == pytest.approx([4.0, 4.0, 2.5])
    everything = best_pairs(Prediction(logits, boxes), torch.tensor([[10, 10]]))
    assert everything.scores.shape == (1, 4)
