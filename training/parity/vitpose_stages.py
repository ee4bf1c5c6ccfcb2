"""What both ViTPose golden folders share: reading a case, and the lines from the crop onwards.

Every stage is fed the stored output of the stage before it; the lines called `..._end_to_end` run
from the boxes and the stored crops (OpenCV's versions warp a little differently) to the joints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import Tensor

from models.layouts.vitpose import convert
from models.vitpose import DECONV_CHANNELS, ViTPose
from pipeline.pose.crop import CropRegions, crop_regions, normalise
from pipeline.pose.decode import BLUR_KERNEL, Border, decode_heatmaps
from pipeline.pose.estimate import flip_test
from training.parity.report import Comparison, compare, failure, read_json, read_tensors
from training.parity.tolerances import tolerance
from training.parity.vitpose_names import compare_keymap, compare_manifest

# A joint is compared when rounding does not move it: on a nearly flat map the Newton step turns the
# last bit of a float32 cell, in which the references worked, into pixels.
ROUNDING = 3e-6
STEADY_PX = 1e-2
LEAST_STEADY = 0.25


@dataclass(frozen=True)
class PoseCase:
    """One golden case folder, read, and our network with its weights."""

    family: str
    name: str
    config: Mapping[str, Any]
    inputs: Mapping[str, Tensor]
    expected: Mapping[str, Tensor]
    network: ViTPose
    border: Border
    """How this source's decoder continues a map past its border."""

    @property
    def regions(self) -> CropRegions:
        """Our regions of the stored boxes."""
        x, y, width, height = self.inputs["boxes_xywh"].numpy().T
        boxes_xyxy = np.stack((x, y, x + width, y + height), axis=1)
        return crop_regions(boxes_xyxy, self.network.image_size)

    @property
    def flip_order(self) -> list[int]:
        """The joints with left and right swapped, as the case's configuration says."""
        if "flip_indices" in self.config:
            return [int(index) for index in self.config["flip_indices"]]
        order = list(range(self.network.num_joints))
        for left, right in self.config["flip_pairs"]:
            order[left], order[right] = right, left
        return order

    def decode(self, heatmaps: Tensor) -> tuple[Tensor, Tensor]:
        """Points in cells, and scores, by the published rule: without a limit on the refinement."""
        kernel = self.config.get("test_cfg", {}).get("modulate_kernel", BLUR_KERNEL)
        return decode_heatmaps(heatmaps, border=self.border, kernel=kernel, max_step=None)

    def joints(self, heatmaps: Tensor, regions: CropRegions) -> Tensor:
        """Joints `(N, J, 2)` in pixels of the image."""
        H, W = heatmaps.shape[2:]
        points, _ = self.decode(heatmaps)
        return torch.from_numpy(regions.to_frame(points.numpy(), (H, W)))

    def steady(self, heatmaps: Tensor, regions: CropRegions) -> Tensor:
        """`(N, J)`: has a peak, and noise of the size of rounding errors does not move it."""
        generator = torch.Generator().manual_seed(0)
        settled = self.joints(heatmaps, regions)
        moved = torch.zeros(settled.shape[:2])
        for _ in range(4):
            noise = ROUNDING * torch.randn(heatmaps.shape, generator=generator)
            distance = (self.joints(heatmaps + noise, regions) - settled).norm(dim=-1)
            moved = torch.maximum(moved, distance)  # NaN, where there is no peak, stays
        return moved < STEADY_PX

    def compare(self, tensor: str, got: Any, kind: str, *, line: str = "") -> Comparison:
        """Compare with a stored tensor; `line` is the printed name where it is another."""
        expected = self.expected[tensor]
        return compare(self.name, line or tensor, got, expected, tolerance(self.family, kind))

    def compare_joints(
        self, tensor: str, got: Tensor, steady: Tensor, kind: str = "keypoints", *, line: str = ""
    ) -> Comparison:
        """Compare the steady joints `(N, J, 2)`."""
        expected, line = self.expected[tensor], line or tensor
        if got.shape != expected.shape:
            return self.compare(tensor, got, kind, line=line)
        if steady.float().mean() < LEAST_STEADY:
            remark = f"rounding moves {int((~steady).sum())} of {steady.numel()} joints"
            return failure(self.name, line, remark)
        limit = tolerance(self.family, kind)
        return compare(self.name, line, got[steady], expected[steady], limit)

    def compare_scores(self, tensor: str, heatmaps: Tensor) -> Comparison:
        """Compare the scores of stored heat maps, `(N, J)` or `(N, J, 1)`."""
        _, scores = self.decode(heatmaps)
        if self.expected[tensor].ndim == 3:
            scores = scores[..., None]
        return self.compare(tensor, scores, "heatmaps")


CaseComparer = Callable[[PoseCase], Iterator[Comparison]]
"""A source's comparison of one case: yields a line named like it for every stored tensor."""


def compare_pose_folder(
    folder: Path, family: str, border: Border, compare_case: CaseComparer
) -> Iterator[Comparison]:
    """Compare the case folders, manifests and key maps of a golden folder."""
    known = 0
    for path in sorted([*folder.iterdir(), *folder.glob("manifests/*")]):
        name = f"{folder.name}/{path.stem}"
        if path.name == "manifests" or path.name.startswith("README"):
            continue
        known += 1
        if path.is_dir():
            yield from _guarded(name, _compare_files(path, name, family, border, compare_case))
        elif path.match("manifest*.json"):
            yield from _guarded(name, compare_manifest(name, path))
        elif path.match("keymap*.json"):
            yield from _guarded(name, compare_keymap(name, path))
        else:
            yield failure(name, "file", f"{path.name} is not a case of ViTPose")
    if not known:
        yield failure(folder.name, "folder", "no case of ViTPose in it")


def _guarded(name: str, comparisons: Iterator[Comparison]) -> Iterator[Comparison]:
    """A case that breaks off is a line of its own and does not hide the others."""
    try:
        yield from comparisons
    except (KeyError, ValueError, TypeError, RuntimeError, OSError, SafetensorError) as error:
        sentence = " ".join(str(error).split())
        yield failure(name, "error", f"{type(error).__name__}: {sentence}")


def _compare_files(
    path: Path, name: str, family: str, border: Border, compare_case: CaseComparer
) -> Iterator[Comparison]:
    """One case folder: its lines, and a FAIL for every file and tensor that none of them covers."""
    config = read_json(path / "config.json")
    weights = [path / file for file in config["weights"]]
    case = PoseCase(
        family=family,
        name=name,
        config=config,
        inputs=read_tensors(path / "input.safetensors"),
        expected=read_tensors(path / "expected.safetensors"),
        network=_network(config, read_tensors(*weights)),
        border=border,
    )
    uncovered = set(case.expected)
    for comparison in compare_case(case):
        uncovered.discard(comparison.tensor)
        yield comparison
    for tensor in sorted(uncovered):
        yield failure(name, tensor, "unknown tensor")
    read = {"config.json", "input.safetensors", "expected.safetensors", *config["weights"]}
    for file in sorted(path.iterdir()):
        if file.name not in read and not file.name.startswith("README"):
            yield failure(name, "file", f"{file.name} is not a file of a case")


def _network(config: Mapping[str, Any], weights: Mapping[str, Tensor]) -> ViTPose:
    """Our network of the sizes that the configuration and the tensors tell, loaded strictly."""
    patch = next(
        value for key, value in weights.items() if "patch_embed" in key and value.ndim == 4
    )
    dim, patch_size = patch.shape[0], patch.shape[-1]
    height, width = config["img_size"]
    num_patches = (height // patch_size) * (width // patch_size)
    state = convert(weights, num_patches=num_patches).state
    widths = DECONV_CHANNELS
    if config["head"] == "classic":
        widths = _deconv_channels(state)
    network = ViTPose(
        dim=dim,
        depth=config["depth"],
        num_heads=config["num_heads"],
        mlp_ratio=len(state["backbone.blocks.0.mlp.fc1.bias"]) // dim,
        head=config["head"],
        image_size=(height, width),
        patch_size=patch_size,
        num_joints=len(state["keypoint_head.final_layer.bias"]),
        deconv_channels=widths,
    )
    network.load_state_dict(state)
    return network.eval().requires_grad_(False)


def _deconv_channels(state: Mapping[str, Tensor]) -> tuple[int, int]:
    """Widths of the classic head's two deconvolutions."""
    first, second = (state[f"keypoint_head.deconv_layers.{place}.weight"] for place in (0, 3))
    return first.shape[1], second.shape[1]


def compare_from_crop(
    case: PoseCase, crops_rgb: NDArray[np.uint8], stored_regions: CropRegions
) -> Iterator[Comparison]:
    """Stored crops `(N, H, W, 3)` to heat maps, and stored heat maps to joints."""
    pixel_values = normalise(crops_rgb)
    yield case.compare("pixel_values", pixel_values[: len(case.expected["pixel_values"])], "pixels")
    own = {
        "": case.network(pixel_values),
        "_flip_avg": flip_test(case.network, pixel_values, case.flip_order),
    }
    yield from _compare_network(case, own)
    for suffix, own_heatmaps in own.items():
        yield from _compare_decoding(case, suffix, own_heatmaps, stored_regions)


def _compare_network(case: PoseCase, own: Mapping[str, Tensor]) -> Iterator[Comparison]:
    stored, network = case.expected, case.network
    yield case.compare("features", network.features(stored["pixel_values"]), "heatmaps")
    from_features = network.keypoint_head(stored["features"])
    yield compare(
        case.name,
        "heatmaps_from_features",
        from_features,
        stored["heatmaps"][: len(from_features)],
        tolerance(case.family, "heatmaps"),
    )
    for suffix, heatmaps in own.items():
        yield case.compare(f"heatmaps{suffix}", heatmaps, "heatmaps")


def _compare_decoding(
    case: PoseCase, suffix: str, own_heatmaps: Tensor, stored_regions: CropRegions
) -> Iterator[Comparison]:
    """The stored heat maps' joints and scores; then boxes and crops to joints in one go."""
    heatmaps, tensor = case.expected[f"heatmaps{suffix}"], f"kpts{suffix}"
    steady = case.steady(heatmaps, stored_regions)
    yield case.compare_joints(tensor, case.joints(heatmaps, stored_regions), steady)
    yield case.compare_scores(f"kpt_scores{suffix}", heatmaps)
    end_to_end = case.joints(own_heatmaps, case.regions)
    line = f"{tensor}_end_to_end"
    yield case.compare_joints(tensor, end_to_end, steady, "own_keypoints", line=line)
