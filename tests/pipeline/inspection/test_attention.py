"""Rollout: maps equal to the fast attention, equal to products of whole matrices; occlusion."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from models.infogcn.network import infogcn_tiny
from models.layers import attention_kernel, attention_probabilities
from models.umt.network import UMT
from models.uniformerv2 import UniFormerV2
from models.zoo import BUILDERS
from pipeline.config import load_profile
from pipeline.inspection import attention
from pipeline.inspection.attention import (
    gather_probabilities,
    look_at,
    occlude_joints,
    self_projections,
)


@pytest.fixture(scope="module")
def umt() -> UMT:
    torch.manual_seed(0)
    return UMT(num_frames=4, image_size=32, dim=24, depth=3, num_heads=2).eval()


@pytest.fixture(scope="module")
def uniformerv2() -> UniFormerV2:
    torch.manual_seed(1)
    network = UniFormerV2(
        patch_size=16, width=24, depth=3, heads=2, num_frames=4, image_size=32, return_list=(1, 2),
        temporal_downsample=False,
    )  # fmt: skip
    for parameter in network.parameters():  # layers that begin at zero would hide the attention
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)
    return network.eval()


def view(network, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, 3, network.num_frames, 32, 32, generator=generator)


@pytest.mark.parametrize("name", ["umt", "uniformerv2"])
def test_the_written_out_network_gives_the_fast_one_s_logits(name, request):
    network = request.getfixturevalue(name)
    with torch.inference_mode():
        fast = network(view(network))
        with attention_kernel("written_out"):
            written_out = network(view(network))
    assert torch.allclose(fast, written_out, atol=1e-5)


def test_the_maps_give_what_the_fast_attention_gives(umt, uniformerv2):
    x = torch.randn(2, 7, 24, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        layer = umt.blocks[0].attn
        q, k, v = layer.queries_keys_values(x)
        by_map = layer.proj((attention_probabilities(q, k) @ v).transpose(1, 2).flatten(2))
        assert torch.allclose(layer(x), by_map, atol=1e-5)

        local = uniformerv2.transformer.resblocks[0].attn
        q, k = self_projections(local, x)
        v = (x @ local.in_proj_weight[48:].T + local.in_proj_bias[48:]).view(2, 7, 2, 12)
        mixed = attention_probabilities(q, k) @ v.transpose(1, 2)
        assert torch.allclose(local(x), local.out_proj(mixed.transpose(1, 2).flatten(2)), atol=1e-5)

        gather = uniformerv2.transformer.dec[0].attn
        seen = gather_probabilities(gather, x[:, :1], x)
        v = (x @ gather.in_proj_weight[48:].T + gather.in_proj_bias[48:]).view(2, 7, 2, 12)
        pooled = torch.einsum("bhn, bnhd -> bhd", seen, v).flatten(1)[:, None]
        assert torch.allclose(gather(x[:, :1], x), gather.out_proj(pooled), atol=1e-5)


def test_rollout_is_the_product_of_whole_matrices(umt, monkeypatch):
    monkeypatch.setattr(attention, "QUERIES_AT_A_TIME", 3)  # pieces must not matter
    look = look_at(umt, view(umt))
    with torch.inference_mode():
        tokens = umt.embed(view(umt))
        rollout = torch.eye(tokens.shape[1])
        for block in umt.blocks:
            q, k, _ = block.attn.queries_keys_values(block.norm1(tokens))
            whole = attention_probabilities(q, k)[0].mean(dim=0)
            rollout = (whole + torch.eye(len(whole))) / 2 @ rollout
            tokens = block(tokens)
    expected = rollout.mean(dim=0).reshape(4, 2, 2).numpy()
    assert look.patches == pytest.approx(expected, abs=1e-6)
    assert look.frames == pytest.approx(expected.sum(axis=(1, 2)), abs=1e-6)


@pytest.mark.parametrize("name", ["umt", "uniformerv2"])
def test_shares_are_positive_sum_to_one_and_depend_on_the_picture(name, request):
    network = request.getfixturevalue(name)
    first, second = look_at(network, view(network)), look_at(network, view(network, seed=9))
    assert first.patches.shape == (4, 2, 2)
    assert first.patches.min() > 0
    assert first.frames.sum() == pytest.approx(1)
    assert np.abs(first.patches - second.patches).max() > 1e-5


def test_frames_that_share_a_token_share_its_weight():
    torch.manual_seed(3)
    network = UniFormerV2(
        patch_size=16, width=24, depth=2, heads=2, num_frames=4, image_size=32, return_list=(1,)
    ).eval()
    frames = look_at(network, view(network)).frames
    assert frames[0] == frames[1]
    assert frames[2] == frames[3]


@pytest.mark.parametrize("model", load_profile("demo").video_models, ids=lambda m: m.name)
def test_every_video_network_of_the_demo_can_be_looked_at(model):
    builder = BUILDERS[model.checkpoint if model.checkpoint in BUILDERS else "umt_tiny_16x112"]
    torch.manual_seed(5)
    network = builder().eval()
    side = network.image_size if isinstance(network.image_size, int) else network.image_size[0]
    look = look_at(network, torch.randn(1, 3, network.num_frames, side, side))
    assert look.frames.shape == (network.num_frames,)
    assert look.patches.sum() == pytest.approx(1)


def test_another_thread_s_clip_on_the_same_network_does_not_mix_in(umt):
    expected = look_at(umt, view(umt))
    here = threading.get_ident()

    def meanwhile(*_: object) -> None:
        if threading.get_ident() == here:
            other = threading.Thread(target=look_at, args=(umt, view(umt, seed=9)))
            other.start()
            other.join()

    handle = umt.blocks[-1].register_forward_hook(meanwhile)
    try:
        look = look_at(umt, view(umt))
    finally:
        handle.remove()
    assert np.array_equal(look.patches, expected.patches)


def test_a_stop_is_heard_between_layers(umt):
    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        look_at(umt, view(umt), stop)


def test_an_occluded_joint_matters_as_much_as_the_probability_falls():
    torch.manual_seed(4)
    network = infogcn_tiny().eval()
    sequence = torch.randn(3, 16, 17, 1)
    drops = occlude_joints(network, sequence, 5)
    without = sequence.clone()
    without[:, :, 9] = 0
    with torch.inference_mode():
        p = [float(network(x[None]).softmax(dim=1)[0, 5]) for x in (sequence, without)]
    assert drops.shape == (17,)
    assert drops[9] == pytest.approx(p[0] - p[1], abs=1e-6)


def test_other_networks_are_refused():
    with pytest.raises(TypeError, match="no attention rollout for a Linear"):
        look_at(torch.nn.Linear(1, 1), torch.zeros(1, 3, 4, 8, 8))
