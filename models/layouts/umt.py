"""Published Unmasked Teacher checkpoints: our names under a prefix, beside pre-training parts.

Fine-tuned files carry our keys as they are, or behind `backbone.` or `encoder.`; files that were
only pre-trained put the network behind `encoder.` and add a decoder towards CLIP.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor

from models.layouts.base import Converted

PREFIXES = ("backbone.", "encoder.")
# The pre-training's decoder, and its last norm, which mean pooling replaces by `fc_norm`.
PRETRAINING_ONLY = ("clip_decoder.", "norm.")
SIGNATURE = {"blocks.0.attn.q_bias", "blocks.0.mlp.fc1.weight"}
# As published, or the small networks' convolutional stem.
EMBEDDINGS = {"patch_embed.proj.weight", "patch_embed.stem.layers.0.weight"}


def matches(keys: Iterable[str]) -> bool:
    """Whether the keys look like an Unmasked Teacher of any size."""
    names = {_our_name(key) for key in keys}
    return names >= SIGNATURE and bool(names & EMBEDDINGS)


def convert(state: Mapping[str, Tensor]) -> Converted:
    """Take off the prefixes and the parts that only pre-training needs.

    Raises:
        ValueError: Two keys differ by their prefix alone.
    """
    renamed: dict[str, Tensor] = {}
    dropped: list[str] = []
    for key, value in state.items():
        name = _our_name(key)
        if name.startswith(PRETRAINING_ONLY):
            dropped.append(key)
        elif name in renamed:
            raise ValueError(f"{key}: the checkpoint holds {name} twice, behind other prefixes")
        else:
            renamed[name] = value
    return Converted(renamed, tuple(dropped))


def _our_name(key: str) -> str:
    for prefix in PREFIXES:
        if key.startswith(prefix):
            return key.removeprefix(prefix)
    return key
