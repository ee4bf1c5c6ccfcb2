"""Published ViTPose files -> the keys of `models.vitpose.ViTPose`.

Three layouts: `official` (ViTAE-Transformer/ViTPose), `mmpose` (mmpose 1.x, whose backbone is
mmpretrain's) and `hub` (`transformers`; ours as it stands). They differ in names, in the joint qkv
matrix, and in row 0 of the position table: the official network and ours add it to every patch,
mmpose's has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

import torch
from torch import Tensor

from models.layouts.base import Converted

Layout = Literal["official", "mmpose", "hub"]

_POSITIONS = "backbone.embeddings.position_embeddings"
_LAYER = "backbone.encoder.layer.*"
_DECONVOLUTIONS = {
    "deconv_layers.0": "head.deconv1",
    "deconv_layers.1": "head.batchnorm1",
    "deconv_layers.3": "head.deconv2",
    "deconv_layers.4": "head.batchnorm2",
    "final_layer": "head.conv",
}

# Their module -> ours. `*` is the block's number; {qkv} stands for query, key and value, the three
# equal row blocks of their joint matrix.
_MODULES: dict[Layout, dict[str, str]] = {
    "official": {
        "backbone.pos_embed": _POSITIONS,
        "backbone.patch_embed.proj": "backbone.embeddings.patch_embeddings.projection",
        "backbone.blocks.*.norm1": f"{_LAYER}.layernorm_before",
        "backbone.blocks.*.attn.qkv": f"{_LAYER}.attention.attention.{{qkv}}",
        "backbone.blocks.*.attn.proj": f"{_LAYER}.attention.output.dense",
        "backbone.blocks.*.norm2": f"{_LAYER}.layernorm_after",
        "backbone.blocks.*.mlp.fc1": f"{_LAYER}.mlp.fc1",
        "backbone.blocks.*.mlp.fc2": f"{_LAYER}.mlp.fc2",
        "backbone.last_norm": "backbone.layernorm",
        **{f"keypoint_head.{theirs}": ours for theirs, ours in _DECONVOLUTIONS.items()},
    },
    "mmpose": {
        "backbone.pos_embed": _POSITIONS,
        "backbone.patch_embed.projection": "backbone.embeddings.patch_embeddings.projection",
        "backbone.layers.*.ln1": f"{_LAYER}.layernorm_before",
        "backbone.layers.*.attn.qkv": f"{_LAYER}.attention.attention.{{qkv}}",
        "backbone.layers.*.attn.proj": f"{_LAYER}.attention.output.dense",
        "backbone.layers.*.ln2": f"{_LAYER}.layernorm_after",
        "backbone.layers.*.ffn.layers.0.0": f"{_LAYER}.mlp.fc1",
        "backbone.layers.*.ffn.layers.1": f"{_LAYER}.mlp.fc2",
        "backbone.ln1": "backbone.layernorm",
        **{f"head.{theirs}": ours for theirs, ours in _DECONVOLUTIONS.items()},
    },
}

# Two keys that tell a layout from the others and from other families.
_SIGNATURES: dict[Layout, tuple[str, str]] = {
    "official": ("backbone.pos_embed", "keypoint_head.final_layer.weight"),
    "mmpose": ("backbone.pos_embed", "head.final_layer.weight"),
    "hub": (_POSITIONS, "head.conv.weight"),
}

# The class token feeds no heat map; the heads of the official multi-dataset files are not COCO's.
_UNUSED = re.compile(r"backbone\.cls_token|associate_keypoint_heads\..+")


def matches(keys: Iterable[str]) -> Layout | None:
    """Which ViTPose layout a state dict with these keys has; None when it has none of them."""
    present = set(keys)
    for layout, signature in _SIGNATURES.items():
        if present.issuperset(signature):
            return layout
    return None


def rename(key: str, layout: Layout) -> tuple[str, ...]:
    """Our names of one of their keys: one, three for a joint qkv, none for an unused one.

    Raises:
        ValueError: A key that the layout does not have.
    """
    if layout == "hub":
        return (key,)
    if _UNUSED.fullmatch(key):
        return ()
    block = re.match(r"backbone\.(?:blocks|layers)\.(\d+)\.", key)
    number = block[1] if block else ""
    starred = f"{key[: block.start(1)]}*{key[block.end(1) :]}" if block else key
    module, _, parameter = starred.rpartition(".")
    table = _MODULES[layout]
    if starred in table:  # the position table: a parameter, not a module
        return (table[starred],)
    if module not in table:
        raise ValueError(f"{key}: no key of the {layout} ViTPose layout")
    ours = f"{table[module]}.{parameter}".replace("*", number)
    if "{qkv}" in ours:
        return tuple(ours.format(qkv=part) for part in ("query", "key", "value"))
    return (ours,)


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
    renamed: dict[str, Tensor] = {}
    for key, value in state.items():
        names = rename(key, layout)
        parts = value.chunk(len(names)) if len(names) > 1 else (value,) * len(names)
        renamed.update(zip(names, parts, strict=True))
    dropped = tuple(key for key in state if not rename(key, layout))
    if layout != "mmpose":
        return Converted(renamed, dropped)
    renamed[_POSITIONS], note = _zero_first_row(renamed[_POSITIONS], num_patches)
    return Converted(renamed, dropped, (note,))


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
