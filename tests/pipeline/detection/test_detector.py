"""The detection stage: key frames, batches, boxes in source pixels, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from models.dino import Dino, dino_tiny
from pipeline.detection.detector import (
    DetectionRun,
    DetectorSettings,
    DinoDetector,
    Frame,
    PersonBoxes,
    detect,
    key_frames,
)
from pipeline.errors import ConfigError, InputError


@pytest.mark.parametrize(
    ("num_frames", "limits", "expected"),
    [
        (0, {}, []),
        (1, {}, [0]),
        (4, {}, [0, 1, 2, 3]),
        (9, {"every": 4}, [0, 4, 8]),
        (10, {"every": 4}, [0, 3, 6, 9]),
        (100, {"at_most": 3}, [0, 50, 99]),
        (100, {"every": 50, "at_most": 8}, [0, 50, 99]),
        (100, {"at_most": 1}, [49]),
        (3, {"every": 100}, [0, 2]),
    ],
)
def test_key_frames(num_frames, limits, expected):
    assert key_frames(num_frames, **limits).tolist() == expected


@pytest.mark.parametrize("num_frames", [2, 7, 50, 321])
@pytest.mark.parametrize("every", [1, 3, 8])
def test_no_frame_is_far_from_a_key_frame(num_frames, every):
    chosen = key_frames(num_frames, every=every)
    assert (chosen[0], chosen[-1]) == (0, num_frames - 1)
    assert np.diff(chosen).min() >= 1
    assert np.diff(chosen).max() <= every


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("score_threshold", 1.0),
        ("score_threshold", -0.1),
        ("short_side", 0),
        ("every", 0),
        ("batch_size", 0),
        ("max_key_frames", 0),
        ("long_side", 100),
    ],
)
def test_settings_that_make_no_sense_name_their_field(field, value):
    with pytest.raises(ConfigError, match=f"{field}: must .*got {value}"):
        DetectorSettings("dino", **{field: value})


def make_network(num_classes: int = 1) -> Dino:
    torch.manual_seed(0)
    network = dino_tiny(
        num_classes=num_classes, width=4, blocks=(1, 1, 1, 1), dim=64, num_queries=20
    )
    for name, parameter in network.named_parameters():
        if "class_embed" in name or "bbox_embed" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return network


def make_detector(num_classes: int = 1, **settings: object) -> DinoDetector:
    small = {"short_side": 64, "long_side": 128, "score_threshold": 0.0, "batch_size": 3}
    return DinoDetector(
        make_network(num_classes), DetectorSettings("dino", **{**small, **settings})
    )


def make_frames(count: int, height: int = 90, width: int = 160) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def test_boxes_are_in_pixels_of_the_source_frame():
    """The same picture at twice the size gives boxes twice as large."""
    frame = make_frames(1)
    large = frame.repeat(2, axis=1).repeat(2, axis=2)
    detector = make_detector(short_side=90, long_side=160, rule="mmdet")
    small_boxes, small_scores = detector.people(list(frame))[0]
    large_boxes, large_scores = detector.people(list(large))[0]
    np.testing.assert_allclose(large_scores, small_scores, atol=1e-4)
    np.testing.assert_allclose(large_boxes, 2 * small_boxes, atol=0.1)
    assert small_boxes.dtype == small_scores.dtype == np.float32


def test_each_query_comes_back_once_best_first():
    boxes, scores = make_detector(num_classes=91).people(list(make_frames(1)))[0]
    assert boxes.shape == (20, 4)
    assert len(np.unique(boxes, axis=0)) == 20
    assert (np.diff(scores) <= 0).all()


def test_only_the_person_class_counts():
    network = make_network(num_classes=91)
    with torch.no_grad():
        for head in (network.class_embed[0], network.transformer.enc_out_class_embed):
            head.weight.zero_()
            head.bias.fill_(-9)
        network.class_embed[0].bias[17] = 9  # a dog, certainly
    settings = DetectorSettings("dino", short_side=64, long_side=128, score_threshold=0.5)
    frames = list(make_frames(1))
    assert len(DinoDetector(network, settings).people(frames)[0][1]) == 0
    assert len(DinoDetector(network, settings, person=17).people(frames)[0][1]) == 20


def test_the_threshold_keeps_the_best():
    frames = list(make_frames(1))
    scores = make_detector().people(frames)[0][1]
    limit = float(scores[7])
    assert make_detector(score_threshold=limit).people(frames)[0][1].tolist() == scores[:8].tolist()


def test_mmdetections_rule_cuts_boxes_off_at_the_border():
    frames = list(make_frames(2))
    beyond = [boxes for boxes, _ in make_detector(rule="official").people(frames)]
    inside = np.concatenate([boxes for boxes, _ in make_detector(rule="mmdet").people(frames)])
    assert np.concatenate(beyond).min() < 0
    assert inside.min() >= 0
    assert (inside.max(axis=0) <= [160, 90, 160, 90]).all()


@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_the_batch_size_changes_nothing(batch_size):
    frames, chosen = make_frames(5), np.arange(5)
    expected = detect(make_detector(), frames, chosen, num_frames=5)
    got = detect(make_detector(batch_size=batch_size), frames, chosen, num_frames=5)
    # Rounding differs with the size of a matrix; a box that differs would be off by pixels.
    np.testing.assert_allclose(got.boxes_xyxy, expected.boxes_xyxy, atol=5e-2)
    assert got.frame.tolist() == expected.frame.tolist()


def test_frames_of_several_sizes_in_one_batch():
    frames = [make_frames(1)[0], make_frames(1, height=160, width=90)[0]]
    together = make_detector().people(frames)
    assert [boxes.shape for boxes, _ in together] == [(20, 4), (20, 4)]


def test_odd_sizes_are_taken():
    for height, width in ((1, 1), (2, 301), (77, 33)):
        boxes, _ = make_detector().people(list(make_frames(1, height, width)))[0]
        assert np.isfinite(boxes).all()


class Counter:
    """Finds one person in every frame, as wide as the frame's first pixel says."""

    batch_size = 2

    def __init__(self) -> None:
        self.batches: list[int] = []

    def people(self, frames: Sequence[Frame]) -> list[PersonBoxes]:
        self.batches.append(len(frames))
        return [
            (np.array([[0, 0, f[0, 0, 0], 1]], np.float32), np.ones(1, np.float32)) for f in frames
        ]


def test_boxes_stand_beside_their_frames():
    frames = np.arange(5, dtype=np.uint8)[:, None, None, None].repeat(3, axis=3)
    counter, chosen = Counter(), np.array([0, 3, 4, 8, 9])
    found = detect(counter, iter(frames), chosen, num_frames=10)
    assert found.frame.tolist() == found.key_frames.tolist() == [0, 3, 4, 8, 9]
    assert found.boxes_xyxy[:, 2].tolist() == [0, 1, 2, 3, 4]
    assert counter.batches == [2, 2, 1]


def test_nobody_found_gives_empty_arrays():
    found = detect(make_detector(score_threshold=0.999), make_frames(2), np.arange(2), num_frames=2)
    assert found.boxes_xyxy.shape == (0, 4)
    assert found.scores.dtype == np.float32
    assert found.key_frames.tolist() == [0, 1]


@pytest.mark.parametrize("chosen", [[0, 0], [2, 1], [-1, 0], [0, 10]])
def test_key_frames_outside_the_clip_or_out_of_order_are_refused(chosen):
    with pytest.raises(ValueError, match="must increase and lie in a clip of 10 frames"):
        DetectionRun(Counter(), 10, np.array(chosen))


@pytest.mark.parametrize("count", [2, 4])
def test_frames_and_key_frames_must_be_as_many(count):
    with pytest.raises(ValueError, match="key frames"):
        detect(Counter(), make_frames(count), np.arange(3), num_frames=3)


@pytest.mark.parametrize(
    "frame", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))]
)
def test_frames_of_another_kind_are_refused(frame):
    with pytest.raises(ValueError, match="key frame 0: expected RGB uint8"):
        detect(Counter(), [frame], np.array([0]), num_frames=1)


def test_damaged_weights_are_told():
    detector = make_detector()
    with torch.no_grad():
        detector.network.backbone[0].body.conv1.weight.fill_(torch.nan)
    with pytest.raises(InputError, match="weights are damaged"):
        detector.people(list(make_frames(1)))


def test_bf16_finds_the_same_people():
    network, settings = make_network(), DetectorSettings("dino", short_side=64, long_side=128)
    frames = list(make_frames(1))
    _, exact = DinoDetector(network, settings).people(frames)[0]
    _, reduced = DinoDetector(network, settings, precision=torch.bfloat16).people(frames)[0]
    assert reduced.dtype == np.float32
    assert reduced.max() == pytest.approx(exact.max(), abs=0.05)
