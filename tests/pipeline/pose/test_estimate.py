"""The pose stage over a clip: batches, gaps, strides, flip test, and joints in frame pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models.skeletons import COCO17
from models.vitpose import ViTPose
from pipeline.errors import ConfigError, InputError
from pipeline.pose import PoseEstimator, PoseSettings, pose_frame_indices, pose_stride
from pipeline.pose.estimate import flip_test

NAN_BOX = [np.nan] * 4


class LightFinder(nn.Module):
    """Stands in for a trained network: every joint's heat map is the crop's red channel."""

    image_size = (256, 192)
    num_joints = 17

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.batches: list[int] = []

    def forward(self, pixel_values: Tensor) -> Tensor:
        self.batches.append(len(pixel_values))
        red = pixel_values[:, :1] * 0.229 + 0.485  # back to 0..1
        # UDP: cell (i, j) is the light at the same share of the way between the outer pixels.
        heatmaps = nn.functional.interpolate(
            red, size=(64, 48), mode="bilinear", align_corners=True
        )
        return self.weight * heatmaps.expand(-1, 17, -1, -1)


def estimator(network: nn.Module, **settings) -> PoseEstimator:
    return PoseSettings("any", **settings).estimator(network)


def frame_with_light(x: float, y: float, *, radius: float = 11) -> np.ndarray:
    """A dark 320x240 frame with a red blob; green and blue shine everywhere."""
    column, row = np.arange(320) - x, np.arange(240) - y
    light = np.exp(-(row[:, None] ** 2 + column[None] ** 2) / (2 * radius**2))
    frame = np.full((240, 320, 3), 255, np.uint8)
    frame[..., 0] = np.round(250 * light)
    return frame


@pytest.fixture
def walk():
    """Six frames of a light that wanders, and boxes around it, frame 2 without one."""
    places = [(120 + 9.3 * t, 100 + 4.7 * t) for t in range(6)]
    frames = [frame_with_light(x, y) for x, y in places]
    boxes = np.array([[x - 50, y - 60, x + 40, y + 80] for x, y in places], np.float32)
    boxes[2] = np.nan
    return frames, boxes, np.array(places)


@pytest.mark.parametrize("resolve_left_right", [True, False])
@pytest.mark.parametrize("flip_test", [True, False])
def test_joints_come_back_in_frame_pixels(walk, flip_test, resolve_left_right):
    frames, boxes, places = walk
    settings = {"flip_test": flip_test, "resolve_left_right": resolve_left_right}
    pose = estimator(LightFinder(), **settings).estimate(frames, boxes)
    found = np.arange(6) != 2
    expected = np.broadcast_to(places[found, None], (5, 17, 2))
    np.testing.assert_allclose(pose.keypoints_xy[found], expected, atol=0.5)
    np.testing.assert_allclose(pose.scores[found], 250 / 255, atol=0.02)
    assert pose.keypoints_xy.dtype == pose.scores.dtype == np.float32


def test_gaps_stay_gaps(walk):
    frames, boxes, _ = walk
    pose = estimator(LightFinder()).estimate(frames, boxes)
    assert np.isnan(pose.keypoints_xy[2]).all()
    assert (pose.scores[2] == 0).all()
    assert np.isfinite(pose.keypoints_xy[[0, 1, 3, 4, 5]]).all()


@pytest.mark.parametrize(("batch_size", "batches"), [(1, [1] * 5), (2, [2, 2, 1]), (16, [5])])
def test_batches(walk, batch_size, batches):
    frames, boxes, _ = walk
    network = LightFinder()
    pose = estimator(network, flip_test=False, batch_size=batch_size).estimate(frames, boxes)
    assert network.batches == batches
    expected = estimator(LightFinder(), flip_test=False).estimate(frames, boxes)
    np.testing.assert_allclose(pose.keypoints_xy, expected.keypoints_xy, atol=1e-3)


def test_frames_are_not_kept(walk):
    """A decoder may reuse its buffer: what counts is the frame at the moment it is handed over."""
    frames, boxes, _ = walk
    expected = estimator(LightFinder()).estimate(frames, boxes)

    def reused():
        buffer = np.empty_like(frames[0])
        for frame in frames:
            buffer[:] = frame
            yield buffer

    pose = estimator(LightFinder()).estimate(reused(), boxes)
    assert np.array_equal(pose.keypoints_xy, expected.keypoints_xy, equal_nan=True)


def test_frames_one_by_one(walk):
    frames, boxes, _ = walk
    run = estimator(LightFinder()).start(boxes)
    for position in (0, 1, 5, 4, 3):  # the gap left out, any order
        run.add(frames[position], position)
    expected = estimator(LightFinder()).estimate(frames, boxes)
    assert np.array_equal(run.finish().scores, expected.scores)


def test_stride(walk):
    frames, boxes, _ = walk
    network = LightFinder()
    pose = estimator(network, flip_test=False).estimate(frames, boxes, stride=3)
    assert network.batches == [2]
    assert pose.stride == 3
    assert np.isfinite(pose.keypoints_xy).all(axis=(1, 2)).tolist() == [True, False, False] * 2


def test_nobody_anywhere(walk):
    frames, _, _ = walk
    network = LightFinder()
    pose = estimator(network).estimate(frames, np.array([NAN_BOX] * 6, np.float32))
    assert network.batches == []
    assert np.isnan(pose.keypoints_xy).all()


def test_no_peak_is_a_gap_of_score_zero(walk):
    frames, boxes, _ = walk
    network = LightFinder()
    with torch.no_grad():
        network.weight.fill_(-1)
    pose = estimator(network).estimate([np.full_like(frames[0], 255)] * 6, boxes)
    assert np.isnan(pose.keypoints_xy).all()
    assert (pose.scores == 0).all()


def test_a_narrow_blur_is_less_drawn_to_a_light_beside():
    frame = frame_with_light(150, 120, radius=5)
    beside = frame_with_light(176, 120, radius=5)[..., 0] * 0.8
    frame[..., 0] = np.maximum(frame[..., 0], beside.astype(np.uint8))
    boxes = np.array([[70, 20, 230, 230]], np.float32)
    misses = [
        estimator(LightFinder(), blur_kernel=kernel).estimate([frame], boxes).keypoints_xy[0, 0, 0]
        - 150
        for kernel in (5, 11)
    ]
    assert abs(misses[0]) < 0.5 < misses[1]


def test_damaged_weights(walk):
    frames, boxes, _ = walk
    network = LightFinder()
    with torch.no_grad():
        network.weight.fill_(torch.nan)
    with pytest.raises(InputError, match="weights are damaged"):
        estimator(network).estimate(frames, boxes)


@pytest.mark.parametrize(
    ("frames", "boxes", "message"),
    [
        (2, np.array([[0, 0, 3, 4]] * 3), "frame 2 has a box and was never added"),
        (4, np.array([[0, 0, 3, 4]] * 3), "frame 3: there are 3 boxes"),
        (1, np.zeros((3, 2)), r"boxes_xyxy: expected shape \(T, 4\), got \(3, 2\)"),
        (1, np.array([[4, 0, 3, 4]]), "box 0: expected x1 < x2"),
    ],
)
def test_frames_and_boxes_that_do_not_fit(frames, boxes, message):
    picture = np.zeros((20, 30, 3), np.uint8)
    with pytest.raises(ValueError, match=message):
        estimator(LightFinder()).estimate([picture] * frames, boxes.astype(np.float32))


@pytest.mark.parametrize(
    "frame", [np.zeros((20, 30), np.uint8), np.zeros((20, 30, 3)), np.zeros((20, 30, 4), np.uint8)]
)
def test_frames_that_are_no_pictures(frame):
    boxes = np.array([[0, 0, 3, 4]], np.float32)
    with pytest.raises(ValueError, match="frame 0: expected RGB uint8"):
        estimator(LightFinder()).estimate([frame], boxes)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "batch_size: must be at least 1, got 0"),
        ({"max_step": 0.0}, "max_step: must be above 0, got 0.0"),
        ({"blur_kernel": 8}, "pose.blur_kernel: must be odd, got 8"),
        ({"blur_kernel": -1}, "blur_kernel: must be at least 1, got -1"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(ConfigError, match=message):
        PoseSettings("any", **settings)


def test_stride_out_of_range():
    with pytest.raises(ValueError, match="stride: expected at least 1, got 0"):
        estimator(LightFinder()).start(np.zeros((0, 4), np.float32), stride=0)


def small_network(num_joints: int = 17) -> ViTPose:
    torch.manual_seed(0)
    return ViTPose(dim=16, depth=1, num_heads=2, image_size=(64, 48), num_joints=num_joints).eval()


def test_other_numbers_of_joints_are_refused():
    with pytest.raises(ValueError, match="17 joints, got 5"):
        estimator(small_network(num_joints=5))


def test_the_flip_test_of_a_flipped_crop_is_flipped():
    network, crops = small_network(), torch.randn(2, 3, 64, 48)
    with torch.inference_mode():
        plain = flip_test(network, crops, COCO17.flip_order)
        flipped = flip_test(network, crops.flip(-1), COCO17.flip_order)
    expected = plain.flip(-1)[:, list(COCO17.flip_order)]
    torch.testing.assert_close(flipped, expected, atol=1e-6, rtol=0)


def test_bfloat16_is_close():
    crops = np.random.default_rng(0).integers(0, 256, (3, 64, 48, 3), dtype=np.uint8)
    network = small_network()
    exact = estimator(network).heatmaps(crops)
    reduced = estimator(network, precision="bf16").heatmaps(crops)
    assert not torch.equal(exact, reduced.float())
    torch.testing.assert_close(reduced.float(), exact, atol=0.02, rtol=0.05)


@pytest.mark.parametrize(
    ("num_frames", "stride", "poses"),
    [
        (1, 1, 1),
        (320, 1, 320),
        (640, 1, 640),
        (641, 2, 321),
        (959, 2, 480),
        (960, 3, 320),
        (7200, 22, 328),
    ],
)
def test_stride_of_a_clip(num_frames, stride, poses):
    assert pose_stride(num_frames) == stride
    indices = pose_frame_indices(num_frames)
    assert len(indices) == poses >= min(320, num_frames)
    assert indices[0] == 0
    assert set(np.diff(indices)) <= {stride}
