"""A DINO-DETR of the size that a state dict tells, for golden files of any size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from models.dino import Dino, ResNet, SwinTransformer


def network_for(
    state: Mapping[str, Tensor],
    *,
    num_heads: int,
    head_eps: float,
    position_temperature: float = 20.0,
    position_offset: float = 0.0,
) -> Dino:
    """The network that a state dict with official keys fits, with the state loaded, in eval mode.

    Args:
        state: Complete, under all official names.
        num_heads: Attention heads of the transformer, which no shape tells.
        head_eps: Of the heads' inverse sigmoid.
        position_temperature: Of the map positions.
        position_offset: Of the map positions.
    """
    level_embed = state["transformer.level_embed"]
    num_levels, dim = level_embed.shape
    decoder_layers = _count(state, r"transformer\.decoder\.layers\.(\d+)\.")
    cross = "transformer.decoder.layers.0."
    samples = len(state[f"{cross}cross_attn.attention_weights.bias"])
    trunk_levels = sum(
        value.shape[-1] == 1
        for key, value in state.items()
        if re.fullmatch(r"input_proj\.\d+\.0\.weight", key)
    )
    network = Dino(
        _trunk_for(state, out_stages=range(4 - trunk_levels, 4)),
        num_classes=len(state["transformer.enc_out_class_embed.bias"]),
        num_levels=num_levels,
        num_queries=len(state["transformer.tgt_embed.weight"]),
        dim=dim,
        num_heads=num_heads,
        num_points=samples // (num_heads * num_levels),
        feedforward_dim=len(state[f"{cross}linear1.bias"]),
        encoder_layers=_count(state, r"transformer\.encoder\.layers\.(\d+)\."),
        decoder_layers=decoder_layers,
        shared_heads=_heads_are_shared(state, decoder_layers),
        head_eps=head_eps,
        position_temperature=position_temperature,
        position_offset=position_offset,
        num_labels=len(state["label_enc.weight"]),
    )
    network.load_state_dict(dict(state), strict=True)
    return network.eval()


def _trunk_for(state: Mapping[str, Tensor], out_stages: Iterable[int]) -> ResNet | SwinTransformer:
    if "backbone.0.body.conv1.weight" in state:
        body = r"backbone\.0\.body\.layer"
        return ResNet(
            blocks=[_count(state, rf"{body}{stage}\.(\d+)\.") for stage in range(1, 5)],
            width=len(state["backbone.0.body.conv1.weight"]),
            out_stages=tuple(out_stages),
        )
    layer = r"backbone\.0\.layers\."
    stages = range(_count(state, rf"{layer}(\d+)\."))
    first = "blocks.0.attn.relative_position_bias_table"
    tables = [state[f"backbone.0.layers.{stage}.{first}"] for stage in stages]
    side = round(len(tables[0]) ** 0.5)  # 2 * window - 1
    return SwinTransformer(
        dim=len(state["backbone.0.patch_embed.proj.bias"]),
        depths=[_count(state, rf"{layer}{stage}\.blocks\.(\d+)\.") for stage in stages],
        num_heads=[table.shape[1] for table in tables],
        window=(side + 1) // 2,
        out_stages=tuple(out_stages),
    )


def _heads_are_shared(state: Mapping[str, Tensor], decoder_layers: int) -> bool:
    first = {
        key: value for key, value in state.items() if re.match(r"(class|bbox)_embed\.0\.", key)
    }
    return all(
        torch.equal(value, state[key.replace("_embed.0.", f"_embed.{layer}.")])
        for key, value in first.items()
        for layer in range(1, decoder_layers)
    )


def _count(state: Iterable[str], pattern: str) -> int:
    found = (re.match(pattern, key) for key in state)
    return 1 + max((int(parts[1]) for parts in found if parts), default=-1)
