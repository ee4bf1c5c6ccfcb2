"""CLIP's visual tower (OpenAI's and open_clip's ViT) as the initial state of a UniFormerV2.

CLIP and the local blocks share their names, so conversion is: take the tower out of the file, leave
its projection to the text space and its last norm, and put every 2-D patch filter into the middle
frame of a 3-D one. Each frame's tokens then pass the fresh network exactly as they pass CLIP.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from models.layouts.base import Converted
from models.uniformerv2 import UniFormerV2, resize_positions

PREFIXES = ("visual.", "module.visual.", "backbone.", "")
"""Where the tower stands: OpenAI and open_clip, open_clip's training, mmaction2, `extract_clip`."""
SIGNATURE = {
    "class_embedding",
    "positional_embedding",
    "conv1.weight",
    "ln_pre.weight",
    "transformer.resblocks.0.attn.in_proj_weight",
}
UNUSED = ("proj", "ln_post.weight", "ln_post.bias")
"""The way from the tower's class token into the space shared with the texts."""


def matches(keys: Iterable[str]) -> bool:
    """Whether the keys hold a CLIP ViT tower, alone or beside the text tower."""
    return _prefix(set(keys)) is not None


def convert(state: Mapping[str, Tensor], model: UniFormerV2) -> Converted:
    """The part of a UniFormerV2's state that CLIP provides; load it with `strict=False`.

    Args:
        state: CLIP's state dict.
        model: The network to be initialised, of which names and shapes are read; it may lie on the
            meta device.

    Returns:
        Tensors in the model's types. `newly_initialised` tells what the file does not hold.

    Raises:
        ValueError: No CLIP ViT, or one of another size than the model's backbone.
    """
    prefix = _prefix(set(state))
    if prefix is None:
        raise ValueError("not a CLIP ViT: class_embedding, conv1 or transformer.resblocks missing")
    tower = {key.removeprefix(prefix): key for key in state if key.startswith(prefix)}
    wanted = {name: value for name, value in model.state_dict().items() if _from_clip(name)}
    _check_names(set(tower) - set(UNUSED), set(wanted))
    notes = [_activation_note(model)]
    converted = {}
    for name, target in wanted.items():
        value = state[tower[name]].to(target.dtype)
        if name == "conv1.weight" and value.ndim == 4:
            value = inflate_centre(value, target.shape[2])
        elif name == "positional_embedding" and value.shape[0] != target.shape[0]:
            notes.append(f"{name}: interpolated from {value.shape[0]} rows to {target.shape[0]}")
            value = resize_positions(value, model.grid)
        if value.shape != target.shape:
            raise ValueError(
                f"{tower[name]}: expected shape {tuple(target.shape)} for this UniFormerV2, "
                f"got {tuple(value.shape)}; build the size that fits this CLIP"
            )
        converted[name] = value
    fresh = newly_initialised(converted, model)
    notes.append(f"{len(fresh)} tensors stay newly initialised, e.g. {', '.join(fresh[:3])}")
    used = {tower[name] for name in converted}
    return Converted(converted, tuple(key for key in state if key not in used), tuple(notes))


def newly_initialised(converted: Mapping[str, Tensor], model: UniFormerV2) -> tuple[str, ...]:
    """Names of the model's tensors, counters included, that the converted state does not hold."""
    return tuple(name for name in model.state_dict() if name not in converted)


def inflate_centre(filters: Tensor, frames: int) -> Tensor:
    """2-D filters `(C, 3, h, w)` in the middle of 3-D ones `(C, 3, frames, h, w)`, else zero."""
    inflated = torch.zeros_like(filters).unsqueeze(2).repeat(1, 1, frames, 1, 1)
    inflated[:, :, frames // 2] = filters
    return inflated


def _prefix(keys: set[str]) -> str | None:
    for prefix in PREFIXES:
        # A trained UniFormerV2 holds all of a tower's names too.
        if f"{prefix}transformer.temporal_cls_token" in keys:
            return None
        if keys >= {prefix + name for name in SIGNATURE}:
            return prefix
    return None


def _from_clip(name: str) -> bool:
    """Whether a tensor of UniFormerV2 is one of CLIP's: embeddings, first norm and blocks."""
    if name.startswith("transformer."):
        return name.startswith("transformer.resblocks.") and ".lmhra" not in name
    return True


def _check_names(tower: set[str], wanted: set[str]) -> None:
    missing, unexpected = sorted(wanted - tower), sorted(tower - wanted)
    if missing or unexpected:
        raise ValueError(
            f"this CLIP does not fit this UniFormerV2: {len(missing)} tensors missing "
            f"{missing[:3]}, {len(unexpected)} unexpected {unexpected[:3]}"
        )


def _activation_note(model: UniFormerV2) -> str:
    return (
        f"activation: this network uses {model.act}; OpenAI's CLIP was trained with quickgelu, "
        "open_clip's LAION ViT-L-14 with gelu, which its tensors do not show"
    )
