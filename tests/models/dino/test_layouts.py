"""Published checkpoints under our keys: official aliases, mmdetection's names and orders."""

from __future__ import annotations

import pytest
import torch

from models.dino import dino_tiny
from models.layouts import dino, mmdet

SOURCE = {
    "level_embed": torch.randn(2, 4),
    "query_embedding.weight": torch.randn(3, 4),
    "memory_trans_fc.weight": torch.randn(4, 4),
    "neck.convs.0.conv.weight": torch.randn(4, 2, 1, 1),
    "neck.extra_convs.0.conv.weight": torch.randn(4, 2, 3, 3),
    "decoder.layers.0.norms.0.weight": torch.randn(4),
    "decoder.layers.0.norms.1.weight": torch.randn(4),
    "decoder.layers.0.norms.2.weight": torch.randn(4),
    "bbox_head.cls_branches.0.weight": torch.randn(5, 4),
    "bbox_head.cls_branches.1.weight": torch.randn(5, 4),
    "bbox_head.reg_branches.0.2.bias": torch.randn(4),
    "bbox_head.reg_branches.1.2.bias": torch.randn(4),
    "backbone.bn1.num_batches_tracked": torch.tensor(7),
    "backbone.layer1.0.bn2.weight": torch.randn(4),
}
"""A state dict of mmdetection with a key of every kind that is more than renamed."""

RENAMED = {
    "neck.convs.0.conv.weight": "input_proj.0.0.weight",
    "neck.extra_convs.0.conv.weight": "input_proj.1.0.weight",
    "decoder.layers.0.norms.0.weight": "transformer.decoder.layers.0.norm2.weight",
    "decoder.layers.0.norms.1.weight": "transformer.decoder.layers.0.norm1.weight",
    "decoder.layers.0.norms.2.weight": "transformer.decoder.layers.0.norm3.weight",
    "bbox_head.cls_branches.0.weight": "transformer.decoder.class_embed.0.weight",
    "bbox_head.cls_branches.1.weight": "transformer.enc_out_class_embed.weight",
    "bbox_head.reg_branches.0.2.bias": "bbox_embed.0.layers.1.bias",
    "bbox_head.reg_branches.1.2.bias": "transformer.enc_out_bbox_embed.layers.1.bias",
    "backbone.layer1.0.bn2.weight": "backbone.0.body.layer1.0.bn2.weight",
}


@pytest.mark.parametrize(("theirs", "ours"), RENAMED.items())
def test_mmdet_keys(theirs, ours):
    assert mmdet.convert(SOURCE).state[ours] is SOURCE[theirs]


def test_mmdet_projections_get_a_bias_of_zeros_and_counters_go():
    converted = mmdet.convert(SOURCE)
    assert converted.state["input_proj.1.0.bias"].tolist() == [0, 0, 0, 0]
    assert converted.dropped == ("backbone.bn1.num_batches_tracked",)
    assert any("shared_heads=False" in note for note in converted.notes)


def test_a_key_without_a_place_is_named():
    with pytest.raises(ValueError, match="roi_head"):
        mmdet.convert({**SOURCE, "roi_head.weight": torch.zeros(1)})


def test_layouts_tell_each_other_apart():
    official = dino_tiny(width=4, blocks=(1, 1, 1, 1), dim=64).state_dict()
    assert dino.matches(official)
    assert not mmdet.matches(official)
    assert mmdet.matches(SOURCE)
    assert not dino.matches(SOURCE)
    with pytest.raises(ValueError, match="not an official DINO"):
        dino.convert(SOURCE)
    with pytest.raises(ValueError, match="not an mmdetection DINO"):
        mmdet.convert(official)


def test_merged_patches_are_reordered():
    C = 3
    unfolded = torch.tensor([10 * c + place for c in range(C) for place in (0, 1, 2, 3)])
    got = mmdet.in_published_order(unfolded)
    # Place 2 of unfold's window is the lower left one, which the published order has second.
    assert got.tolist() == [10 * c + place for place in (0, 2, 1, 3) for c in range(C)]
    rows = torch.stack([unfolded, unfolded + 100])
    assert torch.equal(mmdet.in_published_order(rows), torch.stack([got, got + 100]))


@pytest.mark.parametrize("prefix", ["", "transformer.decoder."])
def test_one_name_of_the_shared_heads_is_enough(prefix):
    """safetensors holds a shared tensor once, under whichever name."""
    network = dino_tiny(width=4, blocks=(1, 1, 1, 1), dim=64)
    state = network.state_dict()
    kept = {
        key: value
        for key, value in state.items()
        if not dino.HEAD.fullmatch(key)
        or key.startswith((f"{prefix}class_embed.0", f"{prefix}bbox_embed.0"))
    }
    converted = dino.convert(kept)
    assert converted.state.keys() == state.keys()
    assert converted.notes
    network.load_state_dict(converted.state, strict=True)


def test_a_checkpoint_without_heads_is_refused():
    state = dino_tiny(width=4, blocks=(1, 1, 1, 1), dim=64).state_dict()
    headless = {key: value for key, value in state.items() if not dino.HEAD.fullmatch(key)}
    with pytest.raises(ValueError, match="heads are missing"):
        dino.convert(headless)
