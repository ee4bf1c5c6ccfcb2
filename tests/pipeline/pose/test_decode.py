"""DARK-UDP decoding: against published results, a reference implementation, and known places."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from benchmarks.cost.vitpose import decode_map_by_map
from models.skeletons import COCO17
from pipeline.errors import InputError
from pipeline.pose.crop import CropRegions
from pipeline.pose.decode import MAX_STEP, decode_heatmaps, decode_peaks


def gaussians(places: torch.Tensor, size: tuple[int, int], *, height: float = 0.8) -> torch.Tensor:
    """Targets of sigma 2 at places `(N, J, 2)` (x, y in cells)."""
    H, W = size
    x = torch.arange(W) - places[..., 0, None]  # (N, J, W)
    y = torch.arange(H) - places[..., 1, None]
    return height * torch.exp(-(y[..., :, None] ** 2 + x[..., None, :] ** 2) / 8)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def original(goldens):
    """The original repository's stored maps and joints."""
    stored = load_file(goldens / "vitpose" / "simple_trimmed.safetensors")
    regions = CropRegions(stored["centers"].numpy(), (200 * stored["scales"]).numpy())
    return stored, regions


@pytest.fixture(scope="module")
def mmpose(goldens):
    stored = load_file(goldens / "vitpose_mmpose" / "simple_trimmed.safetensors")
    return stored, CropRegions(stored["input_center"].numpy(), stored["input_scale"].numpy())


def assert_joints(heatmaps, regions, expected_px, expected_scores, **settings):
    """Joints with a peak within 0.01 px; scores of all."""
    points, scores = decode_heatmaps(heatmaps, **settings)
    H, W = heatmaps.shape[2:]
    joints = torch.from_numpy(regions.to_frame(points.numpy(), (H, W)))
    peak = expected_scores > 0
    torch.testing.assert_close(joints[peak], expected_px[peak], atol=1e-2, rtol=0)
    assert joints[~peak].isnan().all()
    torch.testing.assert_close(scores, expected_scores, atol=5e-5, rtol=0)


def test_original_heatmaps(original):
    stored, regions = original
    scores = stored["kpt_scores"][..., 0]
    assert_joints(
        stored["heatmaps"], regions, stored["kpts"], scores, border="reflect", max_step=None
    )


@pytest.mark.parametrize("max_step", [None, MAX_STEP])
def test_original_synthetic_joints(original, max_step):
    stored, regions = original
    assert_joints(
        stored["synthetic_heatmaps"],
        regions,
        stored["synthetic_kpts"],
        stored["synthetic_scores"][..., 0],
        border="reflect",
        max_step=max_step,
    )


@pytest.mark.parametrize("max_step", [None, MAX_STEP])
def test_mmpose_synthetic_joints(mmpose, max_step):
    stored, regions = mmpose
    assert_joints(
        stored["synthetic_heatmaps"],
        regions,
        stored["synthetic_kpts_image_px"],
        stored["synthetic_scores"],
        max_step=max_step,
    )


@pytest.mark.parametrize("border", ["zero", "reflect"])
@pytest.mark.parametrize("shape", [(1, 1, 64, 48), (2, 1, 32, 24), (1, 3, 9, 7), (3, 17, 16, 12)])
def test_equals_the_plain_loop(border, shape):
    heatmaps = gaussians(torch.rand(*shape[:2], 2) * torch.tensor([shape[3], shape[2]]), shape[2:])
    heatmaps = heatmaps + 0.02 * noise(*shape)
    points, scores = decode_heatmaps(heatmaps, border=border, max_step=None)
    reference_points, reference_scores = decode_map_by_map(heatmaps, border=border)
    torch.testing.assert_close(points, reference_points, atol=1e-3, rtol=0)
    assert torch.equal(scores, reference_scores)


@pytest.mark.parametrize("border", ["zero", "reflect"])
def test_places_inside_to_a_twentieth_of_a_cell(border):
    places = 6 + torch.rand(20, 17, 2) * torch.tensor([48 - 1 - 12, 64 - 1 - 12])
    points, scores = decode_heatmaps(gaussians(places, (64, 48)), border=border)
    assert (points - places).abs().max() < 0.05
    assert scores.min() > 0.7


def test_zero_border_is_more_exact_near_the_border():
    places = torch.stack((torch.full((200,), 4.3), 10 + 40 * torch.rand(200)), dim=-1)[:, None]
    heatmaps = gaussians(places, (64, 48))
    error = {
        border: (decode_heatmaps(heatmaps, border=border)[0] - places).abs().mean()
        for border in ("zero", "reflect")
    }
    assert error["zero"] < 0.3 * error["reflect"]


@pytest.mark.parametrize("border", ["zero", "reflect"])
def test_mirrored_maps_give_mirrored_joints(border):
    heatmaps = gaussians(torch.rand(2, 17, 2) * torch.tensor([47, 63]), (64, 48))
    heatmaps = heatmaps + 0.01 * noise(2, 17, 64, 48)
    points, scores = decode_heatmaps(heatmaps, border=border)
    mirrored, mirrored_scores = decode_heatmaps(heatmaps.flip(-1), border=border)
    expected = points * torch.tensor([-1, 1]) + torch.tensor([47, 0])
    torch.testing.assert_close(mirrored, expected, atol=5e-3, rtol=0)  # float32 logarithms
    assert torch.equal(mirrored_scores, scores)


def test_maps_are_left_alone():
    heatmaps = noise(2, 3, 16, 12)
    before = heatmaps.clone()
    decode_heatmaps(heatmaps)
    assert torch.equal(heatmaps, before)


def test_no_peak():
    heatmaps = torch.full((1, 3, 16, 12), -0.1)
    heatmaps[0, 1] = 0
    heatmaps[0, 2, 5, 4] = 0.5
    points, scores = decode_heatmaps(heatmaps)
    assert points.isnan().all(dim=-1).tolist() == [[True, True, False]]
    torch.testing.assert_close(scores, torch.tensor([[-0.1, 0.0, 0.5]]))


def test_flat_map_stays_at_its_peak():
    points, scores = decode_heatmaps(torch.ones(1, 1, 64, 48), border="reflect")
    assert points.abs().max() < 0.5
    assert scores.item() == 1


def test_step_limit():
    """On noise the published step leaves the crop; ours stays beside the peak."""
    heatmaps = noise(8, 17, 64, 48)
    free, _ = decode_heatmaps(heatmaps, max_step=None)
    held, _ = decode_heatmaps(heatmaps)
    peaks = heatmaps.flatten(2).argmax(dim=2)
    peaks = torch.stack((peaks % 48, peaks // 48), dim=-1)
    assert (free - peaks).norm(dim=-1).max() > 20
    assert (held - peaks).norm(dim=-1).max() < MAX_STEP + 1e-3
    inside = (free - peaks).norm(dim=-1) <= MAX_STEP
    assert torch.equal(held[inside], free[inside])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_damaged_maps(value):
    heatmaps = torch.rand(2, 5, 16, 12)
    heatmaps[1, 3, 2, 2] = value
    with pytest.raises(InputError, match=r"joint 3 \(crop 1\) holds NaN or infinity.*checkpoint"):
        decode_heatmaps(heatmaps)


def test_half_precision_maps():
    places = 6 + 20 * torch.rand(2, 17, 2)
    points, scores = decode_heatmaps(gaussians(places, (64, 48)).bfloat16())
    assert scores.dtype == points.dtype == torch.float32
    assert (points - places).abs().max() < 0.3


def test_peaks_of_two_places():
    """Each map shows two places, the other side's map the same ones at other heights."""
    places = torch.rand(3, 17, 2, 2, generator=torch.Generator().manual_seed(2))
    places = places * torch.tensor([12.0, 40.0]) + torch.tensor([6.0, 8.0])
    places[:, :, 1, 0] += 20  # apart
    places[:, 2::2] = places[:, 1::2]  # left and right
    high, low = (gaussians(places[:, :, k], (64, 48), height=h) for k, h in ((0, 0.8), (1, 0.5)))
    maps = high + low
    maps[:, 2::2] = 0.5 * maps[:, 2::2]
    points, values, others = decode_peaks(maps, count=3, partner=COCO17.flip_order)
    torch.testing.assert_close(points[:, :, :2], places, atol=0.05, rtol=0)
    assert points[:, 1:, 2].isnan().all()  # no third peak
    assert not values[:, 1:, 2].any()
    torch.testing.assert_close(others[:, 1::2, :2], values[:, 1::2, :2] / 2)
    torch.testing.assert_close(others[:, 2::2, :2], values[:, 2::2, :2] * 2)


@pytest.mark.parametrize("border", ["zero", "reflect"])
def test_the_first_peak_is_the_joint(border):
    heatmaps = noise(4, 17, 64, 48)
    heatmaps[0, 3] = -1  # no positive value
    joints, scores = decode_heatmaps(heatmaps, border=border)
    points, values, _ = decode_peaks(heatmaps, count=3, partner=COCO17.flip_order, border=border)
    torch.testing.assert_close(points[:, :, 0], joints, atol=0, rtol=0, equal_nan=True)
    torch.testing.assert_close(values[:, :, 0], scores.clamp(min=0), atol=0, rtol=0)
    assert (values[:, :, 0] >= values[:, :, 1]).all()
