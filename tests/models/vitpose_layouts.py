"""A small ViTPose of noise, and its state dict under the published names.

The names are written out here a second time, from the published files, so that the tables of
`models.layouts.vitpose` have something to be tested against.
"""

from __future__ import annotations

import re
from typing import Literal

import torch
from torch import Tensor

from models.vitpose import ViTPose

POSITIONS = "backbone.embeddings.position_embeddings"

NAMES = {
    "official": {
        "block": "backbone.blocks.{i}",
        "norms": ("norm1", "norm2"),
        "mlp": ("mlp.fc1", "mlp.fc2"),
        "patch": "backbone.patch_embed.proj",
        "last": "backbone.last_norm",
        "head": "keypoint_head",
    },
    "mmpose": {
        "block": "backbone.layers.{i}",
        "norms": ("ln1", "ln2"),
        "mlp": ("ffn.layers.0.0", "ffn.layers.1"),
        "patch": "backbone.patch_embed.projection",
        "last": "backbone.ln1",
        "head": "head",
    },
}


def small_vitpose(**changes) -> ViTPose:
    """A network of a few thousand parameters (classic head: a million)."""
    sizes = {"dim": 16, "depth": 2, "num_heads": 2, "image_size": (64, 48)}
    return ViTPose(**{**sizes, **changes}).eval()


def noisy_vitpose(*, seed: int = 0, **changes) -> ViTPose:
    """The small network with noise in every tensor that has values, rounded to halves."""
    generator = torch.Generator().manual_seed(seed)
    network = small_vitpose(**changes)
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            noise = 0.1 * torch.randn(value.shape, generator=generator)
            around_one = "norm" in name and name.endswith(("weight", "running_var"))
            value.copy_((around_one + noise).half())
    return network


def as_layout(state: dict[str, Tensor], layout: Literal["official", "mmpose"]) -> dict[str, Tensor]:
    """Our state dict under published names; the position table as it is."""
    names = NAMES[layout]
    theirs = {"backbone.pos_embed": state[POSITIONS]}
    for key, value in state.items():
        if "attention.attention" in key or key == POSITIONS:
            continue
        theirs[_published_name(key, names)] = value
    depth = 1 + max(int(re.search(r"layer\.(\d+)", key)[1]) for key in state if "layer." in key)
    for i in range(depth):
        for kind in ("weight", "bias"):
            ours = f"backbone.encoder.layer.{i}.attention.attention"
            parts = [state[f"{ours}.{part}.{kind}"] for part in ("query", "key", "value")]
            theirs[f"{names['block'].format(i=i)}.attn.qkv.{kind}"] = torch.cat(parts)
    return theirs


def _published_name(key: str, names: dict) -> str:
    module, kind = key.rsplit(".", 1)
    in_block = re.fullmatch(r"backbone\.encoder\.layer\.(\d+)\.(.+)", module)
    if in_block:
        part = {
            "attention.output.dense": "attn.proj",
            "layernorm_before": names["norms"][0],
            "layernorm_after": names["norms"][1],
            "mlp.fc1": names["mlp"][0],
            "mlp.fc2": names["mlp"][1],
        }[in_block[2]]
        return f"{names['block'].format(i=in_block[1])}.{part}.{kind}"
    part = {
        "backbone.embeddings.patch_embeddings.projection": names["patch"],
        "backbone.layernorm": names["last"],
        "head.deconv1": f"{names['head']}.deconv_layers.0",
        "head.batchnorm1": f"{names['head']}.deconv_layers.1",
        "head.deconv2": f"{names['head']}.deconv_layers.3",
        "head.batchnorm2": f"{names['head']}.deconv_layers.4",
        "head.conv": f"{names['head']}.final_layer",
    }[module]
    return f"{part}.{kind}"
