"""A pose network's stem and blocks as the start of a small video network.

The published networks start from large pre-trained ones. The demo's video networks are small and
have nothing but the rink; what is learned there first, on pictures, is where the limbs are. Stem
and blocks of `vitpose_tiny` fit `umt_stem` and `uniformerv2_stem` as they are: a plain ViT's
attention within a frame is theirs, applied to more frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from models.umt.network import UMT, StemEmbed
from models.uniformerv2 import UniFormerV2
from models.uniformerv2.network import StemConv
from pipeline.errors import ConfigError

_STEM = "backbone.embeddings.patch_embeddings."
_LAYER = "backbone.encoder.layer."


@torch.no_grad()
def start_from_pose(
    network: nn.Module,
    state: Mapping[str, Tensor],
    *,
    pose_grid: tuple[int, int],
    pictures: Tensor,
) -> None:
    """Put a pose network's weights into a fresh video network with a stem.

    Args:
        network: `umt_stem_*` or `uniformerv2_stem_*`.
        state: Of a `ViTPose` of the same sizes.
        pose_grid: Rows and columns of its patches.
        pictures: Some frames, normalised `(N, 3, S, S)`.

    Raises:
        ConfigError: The sizes differ, or the network has no such stem.
    """
    try:
        if "patch_embed.positions" in state:
            state, pose_grid = _as_pose(state, network), cast(UMT, network).grid[-2:]
        if isinstance(network, UMT):
            _start_umt(network, state, pose_grid)
        else:
            _start_uniformerv2(cast(UniFormerV2, network), state, pose_grid, pictures)
    except (KeyError, RuntimeError, ConfigError) as error:
        raise ConfigError(
            f"start_from_pose: the pose network's weights do not fit ({error}); choose an "
            "umt_stem or uniformerv2_stem builder and a vitpose_tiny checkpoint"
        ) from error


def _as_pose(state: Mapping[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """An `umt_stem`'s weights under a pose network's names.

    The demo's first network that saw whole clips is the better start of the second kind.
    """
    patches = state["patch_embed.positions"].shape[1]
    fixed = state["pos_embed"].unflatten(1, (-1, patches)).mean(dim=1)
    table = state["patch_embed.positions"] + fixed
    side = round(patches**0.5)
    rows = cast(UniFormerV2, network).grid
    if (side, side) != tuple(rows):
        raise ConfigError(f"its pictures have {side}x{side} patches, the network's {rows}")
    result = {
        **{f"{_STEM}{k}": v for k, v in _below(state, "patch_embed.stem.").items()},
        "backbone.embeddings.position_embeddings": torch.cat(
            [torch.zeros_like(table[:, :1]), table], dim=1
        ),
    }
    depth = 1 + max(int(key.split(".")[1]) for key in state if key.startswith("blocks."))
    for index in range(depth):
        block, layer = _below(state, f"blocks.{index}."), f"{_LAYER}{index}."
        biases = (
            block["attn.q_bias"],
            torch.zeros_like(block["attn.q_bias"]),
            block["attn.v_bias"],
        )
        for name, weight, bias in zip(_QKV, block["attn.qkv.weight"].chunk(3), biases, strict=True):
            result[f"{layer}attention.attention.{name}.weight"] = weight
            result[f"{layer}attention.attention.{name}.bias"] = bias
        for ours, theirs in _UMT_NAMES.items():
            for kind in ("weight", "bias"):
                result[f"{layer}{theirs}.{kind}"] = block[f"{ours}.{kind}"]
    return result


_UMT_NAMES = {
    "norm1": "layernorm_before",
    "norm2": "layernorm_after",
    "attn.proj": "attention.output.dense",
    "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2",
}


def _no_stem() -> ConfigError:
    return ConfigError("the network has no convolutional stem")


def _start_umt(network: UMT, state: Mapping[str, Tensor], grid: tuple[int, int]) -> None:
    embed = network.patch_embed
    if not isinstance(embed, StemEmbed):
        raise _no_stem()
    embed.stem.load_state_dict(_below(state, _STEM))
    # The fixed table varies over time around its mean, which the learned one has to make up for.
    fixed = network.pos_embed.unflatten(1, (network.grid[0], -1)).mean(dim=1)
    embed.positions.copy_(_positions(state, grid, network.grid[1:]) - fixed)
    for index, block in enumerate(network.blocks):
        layer = _below(state, f"{_LAYER}{index}.")
        q, k, v = (_below(layer, f"attention.attention.{name}.") for name in _QKV)
        # A bias on the keys moves all logits of a query alike, which softmax does not see.
        block.load_state_dict(
            {
                **_common(layer, "norm1", "norm2"),
                "attn.qkv.weight": torch.cat([part["weight"] for part in (q, k, v)]),
                "attn.q_bias": q["bias"],
                "attn.v_bias": v["bias"],
                "attn.proj.weight": layer["attention.output.dense.weight"],
                "attn.proj.bias": layer["attention.output.dense.bias"],
                **_renamed(layer, {"mlp.fc1": "mlp.fc1", "mlp.fc2": "mlp.fc2"}),
            }
        )


def _start_uniformerv2(
    network: UniFormerV2, state: Mapping[str, Tensor], grid: tuple[int, int], pictures: Tensor
) -> None:
    if not isinstance(network.conv1, StemConv):
        raise _no_stem()
    network.conv1.stem.load_state_dict(_below(state, _STEM))
    positions = _positions(state, grid, network.grid)
    network.positional_embedding[1:] = positions[0]
    network.positional_embedding[0] = 0.0
    for index, block in enumerate(network.transformer.resblocks):
        layer = _below(state, f"{_LAYER}{index}.")
        q, k, v = (_below(layer, f"attention.attention.{name}.") for name in _QKV)
        known = {
            **_common(layer, "ln_1", "ln_2"),
            "attn.in_proj_weight": torch.cat([part["weight"] for part in (q, k, v)]),
            "attn.in_proj_bias": torch.cat([part["bias"] for part in (q, k, v)]),
            "attn.out_proj.weight": layer["attention.output.dense.weight"],
            "attn.out_proj.bias": layer["attention.output.dense.bias"],
            **_renamed(layer, {"mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}),
        }
        fresh = block.state_dict()
        if not known.keys() <= fresh.keys():
            raise ConfigError(f"no {sorted(known.keys() - fresh.keys())[0]} in the network")
        block.load_state_dict({**fresh, **known})
    _open_norm(network, positions, pictures)


def _open_norm(network: UniFormerV2, positions: Tensor, pictures: Tensor) -> None:
    """The norm before the blocks, which a pose network lacks, changes next to nothing."""
    stem = cast(StemConv, network.conv1).stem.eval()
    tokens = stem(pictures) + positions
    stem.train()
    network.ln_pre.weight.fill_(float(tokens.std(dim=-1).mean()))
    network.ln_pre.bias.fill_(float(tokens.mean()))


_QKV = ("query", "key", "value")


def _common(layer: Mapping[str, Tensor], first: str, second: str) -> dict[str, Tensor]:
    return _renamed(layer, {"layernorm_before": first, "layernorm_after": second})


def _renamed(layer: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    return {
        f"{new}.{kind}": layer[f"{old}.{kind}"]
        for old, new in names.items()
        for kind in ("weight", "bias")
    }


def _below(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)}


def _positions(
    state: Mapping[str, Tensor], grid: tuple[int, int], wanted: tuple[int, int]
) -> Tensor:
    """The pose network's table, the class token's row added as it does, `(1, h w, C)`."""
    table = state["backbone.embeddings.position_embeddings"].float()
    image = rearrange(table[:, 1:] + table[:, :1], "1 (h w) c -> 1 c h w", h=grid[0])
    if grid != wanted:
        image = F.interpolate(image, wanted, mode="bicubic", align_corners=False)
    return rearrange(image, "1 c h w -> 1 (h w) c")
