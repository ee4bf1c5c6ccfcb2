"""mmdetection's DINO as a back end: our boxes from the same weights, in an environment that has it.

python -m pytest tests/pipeline/detection/test_mmdet.py     # after docs/openmmlab.md's installation
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import torch

from models.dino import Dino, ResNet, SwinTransformer, resize
from models.layouts.mmdet import convert, in_published_order, in_unfold_order, restore
from pipeline.detection.build import build_detector
from pipeline.detection.detector import DetectorSettings, DinoDetector, detect
from pipeline.detection.mmdet import MMDetDetector
from pipeline.errors import ConfigError

TRUNKS = ("resnet", "swin")

needs_mmdet = pytest.mark.skipif(
    find_spec("mmdet") is None and "mmdet" not in os.environ.get("CI_REQUIRE", ""),
    reason="needs the openmmlab extra",
)


def make_network(trunk: str = "resnet", *, seed: int = 0, **settings: Any) -> Dino:
    """Small, but 256 channels wide, as mmdetection's decoder must be; all its numbers random."""
    torch.manual_seed(seed)
    sizes = {"num_queries": 20, "encoder_layers": 1, "decoder_layers": 2, "feedforward_dim": 64}
    backbone = ResNet(width=4) if trunk == "resnet" else make_swin()
    numbers = {"num_classes": 80, "num_labels": 80, "shared_heads": False, "head_eps": 1e-5}
    given = {"num_levels": len(backbone.out_stages) + 1, **numbers, **sizes, **settings}
    network = Dino(backbone, **given).eval()
    for name, parameter in network.named_parameters():
        if "class_embed" in name or "bbox_embed" in name:
            torch.nn.init.normal_(parameter, std=0.1)
        if name.startswith("input_proj") and name.endswith(".0.bias"):
            torch.nn.init.zeros_(parameter)  # mmdetection has none
    return network


def make_swin() -> SwinTransformer:
    return SwinTransformer(
        dim=16, depths=(2, 2, 2, 2), num_heads=(1, 2, 2, 4), window=4, out_stages=(0, 1, 2, 3)
    )


def make_settings(**settings: Any) -> DetectorSettings:
    given = {
        "short_side": 192,
        "long_side": 320,
        "rule": "mmdet",
        "score_threshold": 0.0,
        **settings,
    }
    return DetectorSettings("dino", **given)


def make_frames(count: int, height: int = 192, width: int = 256) -> list[np.ndarray]:
    """Smooth random pictures."""
    coarse = torch.rand(count, 3, 6, 8, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")
    pixels = (255 * smooth.clamp(0, 1)).byte().permute(0, 2, 3, 1)
    return list(pixels.numpy())


@needs_mmdet
@pytest.mark.needs_mmdet
@pytest.mark.filterwarnings("ignore")
class TestBackEnd:
    """Needs mmdetection."""

    @pytest.mark.parametrize("trunk", TRUNKS)
    @pytest.mark.parametrize(
        "positions", [{}, {"position_temperature": 10000.0, "position_offset": -0.5}]
    )
    def test_it_finds_the_boxes_that_ours_finds(
        self, trunk: str, positions: dict[str, Any]
    ) -> None:
        network, frames = make_network(trunk, **positions), make_frames(2)
        ours = DinoDetector(network, make_settings()).people(frames)
        theirs = build_detector(network, make_settings(backend="mmdet")).people(frames)
        for (boxes, scores), (their_boxes, their_scores) in zip(ours, theirs, strict=True):
            assert boxes.shape == (20, 4)
            assert np.ptp(boxes, axis=0).max() > 10  # not all the same one
            np.testing.assert_allclose(their_scores, scores, atol=2e-5)
            np.testing.assert_allclose(their_boxes, boxes, atol=0.02)
            assert their_boxes.dtype == their_scores.dtype == np.float32

    def test_its_network_sees_what_ours_sees(self) -> None:
        """Resized by its own transforms; a random network would make much of a grey level."""
        frame = make_frames(1, height=300, width=404)[0]
        settings = make_settings(backend="mmdet", short_side=150, long_side=320)
        detector = build_detector(make_network(), settings)
        assert isinstance(detector, MMDetDetector)
        theirs = detector.packed(frame)["inputs"].flip(0)  # BGR
        ours = torch.from_numpy(frame).permute(2, 0, 1)[None]
        ours = resize(ours, (150, 202), rule="mmdet")[0]
        assert theirs.shape == ours.shape
        assert (theirs.int() - ours.int()).abs().max() <= 1

    def test_it_is_a_detector_like_any_other(self) -> None:
        settings = make_settings(backend="mmdet", score_threshold=0.5, batch_size=2)
        detector = build_detector(make_network(), settings)
        found = detect(detector, make_frames(3), np.arange(3), num_frames=3)
        assert detector.batch_size == 2
        assert (found.scores >= 0.5).all()

    def test_another_network_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"detector\.backend: mmdet runs the `_mmdet`"):
            build_detector(make_network(head_eps=1e-3), make_settings(backend="mmdet"))


@pytest.mark.skipif(find_spec("mmdet") is not None, reason="the openmmlab extra is here")
def test_without_the_packages_a_sentence_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match=r"backend: mmdet cannot be imported .*openmmlab\.md"):
        build_detector(make_network(), make_settings(backend="mmdet"))


def test_swins_merged_patches_go_there_and_back() -> None:
    merged = torch.arange(2 * 24.0).view(2, 24)
    assert torch.equal(in_unfold_order(in_published_order(merged)), merged)


def test_a_bias_that_mmdetection_has_no_place_for_is_named() -> None:
    keys = [
        "level_embed",
        "query_embedding.weight",
        "memory_trans_fc.weight",
        "neck.convs.0.conv.weight",
        "decoder.layers.0.norms.0.weight",
        "bbox_head.cls_branches.0.weight",
        "bbox_head.reg_branches.0.0.weight",
    ]
    theirs = {key: torch.ones(2, 2) for key in keys}
    ours = convert(theirs).state
    assert restore(ours, theirs).keys() == theirs.keys()
    ours["input_proj.0.0.bias"][0] = 1
    with pytest.raises(ValueError, match=r"neck\.convs\.0\.conv\.weight: mmdetection has no bias"):
        restore(ours, theirs)
