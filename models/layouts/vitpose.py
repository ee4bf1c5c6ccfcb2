"""Published ViTPose files -> the keys of `models.vitpose.ViTPose`.

Three layouts: `official` (ViTAE-Transformer/ViTPose; ours), `mmpose` (mmpose 1.x, whose backbone is
mmpretrain's) and `hub` (`transformers`; also that of the weights shipped with Rinkside). They
differ in names, in the qkv matrix, which `hub` keeps in three, and in row 0 of the position table:
the official network adds it to every patch, mmpose's has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

import torch
from torch import Tensor

from models.layouts.base import Converted

Layout = Literal["official", "mmpose", "hub"]

_POSITIONS = "backbone.pos_embed"
_BLOCK = "backbone.blocks.*"
_LAYER = "backbone.encoder.layer.*"
_STEM = "backbone.embeddings.patch_embeddings.layers.*"
_DECONVOLUTIONS = ("deconv_layers.0", "deconv_layers.1", "deconv_layers.3", "deconv_layers.4")
_QKV = ("query", "key", "value")
"""The three equal row blocks of the joint matrix."""

# Their module -> ours. `*` is the block's number.
_MODULES: dict[Layout, dict[str, str]] = {
    "hub": {
        "backbone.embeddings.position_embeddings": _POSITIONS,
        "backbone.embeddings.patch_embeddings.projection": "backbone.patch_embed.proj",
        _STEM: "backbone.patch_embed.layers.*",
        f"{_LAYER}.layernorm_before": f"{_BLOCK}.norm1",
        **{f"{_LAYER}.attention.attention.{part}": f"{_BLOCK}.attn.qkv" for part in _QKV},
        f"{_LAYER}.attention.output.dense": f"{_BLOCK}.attn.proj",
        f"{_LAYER}.layernorm_after": f"{_BLOCK}.norm2",
        f"{_LAYER}.mlp.fc1": f"{_BLOCK}.mlp.fc1",
        f"{_LAYER}.mlp.fc2": f"{_BLOCK}.mlp.fc2",
        "backbone.layernorm": "backbone.last_norm",
        **{
            f"head.{theirs}": f"keypoint_head.{ours}"
            for theirs, ours in zip(
                ("deconv1", "batchnorm1", "deconv2", "batchnorm2"), _DECONVOLUTIONS, strict=True
            )
        },
        "head.conv": "keypoint_head.final_layer",
    },
    "mmpose": {
        "backbone.pos_embed": _POSITIONS,
        "backbone.patch_embed.projection": "backbone.patch_embed.proj",
        "backbone.layers.*.ln1": f"{_BLOCK}.norm1",
        "backbone.layers.*.attn.qkv": f"{_BLOCK}.attn.qkv",
        "backbone.layers.*.attn.proj": f"{_BLOCK}.attn.proj",
        "backbone.layers.*.ln2": f"{_BLOCK}.norm2",
        "backbone.layers.*.ffn.layers.0.0": f"{_BLOCK}.mlp.fc1",
        "backbone.layers.*.ffn.layers.1": f"{_BLOCK}.mlp.fc2",
        "backbone.ln1": "backbone.last_norm",
        **{f"head.{name}": f"keypoint_head.{name}" for name in (*_DECONVOLUTIONS, "final_layer")},
    },
}

# Two keys that tell a layout from the others and from other families.
_SIGNATURES: dict[Layout, tuple[str, str]] = {
    "official": ("backbone.pos_embed", "keypoint_head.final_layer.weight"),
    "mmpose": ("backbone.pos_embed", "head.final_layer.weight"),
    "hub": ("backbone.embeddings.position_embeddings", "head.conv.weight"),
}

# The class token feeds no heat map; the heads of the official multi-dataset files are not COCO's.
_UNUSED = re.compile(r"backbone\.cls_token|associate_keypoint_heads\..+")
_NUMBERED = re.compile(
    r"backbone\.(?:layers|encoder\.layer|embeddings\.patch_embeddings\.layers)\.(\d+)\."
)


def matches(keys: Iterable[str]) -> Layout | None:
    """Which ViTPose layout a state dict with these keys has; None when it has none of them."""
    present = set(keys)
    for layout, signature in _SIGNATURES.items():
        if present.issuperset(signature):
            return layout
    return None


def rename(key: str, layout: Layout) -> str | None:
    """Our name of one of their keys, which `hub`'s query, key and value share; None: unused.

    Raises:
        ValueError: A key that the layout does not have.
    """
    if _UNUSED.fullmatch(key):
        return None
    if layout == "official":
        return key
    numbered = _NUMBERED.match(key)
    number = numbered[1] if numbered else ""
    starred = f"{key[: numbered.start(1)]}*{key[numbered.end(1) :]}" if numbered else key
    table = _MODULES[layout]
    if starred in table and not numbered:  # the position table: a parameter, not a module
        return table[starred]
    module, _, parameter = starred.rpartition(".")
    if module not in table:
        raise ValueError(f"{key}: no key of the {layout} ViTPose layout")
    return f"{table[module]}.{parameter}".replace("*", number)


def convert(state: Mapping[str, Tensor], *, num_patches: int = 192) -> Converted:
    """Rename a published ViTPose state dict, whichever of the three layouts it has.

    Args:
        state: Names and tensors, on any device (meta too), outer keys such as `state_dict` and
            prefixes such as `module.` taken off.
        num_patches: Patches in a crop: 192 for 256x192 pixels, the size of all published files.

    Raises:
        ValueError: None of the layouts, a key they do not have, or a position table that does not
            fit; also ViTPose++ files, whose mixture of experts this network does not have.
    """
    layout = matches(state)
    if layout is None:
        expected = "; ".join(f"{name}: {', '.join(keys)}" for name, keys in _SIGNATURES.items())
        raise ValueError(f"not a ViTPose state dict; expected the keys of one layout ({expected})")
    experts = next((key for key in state if ".mlp.experts." in key), None)
    if experts is not None:
        raise ValueError(f"{experts}: ViTPose++ (mixture of experts) is not supported; use ViTPose")
    dropped = tuple(key for key in state if rename(key, layout) is None)
    renamed = _renamed(state, layout)
    if layout != "mmpose":
        return Converted(renamed, dropped)
    renamed[_POSITIONS], note = _zero_first_row(renamed[_POSITIONS], num_patches)
    return Converted(renamed, dropped, (note,))


def _renamed(state: Mapping[str, Tensor], layout: Layout) -> dict[str, Tensor]:
    """Under our names, the three parts of qkv put together."""
    renamed: dict[str, Tensor] = {}
    for key, value in state.items():
        ours = rename(key, layout)
        if ours is None or ours in renamed:
            continue
        part = next((part for part in _QKV if f".attention.attention.{part}." in key), None)
        if layout != "hub" or part is None:
            renamed[ours] = value
            continue
        keys = [key.replace(f".{part}.", f".{other}.") for other in _QKV]
        absent = [key for key in keys if key not in state]
        if absent:
            raise ValueError(f"{absent[0]} is missing")
        renamed[ours] = torch.cat([state[key] for key in keys])
    return renamed


def _zero_first_row(table: Tensor, num_patches: int) -> tuple[Tensor, str]:
    """A position table of mmpose, `(1, N, C)` or `(1, 1 + N, C)`, with zeros as row 0."""
    rows = table.shape[1]
    if rows not in (num_patches, num_patches + 1):
        raise ValueError(
            f"backbone.pos_embed has {rows} rows, expected {num_patches} or {num_patches + 1}"
        )
    zeros = torch.zeros_like(table[:, :1])
    if rows == num_patches:
        return torch.cat((zeros, table), dim=1), "position table: a zero row was put in front"
    # Files of older versions keep the class token's row, which the patches never saw.
    note = "position table: the class token's row was replaced by zeros"
    return torch.cat((zeros, table[:, 1:]), dim=1), note
