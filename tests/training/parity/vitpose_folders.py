"""Writes golden folders in the layout of the published ones, with other sizes and seeds.

The expected values are ours but for the joints, which the plain loop of `benchmarks.cost.vitpose`
decodes: such a folder shows that the comparisons follow the files and notice a moved value, not
that we equal the references (the published folders show that).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from benchmarks.cost.vitpose import decode_map_by_map
from models.vitpose import Head, ViTPose
from pipeline.pose.crop import CropRegions, crop_frame, crop_matrix, crop_regions, normalise
from pipeline.pose.estimate import flip_test
from tests.models.vitpose_layouts import POSITIONS, as_layout, noisy_vitpose

FLIP_PAIRS = [[2 * i + 1, 2 * i + 2] for i in range(8)]
FLIP_ORDER = [0, *(index for left, right in FLIP_PAIRS for index in (right, left))]
BOXES_XYWH = torch.tensor([[20.0, 10.0, 50.0, 70.0], [-5.5, 12.25, 60.0, 30.0]])


def write_case(folder: Path, *, head: Head, image_size: tuple[int, int], seed: int) -> Path:
    """Write one case of the family that the folder's name tells; returns the folder."""
    mmpose = folder.name == "vitpose_mmpose"
    case = folder / head
    case.mkdir(parents=True)
    network = noisy_vitpose(seed=seed, head=head, image_size=image_size, mlp_ratio=3)
    network.requires_grad_(False)
    state = network.state_dict()
    if mmpose:
        state[POSITIONS][:, 0] = 0  # in place: the network's too
    weights = as_layout(state, "mmpose" if mmpose else "official")
    if mmpose:
        weights["backbone.pos_embed"] = state[POSITIONS][:, 1:]
    _save(case / "weights.safetensors", {name: _half(value) for name, value in weights.items()})
    _write_config(case, network, head=head, mmpose=mmpose)

    generator = torch.Generator().manual_seed(seed)
    image = torch.randint(0, 256, (90, 120, 3), dtype=torch.uint8, generator=generator)
    synthetic = _synthetic((image_size[0] // 4, image_size[1] // 4), generator).half()
    shown = {"image_bgr" if mmpose else "image_rgb": image}
    _save(
        case / "input.safetensors",
        {**shown, "boxes_xywh": BOXES_XYWH, "synthetic_heatmaps": synthetic},
    )
    write = _mmpose_values if mmpose else _original_values
    _save(case / "expected.safetensors", write(network, image.numpy(), synthetic.float()))
    return folder


def _save(path: Path, tensors: dict[str, Tensor]) -> None:
    save_file({name: value.contiguous() for name, value in tensors.items()}, path)


def _half(value: Tensor) -> Tensor:
    return value.half() if value.is_floating_point() else value


def _write_config(case: Path, network: ViTPose, *, head: Head, mmpose: bool) -> None:
    flips = {"flip_indices": FLIP_ORDER} if mmpose else {"flip_pairs": FLIP_PAIRS}
    sizes = {"img_size": network.image_size, "embed_dim": 16, "depth": 2, "num_heads": 2}
    rest = {"mlp_ratio": 3, "head": head, "weights": ["weights.safetensors"]}
    (case / "config.json").write_text(json.dumps({**sizes, **rest, **flips}))


def _synthetic(size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Two persons' blobs of sigma 2 with a little noise; the last map has no peak."""
    H, W = size
    places = torch.rand(2, 17, 2, generator=generator) * torch.tensor([W - 1, H - 1])
    x, y = torch.arange(W) - places[..., 0, None], torch.arange(H) - places[..., 1, None]
    blobs = 0.8 * torch.exp(-(y[..., :, None] ** 2 + x[..., None, :] ** 2) / 8)
    blobs += 0.004 * torch.randn(2, 17, H, W, generator=generator)
    blobs[-1, -1] = -0.1
    return blobs


def _crops(image: np.ndarray, size: tuple[int, int]) -> tuple[CropRegions, np.ndarray, np.ndarray]:
    corners = BOXES_XYWH[:, :2]
    regions = crop_regions(torch.cat((corners, corners + BOXES_XYWH[:, 2:]), 1).numpy(), size)
    pairs = zip(regions.centers, regions.sizes, strict=True)
    matrices = np.stack([crop_matrix(center, extent, size) for center, extent in pairs])
    return regions, matrices, np.stack([crop_frame(image, matrix, size) for matrix in matrices])


def _stages(network: ViTPose, crops_rgb: np.ndarray) -> dict[str, Tensor]:
    pixel_values = normalise(crops_rgb)
    return {
        "pixel_values": pixel_values[:1],
        "features": network.features(pixel_values[:1]),
        "heatmaps": network(pixel_values),
        "heatmaps_flip_avg": flip_test(network, pixel_values, FLIP_ORDER),
    }


def _to_image(points: Tensor, regions: CropRegions, heatmaps: Tensor) -> Tensor:
    H, W = heatmaps.shape[2:]
    return torch.from_numpy(regions.to_frame(points.numpy(), (H, W)))


def _original_values(network: ViTPose, image: np.ndarray, synthetic: Tensor) -> dict[str, Tensor]:
    regions, matrices, crops = _crops(image, network.image_size)
    values = _stages(network, crops)
    values["centers"] = torch.from_numpy(regions.centers)
    values["scales"] = torch.from_numpy(regions.sizes) / 200
    values["warp"], values["crops_rgb"] = torch.from_numpy(matrices), torch.from_numpy(crops)
    for suffix in ("", "_flip_avg"):
        heatmaps = values[f"heatmaps{suffix}"]
        points, scores = decode_map_by_map(heatmaps, border="reflect")
        values[f"kpts{suffix}"] = _to_image(points, regions, heatmaps)
        values[f"kpt_scores{suffix}"] = scores[..., None]
    points, scores = decode_map_by_map(synthetic, border="reflect")
    values["synthetic_kpts"] = _to_image(points, regions, synthetic)
    values["synthetic_scores"] = scores[..., None]
    return values


def _mmpose_values(network: ViTPose, image: np.ndarray, synthetic: Tensor) -> dict[str, Tensor]:
    regions, _, crops = _crops(image, network.image_size)
    values = _stages(network, np.ascontiguousarray(crops[..., ::-1]))
    values["input_center"] = torch.from_numpy(regions.centers)
    values["input_scale"] = torch.from_numpy(regions.sizes)
    values["crops_bgr"] = torch.from_numpy(crops)
    for suffix in ("", "_flip_avg"):
        heatmaps = values[f"heatmaps{suffix}"]
        points, scores = decode_map_by_map(heatmaps)
        values[f"kpts{suffix}"] = _to_image(points, regions, heatmaps)
        values[f"kpt_scores{suffix}"] = scores
    points, values["synthetic_scores"] = decode_map_by_map(synthetic)
    H, W = synthetic.shape[2:]
    height, width = network.image_size
    values["synthetic_kpts_input_px"] = points * torch.tensor([width / (W - 1), height / (H - 1)])
    values["synthetic_kpts_image_px"] = _to_image(points, regions, synthetic)
    return values
