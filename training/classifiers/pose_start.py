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
from models.weights import WeightsError, under_our_names
from pipeline.errors import ConfigError

_STEM = "backbone.patch_embed."
_BLOCK = "backbone.blocks."


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
        state = under_our_names(state, source="start_from_pose")
        if "patch_embed.positions" in state:
            state, pose_grid = _as_pose(state, network), cast(UMT, network).grid[-2:]
        if isinstance(network, UMT):
            _start_umt(network, state, pose_grid)
        else:
            _start_uniformerv2(cast(UniFormerV2, network), state, pose_grid, pictures)
    except (KeyError, RuntimeError, ConfigError, WeightsError) as error:
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
        "backbone.pos_embed": torch.cat([torch.zeros_like(table[:, :1]), table], dim=1),
    }
    depth = 1 + max(int(key.split(".")[1]) for key in state if key.startswith("blocks."))
    for index in range(depth):
        block, ours = _below(state, f"blocks.{index}."), f"{_BLOCK}{index}."
        biases = block.pop("attn.q_bias"), block.pop("attn.v_bias")
        result |= {f"{ours}{name}": value for name, value in block.items()}
        result[f"{ours}attn.qkv.bias"] = torch.cat(
            [biases[0], torch.zeros_like(biases[0]), biases[1]]
        )
    return result


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
        known = _below(state, f"{_BLOCK}{index}.")
        # A bias on the keys moves all logits of a query alike, which softmax does not see.
        q_bias, _, v_bias = known.pop("attn.qkv.bias").chunk(3)
        block.load_state_dict({**known, "attn.q_bias": q_bias, "attn.v_bias": v_bias})


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
        theirs = _below(state, f"{_BLOCK}{index}.")
        known = {
            "attn.in_proj_weight": theirs["attn.qkv.weight"],
            "attn.in_proj_bias": theirs["attn.qkv.bias"],
            **_renamed(theirs, _UNIFORMERV2_NAMES),
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


_UNIFORMERV2_NAMES = {
    "norm1": "ln_1",
    "norm2": "ln_2",
    "attn.proj": "attn.out_proj",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}


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
    table = state["backbone.pos_embed"].float()
    image = rearrange(table[:, 1:] + table[:, :1], "1 (h w) c -> 1 c h w", h=grid[0])
    if grid != wanted:
        image = F.interpolate(image, wanted, mode="bicubic", align_corners=False)
    return rearrange(image, "1 c h w -> 1 (h w) c")
