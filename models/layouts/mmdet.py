"""mmdetection 3.x's DINO checkpoints (top-level key `state_dict`) under the official names.

Besides the names: mmdetection has a head a decoder layer, no bias in the input projections, its
decoder's norms in the order of their use, and Swin's merged patches in `unfold`'s order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

from models.layouts.base import Converted
from models.layouts.dino import complete_heads

SIGNATURE = {"level_embed", "query_embedding.weight", "memory_trans_fc.weight"}

_MERGED = re.compile(r"backbone\.stages\.\d+\.downsample\.(norm|reduction)\.(weight|bias)")
_UNFOLD_ORDER = (0, 2, 1, 3)
"""Place in `unfold`'s 2x2 window of each of the published order's four places."""

_PROJECTION = re.compile(r"input_proj\.\d+\.0\.weight")

_NAMES = [
    # Trunk: ResNet, Swin.
    (r"backbone\.((?:conv|bn)1|layer\d)\.", r"backbone.0.body.\1."),
    (r"backbone\.patch_embed\.projection\.", r"backbone.0.patch_embed.proj."),
    (r"backbone\.stages\.(\d+\.blocks\.\d+)\.attn\.w_msa\.", r"backbone.0.layers.\1.attn."),
    (
        r"backbone\.stages\.(\d+\.blocks\.\d+)\.ffn\.layers\.0\.0\.",
        r"backbone.0.layers.\1.mlp.fc1.",
    ),
    (r"backbone\.stages\.(\d+\.blocks\.\d+)\.ffn\.layers\.1\.", r"backbone.0.layers.\1.mlp.fc2."),
    (r"backbone\.stages\.", r"backbone.0.layers."),
    (r"backbone\.", r"backbone.0."),
    # Input projections; the strided ones are numbered on by `convert`.
    (r"neck\.convs\.(\d+)\.conv\.", r"input_proj.\1.0."),
    (r"neck\.convs\.(\d+)\.gn\.", r"input_proj.\1.1."),
    # Transformer.
    (r"level_embed", r"transformer.level_embed"),
    (r"query_embedding\.", r"transformer.tgt_embed."),
    (r"memory_trans_fc\.", r"transformer.enc_output."),
    (r"memory_trans_norm\.", r"transformer.enc_output_norm."),
    (
        r"(encoder|decoder)\.layers\.(\d+)\.ffn\.layers\.0\.0\.",
        r"transformer.\1.layers.\2.linear1.",
    ),
    (r"(encoder|decoder)\.layers\.(\d+)\.ffn\.layers\.1\.", r"transformer.\1.layers.\2.linear2."),
    (r"encoder\.layers\.(\d+)\.norms\.0\.", r"transformer.encoder.layers.\1.norm1."),
    (r"encoder\.layers\.(\d+)\.norms\.1\.", r"transformer.encoder.layers.\1.norm2."),
    (r"decoder\.layers\.(\d+)\.norms\.0\.", r"transformer.decoder.layers.\1.norm2."),
    (r"decoder\.layers\.(\d+)\.norms\.1\.", r"transformer.decoder.layers.\1.norm1."),
    (r"decoder\.layers\.(\d+)\.norms\.2\.", r"transformer.decoder.layers.\1.norm3."),
    (r"decoder\.layers\.(\d+)\.self_attn\.attn\.", r"transformer.decoder.layers.\1.self_attn."),
    (r"(encoder|decoder)\.", r"transformer.\1."),
    # Heads; the last of each kind, which the encoder uses, is renamed by `convert`.
    (r"bbox_head\.cls_branches\.(\d+)\.", r"class_embed.\1."),
    (r"bbox_head\.reg_branches\.(\d+)\.0\.", r"bbox_embed.\1.layers.0."),
    (r"bbox_head\.reg_branches\.(\d+)\.2\.", r"bbox_embed.\1.layers.1."),
    (r"bbox_head\.reg_branches\.(\d+)\.4\.", r"bbox_embed.\1.layers.2."),
    (r"dn_query_generator\.label_embedding\.", r"label_enc."),
]
"""Beginning of a key -> what stands there in the official layout; the first that fits counts."""


def matches(keys: Iterable[str]) -> bool:
    """Whether the keys are those of mmdetection's DINO."""
    return set(keys) >= SIGNATURE


def convert(state: Mapping[str, Tensor]) -> Converted:
    """Rename to the official keys, re-order Swin's merged patches, add the projections' biases.

    The result fits a network built with `shared_heads=False`; the numbers are mmdetection's with
    `head_eps=1e-5` (and the positions of the file's recipe, which no key tells).

    Raises:
        ValueError: Not an mmdetection DINO state dict, or a key that has no place in ours.
    """
    missing = sorted(SIGNATURE - set(state))
    if missing:
        raise ValueError(f"not an mmdetection DINO checkpoint: {', '.join(missing)} missing")
    names = official_names(state)
    renamed: dict[str, Tensor] = {}
    for key, name in names.items():
        value = state[key]
        renamed[name] = in_published_order(value) if _MERGED.fullmatch(key) else value
        if _PROJECTION.fullmatch(name):
            renamed[name.replace("weight", "bias")] = value.new_zeros(len(value))
    dropped = tuple(key for key in state if key not in names)
    notes = (
        "one head a decoder layer: build with shared_heads=False and head_eps=1e-5",
        "positions: temperature 20, offset 0; 10000 and -0.5 for the `improved` recipe",
    )
    return Converted(complete_heads(renamed), dropped=dropped, notes=notes)


def restore(state: Mapping[str, Tensor], like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The way back: a state dict of ours under mmdetection's names.

    Args:
        state: Of our network, with the numbers of mmdetection's.
        like: Of mmdetection's network of the same size; what ours has not is taken from it.

    Raises:
        ValueError: Mmdetection's network has no place for some of our numbers.
    """
    restored = dict(like)
    for key, name in official_names(like).items():
        value = state[name]
        restored[key] = in_unfold_order(value) if _MERGED.fullmatch(key) else value
        if _PROJECTION.fullmatch(name) and state[name.replace("weight", "bias")].any():
            raise ValueError(f"{key}: mmdetection has no bias here, but the checkpoint has")
    return restored


def official_names(keys: Iterable[str]) -> dict[str, str]:
    """Mmdetection's keys that carry weights -> the official ones.

    Raises:
        ValueError: A key has no place in DINO.
    """
    kept = [key for key in keys if not key.endswith(".num_batches_tracked")]
    trunk_levels = _count(kept, r"neck\.convs\.(\d+)\.")
    decoder_layers = _count(kept, r"decoder\.layers\.(\d+)\.")
    return {key: _official_name(key, trunk_levels, decoder_layers) for key in kept}


def in_published_order(merged: Tensor) -> Tensor:
    """Last axis of Swin's patch merging, 4C long: from `unfold`'s order to the published one.

    `unfold` counts channels outside and the four places inside; published is the other way round,
    with the places down before right.
    """
    by_place = merged.unflatten(-1, (-1, 4))[..., list(_UNFOLD_ORDER)]  # (..., C, 4)
    return by_place.transpose(-1, -2).flatten(-2)


def in_unfold_order(merged: Tensor) -> Tensor:
    """The inverse of `in_published_order`."""
    by_place = merged.unflatten(-1, (4, -1)).transpose(-1, -2)  # (..., C, 4)
    return by_place[..., list(_UNFOLD_ORDER)].flatten(-2)  # the order is its own inverse


def _count(state: Iterable[str], pattern: str) -> int:
    found = (re.match(pattern, key) for key in state)
    return 1 + max((int(parts[1]) for parts in found if parts), default=-1)


def _official_name(key: str, trunk_levels: int, decoder_layers: int) -> str:
    extra = re.match(r"neck\.extra_convs\.(\d+)\.", key)
    if extra:
        key = f"neck.convs.{trunk_levels + int(extra[1])}.{key[extra.end() :]}"
    for pattern, replacement in _NAMES:
        name, found = re.subn(f"^{pattern}", replacement, key)
        if found:
            break
    else:
        raise ValueError(f"{key} has no place in DINO; is this an mmdetection DINO checkpoint?")
    for kind in ("class_embed", "bbox_embed"):
        encoder_head = f"{kind}.{decoder_layers}."
        if name.startswith(encoder_head):
            return f"transformer.enc_out_{kind}.{name.removeprefix(encoder_head)}"
    return name
