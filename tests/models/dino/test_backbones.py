"""The trunks: folded norms, windows, and maps of odd sizes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.dino.resnet import FrozenBatchNorm2d, ResNet, conv_norm
from models.dino.swin import (
    PatchMerging,
    SwinTransformer,
    WindowAttention,
    relative_position_index,
    shift_barrier,
)


@torch.no_grad()
def stir(module: nn.Module) -> nn.Module:
    """Random parameters and statistics, positive where they are variances."""
    torch.manual_seed(0)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            tensor.normal_(std=0.3)
            if name.endswith("running_var"):
                tensor.abs_().add_(0.5)
    return module


@pytest.mark.parametrize("norm", [FrozenBatchNorm2d(5), nn.BatchNorm2d(5).eval()], ids=str)
def test_folded_norm_equals_convolution_then_norm(norm):
    conv = stir(nn.Conv2d(3, 5, 3, stride=2, padding=1, bias=False))
    stir(norm)
    x = torch.randn(2, 3, 9, 11)
    y = conv(x)
    mean, var = norm.running_mean[:, None, None], norm.running_var[:, None, None]
    expected = (y - mean) / (var + 1e-5).sqrt() * norm.weight[:, None, None]
    torch.testing.assert_close(conv_norm(x, conv, norm), expected + norm.bias[:, None, None])


def test_batch_norm_takes_statistics_while_training():
    conv, norm = nn.Conv2d(3, 5, 1, bias=False), nn.BatchNorm2d(5).train()
    x = torch.randn(4, 3, 8, 8)
    y = conv_norm(x, conv, norm)
    torch.testing.assert_close(y.mean((0, 2, 3)), torch.zeros(5), atol=1e-5, rtol=0)
    assert norm.num_batches_tracked == 1


def test_frozen_norms_are_not_trained():
    network = ResNet(blocks=(1, 1, 1, 1), width=4)
    assert not any("bn" in name for name, _ in network.named_parameters())
    assert "body.layer1.0.bn1.running_var" in network.state_dict()


@pytest.mark.parametrize(
    ("trunk", "channels"),
    [
        (ResNet(blocks=(1, 1, 1, 1), width=4, out_stages=(0, 1, 2, 3)), [16, 32, 64, 128]),
        (
            SwinTransformer(
                dim=8,
                depths=(2, 2, 1, 1),
                num_heads=(1, 1, 2, 2),
                window=4,
                out_stages=(0, 1, 2, 3),
            ),
            [8, 16, 32, 64],
        ),
    ],
    ids=["resnet", "swin"],
)
def test_maps_of_odd_sizes_are_rounded_up(trunk, channels):
    maps = trunk.eval()(torch.randn(2, 3, 65, 97))
    sizes = [(17, 25), (9, 13), (5, 7), (3, 4)]
    assert [tuple(x.shape) for x in maps] == [
        (2, c, *size) for c, size in zip(channels, sizes, strict=True)
    ]
    assert trunk.out_channels == channels


def test_relative_position_index_counts_down_then_right():
    index = relative_position_index(2)  # places: (0,0) (0,1) (1,0) (1,1); 3 steps each way
    assert index.tolist() == [[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]]


def test_barrier_keeps_opposite_edges_apart():
    barrier = shift_barrier((4, 4), window=2, shift=1, device=torch.device("cpu"))
    assert barrier.shape == (4, 1, 4, 4)
    open_pairs = (barrier == 0).sum((1, 2, 3)).tolist()
    # One window is whole, two are cut in halves, the last one into single places.
    assert open_pairs == [16, 8, 8, 4]


def test_window_attention_agrees_with_a_loop_over_windows_and_heads():
    layer = stir(WindowAttention(8, window=2, num_heads=2))
    x = torch.randn(3, 4, 8)
    barrier = torch.zeros(3, 1, 4, 4).masked_fill(torch.rand(3, 1, 4, 4) > 0.8, -torch.inf)
    barrier.diagonal(dim1=2, dim2=3).zero_()
    rows = []
    for window in range(3):
        q, k, v = layer.qkv(x[window]).view(4, 3, 2, 4).unbind(1)
        heads = []
        for head in range(2):
            table = layer.relative_position_bias_table[:, head]
            logits = q[:, head] @ k[:, head].T / 2 + table[relative_position_index(2)]
            heads.append((logits + barrier[window, 0]).softmax(-1) @ v[:, head])
        rows.append(layer.proj(torch.cat(heads, dim=-1)))
    torch.testing.assert_close(layer(x, barrier), torch.stack(rows))


def test_patch_merging_puts_the_lower_place_second():
    merging = PatchMerging(1)
    merging.norm = nn.Identity()
    merging.reduction = nn.Identity()
    x = torch.arange(4.0).view(1, 2, 2, 1)  # 0 1 / 2 3
    assert merging(x).flatten().tolist() == [0, 2, 1, 3]


def test_windows_are_as_good_in_a_batch_as_alone():
    trunk = stir(
        SwinTransformer(dim=8, depths=(2, 2), num_heads=(1, 2), window=4, out_stages=(0, 1))
    ).eval()
    pixels = torch.randn(2, 3, 37, 50)
    together, alone = trunk(pixels), trunk(pixels[1:])
    for both, one in zip(together, alone, strict=True):
        torch.testing.assert_close(both[1:], one, atol=1e-5, rtol=1e-4)
