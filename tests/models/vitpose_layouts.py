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

HEAD = ("deconv_layers.0", "deconv_layers.1", "deconv_layers.3", "deconv_layers.4", "final_layer")
POSITIONS = "backbone.pos_embed"

NAMES = {
    "hub": {
        "block": "backbone.encoder.layer.{i}",
        "norms": ("layernorm_before", "layernorm_after"),
        "mlp": ("mlp.fc1", "mlp.fc2"),
        "attention": "attention.output.dense",
        "patch": "backbone.embeddings.patch_embeddings.projection",
        "stem": "backbone.embeddings.patch_embeddings.layers",
        "positions": "backbone.embeddings.position_embeddings",
        "last": "backbone.layernorm",
        "head": ("head.deconv1", "head.batchnorm1", "head.deconv2", "head.batchnorm2", "head.conv"),
    },
    "mmpose": {
        "block": "backbone.layers.{i}",
        "norms": ("ln1", "ln2"),
        "mlp": ("ffn.layers.0.0", "ffn.layers.1"),
        "attention": "attn.proj",
        "patch": "backbone.patch_embed.projection",
        "positions": "backbone.pos_embed",
        "last": "backbone.ln1",
        "head": tuple(f"head.{name}" for name in HEAD),
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
            norm = "norm" in name or "deconv_layers.1." in name or "deconv_layers.4." in name
            around_one = norm and name.endswith(("weight", "running_var"))
            value.copy_((around_one + noise).half())
    return network


def as_layout(
    state: dict[str, Tensor], layout: Literal["official", "mmpose", "hub"]
) -> dict[str, Tensor]:
    """Our state dict under published names; the position table as it is."""
    if layout == "official":
        return dict(state)
    theirs = {}
    for key, value in state.items():
        name = _published_name(key, NAMES[layout])
        if layout == "hub" and ".attn.qkv." in name:
            for part, rows in zip(("query", "key", "value"), value.chunk(3), strict=True):
                split = name.replace(".attn.qkv.", f".attention.attention.{part}.")
                theirs[split] = rows.clone()
        else:
            theirs[name] = value
    return theirs


def _published_name(key: str, names: dict) -> str:
    if key == POSITIONS:
        return names["positions"]
    module, kind = key.rsplit(".", 1)
    in_block = re.fullmatch(r"backbone\.blocks\.(\d+)\.(.+)", module)
    if in_block:
        part = {
            "attn.qkv": "attn.qkv",
            "attn.proj": names["attention"],
            "norm1": names["norms"][0],
            "norm2": names["norms"][1],
            "mlp.fc1": names["mlp"][0],
            "mlp.fc2": names["mlp"][1],
        }[in_block[2]]
        return f"{names['block'].format(i=in_block[1])}.{part}.{kind}"
    if module.startswith("backbone.patch_embed.layers."):
        return key.replace("backbone.patch_embed.layers", names["stem"])
    part = {
        "backbone.patch_embed.proj": names["patch"],
        "backbone.last_norm": names["last"],
        **{
            f"keypoint_head.{ours}": theirs
            for ours, theirs in zip(HEAD, names["head"], strict=True)
        },
    }[module]
    return f"{part}.{kind}"
