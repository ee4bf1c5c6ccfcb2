from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from einops import rearrange
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from models.layers import attention_kernel
from models.uniformerv2 import (
    UniFormerV2,
    resize_positions,
    uniformerv2_b16,
    uniformerv2_l14,
    uniformerv2_tiny,
)
from models.uniformerv2.blocks import Extractor, LocalMHRA, LocalUniBlock, PositionEncoding
from models.uniformerv2.layers import LayerNorm, SelfAttention


def scatter(module: nn.Module, seed: int = 0) -> nn.Module:
    """Random numbers in all parameters, zero-initialised ones too, and in running statistics."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in module.parameters():
            noise = torch.randn(value.shape, generator=generator)
            value.copy_(noise * (value.shape[-1] ** -0.5 if value.ndim == 2 else 0.3))
        for name, value in module.named_buffers():
            if name.endswith("running_var"):
                value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
            elif name.endswith("running_mean"):
                value.copy_(torch.randn(value.shape, generator=generator))
    return module


def small(**options) -> UniFormerV2:
    """Three blocks of 24 channels for clips of 4 frames at 32 px."""
    settings = {
        "patch_size": 16,
        "width": 24,
        "depth": 3,
        "heads": 2,
        "num_frames": 4,
        "num_classes": 5,
        "image_size": 32,
        "return_list": (1, 2),
        "mlp_dropout": 0.0,
        "cls_dropout": 0.0,
    }
    return scatter(UniFormerV2(**{**settings, **options}))


def clips(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("num_frames", [8, 16, 32])
@pytest.mark.parametrize(
    ("builder", "recipe", "keys", "parameters"),
    [
        (uniformerv2_l14, "ssv2", 1083, 573_800_316),
        (uniformerv2_l14, "kinetics", 363, 353_718_300),
        (uniformerv2_b16, "ssv2", 547, 162_880_540),
        (uniformerv2_b16, "kinetics", 219, 114_266_140),
    ],
)
def test_published_sizes(builder, recipe, num_frames, keys, parameters):
    with torch.device("meta"):
        model = builder(num_frames=num_frames, recipe=recipe)
        logits = model.eval()(torch.empty(1, 3, num_frames, 224, 224))
    assert len(model.state_dict()) == keys
    assert sum(value.numel() for value in model.parameters()) == parameters
    assert logits.shape == (1, 28)


def operations(model: UniFormerV2) -> int:
    clip = torch.empty(1, 3, model.num_frames, *model.image_size, device="meta")
    with FlopCounterMode(display=False) as counter:
        model.eval().requires_grad_(False)(clip)
    return counter.get_total_flops()


def test_folding_saves_eight_percent_of_the_papers_network():
    with torch.device("meta"):
        folded = operations(uniformerv2_l14())
        written_out = operations(uniformerv2_l14(fold_extractor=False))
    # 16 blocks project the 16 * 257 tokens of 1024 channels twice: 138 G multiply-adds.
    assert written_out == pytest.approx(2 * 1716.2e9, rel=1e-3)
    assert written_out - folded == pytest.approx(2 * 138e9, rel=0.02)


def test_tiny_is_cheap():
    with torch.device("meta"):
        assert operations(uniformerv2_tiny()) < 5e9


@pytest.mark.parametrize("heads", [1, 3, 8])
def test_folded_extractor_equals_written_out(heads):
    extractors = [Extractor(24, heads, mlp_factor=2.5, fold=fold) for fold in (True, False)]
    video, tokens = clips(2, 1, 24), 3 * clips(2, 40, 24, seed=2)
    results = []
    for extractor in extractors:
        scatter(extractor)
        inputs = video.clone().requires_grad_(), tokens.clone().requires_grad_()
        output = extractor(*inputs)
        output.square().sum().backward()
        gradients = [value.grad for value in (*inputs, *extractor.parameters())]
        results.append([output.detach(), *gradients])
    for folded, written_out in zip(*results, strict=True):
        limit = 1e-5 * max(1.0, float(written_out.abs().max()))
        torch.testing.assert_close(folded, written_out, rtol=0, atol=limit)


def test_folded_network_equals_written_out():
    folded, written_out = small().eval(), small(fold_extractor=False).eval()
    clip = clips(2, 3, 4, 32, 32)
    torch.testing.assert_close(folded(clip), written_out(clip), rtol=0, atol=1e-5)


def test_self_attention_equals_torch():
    ours = scatter(SelfAttention(24, 3))
    theirs = nn.MultiheadAttention(24, 3, batch_first=True)
    theirs.load_state_dict(ours.state_dict())
    x = clips(2, 7, 24)
    expected = theirs(x, x, x, need_weights=False)[0]
    torch.testing.assert_close(ours(x), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("T", [1, 2, 5])
def test_local_mhra_equals_its_convolutions(T, training):
    ours = scatter(LocalMHRA(12, 1.5))
    theirs = nn.Sequential(
        nn.BatchNorm3d(12),
        nn.Conv3d(12, 8, 1),
        nn.Conv3d(8, 8, (3, 1, 1), padding=(1, 0, 0), groups=8),
        nn.Conv3d(8, 12, 1),
    )
    theirs.load_state_dict({k.removeprefix("pos_embed."): v for k, v in ours.state_dict().items()})
    ours.train(training)
    theirs.train(training)
    x = clips(2, T, 6, 12)
    expected = theirs(rearrange(x, "b t (h w) c -> b c t h w", h=2))
    expected = rearrange(expected, "b c t h w -> b t (h w) c")
    torch.testing.assert_close(ours(x), expected, rtol=0, atol=2e-6)
    for got, wanted in zip(ours.buffers(), theirs.buffers(), strict=True):
        torch.testing.assert_close(got, wanted)


def test_position_encoding_equals_its_convolution():
    ours = scatter(PositionEncoding(8))
    theirs = nn.Conv3d(8, 8, 3, padding=1, groups=8)
    theirs.load_state_dict(ours.state_dict())
    x = clips(2, 3, 4, 5, 8)
    expected = theirs(x.permute(0, 4, 1, 2, 3).contiguous()).permute(0, 2, 3, 4, 1)
    torch.testing.assert_close(ours(x), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "absent", "present"),
    [
        ({"frozen": True}, "transformer.balance", "transformer.temporal_cls_token"),
        ({"double_lmhra": False}, ".lmhra2.", ".lmhra1."),
        ({"no_lmhra": True}, ".lmhra", "transformer.resblocks.2.mlp.c_fc.weight"),
        ({"return_list": ()}, "transformer.dec.", "transformer.balance"),
    ],
)
def test_options_choose_the_parameters(options, absent, present):
    model = small(**options).eval()
    names = list(model.state_dict())
    assert not any(absent in name for name in names)
    assert any(present in name for name in names)
    assert model(clips(1, 3, 4, 32, 32)).shape == (1, 5)


@pytest.mark.parametrize(
    "options",
    [
        {"frozen": True},
        {"double_lmhra": False},
        {"no_lmhra": True},
        {"temporal_downsample": False},
        {"return_list": (0, 2)},
        {"act": "gelu"},
        {"global_heads": 4},
    ],
)
def test_options_change_the_answer(options):
    clip = clips(1, 3, 4, 32, 32)
    with torch.no_grad():
        # Shared names have the same numbers, as far as the shapes agree.
        plain, changed = small().eval(), small(**options).eval()
        own = changed.state_dict()
        fitting = {k: v for k, v in plain.state_dict().items() if own.get(k, v).shape == v.shape}
        changed.load_state_dict(fitting, strict=False)
        assert (plain(clip) - changed(clip)).abs().max() > 1e-3


def test_halves_the_frames():
    assert small().embed(clips(2, 3, 4, 32, 32)).shape == (2, 2, 5, 24)
    whole = small(temporal_downsample=False)
    assert whole.embed(clips(2, 3, 4, 32, 32)).shape == (2, 4, 5, 24)


def test_reduced_width_is_rounded_down():
    assert LocalMHRA(1024, 1.5).pos_embed[1].weight.shape == (682, 1024, 1, 1, 1)


def test_fresh_global_blocks_pass_the_token_on():
    block = Extractor(24, 2)
    video = clips(2, 1, 24)
    assert torch.equal(block(video, clips(2, 9, 24)), video)


def test_fresh_local_mhra_changes_nothing():
    torch.manual_seed(0)
    block = LocalUniBlock(24, 2).eval()
    plain = LocalUniBlock(24, 2, no_lmhra=True).eval()
    plain.load_state_dict(block.state_dict(), strict=False)
    x = clips(1, 3, 5, 24)
    assert torch.equal(block(x), plain(x))


def test_checkpointing_blocks_changes_nothing():
    plain, checkpointed = small().train(), small(checkpoint_blocks=2).train()
    clip = clips(2, 3, 4, 32, 32)
    for model in (plain, checkpointed):
        model(clip).square().sum().backward()
    for (name, a), b in zip(plain.named_parameters(), checkpointed.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, msg=name)
    # Batch norm has seen the batch once.
    for (name, a), b in zip(plain.named_buffers(), checkpointed.buffers(), strict=True):
        assert torch.equal(a, b), name


def test_checkpointed_branches_keep_their_kernel_in_another_thread():
    plain, checkpointed = small().train(), small(checkpoint_blocks=2).train()
    clip = clips(2, 3, 4, 32, 32)
    for model in (plain, checkpointed):
        with attention_kernel("written_out"):
            loss = model(clip).square().sum()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(loss.backward).result()
    for (name, a), b in zip(plain.named_parameters(), checkpointed.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, msg=name)


def test_drop_path_rises_over_the_blocks():
    model = small(backbone_drop_path_rate=0.2, drop_path_rate=0.4).transformer
    local = [block.drop_path.probability for block in model.resblocks]
    assert local == pytest.approx([0.0, 0.1, 0.2])
    assert [block.drop_path.probability for block in model.dec] == pytest.approx([0.0, 0.4])


@pytest.mark.parametrize(
    ("recipe", "local", "extractor"), [("ssv2", 0.2, 0.4), ("kinetics", 0.0, 0.0)]
)
def test_recipes_bring_their_drop_path(recipe, local, extractor):
    model = uniformerv2_tiny(recipe=recipe).transformer
    assert model.resblocks[-1].drop_path.probability == pytest.approx(local)
    assert model.dec[-1].drop_path.probability == pytest.approx(extractor)
    chosen = uniformerv2_tiny(recipe=recipe, drop_path_rate=0.1).transformer
    assert chosen.dec[-1].drop_path.probability == pytest.approx(0.1)


def test_layer_norm_computes_in_float32():
    norm = LayerNorm(64)
    # A large mean and a small spread: squares of bfloat16 numbers would not resolve it.
    x = (100 + clips(3, 64)).bfloat16()
    expected = nn.functional.layer_norm(x.float(), (64,))
    assert norm(x).dtype == torch.bfloat16
    torch.testing.assert_close(norm(x), expected.bfloat16(), rtol=0, atol=0)


@pytest.mark.parametrize("training", [True, False])
def test_autocast_stays_near_float32(training):
    model, clip = small().train(training), clips(2, 3, 4, 32, 32)
    expected = model(clip)
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(clip)
    logits.float().sum().backward()
    assert (logits - expected).abs().max() < 0.1 * expected.abs().max()


@pytest.mark.parametrize("training", [True, False])
def test_bfloat16_weights_stay_near_float32(training):
    model, clip = small().train(training), clips(2, 3, 4, 32, 32)
    expected = model(clip)
    logits = model.bfloat16()(clip.bfloat16())
    assert logits.dtype == torch.bfloat16
    assert (logits - expected).abs().max() < 0.1 * expected.abs().max()


@pytest.mark.parametrize(
    "shape", [(3, 4, 32, 32), (1, 1, 4, 32, 32), (1, 3, 5, 32, 32), (1, 3, 4, 32, 48)]
)
def test_another_clip_is_refused(shape):
    with pytest.raises(ValueError, match=r"expected \(B, 3, 4, 32, 32\).*4 frames at 32x32 px"):
        small()(torch.zeros(shape))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": 5}, "width 24 cannot be divided among 5 heads"),
        ({"return_list": (1, 3)}, r"return_list: expected blocks out of 0\.\.2"),
        ({"return_list": (1, 1)}, "return_list"),
        ({"mlp_dropout": (0.5,)}, "mlp_dropout: expected 2 numbers or one, got 1"),
        ({"act": "relu"}, "act: expected 'quickgelu' or 'gelu', got 'relu'"),
    ],
)
def test_contradicting_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)


def test_unknown_recipe_is_refused():
    with pytest.raises(ValueError, match="recipe: expected one of ssv2, kinetics, got 'k400'"):
        uniformerv2_tiny(recipe="k400")


def test_wide_clips():
    model = small(image_size=(32, 64)).eval()
    assert model.grid == (2, 4)
    assert model(clips(1, 3, 4, 32, 64)).shape == (1, 5)


def test_resized_positions():
    rows, columns = torch.meshgrid(torch.arange(6.0), torch.arange(6.0), indexing="ij")
    ramp = torch.stack([rows, columns], dim=-1).reshape(36, 2)
    table = torch.cat([torch.tensor([[-1.0, -2.0]]), ramp])
    assert torch.equal(resize_positions(table, (6, 6)), table)
    wide = resize_positions(table, (6, 12))
    assert wide.shape == (73, 2)
    assert torch.equal(wide[0], table[0])
    inner = wide[1:].reshape(6, 12, 2)[:, 4:8]
    torch.testing.assert_close(inner[..., 0], rows[:, :4], rtol=0, atol=1e-5)
    expected = torch.tensor([1.75, 2.25, 2.75, 3.25]).expand(6, 4)  # pixel centres
    torch.testing.assert_close(inner[..., 1], expected, rtol=0, atol=0.05)
    back = resize_positions(wide, (6, 6), source_grid=(6, 12))
    assert back.shape == table.shape


def test_positions_that_are_no_square_are_refused():
    with pytest.raises(ValueError, match="source_grid"):
        resize_positions(torch.zeros(1 + 24, 8), (4, 4))
