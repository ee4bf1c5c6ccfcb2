"""The official DINO-DETR checkpoints (github.com/IDEA-Research/DINO; top-level key `model`).

Our keys are the official ones. A decoder's heads have several names there (`class_embed.i`,
`transformer.decoder.class_embed.i`, the same for `bbox_embed`), and a safetensors file holds a
tensor once: names that are missing are completed from the ones that are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

from models.layouts.base import Converted

SIGNATURE = {"transformer.level_embed", "transformer.tgt_embed.weight", "label_enc.weight"}
HEAD = re.compile(r"(?:transformer\.decoder\.)?(class_embed|bbox_embed)\.(\d+)\.(.+)")


def matches(keys: Iterable[str]) -> bool:
    """Whether the keys are those of an official checkpoint (or of ours)."""
    return set(keys) >= SIGNATURE


def convert(state: Mapping[str, Tensor]) -> Converted:
    """Keep the keys and complete the names of the heads.

    Raises:
        ValueError: Not an official DINO state dict, or one without heads.
    """
    missing = sorted(SIGNATURE - set(state))
    if missing:
        raise ValueError(f"not an official DINO checkpoint: {', '.join(missing)} missing")
    completed = complete_heads(state)
    added = len(completed) - len(state)
    notes = (f"{added} further names of the heads were filled in",) if added else ()
    return Converted(completed, notes=notes)


def complete_heads(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state with every head under all its names, for all decoder layers.

    A layer without a head of its own takes the first one (shared heads).
    """
    heads: dict[tuple[str, str], dict[int, Tensor]] = {}
    for key, value in state.items():
        parts = HEAD.fullmatch(key)
        if parts is not None:
            heads.setdefault((parts[1], parts[3]), {})[int(parts[2])] = value
    if not heads:
        raise ValueError("no class_embed or bbox_embed in the checkpoint: its heads are missing")
    layers = _decoder_layers(state)
    completed = dict(state)
    for (head, rest), copies in heads.items():
        first = copies[min(copies)]
        for layer in range(layers):
            for prefix in ("", "transformer.decoder."):
                key = f"{prefix}{head}.{layer}.{rest}"
                completed.setdefault(key, copies.get(layer, first))
    return completed


def _decoder_layers(state: Mapping[str, Tensor]) -> int:
    found = (re.match(r"transformer\.decoder\.layers\.(\d+)\.", key) for key in state)
    return 1 + max((int(parts[1]) for parts in found if parts), default=-1)
