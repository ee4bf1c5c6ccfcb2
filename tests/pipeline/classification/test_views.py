"""Views against a plain re-statement of the protocol: every one of the 15 made on its own."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from models.umt.builders import umt_tiny
from models.uniformerv2 import uniformerv2_tiny
from pipeline.classification.classify import (
    ScoreError,
    classify_views,
    forward_logits,
    interruptible,
)
from pipeline.classification.ensemble import softmax
from pipeline.classification.transforms import resized_size
from pipeline.classification.views import VideoModelSettings, ViewCollector
from pipeline.errors import Cancelled, ConfigError
from pipeline.types import RegionOfInterest

SIDE, NUM_SAMPLED = 64, 4


def make_clip(num_frames=23, height=90, width=150, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (num_frames, height, width, 3), np.uint8)


def settings(family):
    return VideoModelSettings(f"{family}_test", family, "none", num_frames=NUM_SAMPLED, side=SIDE)


def collect(clip, region, family):
    collector = ViewCollector(settings(family), len(clip), region)
    for frame in sorted(collector.wanted):
        collector.add(frame, clip[frame])
    return collector


def plain_views(clip, region, family):
    """Section III-A written out: all 15 views, one after the other, nothing shared."""
    x1, y1, x2, y2 = region.xyxy.astype(int)
    segment = (len(clip) - 1) / NUM_SAMPLED
    for c in range(5):
        indices = [
            min(round(segment * i) + int(segment / 6 * (c + 1)), len(clip) - 1)
            for i in range(NUM_SAMPLED)
        ]
        frames = clip[indices][:, y1:y2, x1:x2]
        height, width = resized_size(y2 - y1, x2 - x1, SIDE)
        if family == "umt":
            resized = np.stack([cv2.resize(f, (width, height)) for f in frames]).astype(np.float32)
            mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
        else:
            x = torch.from_numpy(frames).permute(0, 3, 1, 2).float()
            x = F.interpolate(x, (height, width), mode="bilinear", align_corners=False)
            resized = x.permute(0, 2, 3, 1).numpy()
            mean, std = np.full(3, 0.45), np.full(3, 0.225)
        margin = abs(height - width)
        middle = margin // 2 if family == "umt" else -(-margin // 2)
        for start in (0, middle, margin):
            top, left = (start, 0) if height > width else (0, start)
            view = (resized[:, top : top + SIDE, left : left + SIDE] / 255 - mean) / std
            yield torch.from_numpy(view.transpose(3, 0, 1, 2).astype(np.float32))[None]


MODELS = {
    "umt": lambda: umt_tiny(num_frames=NUM_SAMPLED, image_size=SIDE),
    "uniformerv2": lambda: uniformerv2_tiny(num_frames=NUM_SAMPLED, image_size=SIDE),
}
REGIONS = {
    "wide": (10, 5, 140, 82),
    "tall": (40, 0, 91, 90),
    "square": (20, 10, 90, 80),
}


@pytest.mark.parametrize("family", MODELS)
@pytest.mark.parametrize("shape", REGIONS)
@pytest.mark.parametrize("num_frames", [1, 3, 23])
def test_deduplicated_views_equal_the_plain_mean_of_fifteen(family, shape, num_frames):
    torch.manual_seed(0)
    model = MODELS[family]().eval()
    with torch.no_grad():
        model_head = [p for n, p in model.named_parameters() if n.endswith("weight")][-1]
        model_head.normal_()  # the published first head is nearly zero: make answers differ
    clip = make_clip(num_frames)
    region = RegionOfInterest(np.array(REGIONS[shape], np.float32), "test")
    collector = collect(clip, region, family)
    scores = classify_views(model, collector)
    logits = np.concatenate([forward_logits(model, v) for v in plain_views(clip, region, family)])
    assert scores.probabilities == pytest.approx(softmax(logits).mean(axis=0), abs=1e-6)
    assert scores.logits == pytest.approx(logits, abs=2e-5)
    assert len(scores.logits) == 15
    if shape == "square":
        assert scores.distinct_views <= 5
    if num_frames == 1:
        assert scores.distinct_views == (1 if shape == "square" else 3)


@pytest.mark.parametrize("family", MODELS)
def test_a_flipped_view_is_the_other_one_seen_in_a_mirror(family):
    clip, region = make_clip(), RegionOfInterest(np.array(REGIONS["wide"], np.float32), "test")
    plain = collect(clip, region, family)
    flipped = ViewCollector(replace(plain.settings, test_time_flip=True), len(clip), region)
    for frame in sorted(flipped.wanted):
        flipped.add(frame, clip[frame])
    pairs = list(zip(plain.tensors(), flipped.tensors(), strict=True))
    assert len(pairs) == 15
    for number, (one, other) in enumerate(pairs):
        expected = one.flip(-1) if number // 3 % 2 else one
        torch.testing.assert_close(other, expected, rtol=0, atol=0)


def test_memory_holds_only_what_the_network_sees():
    clip = make_clip(200)
    region = RegionOfInterest(np.array([0, 0, 150, 90], np.float32), "test")
    collector = ViewCollector(settings("umt"), len(clip), region)
    assert len(collector.wanted) <= 5 * NUM_SAMPLED
    collector.add(next(iter(set(range(200)) - collector.wanted)), clip[0])
    with pytest.raises(KeyError):
        collector.frames_of(0)


def test_a_long_forward_pass_can_be_left():
    calls = 0

    def checkpoint():
        nonlocal calls
        calls += 1
        if calls == 5:
            raise Cancelled

    model = MODELS["umt"]().eval()
    with pytest.raises(Cancelled), interruptible(model, checkpoint):
        forward_logits(model, torch.zeros(1, 3, NUM_SAMPLED, SIDE, SIDE))
    assert calls == 5
    forward_logits(model, torch.zeros(1, 3, NUM_SAMPLED, SIDE, SIDE))
    assert calls == 5  # the hooks are gone


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda model: model.head.weight.fill_(float("nan")), "not finite"),
        (lambda model: setattr(model, "head", torch.nn.Linear(model.head.in_features, 5)), "5 cl"),
    ],
)
def test_a_senseless_answer_is_refused(break_it, words):
    model = MODELS["umt"]().eval()
    with torch.no_grad():
        break_it(model)
    with pytest.raises(ScoreError, match=words):
        forward_logits(model, torch.zeros(1, 3, NUM_SAMPLED, SIDE, SIDE))


def test_senseless_settings_are_refused():
    with pytest.raises(ConfigError, match=r"^spatial_views: must be at least 1, got 0"):
        VideoModelSettings("umt_x", "umt", "none", num_frames=4, side=64, spatial_views=0)
