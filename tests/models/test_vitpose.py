"""The ViTPose network and the layouts of its published files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import nn

from models import vitpose
from models.layers import attention_kernel
from models.layouts.vitpose import convert, matches, rename
from models.vitpose import (
    ConvolutionalStem,
    ViTPose,
    vitpose_b,
    vitpose_h,
    vitpose_l,
    vitpose_s,
    vitpose_tiny,
)
from models.weights import WeightsError, build_on_meta, load_strict
from pipeline.pose.crop import normalise
from pipeline.pose.estimate import flip_test
from tests.models.vitpose_layouts import POSITIONS, as_layout, noisy_vitpose, small_vitpose


def noisy_state() -> dict[str, torch.Tensor]:
    return noisy_vitpose().state_dict()


@pytest.fixture(scope="session")
def trimmed(goldens) -> tuple[dict[str, torch.Tensor], dict]:
    """Tensors and configuration of the original repository's case."""
    with safe_open(goldens / "vitpose" / "simple_trimmed.safetensors", framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        return tensors, json.loads(file.metadata()["config"])


@pytest.fixture(scope="session")
def published(trimmed) -> ViTPose:
    """Our network with the published case's weights."""
    tensors, config = trimmed
    weights = {
        key.removeprefix("weights."): value.float()
        for key, value in tensors.items()
        if key.startswith("weights.")
    }
    network = ViTPose(
        dim=config["embed_dim"],
        depth=config["depth"],
        num_heads=config["num_heads"],
        mlp_ratio=config["mlp_ratio"],
        head=config["head"],
        image_size=tuple(config["img_size"]),
    )
    network.load_state_dict(convert(weights).state)
    return network.eval().requires_grad_(False)


def test_published_features_and_heatmaps(published, trimmed):
    tensors, _ = trimmed
    pixel_values = normalise(tensors["crops_rgb"].numpy())
    features = published.features(pixel_values)
    torch.testing.assert_close(features, tensors["features"], atol=5e-5, rtol=0)
    torch.testing.assert_close(published(pixel_values), tensors["heatmaps"], atol=5e-5, rtol=0)


def test_published_flip_test(published, trimmed):
    tensors, _ = trimmed
    order = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
    averaged = flip_test(published, normalise(tensors["crops_rgb"].numpy()), order)
    expected = tensors["heatmaps_flip_avg_first_5_joints"]
    torch.testing.assert_close(averaged[:, :5], expected, atol=5e-5, rtol=0)


# Parameters of the published files: those in mmpose's layout and the extra position row.
@pytest.mark.parametrize(
    ("build", "head", "parameters"),
    [
        (vitpose_s, "classic", 24_290_577),
        (vitpose_s, "simple", 21_722_513),
        (vitpose_b, "classic", 89_994_513),
        (vitpose_b, "simple", 85_912_337),
        (vitpose_l, "classic", 308_544_785),
        (vitpose_l, "simple", 303_453_201),
        (vitpose_h, "classic", 637_208_849),
        (vitpose_h, "simple", 631_107_857),
    ],
)
def test_sizes_of_the_variants(build, head, parameters):
    with torch.device("meta"):
        network = build(head=head)
        heatmaps = network(torch.empty(2, 3, 256, 192))
    assert sum(value.numel() for value in network.parameters()) == parameters
    assert heatmaps.shape == (2, 17, 64, 48)


@pytest.mark.parametrize("head", ["classic", "simple"])
@pytest.mark.parametrize("image_size", [(256, 192), (128, 96)])
def test_tiny(head, image_size):
    network = vitpose_tiny(head=head, image_size=image_size).eval()
    height, width = image_size
    heatmaps = network(torch.zeros(1, 3, height, width))
    assert heatmaps.shape == (1, 17, height // 4, width // 4)
    assert isinstance(network.backbone.patch_embed, ConvolutionalStem)
    assert sum(value.numel() for value in network.parameters()) < 4e6


def test_tiny_learns():
    torch.manual_seed(0)
    network = vitpose_tiny(image_size=(64, 48)).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    crops, targets = torch.randn(4, 3, 64, 48), torch.rand(4, 17, 16, 12)
    losses = []
    for _ in range(12):
        loss = nn.functional.mse_loss(network(crops), targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    assert all(value.grad is not None for value in network.parameters())


def test_published_epsilon_everywhere():
    norms = [module for module in small_vitpose().modules() if isinstance(module, nn.LayerNorm)]
    assert len(norms) == 2 * 2 + 1
    assert {norm.eps for norm in norms} == {1e-6}


def test_attention_is_the_projects(monkeypatch):
    network, crops = small_vitpose(), torch.randn(1, 3, 64, 48)
    shapes = []

    def spy(q, k, v):
        shapes.append(tuple(q.shape))
        return torch.nn.functional.scaled_dot_product_attention(q, k, v)

    expected = network(crops)
    monkeypatch.setattr(vitpose, "attention", spy)
    assert torch.equal(network(crops), expected)
    assert shapes == [(1, 2, 12, 8)] * 2


def test_reference_attention_agrees():
    network, crops = small_vitpose(), torch.randn(2, 3, 64, 48)
    with attention_kernel("written_out"):
        plain = network(crops)
    torch.testing.assert_close(network(crops), plain, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_size": (60, 48)}, "not a multiple of patch_size 16"),
        ({"stem_channels": (8, 16)}, "patches of 4 pixels, patch_size is 16"),
    ],
)
def test_sizes_that_do_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        small_vitpose(**changes)


@pytest.mark.parametrize("head", ["classic", "simple"])
def test_equals_transformers(head):
    """The same random weights in both implementations give the same numbers."""
    transformers = pytest.importorskip("transformers")
    backbone = transformers.VitPoseBackboneConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        mlp_ratio=3,
        image_size=[64, 48],
        patch_size=[16, 16],
        layer_norm_eps=1e-6,
    )
    config = transformers.VitPoseConfig(
        backbone_config=backbone, use_simple_decoder=head == "simple", num_labels=17
    )
    theirs = transformers.VitPoseForPoseEstimation(config).eval()
    generator = torch.Generator().manual_seed(4)
    for value in theirs.parameters():
        value.data = 0.2 * torch.randn(value.shape, generator=generator)
    ours = small_vitpose(dim=32, num_heads=4, mlp_ratio=3, head=head)
    load_strict(ours, theirs.state_dict(), source="transformers")
    crops = torch.randn(3, 3, 64, 48, generator=generator)
    with torch.inference_mode():
        expected = theirs(crops).heatmaps
        torch.testing.assert_close(ours(crops), expected, atol=1e-6, rtol=1e-5)
    assert expected.std() > 0.01


def test_crops_of_another_size():
    with pytest.raises(ValueError, match=r"expected \(64, 48\) pixels, got \(48, 64\)"):
        small_vitpose()(torch.zeros(1, 3, 48, 64))


# --- layouts ---------------------------------------------------------------------------------


def manifest_state(path: Path) -> dict[str, torch.Tensor]:
    """A published file's names and shapes, without values."""
    tensors = json.loads(path.read_text())["tensors"]
    return {key: torch.empty(shape, device="meta") for key, (shape, _) in tensors.items()}


@pytest.mark.parametrize(
    ("name", "build", "head"),
    [("ViTPose-small", vitpose_s, "classic"), ("ViTPose-base-simple", vitpose_b, "simple")],
)
def test_published_names_load_strictly(goldens, name, build, head):
    state = manifest_state(goldens / "vitpose_mmpose" / f"manifest_mmpose_{name}.json")
    with torch.device("meta"):
        network = build(head=head)
    network.load_state_dict(convert(state).state, assign=True)


def test_key_map(goldens):
    path = goldens / "vitpose_mmpose" / "keymap_mmpose_to_hf_ViTPose-base.json"
    pairs = json.loads(path.read_text())["pairs"]
    assert all(rename(mmpose, "mmpose") == rename(hub, "hub") for mmpose, hub in pairs)
    with torch.device("meta"):
        ours = vitpose_b().state_dict()
    counters = {key for key in ours if key.endswith("num_batches_tracked")}
    assert {rename(hub, "hub") for _, hub in pairs} - counters == ours.keys() - counters


def test_official_layout_value_for_value():
    state = noisy_state()
    converted = convert(as_layout(state, "official"), num_patches=12)
    assert converted.state.keys() == state.keys()
    assert all(torch.equal(value, state[key]) for key, value in converted.state.items())
    assert (converted.dropped, converted.notes) == ((), ())


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        (12, "position table: a zero row was put in front"),
        (13, "position table: the class token's row was replaced by zeros"),
    ],
)
def test_mmpose_layout_value_for_value(rows, note):
    state = noisy_state()
    theirs = as_layout(state, "mmpose")
    theirs["backbone.pos_embed"] = state[POSITIONS][:, -rows:]
    theirs["backbone.cls_token"] = torch.zeros(1, 1, 16)
    converted = convert(theirs, num_patches=12)
    expected = {**state, POSITIONS: state[POSITIONS].clone()}
    expected[POSITIONS][:, 0] = 0
    assert converted.state.keys() == expected.keys()
    assert all(torch.equal(value, expected[key]) for key, value in converted.state.items())
    assert (converted.dropped, converted.notes) == (("backbone.cls_token",), (note,))


def stemmed(**changes) -> ViTPose:
    return noisy_vitpose(stem_channels=(8, 8, 8, 16), deconv_channels=(8, 8), **changes)


@pytest.mark.parametrize("build", [noisy_vitpose, stemmed])
def test_hub_layout_loads_like_ours(build):
    """The weights that ship and those that earlier versions converted have its names."""
    state = build().state_dict()
    theirs = as_layout(state, "hub")
    assert not state.keys() & theirs.keys()
    network = build_on_meta(lambda: build(seed=1))
    load_strict(network, dict(sorted(theirs.items())), source="file")
    loaded = network.state_dict()
    assert loaded.keys() == state.keys()
    assert all(torch.equal(value, loaded[key]) for key, value in state.items())


def test_hub_layout_without_a_part():
    theirs = as_layout(noisy_state(), "hub")
    del theirs["backbone.encoder.layer.1.attention.attention.key.bias"]
    with pytest.raises(WeightsError, match=r"file: .*layer\.1\.attention.*key\.bias is missing"):
        load_strict(small_vitpose(), theirs, source="file")


@pytest.mark.parametrize(
    ("keys", "layout"),
    [
        (as_layout(noisy_state(), "official"), "official"),
        (as_layout(noisy_state(), "mmpose"), "mmpose"),
        (as_layout(noisy_state(), "hub"), "hub"),
        (("backbone.pos_embed", "blocks.0.attn.qkv.weight"), None),
        ((), None),
    ],
)
def test_matches(keys, layout):
    assert matches(keys) == layout


def with_entries(**entries: torch.Tensor) -> dict[str, torch.Tensor]:
    """A state dict of mmpose with more or other entries."""
    return {**as_layout(noisy_state(), "mmpose"), **entries}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"conv1.weight": torch.zeros(1)}, "not a ViTPose state dict"),
        (with_entries(**{"neck.weight": torch.zeros(1)}), "neck.weight: no key of the mmpose"),
        (
            with_entries(**{"backbone.layers.0.mlp.experts.0.weight": torch.zeros(1)}),
            "mixture of experts",
        ),
        (
            with_entries(**{"backbone.pos_embed": torch.zeros(1, 20, 16)}),
            "20 rows, expected 12 or 13",
        ),
    ],
)
def test_files_that_do_not_convert(state, message):
    with pytest.raises(ValueError, match=message):
        convert(state, num_patches=12)


def test_multi_dataset_heads_are_dropped():
    state = as_layout(noisy_state(), "official")
    extra = "associate_keypoint_heads.0.final_layer.weight"
    assert convert({**state, extra: torch.zeros(1)}, num_patches=12).dropped == (extra,)
