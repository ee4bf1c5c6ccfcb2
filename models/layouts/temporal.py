"""The temporal network's state dict: the project's own, under its own names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor

from models.layouts.base import Converted

SIGNATURE = {"first.enter.weight", "first.leave.weight", "first.layers.0.dilated.weight"}


def matches(keys: Iterable[str]) -> bool:
    """Whether the keys look like a temporal network of any size."""
    return set(keys) >= SIGNATURE


def convert(state: Mapping[str, Tensor]) -> Converted:
    """Nothing is renamed."""
    return Converted(dict(state))
