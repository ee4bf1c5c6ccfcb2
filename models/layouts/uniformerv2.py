"""Published UniFormerV2 checkpoints: the official files and mmaction2's copies.

Official files carry our names behind `backbone.`, or flat; mmaction2 keeps the last norm in
`backbone.transformer.norm` and the classifier in `cls_head.fc_cls`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor

from models.layouts.base import Converted

SIGNATURE = "transformer.temporal_cls_token"
MMACTION2_HEAD = {
    "backbone.transformer.norm.": "transformer.proj.0.",
    "cls_head.fc_cls.": "transformer.proj.2.",
}
# The input's mean and standard deviation, which mmaction2 may store beside the weights.
NOT_WEIGHTS = ("data_preprocessor.",)


def matches(keys: Iterable[str]) -> bool:
    """Whether the keys look like a UniFormerV2 of any size and recipe."""
    return any(key in (SIGNATURE, f"backbone.{SIGNATURE}") for key in keys)


def convert(state: Mapping[str, Tensor]) -> Converted:
    """Rename a published state dict to the keys of `models.uniformerv2.UniFormerV2`.

    Raises:
        ValueError: Two keys mean the same tensor.
    """
    renamed: dict[str, Tensor] = {}
    dropped: list[str] = []
    for key, value in state.items():
        name = _our_name(key)
        if name.startswith(NOT_WEIGHTS):
            dropped.append(key)
        elif name in renamed:
            raise ValueError(f"{key}: the checkpoint holds {name} twice, under other names")
        else:
            renamed[name] = value
    return Converted(renamed, tuple(dropped))


def _our_name(key: str) -> str:
    for theirs, ours in MMACTION2_HEAD.items():
        if key.startswith(theirs):
            return ours + key.removeprefix(theirs)
    return key.removeprefix("backbone.")
